// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/driver.h"
#include "engine/backend/gpus.h"

namespace gradwright::cuda {

/// The GPUs that a driver serves.
GpuSearch gpusOf(const Driver& driver);
/// Those of NVIDIA's driver.
GpuSearch findGpus();

} // namespace gradwright::cuda
