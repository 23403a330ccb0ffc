// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/analysis.h"
#include "engine/project/project.h"

#include <string>
#include <vector>

namespace gradwright {

/// The graph that is shown: the main one, or a block's as entered through instances.
struct GraphScope {
    std::string graph;             ///< "" is the main graph, else a block
    std::string prefix;            ///< of paths in it: "stage2/1/"
    std::vector<NodeId> instances; ///< from the main graph inwards

    bool operator==(const GraphScope&) const = default;
    [[nodiscard]] std::string pathOf(const Node& node) const { return prefix + node.name; }
};

/// As far as these are instances of blocks.
GraphScope scopeOf(const Network& network, const std::vector<NodeId>& instances);

/// A scope in which a block is shown, through the first instance of it; the main graph where there
/// is none.
GraphScope scopeOfGraph(const Network& network, const std::string& graph);

/// What inference found for the node; of a block's instance, for the last layer in it.
const NodeAnalysis* analysisOf(const Analysis& analysis, const GraphScope& scope, const Node& node);

} // namespace gradwright
