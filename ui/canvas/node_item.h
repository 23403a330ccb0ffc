// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"
#include "ui/canvas/node_looks.h"
#include "ui/theme/theme_manager.h"

#include <QGraphicsItem>

#include <vector>

namespace gradwright {

struct Port {
    PortRef ref;
    bool isInput = false;
    bool operator==(const Port&) const = default;
};

class NodeItem final : public QGraphicsItem {
public:
    enum { Type = UserType + 1 };

    /// Asks `looks` what it looks like when it is to be shown.
    NodeItem(NodeId id, const NodeLooks& looks, const ThemeManager& themes);

    [[nodiscard]] int type() const override { return Type; }
    [[nodiscard]] NodeId id() const { return id_; }
    [[nodiscard]] const NodeLook& look() const;
    [[nodiscard]] const NodeForm& form() const { return form_; }
    void setForm(NodeForm form);
    /// Inputs on top and outputs below, or on the left and on the right.
    void setFlow(Flow flow);
    [[nodiscard]] QRectF rect() const { return {QPointF(), form_.size}; }
    /// In scene coordinates.
    [[nodiscard]] QRectF sceneRect() const { return {pos(), form_.size}; }

    /// In scene coordinates.
    [[nodiscard]] QPointF portPos(const Port& port) const;
    [[nodiscard]] std::vector<Port> ports() const;

    /// While a link is dragged: the ports that it may end at.
    void setFitting(std::optional<std::vector<Port>> fitting);

    [[nodiscard]] QRectF boundingRect() const override;
    [[nodiscard]] QPainterPath shape() const override;
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget*) override;

private:
    void paintFrame(QPainter& painter) const;
    void paintTexts(QPainter& painter) const;
    void paintPorts(QPainter& painter) const;
    void paintBadge(QPainter& painter) const;
    void paintPreview(QPainter& painter) const;

    NodeId id_;
    const NodeLooks* looks_;
    const ThemeManager* themes_;
    NodeForm form_;
    SeenLook<NodeLook> look_;
    Flow flow_ = Flow::Down;
    std::optional<std::vector<Port>> fitting_;
};

} // namespace gradwright
