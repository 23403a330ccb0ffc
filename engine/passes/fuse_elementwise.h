// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

namespace gradwright {

/// The most steps and inputs of one fused op: what a backend holds in its nearest memory.
inline constexpr std::size_t kMostFusedSteps = 24;
inline constexpr std::size_t kMostFusedInputs = 8;
/// The most terms of a sum that is a step: one may have the same term many times.
inline constexpr std::size_t kMostFusedTerms = 32;

/// Replaces elementwise ops of one layer that make values of one shape, and read each other's
/// results or the same value, by one FusedOp, which reads and writes each element once. Results of
/// the graph, and what other ops read, keep their numbers; ops in between move behind the fused
/// one where they depend on it. Returns how many fused ops it has made.
///
/// Fused are the general operators (Unary, Binary, Compare, Logic, Where, Cast), and with them
/// activations, gradients of these and sums. Where there is no general operator nothing is fused:
/// backends have code of their own for what built-in layers are made of. To be called after
/// differentiate(). An activation is fused only together with its gradients, since a GradientOp
/// needs the op that it is the gradient of. Numbers stay the same to the bit where a backend
/// computes a function the same way alone and fused.
std::size_t fuseElementwise(OpGraph& graph);

} // namespace gradwright
