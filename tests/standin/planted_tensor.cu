// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/tensor_instructions.cuh"
#include "tests/standin/planted_tensor.h"

namespace gradwright::cuda::kernels {
namespace {

/// What a thread holds of A and B, as PTX lays out the fragments; `Word` makes a word of two
/// neighbours along the depth.
template <class Word>
struct Fragments {
    std::uint32_t a[4], b[2];
    Fragments(const float* inA, const float* inB, const Word& word) {
        const unsigned group = threadIdx.x / 4;
        const unsigned depth = threadIdx.x % 4 * 2;
        for (unsigned i = 0; i < 4; ++i) {
            const float* at = inA + (group + i % 2 * 8) * 16 + depth + i / 2 * 8;
            a[i] = word(at[0], at[1]);
        }
        for (unsigned i = 0; i < 2; ++i) {
            const float* at = inB + (depth + i * 8) * 8 + group;
            b[i] = word(at[0], at[8]);
        }
    }
};

void store(float* c, const float (&sums)[4]) {
    const unsigned group = threadIdx.x / 4;
    for (unsigned i = 0; i < 4; ++i)
        c[(group + i / 2 * 8) * 8 + threadIdx.x % 4 * 2 + i % 2] = sums[i];
}

/// In BF16 (0), in FP16 by one product (1) or by two of half the depth (2), or in TF32 (3).
__device__ void matrixProduct(const float* a, const float* b, float* c, std::int32_t format) {
    float sums[4] = {};
    if (format == 0) {
        const Fragments of(a, b, toBf16Pair);
        mmaBf16(sums, of.a, of.b);
    } else if (format < 3) {
        const Fragments of(a, b, toF16Pair);
        if (format == 1)
            mmaF16(sums, of.a, of.b);
        else {
            mmaF16Narrow(sums, {of.a[0], of.a[1]}, of.b[0]);
            mmaF16Narrow(sums, {of.a[2], of.a[3]}, of.b[1]);
        }
    } else {
        const unsigned group = threadIdx.x / 4;
        for (unsigned depth = threadIdx.x % 4; depth < 16; depth += 8) {
            const float* row = a + group * 16 + depth;
            const float* column = b + depth * 8 + group;
            mmaTf32(sums,
                    {toTf32(row[0]), toTf32(row[8 * 16]), toTf32(row[4]), toTf32(row[8 * 16 + 4])},
                    {toTf32(column[0]), toTf32(column[4 * 8])});
        }
    }
    store(c, sums);
}

/// Two words of A in each other's places.
__device__ void wrongFragment(const float* a, const float* b, float* c) {
    float sums[4] = {};
    const Fragments of(a, b, toBf16Pair);
    mmaBf16(sums, {of.a[0], of.a[2], of.a[1], of.a[3]}, of.b);
    store(c, sums);
}

__device__ void differentFormats(float* c) {
    float sums[4] = {};
    if (threadIdx.x < 16)
        mmaBf16(sums, {0, 0, 0, 0}, {0, 0});
    else
        mmaF16(sums, {0, 0, 0, 0}, {0, 0});
    store(c, sums);
}

__device__ void unroundedTf32(float* c) {
    float sums[4] = {};
    const std::uint32_t third = __float_as_uint(1.0F / 3);
    mmaTf32(sums, {0, third, 0, 0}, {0, 0});
    store(c, sums);
}

/// In a block of 20 threads.
__device__ void partOfWarp(float* c) {
    float sums[4] = {};
    mmaBf16(sums, {0, 0, 0, 0}, {0, 0});
    c[threadIdx.x] = sums[0];
}

/// Moves the values of a block of 128 by one place, `times` times, by copies into one stage after
/// the other. `Left`: groups of copies that are not waited for; without a barrier where `IsOrdered`
/// is false.
template <unsigned Stages, int Left, bool IsOrdered>
__device__ void rotate(float* values, std::uint32_t times) {
    GRADWRIGHT_SHARED(stages, float[Stages][128]);
    float* const own = values + firstElement();
    for (unsigned i = 0; i < times; ++i) {
        auto& stage = stages[i % Stages];
        copyAsync(&stage[threadIdx.x], own);
        commitCopies();
        waitForCopies<Left>();
        if (IsOrdered)
            __syncthreads();
        *own = stage[(threadIdx.x + 1) % 128];
    }
}

__device__ void rotateByCopies(float* values, std::uint32_t times) {
    rotate<2, 0, true>(values, times);
}

/// The same without waiting.
__device__ void missingWait(float* values, std::uint32_t times) {
    GRADWRIGHT_SHARED(stages, float[2][128]);
    float* const own = values + firstElement();
    for (unsigned i = 0; i < times; ++i) {
        auto& stage = stages[i % 2];
        copyAsync(&stage[threadIdx.x], own);
        commitCopies();
        __syncthreads();
        *own = stage[(threadIdx.x + 1) % 128];
    }
}

/// The same with the latest copies still on their way.
__device__ void waitForTooFew(float* values, std::uint32_t times) {
    rotate<2, 1, true>(values, times);
}

/// Each thread has waited for its own copies only.
__device__ void copiesWithoutBarrier(float* values, std::uint32_t times) {
    rotate<2, 0, false>(values, times);
}

/// One stage, which the next copy may overwrite while others read it.
__device__ void copiesOverReaders(float* values, std::uint32_t times) {
    rotate<1, 0, true>(values, times);
}

} // namespace
} // namespace gradwright::cuda::kernels

using namespace gradwright::cuda;
GRADWRIGHT_KERNEL_FAMILY(plantedTensor, GRADWRIGHT_PLANTED_TENSOR_KERNELS)
