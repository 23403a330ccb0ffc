// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/memory/arena_plan.h"
#include "engine/ops/op_graph.h"

namespace gradwright {

/// The outline of a program whose buffers are the values of the graph, by their number, and whose
/// steps are its ops, after one that takes the batch in. A backend that lowers each op by itself
/// needs no other plan of its memory; one with layouts of its own describes its own steps.
///
/// `elementBytes`: of each element in the backend's memory, whatever the value's type. Weights and
/// constants live elsewhere and take no bytes. The values of the batch, outputs, losses and
/// gradients of weights are kept until the end. A fused gradient uses what its GradientReads
/// declare and nothing else.
Outline valueOutline(const OpGraph& graph, std::int64_t batch, std::size_t elementBytes);

} // namespace gradwright
