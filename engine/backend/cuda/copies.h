// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/driver.h"
#include "engine/backend/gpus.h"

namespace gradwright::cuda {

/// The best of five copies each way of `bytes`, or of an eighth of the GPU's free memory where that
/// is less. Throws DeviceError.
GpuCopies measureCopies(const Driver& driver, int ordinal,
                        std::size_t bytes = std::size_t{256} << 20);

} // namespace gradwright::cuda
