// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

namespace gradwright {

/// The graph with its backward pass: ops that compute the gradient of the objective, the weighted
/// mean of the losses over the batch, for every weight that learns (reverse mode; Linnainmaa 1976).
/// They follow those of the forward pass, in reverse order, and end in gradients(). What several
/// readers contribute to a value is added in the order of the backward pass. Values that the
/// objective reaches no learning weight through get no gradient. Throws Error where it reaches one
/// through a quantization, which has none.
OpGraph differentiate(OpGraph graph);

} // namespace gradwright
