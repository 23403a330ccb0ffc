// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/channels.cuh"
#include "engine/backend/cuda/kernels/sequence.h"

namespace gradwright::cuda::kernels {

/// Whether the number is whole and names an entry.
__device__ inline bool namesEntry(float number, const EmbeddingShape& shape) {
    return number >= 0 && number < static_cast<float>(shape.vocabulary) && number == floorf(number);
}

/// NaN where there is no such entry: the search for what is not finite then names the layer.
__device__ inline void lookUp(const float* numbers, const float* table, float* y,
                              const EmbeddingShape& shape) {
    forEachInRows(
        shape.numbers * shape.dimensions, shape.dimensions, [&](std::size_t row, std::size_t i) {
            const float number = numbers[row];
            const std::size_t column = i - row * shape.dimensions;
            y[i] = namesEntry(number, shape)
                       ? table[static_cast<std::size_t>(number) * shape.dimensions + column]
                       : __uint_as_float(0x7FC00000U);
        });
}

__device__ inline void clearEntries(std::uint32_t* counts, std::uint32_t* firsts,
                                    const EmbeddingShape& shape) {
    for (std::size_t i = firstElement(); i < shape.vocabulary; i += allThreads()) {
        counts[i] = 0;
        firsts[i] = ~0U;
    }
}

/// Whole numbers: the order of the additions is nothing to the result.
__device__ inline void countEntries(const float* numbers, std::uint32_t* counts,
                                    std::uint32_t* firsts, const EmbeddingShape& shape) {
    for (std::size_t i = firstElement(); i < shape.numbers; i += allThreads())
        if (namesEntry(numbers[i], shape)) {
            const auto entry = static_cast<std::size_t>(numbers[i]);
            atomicAdd(&counts[entry], 1U);
            atomicMin(&firsts[entry], static_cast<std::uint32_t>(i));
        }
}

/// The gradient of the table: for each entry the gradients of what it was looked up for, in their
/// order. Blocks take entries in turn and look through the numbers from the first to the last that
/// names theirs; each thread sums one column. Grid: entries × columns / threads.
__device__ inline void sumEntries(const float* numbers, const float* gradient,
                                  const std::uint32_t* counts, const std::uint32_t* firsts,
                                  float* sums, const EmbeddingShape& shape) {
    GRADWRIGHT_SHARED(found, unsigned[32]); // by warp: which of its numbers name the entry
    const unsigned column = blockIdx.y * blockDim.x + threadIdx.x;
    for (std::size_t entry = blockIdx.x; entry < shape.vocabulary; entry += gridDim.x) {
        float sum = 0;
        unsigned left = counts[entry];
        for (std::size_t from = firsts[entry]; left > 0; from += blockDim.x) {
            const std::size_t own = from + threadIdx.x;
            const bool isNamed = own < shape.numbers && numbers[own] == static_cast<float>(entry);
            const unsigned votes = __ballot_sync(~0U, isNamed ? 1 : 0);
            if (threadIdx.x % 32 == 0)
                found[threadIdx.x / 32] = votes;
            __syncthreads();
            for (unsigned warp = 0; warp < blockDim.x / 32; ++warp)
                for (unsigned mask = found[warp]; mask != 0; mask &= mask - 1) {
                    const std::size_t at =
                        from + 32 * warp + static_cast<unsigned>(__ffs(static_cast<int>(mask)) - 1);
                    if (column < shape.dimensions)
                        sum += gradient[at * shape.dimensions + column];
                    --left;
                }
            __syncthreads();
        }
        if (column < shape.dimensions)
            sums[entry * shape.dimensions + column] = sum;
    }
}

} // namespace gradwright::cuda::kernels
