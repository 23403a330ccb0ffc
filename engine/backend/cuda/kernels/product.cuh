// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/product.h"
#include "engine/backend/cuda/kernels/sums.cuh"

namespace gradwright::cuda::kernels {

/// Along which axis of an operand neighbouring threads read.
enum class Along { Depth, Other };

inline constexpr unsigned kProductTile = 64;     ///< rows and columns of a block
inline constexpr unsigned kProductDepth = 16;    ///< that it holds at a time
inline constexpr unsigned kProductThreads = 256; ///< each makes 4 rows × 4 columns

using ProductTile = float[kProductDepth][kProductTile + 4];
/// What a block holds of both operands.
struct ProductTiles {
    ProductTile a, b;
};

/// A tile of an operand into the block's memory. `operand.line(i)` is a row of A or a column of B,
/// and at[offset(k)] its elements; a negative offset stands for a 0. Both take indices beyond the
/// matrix.
template <Along Reads, class Operand>
class TileReader {
public:
    __device__ TileReader(const Operand& operand, unsigned first) {
        GRADWRIGHT_UNROLL
        for (unsigned i = 0; i < kLines; ++i)
            lines_[i] = operand.line(first + lineOf(i));
    }
    /// visit(depth in the tile, line in it, its first element, offset) for this thread's elements.
    template <class Visit>
    __device__ void forEach(unsigned from, unsigned to, const Visit& visit) const {
        GRADWRIGHT_UNROLL
        for (unsigned i = 0; i < 4; ++i) {
            const unsigned at = depthOf(i);
            const auto& line = lines_[Reads == Along::Depth ? i : 0];
            visit(at, lineOf(i), line.at, from + at < to ? line.offset(from + at) : -1);
        }
    }
    __device__ void read(ProductTile& tile, unsigned from, unsigned to) const {
        forEach(from, to, [&](unsigned depth, unsigned line, const float* at, std::int64_t offset) {
            tile[depth][line] = offset >= 0 ? at[offset] : 0.0F;
        });
    }

private:
    static constexpr unsigned kLines = Reads == Along::Depth ? 4 : 1;
    __device__ static unsigned lineOf(unsigned i) {
        return Reads == Along::Depth ? threadIdx.x / kProductDepth + 16 * i
                                     : threadIdx.x % kProductTile;
    }
    __device__ static unsigned depthOf(unsigned i) {
        return Reads == Along::Depth ? threadIdx.x % kProductDepth
                                     : threadIdx.x / kProductTile + 4 * i;
    }
    typename Operand::Line lines_[kLines];
};

/// The product of one tile: store(row, column, Σ a(row, k) b(k, column)) for k in [from, to), in
/// that order.
template <Along ReadsA, Along ReadsB, class A, class B, class Store>
__device__ inline void multiplyTile(ProductTiles& tiles, const A& a, const B& b, const Store& store,
                                    unsigned firstRow, unsigned firstColumn, unsigned from,
                                    unsigned to) {
    const TileReader<ReadsA, A> readerA(a, firstRow);
    const TileReader<ReadsB, B> readerB(b, firstColumn);
    const unsigned row = threadIdx.x / 16 * 4;
    const unsigned column = threadIdx.x % 16 * 4;
    float sums[4][4] = {};
    for (unsigned at = from; at < to; at += kProductDepth) {
        __syncthreads(); // readers of the tile before
        readerA.read(tiles.a, at, to);
        readerB.read(tiles.b, at, to);
        __syncthreads();
        const unsigned depth = to - at < kProductDepth ? to - at : kProductDepth;
        for (unsigned k = 0; k < depth; ++k)
            GRADWRIGHT_UNROLL
        for (unsigned i = 0; i < 4; ++i)
            GRADWRIGHT_UNROLL
        for (unsigned j = 0; j < 4; ++j)
            sums[i][j] += tiles.a[k][row + i] * tiles.b[k][column + j];
    }
    GRADWRIGHT_UNROLL
    for (unsigned i = 0; i < 4; ++i)
        GRADWRIGHT_UNROLL
    for (unsigned j = 0; j < 4; ++j)
        store(firstRow + row + i, firstColumn + column + j, sums[i][j]);
}

/// Products in FP32. What else takes products of tiles has such members, too.
struct SingleProduct {
    using Tiles = ProductTiles;
    template <Along ReadsA, Along ReadsB, class A, class B, class Store>
    __device__ static void multiplyTile(Tiles& tiles, const A& a, const B& b, const Store& store,
                                        unsigned firstRow, unsigned firstColumn, unsigned from,
                                        unsigned to) {
        kernels::multiplyTile<ReadsA, ReadsB>(tiles, a, b, store, firstRow, firstColumn, from, to);
    }
};

/// The place of element `index` of a stack.
__device__ inline std::int64_t offsetIn(const Strided& stack, std::size_t index) {
    std::int64_t offset = 0;
    for (int axis = stack.rank - 1; axis >= 0; --axis) {
        offset += static_cast<std::int64_t>(index % stack.length[axis]) * stack.stride[axis];
        index /= stack.length[axis];
    }
    return offset;
}

__device__ inline std::size_t sizeOf(const Strided& stack) {
    std::size_t size = 1;
    for (int axis = 0; axis < stack.rank; ++axis)
        size *= stack.length[axis];
    return size;
}

/// Lines of a matrix with any strides.
struct MatrixLines {
    struct Line {
        const float* at = nullptr; ///< null beyond the matrix
        std::int64_t step = 0;
        __device__ std::int64_t offset(unsigned k) const { return at ? k * step : -1; }
    };
    const float* at;
    unsigned count;
    std::int64_t lineStep, depthStep;
    __device__ Line line(unsigned i) const {
        return {i < count ? at + i * lineStep : nullptr, depthStep};
    }
};

/// [from, to) of a part of the depth.
struct PartOfDepth {
    unsigned from, to;
    __device__ PartOfDepth(unsigned depth, unsigned parts, unsigned part) {
        const unsigned size = (depth + parts - 1) / parts;
        from = part * size < depth ? part * size : depth;
        to = from + size < depth ? from + size : depth;
    }
};

/// Grid: tiles of rows, tiles of columns, matrices of the stack × parts.
template <class Product>
__device__ inline void multiplyBy(const float* a, const float* b, const float* bias, float* c,
                                  const ProductShape& shape) {
    GRADWRIGHT_SHARED(tiles, typename Product::Tiles);
    const std::size_t stack = sizeOf(shape.aStack) * shape.parts;
    for (std::size_t z = blockIdx.z; z < stack; z += gridDim.z) {
        const std::size_t matrix = z / shape.parts;
        const PartOfDepth depth(shape.depth, shape.parts, static_cast<unsigned>(z % shape.parts));
        const MatrixLines linesOfA{a + offsetIn(shape.aStack, matrix), shape.rows, shape.aRow,
                                   shape.aDepth};
        const MatrixLines linesOfB{b + offsetIn(shape.bStack, matrix), shape.columns, shape.bColumn,
                                   shape.bDepth};
        float* to = c + static_cast<std::int64_t>(z) * shape.cStack;
        const auto store = [&](unsigned row, unsigned column, float sum) {
            if (row < shape.rows && column < shape.columns)
                to[row * shape.cRow + column * shape.cColumn] = sum + (bias ? bias[column] : 0.0F);
        };
        const unsigned row = blockIdx.x * kProductTile;
        const unsigned column = blockIdx.y * kProductTile;
        if (shape.aDepth == 1 && shape.bDepth == 1)
            Product::template multiplyTile<Along::Depth, Along::Depth>(
                tiles, linesOfA, linesOfB, store, row, column, depth.from, depth.to);
        else if (shape.aDepth == 1)
            Product::template multiplyTile<Along::Depth, Along::Other>(
                tiles, linesOfA, linesOfB, store, row, column, depth.from, depth.to);
        else if (shape.bDepth == 1)
            Product::template multiplyTile<Along::Other, Along::Depth>(
                tiles, linesOfA, linesOfB, store, row, column, depth.from, depth.to);
        else
            Product::template multiplyTile<Along::Other, Along::Other>(
                tiles, linesOfA, linesOfB, store, row, column, depth.from, depth.to);
    }
}

__device__ inline void multiply(const float* a, const float* b, const float* bias, float* c,
                                const ProductShape& shape) {
    multiplyBy<SingleProduct>(a, b, bias, c, shape);
}

/// sum[i] = Σ parts[part][i], in the order of the parts.
__device__ inline void addParts(const float* parts, float* sum, std::size_t size, unsigned count) {
    for (std::size_t i = firstElement(); i < size; i += allThreads()) {
        float total = 0;
        for (unsigned part = 0; part < count; ++part)
            total += parts[part * size + i];
        sum[i] = total;
    }
}

/// sums[column] of a matrix, a block each.
__device__ inline void addRows(const float* values, float* sums, std::size_t rows,
                               std::size_t columns) {
    for (std::size_t column = blockIdx.x; column < columns; column += gridDim.x) {
        float sum = 0;
        for (std::size_t row = threadIdx.x; row < rows; row += blockDim.x)
            sum += values[row * columns + column];
        sum = sumOfBlock(sum);
        if (threadIdx.x == 0)
            sums[column] = sum;
    }
}

/// sums[channel] over batch and positions, a block each.
__device__ inline void addChannels(const float* values, float* sums, std::size_t batch,
                                   std::size_t channels, std::size_t positions) {
    for (std::size_t channel = blockIdx.x; channel < channels; channel += gridDim.x) {
        float sum = 0;
        for (std::size_t i = threadIdx.x; i < batch * positions; i += blockDim.x)
            sum += values[(i / positions * channels + channel) * positions + i % positions];
        sum = sumOfBlock(sum);
        if (threadIdx.x == 0)
            sums[channel] = sum;
    }
}

} // namespace gradwright::cuda::kernels
