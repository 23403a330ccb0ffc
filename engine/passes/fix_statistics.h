// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

namespace gradwright {

/// In the graph of a training, replaces batch normalizations whose statistics are fixed by general
/// operators: y = x · a + (shift - running_mean · a) with a = scale / √(running_variance + ε). So
/// gradients, samples that do not depend on each other and statistics that stay as they are follow
/// from what backends know already. Returns how many there were. To be called before
/// differentiate().
std::size_t fixStatistics(OpGraph& graph);

} // namespace gradwright
