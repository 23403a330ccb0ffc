// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/sums.cuh"
#include "engine/backend/cuda/kernels/window.h"

namespace gradwright::cuda::kernels {

/// The part of a window that lies inside the plane.
struct PartialWindow {
    int first[3], end[3];
    __device__ PartialWindow(const PoolShape& shape, unsigned position) {
        const int at[3] = {static_cast<int>(position / (shape.out[1] * shape.out[2])),
                           static_cast<int>(position / shape.out[2] % shape.out[1]),
                           static_cast<int>(position % shape.out[2])};
        GRADWRIGHT_UNROLL
        for (int axis = 0; axis < 3; ++axis) {
            const int begin = at[axis] * static_cast<int>(shape.stride[axis]) - shape.padding[axis];
            const int behind = begin + static_cast<int>(shape.kernel[axis]);
            const int length = static_cast<int>(shape.in[axis]);
            first[axis] = begin > 0 ? begin : 0;
            end[axis] = behind < length ? behind : length;
        }
    }
    __device__ int count() const {
        return (end[0] - first[0]) * (end[1] - first[1]) * (end[2] - first[2]);
    }
    /// visit(index in the plane), in row-major order.
    template <class Visit>
    __device__ void forEach(const PoolShape& shape, const Visit& visit) const {
        for (int a = first[0]; a < end[0]; ++a)
            for (int b = first[1]; b < end[1]; ++b)
                for (int c = first[2]; c < end[2]; ++c)
                    visit((a * static_cast<int>(shape.in[1]) + b) * static_cast<int>(shape.in[2]) +
                          c);
    }
};

__device__ inline unsigned positionsOf(const std::uint32_t (&lengths)[3]) {
    return lengths[0] * lengths[1] * lengths[2];
}

/// Along an axis: the windows [first, end) that a position of the input lies in.
struct WindowsOf {
    int first, end;
    __device__ WindowsOf(const PoolShape& shape, int axis, int at) {
        const int stride = static_cast<int>(shape.stride[axis]);
        const int reach = at + shape.padding[axis];
        const int before = reach - static_cast<int>(shape.kernel[axis]);
        first = before < 0 ? 0 : before / stride + 1;
        const int last = reach / stride + 1;
        end = last < static_cast<int>(shape.out[axis]) ? last : static_cast<int>(shape.out[axis]);
    }
};

/// visit(index in the plane of the output) for all windows that a position of the input lies in.
template <class Visit>
__device__ inline void forEachWindowOf(const PoolShape& shape, unsigned position,
                                       const Visit& visit) {
    const WindowsOf a(shape, 0, static_cast<int>(position / (shape.in[1] * shape.in[2])));
    const WindowsOf b(shape, 1, static_cast<int>(position / shape.in[2] % shape.in[1]));
    const WindowsOf c(shape, 2, static_cast<int>(position % shape.in[2]));
    for (int i = a.first; i < a.end; ++i)
        for (int j = b.first; j < b.end; ++j)
            for (int k = c.first; k < c.end; ++k)
                visit((i * static_cast<int>(shape.out[1]) + j) * static_cast<int>(shape.out[2]) +
                      k);
}

/// Of equal maxima the first counts; a NaN wins, so that it is not hidden. `places` may be null.
__device__ inline void maxPool(const float* in, float* out, std::int32_t* places,
                               const PoolShape& shape) {
    const unsigned positions = positionsOf(shape.out);
    for (std::size_t i = firstElement(); i < shape.planes * positions; i += allThreads()) {
        const float* plane = in + i / positions * positionsOf(shape.in);
        const PartialWindow window(shape, static_cast<unsigned>(i % positions));
        int best = -1;
        float largest = 0;
        window.forEach(shape, [&](int at) {
            const float value = plane[at];
            if (best < 0 || value > largest || (value != value && largest == largest)) {
                best = at;
                largest = value;
            }
        });
        out[i] = largest;
        if (places)
            places[i] = best;
    }
}

__device__ inline void maxPoolBack(const float* gradient, const std::int32_t* places, float* out,
                                   const PoolShape& shape) {
    const unsigned positions = positionsOf(shape.in);
    for (std::size_t i = firstElement(); i < shape.planes * positions; i += allThreads()) {
        const std::size_t plane = i / positions * positionsOf(shape.out);
        const auto position = static_cast<unsigned>(i % positions);
        float sum = 0;
        forEachWindowOf(shape, position, [&](int at) {
            const std::size_t window = plane + static_cast<unsigned>(at);
            if (places[window] == static_cast<int>(position))
                sum += gradient[window];
        });
        out[i] = sum;
    }
}

__device__ inline float divisorOf(const PoolShape& shape, const PartialWindow& window) {
    return shape.countsPadding ? static_cast<float>(positionsOf(shape.kernel))
                               : static_cast<float>(window.count());
}

__device__ inline void averagePool(const float* in, float* out, const PoolShape& shape) {
    const unsigned positions = positionsOf(shape.out);
    for (std::size_t i = firstElement(); i < shape.planes * positions; i += allThreads()) {
        const float* plane = in + i / positions * positionsOf(shape.in);
        const PartialWindow window(shape, static_cast<unsigned>(i % positions));
        float sum = 0;
        window.forEach(shape, [&](int at) { sum += plane[at]; });
        out[i] = sum / divisorOf(shape, window);
    }
}

__device__ inline void averagePoolBack(const float* gradient, float* out, const PoolShape& shape) {
    const unsigned positions = positionsOf(shape.in);
    for (std::size_t i = firstElement(); i < shape.planes * positions; i += allThreads()) {
        const float* plane = gradient + i / positions * positionsOf(shape.out);
        float sum = 0;
        forEachWindowOf(shape, static_cast<unsigned>(i % positions), [&](int at) {
            sum += plane[at] / divisorOf(shape, PartialWindow(shape, static_cast<unsigned>(at)));
        });
        out[i] = sum;
    }
}

/// A block for each plane.
__device__ inline void meanOfPlanes(const float* in, float* out, std::size_t planes,
                                    std::size_t positions) {
    for (std::size_t plane = blockIdx.x; plane < planes; plane += gridDim.x) {
        float sum = 0;
        for (std::size_t i = threadIdx.x; i < positions; i += blockDim.x)
            sum += in[plane * positions + i];
        sum = sumOfBlock(sum);
        if (threadIdx.x == 0)
            out[plane] = sum / static_cast<float>(positions);
    }
}

__device__ inline void meanOfPlanesBack(const float* gradient, float* out, std::size_t planes,
                                        std::size_t positions) {
    for (std::size_t i = firstElement(); i < planes * positions; i += allThreads())
        out[i] = gradient[i / positions] / static_cast<float>(positions);
}

__device__ inline void resample(const float* in, float* out, const AxisTable& axis) {
    const std::size_t size = axis.outer * axis.out * axis.inner;
    for (std::size_t i = firstElement(); i < size; i += allThreads()) {
        const std::size_t inner = i % axis.inner;
        const std::size_t at = i / axis.inner % axis.out;
        const float* lane = in + i / (axis.inner * axis.out) * axis.in * axis.inner + inner;
        const int end = axis.begin[at + 1];
        float sum = axis.begin[at] == end ? axis.outside : 0.0F;
        for (int term = axis.begin[at]; term < end; ++term)
            sum +=
                axis.weight[term] * lane[static_cast<std::size_t>(axis.index[term]) * axis.inner];
        out[i] = sum;
    }
}

} // namespace gradwright::cuda::kernels
