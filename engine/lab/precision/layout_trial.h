// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/procedure.h"
#include "engine/project/project.h"

#include <optional>

namespace gradwright {

/// Measures each different convolution of the network, at the project's batch size, in each order
/// of its values, and asks the CPU engine which it takes in an FP32 training and how often a step
/// changes layouts. Empty "convolutions" where there are none. Nothing when stopped. Throws Error
/// where the network cannot be trained on its data.
std::optional<Json> measureLayouts(const Project& project, const TrialContext& context);

} // namespace gradwright
