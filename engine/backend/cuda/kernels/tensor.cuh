// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/convolution.cuh"
#include "engine/backend/cuda/kernels/tensor.h"
#include "engine/backend/cuda/kernels/tensor_instructions.cuh"

namespace gradwright::cuda::kernels {

// How tensor cores take a pair of neighbours along the depth, and a product of 16 rows or 8 columns
// by a depth of 16: a[0], a[2] are pairs of a row, a[1], a[3] those of the row 8 below; the depth
// of a[2], a[3] and b[1] is 8 higher.

struct Bf16Format {
    using Pair = std::uint32_t[1];
    __device__ static void round(Pair& pair, float first, float second) {
        pair[0] = toBf16Pair(first, second);
    }
    __device__ static void multiply(float (&sums)[4], const Pair (&a)[4], const Pair (&b)[2]) {
        mmaBf16(sums, {a[0][0], a[1][0], a[2][0], a[3][0]}, {b[0][0], b[1][0]});
    }
};
struct F16Format {
    using Pair = std::uint32_t[1];
    __device__ static void round(Pair& pair, float first, float second) {
        pair[0] = toF16Pair(first, second);
    }
    __device__ static void multiply(float (&sums)[4], const Pair (&a)[4], const Pair (&b)[2]) {
        mmaF16(sums, {a[0][0], a[1][0], a[2][0], a[3][0]}, {b[0][0], b[1][0]});
    }
};
/// Two products of a depth of 8. The instruction pairs depths that are 4 apart; it is handed
/// neighbours in their places, in A and B alike, which leaves the sum the same.
struct Tf32Format {
    using Pair = std::uint32_t[2];
    __device__ static void round(Pair& pair, float first, float second) {
        pair[0] = toTf32(first);
        pair[1] = toTf32(second);
    }
    __device__ static void multiply(float (&sums)[4], const Pair (&a)[4], const Pair (&b)[2]) {
        mmaTf32(sums, {a[0][0], a[1][0], a[0][1], a[1][1]}, {b[0][0], b[0][1]});
        mmaTf32(sums, {a[2][0], a[3][0], a[2][1], a[3][1]}, {b[1][0], b[1][1]});
    }
};

inline constexpr unsigned kStages = 3; ///< buffers for the depth: one is multiplied while two fill

/// Products on tensor cores, of operands that are FP32 in memory and rounded when they are
/// multiplied. The copies of a stage run while those before it are multiplied. Each of the 8 warps
/// makes 16 rows × 32 columns.
template <class Format>
struct TensorProduct {
    struct Tiles {
        ProductTile a[kStages], b[kStages];
    };

    template <Along ReadsA, Along ReadsB, class A, class B, class Store>
    __device__ static void multiplyTile(Tiles& tiles, const A& a, const B& b, const Store& store,
                                        unsigned firstRow, unsigned firstColumn, unsigned from,
                                        unsigned to) {
        static_assert(kProductDepth == 16 && kProductTile == 64 && kProductThreads == 256);
        const TileReader<ReadsA, A> readerA(a, firstRow);
        const TileReader<ReadsB, B> readerB(b, firstColumn);
        const unsigned steps = (to - from + kProductDepth - 1) / kProductDepth;
        const auto fetch = [&](unsigned step) {
            if (step < steps) {
                const unsigned at = from + step * kProductDepth;
                copyTile(tiles.a[step % kStages], readerA, at, to);
                copyTile(tiles.b[step % kStages], readerB, at, to);
            }
            commitCopies();
        };
        const unsigned group = threadIdx.x % 32 / 4;
        const unsigned member = threadIdx.x % 4;
        const unsigned row = threadIdx.x / 64 * 16 + group;
        const unsigned column = threadIdx.x / 32 % 2 * 32;
        float sums[4][4] = {};
        __syncthreads(); // readers of the product before
        GRADWRIGHT_UNROLL
        for (unsigned step = 0; step + 1 < kStages; ++step)
            fetch(step);
        for (unsigned step = 0; step < steps; ++step) {
            waitForCopies<kStages - 2>();
            __syncthreads(); // all copies of this stage, and all readers of the one before
            fetch(step + kStages - 1);
            multiplyStage(sums, tiles.a[step % kStages], tiles.b[step % kStages], row,
                          column + group, 2 * member);
        }
        GRADWRIGHT_UNROLL
        for (unsigned i = 0; i < 4; ++i)
            GRADWRIGHT_UNROLL
        for (unsigned j = 0; j < 4; ++j)
            store(firstRow + row + j / 2 * 8, firstColumn + column + i * 8 + 2 * member + j % 2,
                  sums[i][j]);
    }

private:
    template <class Reader>
    __device__ static void copyTile(ProductTile& tile, const Reader& reader, unsigned from,
                                    unsigned to) {
        reader.forEach(from, to,
                       [&](unsigned depth, unsigned line, const float* at, std::int64_t offset) {
                           copyAsync(&tile[depth][line], offset >= 0 ? at + offset : nullptr);
                       });
    }
    /// Two neighbours of a line along the depth.
    __device__ static void load(typename Format::Pair& pair, const ProductTile& tile,
                                unsigned depth, unsigned line) {
        Format::round(pair, tile[depth][line], tile[depth + 1][line]);
    }
    __device__ static void multiplyStage(float (&sums)[4][4], const ProductTile& tileA,
                                         const ProductTile& tileB, unsigned row, unsigned column,
                                         unsigned depth) {
        typename Format::Pair a[4];
        GRADWRIGHT_UNROLL
        for (unsigned i = 0; i < 4; ++i)
            load(a[i], tileA, depth + i / 2 * 8, row + i % 2 * 8);
        GRADWRIGHT_UNROLL
        for (unsigned i = 0; i < 4; ++i) {
            typename Format::Pair b[2];
            load(b[0], tileB, depth, column + i * 8);
            load(b[1], tileB, depth + 8, column + i * 8);
            Format::multiply(sums[i], a, b);
        }
    }
};

#define GRADWRIGHT_PRODUCTS_IN(format)                                                             \
    __device__ inline void multiply##format(const float* a, const float* b, const float* bias,     \
                                            float* c, const ProductShape& shape) {                 \
        multiplyBy<TensorProduct<format##Format>>(a, b, bias, c, shape);                           \
    }                                                                                              \
    __device__ inline void convolve##format(const float* in, const float* kernel,                  \
                                            const float* bias, float* out,                         \
                                            const ConvShape& shape) {                              \
        convolveBy<TensorProduct<format##Format>>(in, kernel, bias, out, shape);                   \
    }                                                                                              \
    __device__ inline void convolveBack##format(const float* out, const float* kernel,             \
                                                const float* bias, float* in,                      \
                                                const ConvShape& shape) {                          \
        convolveBackBy<TensorProduct<format##Format>>(out, kernel, bias, in, shape);               \
    }                                                                                              \
    __device__ inline void kernelGradient##format(const float* in, const float* out,               \
                                                  float* kernel, const ConvShape& shape) {         \
        kernelGradientBy<TensorProduct<format##Format>>(in, out, kernel, shape);                   \
    }
GRADWRIGHT_PRODUCTS_IN(Bf16)
GRADWRIGHT_PRODUCTS_IN(F16)
GRADWRIGHT_PRODUCTS_IN(Tf32)
#undef GRADWRIGHT_PRODUCTS_IN

} // namespace gradwright::cuda::kernels
