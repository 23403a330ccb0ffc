// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/kernel_name.h"

#include <cstdint>

// Products on tensor cores and asynchronous copies: right kernels, and kernels with one fault each.
// Matrices: A [16, 16], B [16, 8], C [16, 8], row-major, by one warp.
#define GRADWRIGHT_PLANTED_TENSOR_KERNELS(X)                                                       \
    X(plantedTensor, matrixProduct,                                                                \
      (const float* a, const float* b, float* c, std::int32_t format), (a, b, c, format))          \
    X(plantedTensor, wrongFragment, (const float* a, const float* b, float* c), (a, b, c))         \
    X(plantedTensor, differentFormats, (float* c), (c))                                            \
    X(plantedTensor, unroundedTf32, (float* c), (c))                                               \
    X(plantedTensor, partOfWarp, (float* c), (c))                                                  \
    X(plantedTensor, rotateByCopies, (float* values, std::uint32_t times), (values, times))        \
    X(plantedTensor, missingWait, (float* values, std::uint32_t times), (values, times))           \
    X(plantedTensor, waitForTooFew, (float* values, std::uint32_t times), (values, times))         \
    X(plantedTensor, copiesWithoutBarrier, (float* values, std::uint32_t times), (values, times))  \
    X(plantedTensor, copiesOverReaders, (float* values, std::uint32_t times), (values, times))

namespace gradwright::cuda::kernel {
GRADWRIGHT_PLANTED_TENSOR_KERNELS(GRADWRIGHT_DECLARE_KERNEL)
} // namespace gradwright::cuda::kernel

/// Makes them known to the stand-in.
void gradwrightAdd_plantedTensor();
