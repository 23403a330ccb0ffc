// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <QPainterPath>
#include <QPolygonF>
#include <QRectF>

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace gradwright {

/// The corners of a link that leaves and arrives along the flow, led around `obstacles` at both
/// sides of which there is room; others may still be crossed.
QPolygonF routeLink(QPointF from, QPointF to, std::span<const QRectF> obstacles,
                    Flow flow = Flow::Down);
/// The polygon with rounded corners.
QPainterPath roundedPath(const QPolygonF& corners, double radius);

/// Whether a line of vertical and horizontal parts meets the rectangle.
bool crosses(const QPolygonF& corners, const QRectF& rect);

/// Where nodes stand, in cells, so that what a link may meet is found without asking all of them.
class ObstacleMap {
public:
    void add(NodeId owner, const QRectF& rect);
    /// Removes an obstacle as it was added.
    void remove(NodeId owner, const QRectF& rect);
    /// Those that touch the region.
    [[nodiscard]] std::vector<QRectF> within(const QRectF& region) const;

    /// The route of a link between two nodes that crosses none, where one can be found: the simple
    /// one, or else the shortest with few corners (A*, Hart et al. 1968, on the lines beside
    /// nodes).
    [[nodiscard]] QPolygonF route(QPointF from, NodeId source, QPointF to, NodeId target,
                                  Flow flow) const;
    /// How far around its ends a link may be led: what stands outside does not matter to it, unless
    /// it leads there all the same.
    [[nodiscard]] static QRectF reachOf(QPointF from, QPointF to);

private:
    struct Entry {
        NodeId owner;
        QRectF rect;
    };
    [[nodiscard]] std::vector<QRectF> obstaclesIn(const QRectF& region, NodeId source,
                                                  NodeId target) const;
    template <class F>
    void visit(const QRectF& region, F each) const;

    using Cells = std::unordered_map<std::uint64_t, std::vector<Entry>>;
    Cells cells_; ///< each obstacle in all that it touches
};

} // namespace gradwright
