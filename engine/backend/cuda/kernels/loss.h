// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/kernel_name.h"
#include "engine/backend/cuda/kernels/params.h"

namespace gradwright::cuda {

/// What the softmax cross-entropy compares with: classes, or probabilities.
struct SoftmaxTarget {
    const std::int32_t* classes = nullptr;
    const float* probabilities = nullptr;
    const float* classWeights = nullptr; ///< null: all 1
    float smoothing = 0, focusing = 0;
};

/// Rows of a loss: `rows` of each sample, of `length` elements each.
struct LossRows {
    std::uint32_t rows = 1, length = 1;
};

struct ElementLossFunction {
    std::int32_t kind = 0; ///< of ElementLossKind
    float parameter = 1, divisor = 1;
};

} // namespace gradwright::cuda

// Losses of each sample, a block for each.
#define GRADWRIGHT_LOSS_KERNELS(X)                                                                 \
    X(loss, softmaxCrossEntropy,                                                                   \
      (const float* logits, SoftmaxTarget target, float* logSums, float* losses, LossRows shape),  \
      (logits, target, logSums, losses, shape))                                                    \
    X(loss, softmaxCrossEntropyBack,                                                               \
      (const float* logits, SoftmaxTarget target, const float* logSums, const float* gradient,     \
       float* out, LossRows shape),                                                                \
      (logits, target, logSums, gradient, out, shape))                                             \
    X(loss, squaredError,                                                                          \
      (const float* x, const float* target, float* losses, std::uint32_t length),                  \
      (x, target, losses, length))                                                                 \
    X(loss, squaredErrorBack,                                                                      \
      (const float* x, const float* target, const float* gradient, float* ofX, float* ofTarget,    \
       std::uint32_t length),                                                                      \
      (x, target, gradient, ofX, ofTarget, length))                                                \
    X(loss, elementLoss,                                                                           \
      (const float* x, const float* target, float* losses, std::uint32_t length,                   \
       ElementLossFunction f),                                                                     \
      (x, target, losses, length, f))                                                              \
    X(loss, elementLossBack,                                                                       \
      (const float* x, const float* target, const float* gradient, float* out,                     \
       std::uint32_t length, ElementLossFunction f),                                               \
      (x, target, gradient, out, length, f))                                                       \
    X(loss, hinge,                                                                                 \
      (const float* scores, const std::int32_t* classes, float* losses, std::uint32_t length,      \
       float margin, std::int32_t isSquared),                                                      \
      (scores, classes, losses, length, margin, isSquared))                                        \
    X(loss, hingeBack,                                                                             \
      (const float* scores, const std::int32_t* classes, const float* gradient, float* out,        \
       std::uint32_t length, float margin, std::int32_t isSquared),                                \
      (scores, classes, gradient, out, length, margin, isSquared))                                 \
    X(loss, cosine, (const float* x, const float* target, float* losses, std::uint32_t length),    \
      (x, target, losses, length))                                                                 \
    X(loss, cosineBack,                                                                            \
      (const float* x, const float* target, const float* gradient, float* out,                     \
       std::uint32_t length),                                                                      \
      (x, target, gradient, out, length))                                                          \
    X(loss, oneHot,                                                                                \
      (const std::int32_t* classes, float* out, std::uint64_t size, std::uint32_t length),         \
      (classes, out, size, length))

namespace gradwright::cuda::kernel {
GRADWRIGHT_LOSS_KERNELS(GRADWRIGHT_DECLARE_KERNEL)
} // namespace gradwright::cuda::kernel
