// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"

#include <memory>
#include <vector>

namespace gradwright {

/// The engine that computes in a precision: oneDNN for FP32 and BF16, the reference for FP64.
std::shared_ptr<const Backend> backendFor(Precision precision);

/// Whether the processor lacks the instructions for it and others stand in.
bool isEmulated(Precision precision);
/// Whether the processor has them and training convolutions takes longer than in FP32 all the same.
bool isSlower(Precision precision);

/// Every engine of this build, the fast one first.
std::vector<std::shared_ptr<const Backend>> backends();

} // namespace gradwright
