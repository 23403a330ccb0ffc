// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/network.h"
#include "ui/canvas/metrics.h"
#include "ui/theme/theme_manager.h"

#include <QGraphicsItem>

#include <vector>

namespace gradwright {

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

    NodeId id_;
    const ThemeManager* themes_;
    NodeLook look_;
    std::optional<std::vector<Port>> fitting_;
};

} // namespace gradwright
