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
    /// What can be seen at once, in scene units: a longer part continues beside its start
    /// where that lets it be shown larger. Empty: no part does.
    QSizeF page;
};

/// Positions on the grid in ranks along the flow: the longest path is straight, links cross little,
/// and a link that passes ranks has room in each. A part is folded between two ranks that a single
/// link joins, so that no more than this link leads back to the start of the ranks. The time is
/// nearly linear in nodes and links, so call it off the GUI thread. What it returns after a stop
/// means nothing.
std::map<NodeId, Point> layeredLayout(const LayoutRequest& request, const std::stop_token& stop);

/// At once: one behind the other in topological order, beside what is placed already.
std::map<NodeId, Point> stackedLayout(const Graph& graph, const std::map<NodeId, Point>& placed,
                                      Flow flow = Flow::Down);

} // namespace gradwright
