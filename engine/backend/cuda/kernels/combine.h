// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/kernel_name.h"
#include "engine/backend/cuda/kernels/params.h"

// Joins of several arrays of shapes that are broadcast, beside those that binary does. takeShare:
// an input takes the gradient where its value is the output's and no input before it took it.
#define GRADWRIGHT_COMBINE_KERNELS(X)                                                              \
    X(combine, pick, (Operand a, Operand b, float* y, ElementAxes axes, std::int32_t isLargest),   \
      (a, b, y, axes, isLargest))                                                                  \
    X(combine, takeShare,                                                                          \
      (Operand input, const float* output, const float* left, float* share, float* rest,           \
       ElementAxes axes),                                                                          \
      (input, output, left, share, rest, axes))                                                    \
    X(combine, addRepeats,                                                                         \
      (const float* values, float* sums, ElementAxes kept, Strided keptStrides,                    \
       ElementAxes repeated, Strided repeatedStrides),                                             \
      (values, sums, kept, keptStrides, repeated, repeatedStrides))

namespace gradwright::cuda::kernel {
GRADWRIGHT_COMBINE_KERNELS(GRADWRIGHT_DECLARE_KERNEL)
} // namespace gradwright::cuda::kernel
