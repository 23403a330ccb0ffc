// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/analysis.h"
#include "engine/ops/op_graph.h"

namespace gradwright {

/// The ops of the nodes that reach an output: graph inputs are named by the Input nodes' paths,
/// outputs by the Output nodes'. Throws Error with the first reasons when the network cannot run:
/// no output, an input not connected, a contradiction.
OpGraph lower(const Network& network);
OpGraph lower(const Analysis& analysis);

/// The values that the nodes of a network make, by flat node and output; none for nodes that do not
/// reach an output. An Output node has the value that it is given.
using NodeValues = std::vector<std::vector<ValueId>>;

/// The same ops under the same numbers; `values` becomes the values of `analysis.nodes`.
OpGraph lower(const Analysis& analysis, NodeValues& values);

} // namespace gradwright
