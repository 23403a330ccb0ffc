// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/network.h"

#include <cstddef>
#include <vector>

namespace gradwright {

/// The nodes between two places of a graph through which all data go: from one output, which
/// everything in it reads, to the node that everything behind it reads.
struct GraphSegment {
    PortRef entry{};
    std::vector<NodeId> nodes{}; ///< in an order that depends on nothing but their links; exit last
    bool isWhole = false;        ///< the exit needs all of it, and no end of the network is in it
    std::size_t exact = 0;       ///< equal for segments of the same layers, links and parameters
    std::size_t alike = 0;       ///< of the same layers and links, with other numbers
};

/// The main chain of a graph, in its order.
std::vector<GraphSegment> segmentsOf(const Graph& graph);

/// A part of the chain that becomes an instance of a block.
struct FoundPart {
    std::size_t begin = 0;  ///< its first segment
    std::size_t length = 0; ///< segments of one repetition
    std::size_t repeat = 1;
};

/// Parts that come again, next to each other or, alike, elsewhere.
std::vector<FoundPart> partsOf(const Graph& graph, const std::vector<GraphSegment>& segments);

} // namespace gradwright
