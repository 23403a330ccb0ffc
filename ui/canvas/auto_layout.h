// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/network.h"
#include "engine/project/project.h"

#include <QSizeF>

#include <map>
#include <stop_token>

namespace gradwright {

struct LayoutRequest {
    Graph graph;
    std::map<NodeId, QSizeF> sizes; ///< of nodes that are larger than usual
    Flow flow = Flow::Down;
};

/// Layered positions along the flow, on the grid: by Graphviz's dot (Gansner et al. 1993) or, where
/// that would take too long, by sweepLayout(). Call it off the GUI thread; one call of Graphviz
/// runs at a time. Throws Error when Graphviz fails. What it returns after a stop means nothing.
std::map<NodeId, Point> layeredLayout(const LayoutRequest& request, const std::stop_token& stop);

/// Layers by the longest path, ordered by barycentres in sweeps (Sugiyama et al. 1981): nearly
/// linear in nodes and links, and it stops when asked to.
std::map<NodeId, Point> sweepLayout(const LayoutRequest& request, const std::stop_token& stop);

/// At once: one behind the other in topological order, beside what is placed already.
std::map<NodeId, Point> stackedLayout(const Graph& graph, const std::map<NodeId, Point>& placed,
                                      Flow flow = Flow::Down);

} // namespace gradwright
