// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

#include <functional>

namespace gradwright {

/// Computes the outputs of a graph without inputs and weights, in their order, as F32.
using EvaluateConstants = std::function<std::vector<Tensor>(const OpGraph&)>;

/// Replaces the results of ops that depend on constants alone, and not on the batch, by constants.
/// The ops are dead afterwards. Returns how many there were. Ops that draw random numbers stay.
std::size_t foldConstants(OpGraph& graph, const EvaluateConstants& evaluate);

} // namespace gradwright
