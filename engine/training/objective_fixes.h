// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/graph/analysis.h"

#include <cstdint>
#include <vector>

namespace gradwright {

// Edits that bring a network's ends and a data set together where setting a parameter is not
// enough.

/// Adds an Input of the samples' shape, in front of the first layer of the main graph that lacks an
/// input.
std::vector<Fix> inputFix(const Network& network, const Analysis& analysis, const DataInfo& data);

/// Gives an Input the samples' shape, and what it feeds a Reshape to the shape that it had.
Fix reshapeFix(const Network& network, NodeId input, const Shape& samples, const Shape& shape);

/// Removes, each for itself, Inputs that no Output is made of.
std::vector<Fix> unusedInputFixes(const Network& network, const Analysis& analysis);

/// Gives an Output its size where no Dense layer does: inserts one of so many units in front of it
/// (in front of its Softmax), after what makes a vector of images. None where nothing feeds the
/// Output.
std::vector<Fix> denseFixes(const Network& network, const Analysis& analysis, NodeId output,
                            std::int64_t units);

} // namespace gradwright
