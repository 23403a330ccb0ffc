// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/weights.h"
#include "engine/graph/network.h"

#include <cstddef>

namespace gradwright {

/// Makes blocks of the parts of the main graph that come again, as files of other programs lose
/// them: parts in a row, which become one instance with a repetition, and parts with a branch that
/// are alike but for numbers, such as the filters of a residual unit, which instances then set. The
/// layers and what they compute stay the same; the weights get the keys of their new places.
/// Returns the number of instances.
std::size_t findBlocks(Network& network, Weights& weights);

} // namespace gradwright
