// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/attention.h"
#include "engine/backend/cuda/kernels/product.cuh"

namespace gradwright::cuda::kernels {

/// Grid: tiles of rows, tiles of columns, heads of all samples.
__device__ inline void attend(const float* a, const float* b, float* c,
                              const AttentionProduct& product) {
    GRADWRIGHT_SHARED(tiles, ProductTiles);
    const unsigned firstRow = blockIdx.x * kProductTile;
    const unsigned firstColumn = blockIdx.y * kProductTile;
    if (product.reach == Reach::Below && firstColumn >= firstRow + kProductTile)
        return;
    const unsigned end = firstRow + kProductTile;
    const unsigned from = product.reach == Reach::DepthFrom ? firstRow : 0;
    const unsigned to =
        product.reach == Reach::DepthUpTo && end < product.depth ? end : product.depth;
    const unsigned stack = product.samples * product.heads;
    for (unsigned z = blockIdx.z; z < stack; z += gridDim.z) {
        const std::int64_t sample = z / product.heads;
        const std::int64_t head = z % product.heads;
        const MatrixLines linesOfA{a + sample * product.aSample + head * product.aHead,
                                   product.rows, product.aRow, product.aDepth};
        const MatrixLines linesOfB{b + sample * product.bSample + head * product.bHead,
                                   product.columns, product.bColumn, product.bDepth};
        float* const out = c + sample * product.cSample + head * product.cHead;
        const auto store = [&](unsigned row, unsigned column, float sum) {
            if (row < product.rows && column < product.columns)
                out[row * product.cRow + column * product.cColumn] = sum * product.scale;
        };
        // Neighbouring threads read along the features, or along the keys.
        if (product.aDepth == 1 && product.bDepth == 1)
            multiplyTile<Along::Depth, Along::Depth>(tiles, linesOfA, linesOfB, store, firstRow,
                                                     firstColumn, from, to);
        else if (product.aDepth == 1)
            multiplyTile<Along::Depth, Along::Other>(tiles, linesOfA, linesOfB, store, firstRow,
                                                     firstColumn, from, to);
        else
            multiplyTile<Along::Other, Along::Other>(tiles, linesOfA, linesOfB, store, firstRow,
                                                     firstColumn, from, to);
    }
}

/// visit(row, how many steps it attends to): a warp takes rows in turn.
template <class Visit>
__device__ inline void forEachQuery(std::size_t rows, std::uint32_t steps, std::int32_t isCausal,
                                    const Visit& visit) {
    for (std::size_t row = firstElement() / 32; row < rows; row += allThreads() / 32)
        visit(row * steps, isCausal ? static_cast<unsigned>(row % steps) + 1 : steps);
}

/// The softmax of each row, in place; 0 for steps that are not attended to.
__device__ inline void shareAttention(float* scores, std::size_t rows, std::uint32_t steps,
                                      std::int32_t isCausal) {
    const unsigned lane = threadIdx.x % 32;
    forEachQuery(rows, steps, isCausal, [&](std::size_t first, unsigned seen) {
        float* const row = scores + first;
        float largest = row[0];
        for (unsigned s = lane; s < seen; s += 32)
            largest = row[s] > largest ? row[s] : largest;
        largest = overWarp(largest, Largest{});
        float sum = 0;
        for (unsigned s = lane; s < seen; s += 32)
            sum += expf(row[s] - largest);
        sum = overWarp(sum, Plus{});
        for (unsigned s = lane; s < steps; s += 32)
            row[s] = s < seen ? expf(row[s] - largest) / sum : 0.0F;
    });
}

/// From the gradients of the shares to those of the scores, in place, times `scale`.
__device__ inline void shareAttentionBack(const float* shares, float* slopes, std::size_t rows,
                                          std::uint32_t steps, std::int32_t isCausal, float scale) {
    const unsigned lane = threadIdx.x % 32;
    forEachQuery(rows, steps, isCausal, [&](std::size_t first, unsigned seen) {
        const float* const share = shares + first;
        float* const slope = slopes + first;
        float mean = 0;
        for (unsigned s = lane; s < seen; s += 32)
            mean += share[s] * slope[s];
        mean = overWarp(mean, Plus{});
        for (unsigned s = lane; s < steps; s += 32)
            slope[s] = s < seen ? share[s] * (slope[s] - mean) * scale : 0.0F;
    });
}

} // namespace gradwright::cuda::kernels
