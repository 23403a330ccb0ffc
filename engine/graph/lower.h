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

} // namespace gradwright
