// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/passes/fold_constants.h"

#include <span>
#include <string_view>

namespace gradwright {

/// What a program is compiled for.
enum class Mode { Training, Inference };

/// A step from the graph of a network to the ops of a program, without any backend. A pass keeps
/// the numbers of the results: what callers know of outputs and losses stays true.
struct Pass {
    std::string_view key;
    void (*run)(OpGraph& graph, Mode mode);
};

/// The ops that a backend lowers, one by one: the graph with what depends on constants alone
/// computed by `evaluate` (as the backend itself would compute it in each pass; nothing is folded
/// without), without identities, in training without normalizations of fixed statistics and with
/// its backward pass, after `further`, without what is dead, and with elementwise ops fused. The
/// further passes see single ops and gradients as values: it is where a program is quantized, or
/// reduced across machines.
OpGraph programGraph(OpGraph graph, Mode mode, std::span<const Pass> further = {},
                     const EvaluateConstants& evaluate = {});

} // namespace gradwright
