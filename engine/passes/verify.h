// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

namespace gradwright {

/// Throws Error that names `after`, a pass, and the op when the graph is not whole: an op reads
/// what is not made before it, its outputs are not of the types that it infers from its inputs, its
/// weights have other shapes, or a result is made by no op.
void verify(const OpGraph& graph, std::string_view after);

} // namespace gradwright
