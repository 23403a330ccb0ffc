// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/id.h"
#include "ui/canvas/link_route.h"
#include "ui/canvas/node_looks.h"
#include "ui/theme/theme_manager.h"

#include <QGraphicsItem>

#include <vector>

namespace gradwright {

class LinkPill;

/// A link, drawn beneath the nodes. Its shape's pill is an item of its own above all links, so that
/// none strikes through it.
class LinkItem final : public QGraphicsItem {
public:
    enum { Type = UserType + 2 };

    /// Asks `looks` what it looks like when it is to be shown.
    LinkItem(LinkId id, const NodeLooks& looks, const ThemeManager& themes);

    [[nodiscard]] int type() const override { return Type; }
    [[nodiscard]] LinkId id() const { return id_; }
    void setRoute(const QPolygonF& corners);
    /// While a node is dragged: it would be put into this link.
    void setTarget(bool on);
    [[nodiscard]] const QPolygonF& corners() const { return corners_; }
    [[nodiscard]] const LinkLook& look() const;
    /// In scene coordinates.
    [[nodiscard]] QRectF pillRect() const { return pill().rect; }
    /// Puts the pill where it covers none of those, in the middle of the longest part if it can,
    /// and adds what it takes (about: the text is not asked for).
    void placePill(std::vector<QRectF>& taken);
    /// The pill of a straight link stands beside it and has no other place.
    [[nodiscard]] bool isStraight() const { return corners_.size() == 2; }

    [[nodiscard]] QRectF boundingRect() const override { return bounds_; }
    [[nodiscard]] QPainterPath shape() const override;
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget*) override;

private:
    friend class LinkPill;
    struct Pill {
        QRectF rect;
        bool upright = false; ///< its text runs upwards along a long vertical line
    };
    [[nodiscard]] Pill pillOf(double width) const;
    [[nodiscard]] Pill pill() const;
    void paintPill(QPainter& painter) const;
    void setBounds();

    LinkId id_;
    const NodeLooks* looks_;
    const ThemeManager* themes_;
    QPolygonF corners_;
    QPainterPath path_;
    double along_ = 0.5; ///< where on the longest part the pill stands
    SeenLook<LinkLook> look_;
    QRectF bounds_; ///< with room for the longest text
    LinkPill* labelled_ = nullptr;
    bool target_ = false;
};

/// What a link says of itself. It is only seen: the link takes the mouse. It must not outlive the
/// link but with the scene.
class LinkPill final : public QGraphicsItem {
public:
    explicit LinkPill(LinkItem& link);
    /// Before the link's route changes.
    void follow() { prepareGeometryChange(); }

    [[nodiscard]] QRectF boundingRect() const override { return link_->bounds_; }
    [[nodiscard]] QPainterPath shape() const override { return {}; }
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget*) override;

private:
    const LinkItem* link_;
};

} // namespace gradwright
