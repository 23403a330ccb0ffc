// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/network.h"

#include <span>

namespace gradwright {

/// A graph as numbers, for going through all of it: its nodes by their place in the order of ids,
/// and what leads into each. Valid while the graph is not changed.
class GraphIndex {
public:
    explicit GraphIndex(const Graph& graph);

    /// A link as its target sees it.
    struct Feed {
        std::size_t from; ///< place of the source
        PortIndex output, input;
    };

    [[nodiscard]] std::size_t size() const { return nodes_.size(); }
    [[nodiscard]] const Node& node(std::size_t place) const { return *nodes_[place]; }
    /// Throws Error when the graph has no such node.
    [[nodiscard]] std::size_t placeOf(NodeId id) const;
    /// In the order of the links' ids.
    [[nodiscard]] std::span<const Feed> feedsOf(std::size_t place) const {
        return std::span(feeds_).subspan(begin_[place], begin_[place + 1] - begin_[place]);
    }
    /// Places, each after what feeds it, the smallest first among those that are ready, so that the
    /// order is stable (Kahn 1962). Nodes on a cycle, and what they feed, are left out.
    [[nodiscard]] std::vector<std::size_t> topologicalOrder() const;

private:
    std::vector<NodeId> ids_;
    std::vector<const Node*> nodes_;
    std::vector<Feed> feeds_;
    std::vector<std::size_t> begin_; ///< in feeds_, by place
};

/// The same by ids.
std::vector<NodeId> topologicalOrder(const Graph& graph);

} // namespace gradwright
