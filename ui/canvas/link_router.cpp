// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/link_router.h"

#include <algorithm>
#include <utility>

namespace gradwright {

namespace {

/// With more changes than this, asking each link about each costs more than routing.
constexpr std::size_t kMostChanges = 256;
constexpr double kBeside = 24; ///< a link keeps less distance than this from what it goes round

/// Where something was in only one of them, or elsewhere.
std::vector<QRectF> differences(const LinkRouter::Places& before, const LinkRouter::Places& after) {
    std::vector<QRectF> found;
    auto old = before.begin();
    auto now = after.begin();
    while (old != before.end() || now != after.end()) {
        const bool isOld = old != before.end() && (now == after.end() || old->first <= now->first);
        const bool isNow = now != after.end() && (old == before.end() || now->first <= old->first);
        if (!isOld || !isNow || old->second != now->second) {
            if (isOld)
                found.push_back(old->second);
            if (isNow)
                found.push_back(now->second);
        }
        old += isOld;
        now += isNow;
    }
    return found;
}

} // namespace

void LinkRouter::place(Places nodes, Flow flow) {
    changed_ = differences(nodes_, nodes);
    allAreStale_ = nodes_.empty() || flow != flow_ || changed_.size() > kMostChanges;
    flow_ = flow;
    if (changed_.empty())
        return;
    nodes_ = std::move(nodes);
    obstacles_ = {};
    for (const auto& [id, rect] : nodes_)
        obstacles_.add(id, rect);
}

bool LinkRouter::isStale(const QPolygonF& before, QPointF from, QPointF to) const {
    if (allAreStale_ || before.isEmpty() || before.first() != from || before.last() != to)
        return true;
    if (changed_.empty())
        return false;
    const QRectF near = ObstacleMap::reachOf(from, to) |
                        before.boundingRect().adjusted(-kBeside, -kBeside, kBeside, kBeside);
    return std::ranges::any_of(changed_, [&](const QRectF& rect) { return rect.intersects(near); });
}

QPolygonF LinkRouter::route(const QPolygonF& before, QPointF from, NodeId source, QPointF to,
                            NodeId target) const {
    return isStale(before, from, to) ? obstacles_.route(from, source, to, target, flow_) : before;
}

} // namespace gradwright
