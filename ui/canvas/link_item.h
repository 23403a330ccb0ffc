// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/id.h"
#include "ui/canvas/link_route.h"
#include "ui/theme/theme_manager.h"

#include <QGraphicsItem>

namespace gradwright {

enum class LinkState { Valid, Pending, Incompatible };

class LinkItem final : public QGraphicsItem {
public:
    enum { Type = UserType + 2 };

    LinkItem(LinkId id, const ThemeManager& themes);

    [[nodiscard]] int type() const override { return Type; }
    [[nodiscard]] LinkId id() const { return id_; }
    void setRoute(const QPolygonF& corners);
    /// `text` is the shape on the pill.
    void setLook(LinkState state, const QString& text, const QString& toolTip);
    /// While a node is dragged: it would be put into this link.
    void setTarget(bool on);
    [[nodiscard]] const QPolygonF& corners() const { return corners_; }
    [[nodiscard]] const QString& text() const { return text_; }
    [[nodiscard]] LinkState state() const { return state_; }

    [[nodiscard]] QRectF boundingRect() const override { return bounds_; }
    [[nodiscard]] QPainterPath shape() const override;
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget*) override;

private:
    void placePill();
    void placePillOnLongestPart(double width);
    void paintPill(QPainter& painter) const;

    LinkId id_;
    const ThemeManager* themes_;
    QPolygonF corners_;
    QPainterPath path_;
    LinkState state_ = LinkState::Pending;
    QString text_;
    QRectF pill_;
    QRectF bounds_;
    bool target_ = false;
    bool pillUpright_ = false; ///< its text runs upwards along a long vertical line
};

} // namespace gradwright
