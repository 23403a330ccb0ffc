// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

#include <string>
#include <vector>

namespace gradwright::recipes {

/// The target as numbers of the prediction's shape: a class becomes a one-hot vector or, for a
/// single output, 0 or 1. Throws Error when classes meet anything but a vector.
ValueId targetValues(OpGraph& graph, ValueId prediction, ValueId target, const std::string& path);

/// Numbers written as "1, 2.5, 1". Throws Error with the rule when one is no number of 0 or more.
std::vector<double> classWeightsFrom(const std::string& text);

} // namespace gradwright::recipes
