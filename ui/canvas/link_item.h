// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/id.h"
#include "ui/theme/theme_manager.h"

#include <QGraphicsItem>

#include <span>

namespace gradwright {

enum class LinkState { Valid, Pending, Incompatible };

/// The corners of a link that leaves downwards and arrives from above, led around `obstacles`.
QPolygonF routeLink(QPointF from, QPointF to, std::span<const QRectF> obstacles);
/// The polygon with rounded corners.
QPainterPath roundedPath(const QPolygonF& corners, double radius);

class LinkItem final : public QGraphicsItem {
public:
    enum { Type = UserType + 2 };

    LinkItem(LinkId id, const ThemeManager& themes);

    [[nodiscard]] int type() const override { return Type; }
    [[nodiscard]] LinkId id() const { return id_; }
    void setRoute(const QPolygonF& corners);
    /// `text` is the shape on the pill.
    void setLook(LinkState state, const QString& text);
    [[nodiscard]] const QString& text() const { return text_; }
    [[nodiscard]] LinkState state() const { return state_; }

    [[nodiscard]] QRectF boundingRect() const override;
    [[nodiscard]] QPainterPath shape() const override;
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget*) override;

private:
    void placePill();
    void paintPill(QPainter& painter) const;

    LinkId id_;
    const ThemeManager* themes_;
    QPolygonF corners_;
    QPainterPath path_;
    LinkState state_ = LinkState::Pending;
    QString text_;
    QRectF pill_;
    bool pillUpright_ = false; ///< its text runs upwards along a long vertical line
};

} // namespace gradwright
