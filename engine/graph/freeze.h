// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/edit.h"

#include <cstddef>
#include <string_view>
#include <vector>

namespace gradwright {

/// What becomes of batch normalizations whose weights are frozen.
enum class FrozenStatistics {
    Fixed,  ///< they keep the running statistics, so that features stay the same
    OfBatch ///< they take those of each batch, and the running ones follow
};

/// The nodes that the value of a node depends on, and the node itself, by id.
std::vector<NodeId> nodesUpTo(const Graph& graph, NodeId node);

/// Freezes the weights of these nodes of a graph: of layers by their parameter, of blocks for this
/// instance alone by what the block then promotes under the keys "frozen" and "statistics". Layers
/// without weights stay as they are. An empty group where there are none with weights.
NetworkEdit freeze(const Network& network, std::string_view graph, const std::vector<NodeId>& nodes,
                   FrozenStatistics statistics = FrozenStatistics::Fixed);
/// The other way round, for the same nodes; statistics are those of batches again.
NetworkEdit unfreeze(const Network& network, std::string_view graph,
                     const std::vector<NodeId>& nodes);

/// The learning-rate factor of all layers with weights but these, which keep theirs; blocks get it
/// for all of their instances.
NetworkEdit setRateFactor(const Network& network, double factor,
                          const std::vector<NodeId>& without);

/// Layers with weights in a node.
struct FrozenCount {
    std::size_t frozen = 0;
    std::size_t all = 0;
    [[nodiscard]] bool isFrozen() const { return all > 0 && frozen == all; }
    bool operator==(const FrozenCount&) const = default;
};
FrozenCount countFrozen(const Network& network, std::string_view graph, NodeId node);

} // namespace gradwright
