// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/link_router.h"

#include <algorithm>
#include <utility>

namespace gradwright {

namespace {

/// With more changes than this, asking each link about each costs more than routing.
constexpr std::size_t kMostChanges = 256;
constexpr double kRouterClearance =
    24; ///< a link keeps less distance than this from what it goes round

/// Tells of each node that is elsewhere now, or was not there, or is gone: where it was, where it
/// is.
template <class Was, class Is>
void compare(const LinkRouter::Places& before, const LinkRouter::Places& after, Was was, Is is) {
    auto old = before.begin();
    auto now = after.begin();
    while (old != before.end() || now != after.end()) {
        const bool isOld = old != before.end() && (now == after.end() || old->first <= now->first);
        const bool isNow = now != after.end() && (old == before.end() || now->first <= old->first);
        if (!isOld || !isNow || old->second != now->second) {
            if (isOld)
                was(old->first, old->second);
            if (isNow)
                is(now->first, now->second);
        }
        old += isOld;
        now += isNow;
    }
}

} // namespace

void LinkRouter::place(Places nodes, Flow flow) {
    changed_.clear();
    changes_ = {};
    const auto note = [this](const QRectF& rect) {
        changed_.push_back(rect);
        changes_ |= rect;
    };
    compare(
        nodes_, nodes,
        [&](NodeId id, const QRectF& rect) {
            obstacles_.remove(id, rect);
            note(rect);
        },
        [&](NodeId id, const QRectF& rect) {
            obstacles_.add(id, rect);
            note(rect);
        });
    allAreStale_ = nodes_.empty() || flow != flow_ || changed_.size() > kMostChanges;
    flow_ = flow;
    nodes_ = std::move(nodes);
}

bool LinkRouter::isStale(const QPolygonF& before, QPointF from, QPointF to) const {
    if (allAreStale_ || before.isEmpty() || before.first() != from || before.last() != to)
        return true;
    if (changed_.empty())
        return false;
    const QRectF near = ObstacleMap::reachOf(from, to) |
                        before.boundingRect().adjusted(-kRouterClearance, -kRouterClearance,
                                                       kRouterClearance, kRouterClearance);
    return changes_.intersects(near) &&
           std::ranges::any_of(changed_, [&](const QRectF& rect) { return rect.intersects(near); });
}

QPolygonF LinkRouter::route(const QPolygonF& before, QPointF from, NodeId source, QPointF to,
                            NodeId target) const {
    return isStale(before, from, to) ? obstacles_.route(from, source, to, target, flow_) : before;
}

} // namespace gradwright
