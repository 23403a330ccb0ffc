// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

namespace gradwright {

/// Takes away ops that no output, loss or gradient of the graph depends on. Returns how many.
std::size_t eliminateDead(OpGraph& graph);

/// Takes away ops that change nothing: reshaping to the same shape, permuting no axis, an identity
/// activation, joining or splitting a single piece, resampling no axis. Where the graph is for
/// inference, drop-out and noise, too. Ops that make a result of the graph stay. Returns how many
/// went.
std::size_t eliminateIdentities(OpGraph& graph, bool forInference);

} // namespace gradwright
