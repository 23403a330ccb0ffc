// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/kernel_name.h"
#include "engine/backend/cuda/kernels/params.h"

namespace gradwright::cuda {

/// A table of entries, and how many numbers look one up.
struct EmbeddingShape {
    std::uint64_t numbers = 0;
    std::uint32_t vocabulary = 1, dimensions = 1;
};

} // namespace gradwright::cuda

// Embeddings. `counts`: how many numbers name an entry; `firsts`: the first of them.
#define GRADWRIGHT_SEQUENCE_KERNELS(X)                                                             \
    X(sequence, lookUp,                                                                            \
      (const float* numbers, const float* table, float* y, EmbeddingShape shape),                  \
      (numbers, table, y, shape))                                                                  \
    X(sequence, clearEntries,                                                                      \
      (std::uint32_t * counts, std::uint32_t * firsts, EmbeddingShape shape),                      \
      (counts, firsts, shape))                                                                     \
    X(sequence, countEntries,                                                                      \
      (const float* numbers, std::uint32_t* counts, std::uint32_t* firsts, EmbeddingShape shape),  \
      (numbers, counts, firsts, shape))                                                            \
    X(sequence, sumEntries,                                                                        \
      (const float* numbers, const float* gradient, const std::uint32_t* counts,                   \
       const std::uint32_t* firsts, float* sums, EmbeddingShape shape),                            \
      (numbers, gradient, counts, firsts, sums, shape))

namespace gradwright::cuda::kernel {
GRADWRIGHT_SEQUENCE_KERNELS(GRADWRIGHT_DECLARE_KERNEL)
} // namespace gradwright::cuda::kernel
