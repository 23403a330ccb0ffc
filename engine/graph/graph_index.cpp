// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/graph_index.h"

#include "engine/support/error.h"

#include <queue>

#include <algorithm>
#include <functional>
#include <numeric>

namespace gradwright {

GraphIndex::GraphIndex(const Graph& graph)
    : feeds_(graph.links().size())
    , begin_(graph.nodes().size() + 1) {
    ids_.reserve(graph.nodes().size());
    nodes_.reserve(graph.nodes().size());
    for (const auto& [id, node] : graph.nodes()) {
        ids_.push_back(id);
        nodes_.push_back(&node);
    }
    std::vector<std::size_t> targets;
    targets.reserve(feeds_.size());
    for (const auto& [id, link] : graph.links()) {
        targets.push_back(placeOf(link.to.node));
        ++begin_[targets.back() + 1];
    }
    std::partial_sum(begin_.begin(), begin_.end(), begin_.begin());
    auto next = begin_;
    auto target = targets.begin();
    for (const auto& [id, link] : graph.links())
        feeds_[next[*target++]++] = {placeOf(link.from.node), link.from.port, link.to.port};
}

std::size_t GraphIndex::placeOf(NodeId id) const {
    const auto found = std::ranges::lower_bound(ids_, id);
    if (found == ids_.end() || *found != id)
        throw Error("there is no node {} in this graph", id.value);
    return static_cast<std::size_t>(found - ids_.begin());
}

std::vector<std::size_t> GraphIndex::topologicalOrder() const {
    // What follows a node: begin[place] … begin[place + 1] of `after`.
    std::vector<std::size_t> missing(size());
    std::vector<std::size_t> begin(size() + 1);
    for (const auto& feed : feeds_)
        ++begin[feed.from + 1];
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    std::vector<std::size_t> after(feeds_.size());
    auto next = begin;
    for (std::size_t place = 0; place < size(); ++place) {
        missing[place] = feedsOf(place).size();
        for (const auto& feed : feedsOf(place))
            after[next[feed.from]++] = place;
    }

    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
    for (std::size_t place = 0; place < size(); ++place)
        if (missing[place] == 0)
            ready.push(place);
    std::vector<std::size_t> order;
    order.reserve(size());
    while (!ready.empty()) {
        const auto place = ready.top();
        ready.pop();
        order.push_back(place);
        for (auto i = begin[place]; i < begin[place + 1]; ++i)
            if (--missing[after[i]] == 0)
                ready.push(after[i]);
    }
    return order;
}

std::vector<NodeId> topologicalOrder(const Graph& graph) {
    const GraphIndex index(graph);
    std::vector<NodeId> ids;
    ids.reserve(index.size());
    for (const auto place : index.topologicalOrder())
        ids.push_back(index.node(place).id);
    return ids;
}

} // namespace gradwright
