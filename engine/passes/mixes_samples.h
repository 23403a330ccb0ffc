// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

namespace gradwright {

/// Whether what the graph computes for one sample may depend on others of the batch, so that the
/// batch must not be cut into parts. Batch normalization, which the backends know how to do in
/// parts, is left out.
bool mixesSamples(const OpGraph& graph);

} // namespace gradwright
