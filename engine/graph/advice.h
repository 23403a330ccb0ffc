// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/analysis.h"

#include <vector>

namespace gradwright {

/// What is right by every rule and yet trains badly, or costs more than it gives: sigmoids in a
/// deep stack, layers that add up to one, a bias that a normalization takes away again … With
/// fixes.
void advise(const Network& network, const Analysis& analysis, DiagnosticList& diagnostics);

/// Fixes for inputs of a merge that differ in shape: a convolution of 1×1 on the shortcut, or the
/// same padding in the convolutions of a branch.
std::vector<Fix> mergeFixes(const Network& network, const Analysis& analysis, std::size_t merge);

} // namespace gradwright
