// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/product.cuh"

// Convolutions as products of matrices whose elements are read where they lie, never copied
// together (implicit GEMM; Chetlur et al.: "cuDNN: Efficient Primitives for Deep Learning", 2014).
// Grid: tiles of rows, tiles of columns, groups (× parts).

namespace gradwright::cuda::kernels {

__device__ inline unsigned productOf(const std::uint32_t (&lengths)[3]) {
    return lengths[0] * lengths[1] * lengths[2];
}

/// An index as three of them, the last one fastest.
struct Place3 {
    int at[3];
    __device__ static Place3 of(unsigned index, const std::uint32_t (&lengths)[3]) {
        return {{static_cast<int>(index / (lengths[1] * lengths[2])),
                 static_cast<int>(index / lengths[2] % lengths[1]),
                 static_cast<int>(index % lengths[2])}};
    }
};

/// A position, or -1 outside.
__device__ inline int indexOf(const int (&at)[3], const std::uint32_t (&lengths)[3]) {
    for (int axis = 0; axis < 3; ++axis)
        if (at[axis] < 0 || at[axis] >= static_cast<int>(lengths[axis]))
            return -1;
    return (at[0] * static_cast<int>(lengths[1]) + at[1]) * static_cast<int>(lengths[2]) + at[2];
}

/// What a tap of the kernel sees of the input from a position of the output: its index, or -1.
__device__ inline int inputOf(const ConvShape& shape, const Place3& out, const Place3& tap) {
    int at[3];
    for (int axis = 0; axis < 3; ++axis)
        at[axis] = out.at[axis] * static_cast<int>(shape.stride[axis]) - shape.padding[axis] +
                   tap.at[axis] * static_cast<int>(shape.dilation[axis]);
    return indexOf(at, shape.in);
}

/// The position of the output that sees a position of the input through a tap: its index, or -1.
__device__ inline int outputOf(const ConvShape& shape, const Place3& in, const Place3& tap) {
    int at[3];
    for (int axis = 0; axis < 3; ++axis) {
        const int distance = in.at[axis] + shape.padding[axis] -
                             tap.at[axis] * static_cast<int>(shape.dilation[axis]);
        const int stride = static_cast<int>(shape.stride[axis]);
        if (distance < 0 || distance % stride != 0)
            return -1;
        at[axis] = distance / stride;
    }
    return indexOf(at, shape.out);
}

/// Rows: positions of the output of all samples. Depth: channels of the group × taps.
struct WindowLines {
    struct Line {
        const ConvShape* shape;
        const float* at = nullptr; ///< the group's first channel of the sample
        Place3 out;
        __device__ std::int64_t offset(unsigned k) const {
            if (!at)
                return -1;
            const unsigned taps = productOf(shape->kernel);
            const int place = inputOf(*shape, out, Place3::of(k % taps, shape->kernel));
            const auto positions = static_cast<std::size_t>(productOf(shape->in));
            return place < 0 ? -1 : static_cast<std::int64_t>(k / taps * positions) + place;
        }
    };
    const ConvShape& shape;
    const float* in; ///< the group's first channel of the first sample
    __device__ Line line(unsigned row) const {
        const unsigned positions = productOf(shape.out);
        const unsigned sample = row / positions;
        const auto size =
            static_cast<std::size_t>(shape.groups) * shape.inChannels * productOf(shape.in);
        return {&shape, sample < shape.batch ? in + sample * size : nullptr,
                Place3::of(row % positions, shape.out)};
    }
};

/// Rows: positions of the input of all samples. Depth: output channels of the group × taps.
struct ReachedLines {
    struct Line {
        const ConvShape* shape;
        const float* at = nullptr;
        Place3 in;
        __device__ std::int64_t offset(unsigned k) const {
            if (!at)
                return -1;
            const unsigned taps = productOf(shape->kernel);
            const int place = outputOf(*shape, in, Place3::of(k % taps, shape->kernel));
            const auto positions = static_cast<std::size_t>(productOf(shape->out));
            return place < 0 ? -1 : static_cast<std::int64_t>(k / taps * positions) + place;
        }
    };
    const ConvShape& shape;
    const float* out;
    __device__ Line line(unsigned row) const {
        const unsigned positions = productOf(shape.in);
        const unsigned sample = row / positions;
        const auto size =
            static_cast<std::size_t>(shape.groups) * shape.outChannels * productOf(shape.out);
        return {&shape, sample < shape.batch ? out + sample * size : nullptr,
                Place3::of(row % positions, shape.in)};
    }
};

/// Columns: input channels of the group. Depth: output channels of the group × taps.
struct KernelByInput {
    struct Line {
        const float* at = nullptr; ///< the input channel's taps for the first output channel
        unsigned taps, perOutput;
        __device__ std::int64_t offset(unsigned k) const {
            return at ? static_cast<std::int64_t>(static_cast<std::size_t>(k / taps) * perOutput +
                                                  k % taps)
                      : -1;
        }
    };
    const ConvShape& shape;
    const float* kernel; ///< of the group's first output channel
    __device__ Line line(unsigned column) const {
        const unsigned taps = productOf(shape.kernel);
        return {column < shape.inChannels ? kernel + static_cast<std::size_t>(column) * taps
                                          : nullptr,
                taps, shape.inChannels * taps};
    }
};

/// Rows: output channels of the group. Depth: positions of the output of all samples.
struct ChannelLines {
    struct Line {
        const float* at = nullptr;
        unsigned positions;
        std::size_t perSample;
        __device__ std::int64_t offset(unsigned k) const {
            return at ? static_cast<std::int64_t>(k / positions * perSample + k % positions) : -1;
        }
    };
    const ConvShape& shape;
    const float* out;
    __device__ Line line(unsigned row) const {
        const unsigned positions = productOf(shape.out);
        return {row < shape.outChannels ? out + static_cast<std::size_t>(row) * positions : nullptr,
                positions, static_cast<std::size_t>(shape.groups) * shape.outChannels * positions};
    }
};

/// Columns: channels of the group × taps. Depth: positions of the output of all samples.
struct TapLines {
    struct Line {
        const ConvShape* shape;
        const float* at = nullptr; ///< the channel of the first sample
        Place3 tap;
        std::size_t perSample;
        __device__ std::int64_t offset(unsigned k) const {
            if (!at)
                return -1;
            const unsigned positions = productOf(shape->out);
            const int place = inputOf(*shape, Place3::of(k % positions, shape->out), tap);
            return place < 0 ? -1 : static_cast<std::int64_t>(k / positions * perSample) + place;
        }
    };
    const ConvShape& shape;
    const float* in;
    __device__ Line line(unsigned column) const {
        const unsigned taps = productOf(shape.kernel);
        const auto positions = static_cast<std::size_t>(productOf(shape.in));
        const unsigned channel = column / taps;
        return {&shape, channel < shape.inChannels ? in + channel * positions : nullptr,
                Place3::of(column % taps, shape.kernel),
                shape.groups * shape.inChannels * positions};
    }
};

/// Writes position `row` of all samples and channel `column` of the group.
struct ChannelStore {
    float* at; ///< the group's first channel of the first sample
    const float* bias;
    unsigned batch, channels, positions;
    std::size_t perSample;
    __device__ void operator()(unsigned row, unsigned column, float sum) const {
        const unsigned sample = row / positions;
        if (sample < batch && column < channels)
            at[sample * perSample + static_cast<std::size_t>(column) * positions +
               row % positions] = sum + (bias ? bias[column] : 0.0F);
    }
};

/// out = in * kernel + bias, the kernel [groups × outChannels, inChannels, taps].
template <class Product>
__device__ inline void convolveBy(const float* in, const float* kernel, const float* bias,
                                  float* out, const ConvShape& shape) {
    GRADWRIGHT_SHARED(tiles, typename Product::Tiles);
    const unsigned group = blockIdx.z;
    const unsigned depth = shape.inChannels * productOf(shape.kernel);
    const unsigned positions = productOf(shape.out);
    const std::size_t firstOut = static_cast<std::size_t>(group) * shape.outChannels;
    const WindowLines a{shape, in + static_cast<std::size_t>(group) * shape.inChannels *
                                        productOf(shape.in)};
    const MatrixLines b{kernel + firstOut * depth, shape.outChannels, depth, 1};
    const ChannelStore store{out + firstOut * positions,
                             bias ? bias + firstOut : nullptr,
                             shape.batch,
                             shape.outChannels,
                             positions,
                             shape.groups * static_cast<std::size_t>(shape.outChannels) *
                                 positions};
    Product::template multiplyTile<Along::Other, Along::Depth>(
        tiles, a, b, store, blockIdx.x * kProductTile, blockIdx.y * kProductTile, 0, depth);
}

/// The adjoint in the input: in[…] = Σ out[…] kernel[…] (+ bias by input channel, for a transposed
/// convolution).
template <class Product>
__device__ inline void convolveBackBy(const float* out, const float* kernel, const float* bias,
                                      float* in, const ConvShape& shape) {
    GRADWRIGHT_SHARED(tiles, typename Product::Tiles);
    const unsigned group = blockIdx.z;
    const unsigned taps = productOf(shape.kernel);
    const unsigned positions = productOf(shape.in);
    const std::size_t firstOut = static_cast<std::size_t>(group) * shape.outChannels;
    const std::size_t firstIn = static_cast<std::size_t>(group) * shape.inChannels;
    const ReachedLines a{shape, out + firstOut * productOf(shape.out)};
    const KernelByInput b{shape, kernel + firstOut * shape.inChannels * taps};
    const ChannelStore store{in + firstIn * positions,
                             bias ? bias + firstIn : nullptr,
                             shape.batch,
                             shape.inChannels,
                             positions,
                             shape.groups * static_cast<std::size_t>(shape.inChannels) * positions};
    Product::template multiplyTile<Along::Other, Along::Other>(
        tiles, a, b, store, blockIdx.x * kProductTile, blockIdx.y * kProductTile, 0,
        shape.outChannels * taps);
}

/// The adjoint in the kernel, a part of the positions by each block into an array of its own.
template <class Product>
__device__ inline void kernelGradientBy(const float* in, const float* out, float* kernel,
                                        const ConvShape& shape) {
    GRADWRIGHT_SHARED(tiles, typename Product::Tiles);
    const unsigned group = blockIdx.z / shape.parts;
    const unsigned part = blockIdx.z % shape.parts;
    const unsigned columns = shape.inChannels * productOf(shape.kernel);
    const std::size_t firstOut = static_cast<std::size_t>(group) * shape.outChannels;
    const PartOfDepth depth(shape.batch * productOf(shape.out), shape.parts, part);
    const ChannelLines a{shape, out + firstOut * productOf(shape.out)};
    const TapLines b{shape,
                     in + static_cast<std::size_t>(group) * shape.inChannels * productOf(shape.in)};
    float* to =
        kernel +
        (static_cast<std::size_t>(part) * shape.groups * shape.outChannels + firstOut) * columns;
    const auto store = [&](unsigned row, unsigned column, float sum) {
        if (row < shape.outChannels && column < columns)
            to[static_cast<std::size_t>(row) * columns + column] = sum;
    };
    Product::template multiplyTile<Along::Depth, Along::Depth>(
        tiles, a, b, store, blockIdx.x * kProductTile, blockIdx.y * kProductTile, depth.from,
        depth.to);
}

__device__ inline void convolve(const float* in, const float* kernel, const float* bias, float* out,
                                const ConvShape& shape) {
    convolveBy<SingleProduct>(in, kernel, bias, out, shape);
}
__device__ inline void convolveBack(const float* out, const float* kernel, const float* bias,
                                    float* in, const ConvShape& shape) {
    convolveBackBy<SingleProduct>(out, kernel, bias, in, shape);
}
__device__ inline void kernelGradient(const float* in, const float* out, float* kernel,
                                      const ConvShape& shape) {
    kernelGradientBy<SingleProduct>(in, out, kernel, shape);
}

} // namespace gradwright::cuda::kernels
