// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/kernel_name.h"
#include "engine/backend/cuda/kernels/params.h"

// Products of matrices and convolutions.
#define GRADWRIGHT_PRODUCT_KERNELS(X)                                                              \
    X(product, multiply,                                                                           \
      (const float* a, const float* b, const float* bias, float* c, ProductShape shape),           \
      (a, b, bias, c, shape))                                                                      \
    X(product, convolve,                                                                           \
      (const float* in, const float* kernel, const float* bias, float* out, ConvShape shape),      \
      (in, kernel, bias, out, shape))                                                              \
    X(product, convolveBack,                                                                       \
      (const float* out, const float* kernel, const float* bias, float* in, ConvShape shape),      \
      (out, kernel, bias, in, shape))                                                              \
    X(product, kernelGradient,                                                                     \
      (const float* in, const float* out, float* kernel, ConvShape shape),                         \
      (in, out, kernel, shape))                                                                    \
    X(product, addParts,                                                                           \
      (const float* parts, float* sum, std::uint64_t size, std::uint32_t count),                   \
      (parts, sum, size, count))                                                                   \
    X(product, addRows,                                                                            \
      (const float* values, float* sums, std::uint64_t rows, std::uint64_t columns),               \
      (values, sums, rows, columns))                                                               \
    X(product, addChannels,                                                                        \
      (const float* values, float* sums, std::uint64_t batch, std::uint64_t channels,              \
       std::uint64_t positions),                                                                   \
      (values, sums, batch, channels, positions))

namespace gradwright::cuda::kernel {
GRADWRIGHT_PRODUCT_KERNELS(GRADWRIGHT_DECLARE_KERNEL)
} // namespace gradwright::cuda::kernel
