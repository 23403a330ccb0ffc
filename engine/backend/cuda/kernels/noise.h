// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/kernel_name.h"
#include "engine/backend/cuda/kernels/params.h"

namespace gradwright::cuda {

/// Where an op's random numbers come from, see Rng; seed and step are the step's.
struct NoiseStream {
    std::uint32_t stream = 0, substream = 0;
};

} // namespace gradwright::cuda

// Noise from counters, the same as on the CPU. `threshold`: an element is kept when its 32 random
// bits are not below. dropoutRows: one decision for each row of `length` elements.
#define GRADWRIGHT_NOISE_KERNELS(X)                                                                \
    X(noise, dropout,                                                                              \
      (const float* x, float* y, std::uint64_t size, std::uint64_t threshold, float scale,         \
       NoiseStream stream, const StepScalars* scalars),                                            \
      (x, y, size, threshold, scale, stream, scalars))                                             \
    X(noise, dropoutRows,                                                                          \
      (const float* x, float* y, std::uint64_t size, std::uint64_t length,                         \
       std::uint64_t threshold, float scale, NoiseStream stream, const StepScalars* scalars),      \
      (x, y, size, length, threshold, scale, stream, scalars))                                     \
    X(noise, addGaussian,                                                                          \
      (const float* x, float* y, std::uint64_t size, float deviation, NoiseStream stream,          \
       const StepScalars* scalars),                                                                \
      (x, y, size, deviation, stream, scalars))

namespace gradwright::cuda::kernel {
GRADWRIGHT_NOISE_KERNELS(GRADWRIGHT_DECLARE_KERNEL)
} // namespace gradwright::cuda::kernel
