// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/channels.cuh"
#include "engine/backend/cuda/kernels/normalize.h"
#include "engine/backend/cuda/kernels/sums.cuh"

namespace gradwright::cuda::kernels {

/// The number of the weight of element k of a group.
class WeightOfGroup {
public:
    __device__ WeightOfGroup(const GroupShape& shape, std::size_t group)
        : positions_(shape.perChannel ? shape.positions : 1)
        , first_(shape.perChannel ? static_cast<unsigned>(group % shape.groupsOfSample) *
                                        (shape.size / shape.positions)
                                  : 0) {}
    __device__ unsigned operator()(unsigned k) const { return first_ + k / positions_; }

private:
    unsigned positions_, first_;
};

/// Blocks take groups in turn; mean and variance in two passes.
__device__ inline void normalizeGroups(const float* x, const float* scale, const float* shift,
                                       float* y, float* measures, const GroupShape& shape) {
    const auto count = static_cast<float>(shape.size);
    for (std::size_t group = blockIdx.x; group < shape.groups; group += gridDim.x) {
        const float* in = x + group * shape.size;
        float* out = y + group * shape.size;
        float mean = 0;
        if (shape.centre) {
            float sum = 0;
            for (unsigned k = threadIdx.x; k < shape.size; k += blockDim.x)
                sum += in[k];
            mean = sumOfBlock(sum) / count;
        }
        float squares = 0;
        for (unsigned k = threadIdx.x; k < shape.size; k += blockDim.x)
            squares += (in[k] - mean) * (in[k] - mean);
        const float inverse = 1.0F / sqrtf(sumOfBlock(squares) / count + shape.epsilon);
        const WeightOfGroup weightOf(shape, group);
        for (unsigned k = threadIdx.x; k < shape.size; k += blockDim.x)
            out[k] = (in[k] - mean) * inverse * (scale ? scale[weightOf(k)] : 1.0F) +
                     (shift ? shift[weightOf(k)] : 0.0F);
        if (measures && threadIdx.x == 0) {
            measures[2 * group] = mean;
            measures[2 * group + 1] = inverse;
        }
    }
}

/// The mean and the deviation depend on every element of the group, hence the two sums.
__device__ inline void normalizeGroupsBack(const float* x, const float* gradient,
                                           const float* scale, const float* measures, float* out,
                                           const GroupShape& shape) {
    const auto count = static_cast<float>(shape.size);
    for (std::size_t group = blockIdx.x; group < shape.groups; group += gridDim.x) {
        const std::size_t begin = group * shape.size;
        const float mean = measures[2 * group];
        const float inverse = measures[2 * group + 1];
        const WeightOfGroup weightOf(shape, group);
        const auto gradientOf = [&](unsigned k) {
            return gradient[begin + k] * (scale ? scale[weightOf(k)] : 1.0F);
        };
        const auto normalized = [&](unsigned k) { return (x[begin + k] - mean) * inverse; };
        float sum = 0;
        float product = 0;
        for (unsigned k = threadIdx.x; k < shape.size; k += blockDim.x) {
            const float g = gradientOf(k);
            sum += g;
            product += g * normalized(k);
        }
        product = sumOfBlock(product) / count;
        const float centre = shape.centre ? sumOfBlock(sum) / count : 0.0F;
        for (unsigned k = threadIdx.x; k < shape.size; k += blockDim.x)
            out[begin + k] = inverse * (gradientOf(k) - centre - normalized(k) * product);
    }
}

/// The gradients of a scale and a shift for each element of a group, by parts of the groups:
/// [parts, size]. A block has 32 columns and, for each, 8 threads that share the part's groups.
/// Grid: columns / 32 × parts.
__device__ inline void sumElementWeights(const float* x, const float* gradient,
                                         const float* measures, float* scaleParts,
                                         float* shiftParts, const GroupShape& shape) {
    constexpr unsigned kColumns = 32;
    constexpr unsigned kRows = 8;
    GRADWRIGHT_SHARED(sums, float[2][kRows][kColumns]);
    const unsigned lane = threadIdx.x % kColumns;
    const unsigned row = threadIdx.x / kColumns;
    const unsigned column = blockIdx.x * kColumns + lane;
    const std::size_t size = (shape.groups + shape.parts - 1) / shape.parts;
    const std::size_t from = blockIdx.y * size;
    const std::size_t to = from + size < shape.groups ? from + size : shape.groups;
    float scaleSum = 0;
    float shiftSum = 0;
    if (column < shape.size)
        for (std::size_t group = from + row; group < to; group += kRows) {
            const std::size_t i = group * shape.size + column;
            shiftSum += gradient[i];
            scaleSum += gradient[i] * ((x[i] - measures[2 * group]) * measures[2 * group + 1]);
        }
    sums[0][row][lane] = scaleSum;
    sums[1][row][lane] = shiftSum;
    __syncthreads();
    if (row > 1 || column >= shape.size)
        return;
    float* parts = row == 0 ? scaleParts : shiftParts;
    if (!parts)
        return;
    float sum = 0;
    for (unsigned k = 0; k < kRows; ++k)
        sum += sums[row][k][lane];
    parts[static_cast<std::size_t>(blockIdx.y) * shape.size + column] = sum;
}

/// The gradients of a scale and a shift for each channel, by part. Grid: channels × parts.
__device__ inline void sumChannelWeights(const float* x, const float* gradient,
                                         const float* measures, float* scaleParts,
                                         float* shiftParts, const ChannelShape& shape,
                                         std::uint32_t channelsOfGroup) {
    float scaleSum = 0;
    float shiftSum = 0;
    forEachOfChannel(shape, blockIdx.x, blockIdx.y, [&](unsigned sample, std::size_t i) {
        const std::size_t group =
            (static_cast<std::size_t>(sample) * shape.channels + blockIdx.x) / channelsOfGroup;
        shiftSum += gradient[i];
        scaleSum += gradient[i] * ((x[i] - measures[2 * group]) * measures[2 * group + 1]);
    });
    scaleSum = sumOfBlock(scaleSum);
    shiftSum = sumOfBlock(shiftSum);
    if (threadIdx.x != 0)
        return;
    const std::size_t at = static_cast<std::size_t>(blockIdx.y) * shape.channels + blockIdx.x;
    if (scaleParts)
        scaleParts[at] = scaleSum;
    if (shiftParts)
        shiftParts[at] = shiftSum;
}

/// The sum of visit(element) over channels `from` to `to` at the position of an element.
template <class Visit>
__device__ inline float sumOverChannels(const ResponseShape& shape, std::size_t element,
                                        unsigned channel, unsigned from, unsigned to,
                                        const Visit& visit) {
    const std::size_t first = element - static_cast<std::size_t>(channel) * shape.positions;
    float sum = 0;
    for (unsigned c = from; c < to; ++c)
        sum += visit(first + static_cast<std::size_t>(c) * shape.positions);
    return sum;
}

/// visit(element, channel) for all elements.
template <class Visit>
__device__ inline void forEachResponse(const ResponseShape& shape, const Visit& visit) {
    forEachInRows(shape.elements, shape.positions, [&](std::size_t row, std::size_t i) {
        visit(i, static_cast<unsigned>(row % shape.channels));
    });
}

/// k + alpha · Σ x² over the channel's neighbours.
__device__ inline float responseOf(const ResponseShape& shape, const float* x, std::size_t element,
                                   unsigned channel) {
    const unsigned from = channel > shape.before ? channel - shape.before : 0;
    const unsigned to = channel + shape.size - shape.before;
    return shape.k + shape.alpha * sumOverChannels(shape, element, channel, from,
                                                   to < shape.channels ? to : shape.channels,
                                                   [&](std::size_t i) { return x[i] * x[i]; });
}

__device__ inline void respond(const float* x, float* y, const ResponseShape& shape) {
    forEachResponse(shape, [&](std::size_t i, unsigned channel) {
        y[i] = x[i] * powf(responseOf(shape, x, i, channel), -shape.beta);
    });
}

/// What an element's own factor x contributes to its gradient, and the term that all neighbours of
/// the element get, times their value.
__device__ inline void respondBackAlone(const float* x, const float* gradient, float* out,
                                        float* terms, const ResponseShape& shape) {
    forEachResponse(shape, [&](std::size_t i, unsigned channel) {
        const float d = responseOf(shape, x, i, channel);
        const float power = powf(d, -shape.beta);
        out[i] = gradient[i] * power;
        terms[i] = -2.0F * shape.beta * shape.alpha * gradient[i] * x[i] * power / d;
    });
}

/// Gathers the terms of all elements whose neighbourhood this one is in.
__device__ inline void respondBackAmong(const float* x, const float* terms, float* out,
                                        const ResponseShape& shape) {
    forEachResponse(shape, [&](std::size_t i, unsigned channel) {
        const unsigned after = shape.size - 1 - shape.before;
        const unsigned from = channel > after ? channel - after : 0;
        const unsigned to = channel + shape.before + 1;
        out[i] += x[i] * sumOverChannels(shape, i, channel, from,
                                         to < shape.channels ? to : shape.channels,
                                         [&](std::size_t j) { return terms[j]; });
    });
}

} // namespace gradwright::cuda::kernels
