// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/driver.h"
#include "engine/backend/gpus.h"

namespace gradwright::cuda {

/// The oldest compute capability that the kernels are compiled for, 10 · major + minor.
inline constexpr int kOldestCapability = 75;

/// The GPUs that a driver serves.
GpuSearch gpusOf(const Driver& driver);

} // namespace gradwright::cuda
