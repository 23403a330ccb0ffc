// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/kernel_name.h"
#include "engine/backend/cuda/kernels/params.h"

namespace gradwright::cuda {

/// Windows over up to three axes of positions of `planes` channels of all samples.
struct PoolShape {
    std::uint64_t planes = 1;
    std::uint32_t in[3] = {1, 1, 1}, out[3] = {1, 1, 1}, kernel[3] = {1, 1, 1};
    std::uint32_t stride[3] = {1, 1, 1};
    std::int32_t padding[3] = {};
    std::int32_t countsPadding = 0; ///< an average divides by the kernel's size
};

/// One axis of a row-major array [outer, in → out, inner] taken through terms: element i of the
/// output is Σ weight[t] · x[index[t]] for begin[i] ≤ t < begin[i + 1]; without terms `outside`.
struct AxisTable {
    const std::int32_t* begin = nullptr;
    const std::int32_t* index = nullptr;
    const float* weight = nullptr;
    std::uint64_t outer = 1, in = 1, out = 1, inner = 1;
    float outside = 0;
};

} // namespace gradwright::cuda

// Pooling and resampling. Gradients are gathered, so that each is summed in one order.
#define GRADWRIGHT_WINDOW_KERNELS(X)                                                               \
    X(window, maxPool, (const float* in, float* out, std::int32_t* places, PoolShape shape),       \
      (in, out, places, shape))                                                                    \
    X(window, maxPoolBack,                                                                         \
      (const float* gradient, const std::int32_t* places, float* out, PoolShape shape),            \
      (gradient, places, out, shape))                                                              \
    X(window, averagePool, (const float* in, float* out, PoolShape shape), (in, out, shape))       \
    X(window, averagePoolBack, (const float* gradient, float* out, PoolShape shape),               \
      (gradient, out, shape))                                                                      \
    X(window, meanOfPlanes,                                                                        \
      (const float* in, float* out, std::uint64_t planes, std::uint64_t positions),                \
      (in, out, planes, positions))                                                                \
    X(window, meanOfPlanesBack,                                                                    \
      (const float* gradient, float* out, std::uint64_t planes, std::uint64_t positions),          \
      (gradient, out, planes, positions))                                                          \
    X(window, resample, (const float* in, float* out, AxisTable axis), (in, out, axis))

namespace gradwright::cuda::kernel {
GRADWRIGHT_WINDOW_KERNELS(GRADWRIGHT_DECLARE_KERNEL)
} // namespace gradwright::cuda::kernel
