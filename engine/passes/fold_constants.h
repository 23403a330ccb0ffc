// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

#include <functional>

namespace gradwright {

/// Computes the outputs of a graph without inputs and weights, in their order, as F32 or F64. It
/// must not fold the graph's constants.
using EvaluateConstants = std::function<std::vector<Tensor>(const OpGraph&)>;

/// What an op without large inputs may make of them: 16 kB in FP32.
inline constexpr std::int64_t kMostFoldedElements = 4096;

/// Replaces the results of ops that depend on constants alone, and not on the batch, by constants,
/// and those of a ShapeOp whose lengths are numbers. The ops are dead afterwards. Returns how many
/// there were. Ops that draw random numbers stay, and those that would make more than
/// kMostFoldedElements elements out of fewer (a Fill, an Expand). Weights are no constants, whether
/// they learn or not: their values change between two passes.
std::size_t foldConstants(OpGraph& graph, const EvaluateConstants& evaluate);

} // namespace gradwright
