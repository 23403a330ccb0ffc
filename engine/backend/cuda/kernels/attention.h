// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/kernel_name.h"
#include "engine/backend/cuda/kernels/params.h"

namespace gradwright::cuda {

/// Which part of a product counts when a step sees itself and earlier ones only.
enum class Reach : std::int32_t {
    All,       ///< everything
    Below,     ///< of the result columns up to the row; others need not be made
    DepthUpTo, ///< terms up to the row: those after it are 0
    DepthFrom, ///< terms from the row on: those before it are 0
};

/// c = scale · a · b for each head of each sample, strides as in ProductShape.
struct AttentionProduct {
    std::uint32_t rows = 0, columns = 0, depth = 0;
    std::uint32_t samples = 0, heads = 0;
    std::int64_t aRow = 0, aDepth = 0, aSample = 0, aHead = 0;
    std::int64_t bDepth = 0, bColumn = 0, bSample = 0, bHead = 0;
    std::int64_t cRow = 0, cColumn = 0, cSample = 0, cHead = 0;
    float scale = 1;
    Reach reach = Reach::All;
};

} // namespace gradwright::cuda

// Attention. Shares and what belongs to them: [samples, heads, query, key].
#define GRADWRIGHT_ATTENTION_KERNELS(X)                                                            \
    X(attention, attend, (const float* a, const float* b, float* c, AttentionProduct product),     \
      (a, b, c, product))                                                                          \
    X(attention, shareAttention,                                                                   \
      (float* scores, std::uint64_t rows, std::uint32_t steps, std::int32_t isCausal),             \
      (scores, rows, steps, isCausal))                                                             \
    X(attention, shareAttentionBack,                                                               \
      (const float* shares, float* slopes, std::uint64_t rows, std::uint32_t steps,                \
       std::int32_t isCausal, float scale),                                                        \
      (shares, slopes, rows, steps, isCausal, scale))

namespace gradwright::cuda::kernel {
GRADWRIGHT_ATTENTION_KERNELS(GRADWRIGHT_DECLARE_KERNEL)
} // namespace gradwright::cuda::kernel
