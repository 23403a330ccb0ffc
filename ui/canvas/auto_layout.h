// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/network.h"
#include "engine/project/project.h"

#include <map>

namespace gradwright {

/// Layered positions from top to bottom by Graphviz's dot (Gansner et al. 1993), on the grid.
/// Slow for large graphs, so call it off the GUI thread; one call runs at a time. Throws Error when
/// Graphviz fails.
std::map<NodeId, Point> layeredLayout(const Graph& graph);

/// At once: one below the other in topological order, beside what is placed already.
std::map<NodeId, Point> stackedLayout(const Graph& graph, const std::map<NodeId, Point>& placed);

} // namespace gradwright
