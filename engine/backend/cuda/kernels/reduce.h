// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/kernel_name.h"
#include "engine/backend/cuda/kernels/params.h"

namespace gradwright::cuda {

/// A row-major array [outer, length, inner] along one axis.
struct LaneShape {
    std::uint64_t outer = 1, length = 1, inner = 1;
};

/// What is reduced: the axes that stay and those that go, with the input's strides along both.
struct ReduceShape {
    ElementAxes kept, gone;
    Operand input;                       ///< strides along the kept axes
    std::int64_t stride[kMostAxes] = {}; ///< along those that go
    std::int32_t kind = 0;               ///< of ReduceKind
};

} // namespace gradwright::cuda

// Along axes: reductions, softmax, the largest elements, and what picks elements by index.
#define GRADWRIGHT_REDUCE_KERNELS(X)                                                               \
    X(reduce, reduceBlock, (ReduceShape shape, float* out), (shape, out))                          \
    X(reduce, reduceEach, (ReduceShape shape, float* out), (shape, out))                           \
    X(reduce, productBack, (ReduceShape shape, const float* gradient, float* out),                 \
      (shape, gradient, out))                                                                      \
    X(reduce, softmax, (const float* x, float* y, LaneShape lanes, std::int32_t isLogarithm),      \
      (x, y, lanes, isLogarithm))                                                                  \
    X(reduce, softmaxBack,                                                                         \
      (const float* y, const float* gradient, float* out, LaneShape lanes,                         \
       std::int32_t isLogarithm),                                                                  \
      (y, gradient, out, lanes, isLogarithm))                                                      \
    X(reduce, argMax, (const float* x, float* out, LaneShape lanes, std::int32_t isMinimum),       \
      (x, out, lanes, isMinimum))                                                                  \
    X(reduce, topK,                                                                                \
      (const float* x, float* values, float* indices, LaneShape lanes, std::uint64_t k,            \
       std::int32_t isSmallest),                                                                   \
      (x, values, indices, lanes, k, isSmallest))                                                  \
    X(reduce, topKBack,                                                                            \
      (const float* gradient, const float* indices, float* out, LaneShape lanes, std::uint64_t k), \
      (gradient, indices, out, lanes, k))                                                          \
    X(reduce, gather,                                                                              \
      (const float* data, Operand indices, float* out, LaneShape lanes, std::uint64_t count,       \
       std::int32_t op, StepSums* sums),                                                           \
      (data, indices, out, lanes, count, op, sums))                                                \
    X(reduce, gatherBack,                                                                          \
      (const float* gradient, Operand indices, float* out, LaneShape lanes, std::uint64_t count),  \
      (gradient, indices, out, lanes, count))

namespace gradwright::cuda::kernel {
GRADWRIGHT_REDUCE_KERNELS(GRADWRIGHT_DECLARE_KERNEL)
} // namespace gradwright::cuda::kernel
