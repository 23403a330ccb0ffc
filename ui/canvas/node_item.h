// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"
#include "ui/canvas/metrics.h"
#include "ui/theme/theme_manager.h"

#include <QGraphicsItem>

#include <vector>

namespace gradwright {

/// What is in a block, small, as its instance shows it.
struct BlockPreview {
    struct Part {
        QRectF rect; ///< within the node
        QString title;
        QString icon;
        Category category = Category::InputOutput;
        bool operator==(const Part&) const = default;
    };
    std::vector<Part> parts;
    std::vector<QPolygonF> wires;
    bool operator==(const BlockPreview&) const = default;
};

/// What a node shows, ready to paint.
struct NodeLook {
    enum class State { Normal, Pending, Error };

    QString title;
    QString name;
    QString icon;
    Category category = Category::InputOutput;
    State state = State::Normal;
    QString line;  ///< the second line, left
    QString right; ///< the second line, right
    QString toolTip;
    std::size_t inputs = 0; ///< ports shown
    std::size_t outputs = 0;
    double share = 0; ///< of the network's MACs
    int warnings = 0;
    QSizeF size{metrics::kNodeWidth, metrics::kNodeHeight};
    BlockPreview preview; ///< of an instance that shows what is in it
    bool isBlock = false;
    bool operator==(const NodeLook&) const = default;
};

struct Port {
    PortRef ref;
    bool isInput = false;
    bool operator==(const Port&) const = default;
};

class NodeItem final : public QGraphicsItem {
public:
    enum { Type = UserType + 1 };

    NodeItem(NodeId id, const ThemeManager& themes);

    [[nodiscard]] int type() const override { return Type; }
    [[nodiscard]] NodeId id() const { return id_; }
    [[nodiscard]] const NodeLook& look() const { return look_; }
    void setLook(NodeLook look);
    /// Inputs on top and outputs below, or on the left and on the right.
    void setFlow(Flow flow);
    [[nodiscard]] QRectF rect() const { return {QPointF(), look_.size}; }
    /// In scene coordinates.
    [[nodiscard]] QRectF sceneRect() const { return {pos(), look_.size}; }

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
    const ThemeManager* themes_;
    NodeLook look_;
    Flow flow_ = Flow::Down;
    std::optional<std::vector<Port>> fitting_;
};

} // namespace gradwright
