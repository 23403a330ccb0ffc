// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/element.cuh"
#include "engine/backend/cuda/kernels/reduce.h"
#include "engine/backend/cuda/kernels/sums.cuh"
#include "engine/ops/reduce_kinds.h"

namespace gradwright::cuda::kernels {

__device__ inline float reduced(ReduceKind kind, float a, float b) {
    switch (kind) {
    case ReduceKind::Product:
        return a * b;
    case ReduceKind::Maximum:
        return a < b ? b : a;
    case ReduceKind::Minimum:
        return b < a ? b : a;
    default:
        return a + b;
    }
}
struct Reduced {
    ReduceKind kind;
    __device__ float operator()(float a, float b) const { return reduced(kind, a, b); }
};

/// The elements that belong to one of the output: at(i) is where element i of those lies.
struct ReducedPlaces {
    const ReduceShape& shape;
    std::int64_t base = 0;
    __device__ ReducedPlaces(const ReduceShape& of, std::size_t output)
        : shape(of) {
        forEachAxis(shape.kept, output,
                    [&](int axis, std::int64_t k) { base += k * shape.input.stride[axis]; });
    }
    __device__ std::int64_t at(std::size_t i) const {
        std::int64_t offset = base;
        forEachAxis(shape.gone, i,
                    [&](int axis, std::int64_t k) { offset += k * shape.stride[axis]; });
        return offset;
    }
    __device__ float value(std::size_t i) const {
        const float x = load(shape.input, at(i));
        return static_cast<ReduceKind>(shape.kind) == ReduceKind::Norm ? x * x : x;
    }
};

__device__ inline float finished(const ReduceShape& shape, float sum) {
    switch (static_cast<ReduceKind>(shape.kind)) {
    case ReduceKind::Mean:
        return sum / static_cast<float>(shape.gone.elements);
    case ReduceKind::Norm:
        return sqrtf(sum);
    default:
        return sum;
    }
}

/// A block for each element of the output. Threads without an element repeat the first one, which
/// changes no maximum, or bring what changes no sum or product.
__device__ inline void reduceBlock(const ReduceShape& shape, float* out) {
    const Reduced combine{static_cast<ReduceKind>(shape.kind)};
    for (std::size_t o = blockIdx.x; o < shape.kept.elements; o += gridDim.x) {
        const ReducedPlaces places(shape, o);
        const bool isExtreme =
            combine.kind == ReduceKind::Maximum || combine.kind == ReduceKind::Minimum;
        const float neutral = isExtreme                             ? places.value(0)
                              : combine.kind == ReduceKind::Product ? 1.0F
                                                                    : 0.0F;
        float sum = neutral;
        for (std::size_t i = threadIdx.x; i < shape.gone.elements; i += blockDim.x)
            sum = combine(sum, places.value(i));
        sum = overBlock(sum, combine, neutral);
        if (threadIdx.x == 0)
            out[o] = finished(shape, sum);
    }
}

/// A thread for each element of the output.
__device__ inline void reduceEach(const ReduceShape& shape, float* out) {
    const Reduced combine{static_cast<ReduceKind>(shape.kind)};
    for (std::size_t o = firstElement(); o < shape.kept.elements; o += allThreads()) {
        const ReducedPlaces places(shape, o);
        float sum = places.value(0);
        for (std::size_t i = 1; i < shape.gone.elements; ++i)
            sum = combine(sum, places.value(i));
        out[o] = finished(shape, sum);
    }
}

/// The gradient of a product is the product of all other factors; `out` lies as the input.
__device__ inline void productBack(const ReduceShape& shape, const float* gradient, float* out) {
    const std::size_t group = shape.gone.elements;
    for (std::size_t i = firstElement(); i < shape.kept.elements * group; i += allThreads()) {
        const ReducedPlaces places(shape, i / group);
        float others = 1;
        for (std::size_t j = 0; j < group; ++j)
            if (j != i % group)
                others *= places.value(j);
        out[places.at(i % group)] = gradient[i / group] * others;
    }
}

/// The first element of a lane; the next ones are `inner` apart.
__device__ inline std::size_t firstOf(const LaneShape& lanes, std::size_t lane,
                                      std::size_t length) {
    return lane / lanes.inner * length * lanes.inner + lane % lanes.inner;
}

/// A block for each lane.
__device__ inline void softmax(const float* x, float* y, const LaneShape& lanes, int isLogarithm) {
    for (std::size_t lane = blockIdx.x; lane < lanes.outer * lanes.inner; lane += gridDim.x) {
        const std::size_t first = firstOf(lanes, lane, lanes.length);
        float largest = x[first];
        for (std::size_t i = threadIdx.x; i < lanes.length; i += blockDim.x) {
            const float value = x[first + i * lanes.inner];
            largest = value > largest ? value : largest;
        }
        largest = overBlock(largest, Largest{}, largest);
        float sum = 0;
        for (std::size_t i = threadIdx.x; i < lanes.length; i += blockDim.x)
            sum += expf(x[first + i * lanes.inner] - largest);
        sum = sumOfBlock(sum);
        const float logarithm = logf(sum);
        for (std::size_t i = threadIdx.x; i < lanes.length; i += blockDim.x) {
            const std::size_t at = first + i * lanes.inner;
            const float shifted = x[at] - largest;
            y[at] = isLogarithm ? shifted - logarithm : expf(shifted) / sum;
        }
    }
}

__device__ inline void softmaxBack(const float* y, const float* gradient, float* out,
                                   const LaneShape& lanes, int isLogarithm) {
    for (std::size_t lane = blockIdx.x; lane < lanes.outer * lanes.inner; lane += gridDim.x) {
        const std::size_t first = firstOf(lanes, lane, lanes.length);
        float sum = 0;
        for (std::size_t i = threadIdx.x; i < lanes.length; i += blockDim.x) {
            const std::size_t at = first + i * lanes.inner;
            sum += isLogarithm ? gradient[at] : y[at] * gradient[at];
        }
        sum = sumOfBlock(sum);
        for (std::size_t i = threadIdx.x; i < lanes.length; i += blockDim.x) {
            const std::size_t at = first + i * lanes.inner;
            out[at] = isLogarithm ? gradient[at] - expf(y[at]) * sum : y[at] * (gradient[at] - sum);
        }
    }
}

/// A thread for each lane.
__device__ inline void argMax(const float* x, float* out, const LaneShape& lanes, int isMinimum) {
    for (std::size_t lane = firstElement(); lane < lanes.outer * lanes.inner;
         lane += allThreads()) {
        const std::size_t first = firstOf(lanes, lane, lanes.length);
        std::size_t best = 0;
        for (std::size_t i = 1; i < lanes.length; ++i) {
            const float now = x[first + i * lanes.inner];
            const float then = x[first + best * lanes.inner];
            if (isMinimum ? now < then : now > then)
                best = i;
        }
        out[lane] = static_cast<float>(best);
    }
}

/// A thread for each lane, which looks for the next of them k times: those behind the last one in
/// the order by value, then by index.
__device__ inline void topK(const float* x, float* values, float* indices, const LaneShape& lanes,
                            std::size_t k, int isSmallest) {
    for (std::size_t lane = firstElement(); lane < lanes.outer * lanes.inner;
         lane += allThreads()) {
        const std::size_t first = firstOf(lanes, lane, lanes.length);
        const std::size_t to = firstOf(lanes, lane, k);
        const auto isBefore = [&](float a, std::size_t i, float b, std::size_t j) {
            if (a == b)
                return i < j;
            return isSmallest ? a < b : a > b;
        };
        float last = 0;
        std::size_t lastIndex = lanes.length; // none
        for (std::size_t n = 0; n < k; ++n) {
            std::size_t best = lanes.length;
            float value = 0;
            for (std::size_t i = 0; i < lanes.length; ++i) {
                const float now = x[first + i * lanes.inner];
                const bool isLeft = lastIndex == lanes.length || isBefore(last, lastIndex, now, i);
                if (isLeft && (best == lanes.length || isBefore(now, i, value, best))) {
                    best = i;
                    value = now;
                }
            }
            last = value;
            lastIndex = best;
            values[to + n * lanes.inner] = value;
            indices[to + n * lanes.inner] = static_cast<float>(best);
        }
    }
}

/// A thread for each lane; no index occurs twice in it.
__device__ inline void topKBack(const float* gradient, const float* indices, float* out,
                                const LaneShape& lanes, std::size_t k) {
    for (std::size_t lane = firstElement(); lane < lanes.outer * lanes.inner;
         lane += allThreads()) {
        const std::size_t first = firstOf(lanes, lane, lanes.length);
        const std::size_t from = firstOf(lanes, lane, k);
        for (std::size_t i = 0; i < lanes.length; ++i)
            out[first + i * lanes.inner] = 0;
        for (std::size_t n = 0; n < k; ++n) {
            const auto index = static_cast<std::size_t>(indices[from + n * lanes.inner]);
            if (index < lanes.length)
                out[first + index * lanes.inner] = gradient[from + n * lanes.inner];
        }
    }
}

/// Index n along the axis, or -1 where there is none such; negative ones count from the back.
__device__ inline std::int64_t indexAt(const Operand& indices, std::size_t n, std::size_t length) {
    const auto index = static_cast<std::int64_t>(load(indices, static_cast<std::int64_t>(n)));
    const auto size = static_cast<std::int64_t>(length);
    if (index < -size || index >= size)
        return -1;
    return index < 0 ? index + size : index;
}

/// An index beyond the axis is reported with the number of the op, and gives 0.
__device__ inline void gather(const float* data, const Operand& indices, float* out,
                              const LaneShape& lanes, std::size_t count, int op, StepSums* sums) {
    for (std::size_t i = firstElement(); i < lanes.outer * count * lanes.inner; i += allThreads()) {
        const std::int64_t index = indexAt(indices, i / lanes.inner % count, lanes.length);
        const std::size_t outer = i / (lanes.inner * count);
        if (index < 0)
            atomicMax(&sums->badIndex, op + 1);
        out[i] = index < 0
                     ? 0.0F
                     : data[(outer * lanes.length + static_cast<std::size_t>(index)) * lanes.inner +
                            i % lanes.inner];
    }
}

/// Each element of the data looks for what was taken from it.
__device__ inline void gatherBack(const float* gradient, const Operand& indices, float* out,
                                  const LaneShape& lanes, std::size_t count) {
    const std::size_t size = lanes.outer * lanes.length * lanes.inner;
    for (std::size_t i = firstElement(); i < size; i += allThreads()) {
        const auto at = static_cast<std::int64_t>(i / lanes.inner % lanes.length);
        const std::size_t outer = i / (lanes.inner * lanes.length);
        float sum = 0;
        for (std::size_t n = 0; n < count; ++n)
            if (indexAt(indices, n, lanes.length) == at)
                sum += gradient[(outer * count + n) * lanes.inner + i % lanes.inner];
        out[i] = sum;
    }
}

} // namespace gradwright::cuda::kernels
