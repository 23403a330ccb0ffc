// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

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

/// The passes of every program, in their order: eliminate identities, in training differentiate,
/// eliminate dead ops. Those that fuse, quantize or reduce across machines are entries here.
std::span<const Pass> passes();

/// The ops that a backend lowers, one by one: the graph after all passes.
OpGraph programGraph(OpGraph graph, Mode mode);

} // namespace gradwright
