// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/reading_order.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace gradwright {

ReadingOrder::ReadingOrder(const Graph& graph, const std::map<NodeId, QRectF>& rects, Flow flow)
    : flow_(flow) {
    findColumns(rects);
    std::map<NodeId, std::size_t> missing; // inputs that have not been read
    std::set<std::pair<Place, NodeId>> ready;
    const auto isShown = [&rects](NodeId id) { return rects.contains(id); };
    for (const auto& [id, rect] : rects)
        missing[id] = 0;
    for (const auto& [id, link] : graph.links())
        if (isShown(link.from.node) && isShown(link.to.node))
            ++missing[link.to.node];
    for (const auto& [id, inputs] : missing)
        if (inputs == 0)
            ready.emplace(placeOf(rects.at(id)), id);
    // Kahn 1962; of those that are ready, one that the last one feeds comes first, so that a chain
    // is read to its end.
    std::optional<std::pair<Place, NodeId>> next;
    while (!ready.empty()) {
        const auto [place, id] = next ? *std::exchange(next, {}) : *ready.begin();
        ready.erase({place, id});
        nodes_.push_back(id);
        places_.push_back(place);
        for (const LinkId each : graph.linksOf(id)) {
            const Link& link = *graph.find(each);
            if (link.from.node != id || !isShown(link.to.node) || --missing[link.to.node] > 0)
                continue;
            const std::pair reached(placeOf(rects.at(link.to.node)), link.to.node);
            ready.insert(reached);
            if (!next || reached < *next)
                next = reached;
        }
    }
}

std::vector<std::size_t> ReadingOrder::placesOf(std::span<const QRectF> others) const {
    std::vector<std::size_t> found;
    for (const QRectF& rect : others) {
        const Place place = placeOf(rect);
        const auto behind =
            std::ranges::find_if(places_, [&](const Place& node) { return place < node; });
        found.push_back(static_cast<std::size_t>(behind - places_.begin()));
    }
    return found;
}

ReadingOrder::Place ReadingOrder::placeOf(const QRectF& rect) const {
    const bool down = flow_ == Flow::Down;
    const double across = down ? rect.left() : rect.top();
    const auto column = std::ranges::upper_bound(columnEnds_, across);
    return {static_cast<std::size_t>(column - columnEnds_.begin()), down ? rect.top() : rect.left(),
            across};
}

void ReadingOrder::findColumns(const std::map<NodeId, QRectF>& rects) {
    std::vector<std::pair<double, double>> spans; // across the flow
    for (const auto& [id, rect] : rects)
        spans.push_back(flow_ == Flow::Down ? std::pair(rect.left(), rect.right())
                                            : std::pair(rect.top(), rect.bottom()));
    std::ranges::sort(spans);
    for (const auto& [start, end] : spans)
        if (columnEnds_.empty() || start >= columnEnds_.back())
            columnEnds_.push_back(end);
        else
            columnEnds_.back() = std::max(columnEnds_.back(), end);
}

} // namespace gradwright
