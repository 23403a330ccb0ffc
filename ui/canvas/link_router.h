// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/link_route.h"

#include <map>

namespace gradwright {

/// Keeps links routed around nodes while a few of them move: only links whose ends have moved, or
/// near which a node has come, gone or moved, are routed anew.
class LinkRouter {
public:
    /// Where nodes stand now. Those that are in nobody's way are left out.
    void place(std::map<NodeId, QRectF> nodes, Flow flow);
    /// Forgets what was routed.
    void clear() { *this = {}; }

    /// The corners of a link that had `before` after the last place(); none for a new one.
    [[nodiscard]] QPolygonF route(const QPolygonF& before, QPointF from, NodeId source, QPointF to,
                                  NodeId target) const;

private:
    [[nodiscard]] bool isStale(const QPolygonF& before, QPointF from, QPointF to) const;

    std::map<NodeId, QRectF> nodes_;
    ObstacleMap obstacles_;
    std::vector<QRectF> changed_; ///< by the last place(): where something was, and where it is
    Flow flow_ = Flow::Down;
    bool allAreStale_ = true;
};

} // namespace gradwright
