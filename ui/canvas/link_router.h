// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/link_route.h"

#include <utility>
#include <vector>

namespace gradwright {

/// Keeps links routed around nodes while a few of them move: only links whose ends have moved, or
/// near which a node has come, gone or moved, are routed anew.
class LinkRouter {
public:
    /// Where nodes stand.
    using Places = std::vector<std::pair<NodeId, QRectF>>;

    /// Where they stand now, in the order of ids. Those that are in nobody's way are left out.
    void place(Places nodes, Flow flow);
    /// Forgets what was routed.
    void clear() { *this = {}; }

    /// The corners of a link that had `before` after the last place(); none for a new one.
    [[nodiscard]] QPolygonF route(const QPolygonF& before, QPointF from, NodeId source, QPointF to,
                                  NodeId target) const;

private:
    [[nodiscard]] bool isStale(const QPolygonF& before, QPointF from, QPointF to) const;

    Places nodes_;
    ObstacleMap obstacles_;
    std::vector<QRectF> changed_; ///< by the last place(): where something was, and where it is
    QRectF changes_;              ///< around all of these
    Flow flow_ = Flow::Down;
    bool allAreStale_ = true;
};

} // namespace gradwright
