// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/kernel_name.h"
#include "engine/backend/cuda/kernels/params.h"

// The products of product.h on tensor cores: their operands are rounded to the format, their sums
// are FP32.
#define GRADWRIGHT_TENSOR_KERNELS_IN(X, format)                                                    \
    X(tensor, multiply##format,                                                                    \
      (const float* a, const float* b, const float* bias, float* c, ProductShape shape),           \
      (a, b, bias, c, shape))                                                                      \
    X(tensor, convolve##format,                                                                    \
      (const float* in, const float* kernel, const float* bias, float* out, ConvShape shape),      \
      (in, kernel, bias, out, shape))                                                              \
    X(tensor, convolveBack##format,                                                                \
      (const float* out, const float* kernel, const float* bias, float* in, ConvShape shape),      \
      (out, kernel, bias, in, shape))                                                              \
    X(tensor, kernelGradient##format,                                                              \
      (const float* in, const float* out, float* kernel, ConvShape shape),                         \
      (in, out, kernel, shape))
#define GRADWRIGHT_TENSOR_KERNELS(X)                                                               \
    GRADWRIGHT_TENSOR_KERNELS_IN(X, Bf16)                                                          \
    GRADWRIGHT_TENSOR_KERNELS_IN(X, F16)                                                           \
    GRADWRIGHT_TENSOR_KERNELS_IN(X, Tf32)

namespace gradwright::cuda::kernel {
GRADWRIGHT_TENSOR_KERNELS(GRADWRIGHT_DECLARE_KERNEL)
} // namespace gradwright::cuda::kernel
