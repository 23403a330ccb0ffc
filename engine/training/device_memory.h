// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"

#include <cstdint>

namespace gradwright {

/// Checks before anything is compiled that a device computes the training and has room for it:
/// weights, gradients and slots, and the programs of whole and last batches of training and
/// evaluation. `samples`: those that are trained on. Throws Error that names the op, the optimizer
/// or the precision that the device lacks, or says what is needed and free, in bytes, and which
/// batch fits. Does nothing for engines that compute in the computer's memory.
void requireDeviceMemory(const Backend& backend, const OpGraph& graph,
                         const CompileOptions& options, std::int64_t samples);

} // namespace gradwright
