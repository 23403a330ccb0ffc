// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/channels.cuh"
#include "engine/backend/cuda/kernels/sums.cuh"

namespace gradwright::cuda::kernels {

/// visit(channel, element) for all elements of the array.
template <class Visit>
__device__ inline void forEachChannelElement(const ChannelShape& shape, const Visit& visit) {
    forEachInRows(elementsOf(shape), shape.positions, [&](std::size_t row, std::size_t i) {
        visit(static_cast<unsigned>(row % shape.channels), i);
    });
}

__device__ inline float inverseDeviation(float variance, float epsilon) {
    return 1.0F / sqrtf(variance + epsilon);
}

/// The mean of each part of each channel and the sum of the squared deviations from it, in two
/// passes: sums of x and x² would cancel. Grid: channels × parts.
__device__ inline void measureChannels(const float* x, float* means, float* squares,
                                       const ChannelShape& shape) {
    const unsigned channel = blockIdx.x;
    const unsigned part = blockIdx.y;
    float sum = 0;
    forEachOfChannel(shape, channel, part, [&](unsigned, std::size_t i) { sum += x[i]; });
    const std::size_t size = sizeOfPart(shape, part);
    const float mean = sumOfBlock(sum) / static_cast<float>(size > 0 ? size : 1);
    float square = 0;
    forEachOfChannel(shape, channel, part, [&](unsigned, std::size_t i) {
        const float centred = x[i] - mean;
        square += centred * centred;
    });
    square = sumOfBlock(square);
    if (threadIdx.x == 0) {
        means[static_cast<std::size_t>(part) * shape.channels + channel] = mean;
        squares[static_cast<std::size_t>(part) * shape.channels + channel] = square;
    }
}

/// Mean and biased variance of each channel from its parts, in their order (Chan, Golub, LeVeque:
/// "Updating formulae and a pairwise algorithm for computing sample variances", 1979).
__device__ inline void combineMoments(const float* means, const float* squares, float* mean,
                                      float* variance, const ChannelShape& shape) {
    for (std::size_t channel = firstElement(); channel < shape.channels; channel += allThreads()) {
        double count = 0;
        double centre = 0;
        double square = 0;
        for (unsigned part = 0; part < shape.parts; ++part) {
            const std::size_t at = static_cast<std::size_t>(part) * shape.channels + channel;
            const auto size = static_cast<double>(sizeOfPart(shape, part));
            if (size == 0)
                continue;
            const double all = count + size;
            const double difference = static_cast<double>(means[at]) - centre;
            centre += difference * size / all;
            square +=
                static_cast<double>(squares[at]) + difference * difference * count * size / all;
            count = all;
        }
        mean[channel] = static_cast<float>(centre);
        variance[channel] = static_cast<float>(square / count);
    }
}

__device__ inline void normalizeChannels(const float* x, const float* mean, const float* variance,
                                         const float* scale, const float* shift, float* y,
                                         const ChannelShape& shape, float epsilon) {
    forEachChannelElement(shape, [&](unsigned c, std::size_t i) {
        y[i] = (x[i] - mean[c]) * inverseDeviation(variance[c], epsilon) * scale[c] + shift[c];
    });
}

/// The gradients of shift and scale, by part. Grid: channels × parts.
__device__ inline void sumChannelGradients(const float* x, const float* gradient, const float* mean,
                                           const float* variance, float* shiftParts,
                                           float* scaleParts, const ChannelShape& shape,
                                           float epsilon) {
    const unsigned channel = blockIdx.x;
    const unsigned part = blockIdx.y;
    const float centre = mean[channel];
    const float inverse = inverseDeviation(variance[channel], epsilon);
    float shiftSum = 0;
    float scaleSum = 0;
    forEachOfChannel(shape, channel, part, [&](unsigned, std::size_t i) {
        shiftSum += gradient[i];
        scaleSum += gradient[i] * ((x[i] - centre) * inverse);
    });
    shiftSum = sumOfBlock(shiftSum);
    scaleSum = sumOfBlock(scaleSum);
    if (threadIdx.x == 0) {
        shiftParts[static_cast<std::size_t>(part) * shape.channels + channel] = shiftSum;
        scaleParts[static_cast<std::size_t>(part) * shape.channels + channel] = scaleSum;
    }
}

/// Mean and variance depend on every element of the channel, hence the two sums.
__device__ inline void normalizeChannelsBack(const float* x, const float* gradient,
                                             const float* mean, const float* variance,
                                             const float* scale, const float* shiftSum,
                                             const float* scaleSum, float* out,
                                             const ChannelShape& shape, float epsilon) {
    const auto count = static_cast<float>(static_cast<std::size_t>(shape.batch) * shape.positions);
    forEachChannelElement(shape, [&](unsigned c, std::size_t i) {
        const float inverse = inverseDeviation(variance[c], epsilon);
        const float normalized = (x[i] - mean[c]) * inverse;
        out[i] = scale[c] * inverse *
                 (gradient[i] - shiftSum[c] / count - normalized * scaleSum[c] / count);
    });
}

/// Moves the running statistics towards those of the batch.
__device__ inline void trackStatistics(const float* mean, const float* variance, float* runningMean,
                                       float* runningVariance, std::uint32_t channels,
                                       float momentum, float unbiased, const StepSums* sums) {
    if (!sums->isFinite)
        return;
    for (std::size_t c = firstElement(); c < channels; c += allThreads()) {
        runningMean[c] += momentum * (mean[c] - runningMean[c]);
        runningVariance[c] += momentum * (variance[c] * unbiased - runningVariance[c]);
    }
}

__device__ inline void prelu(const float* x, const float* slopes, float* y,
                             const ChannelShape& shape) {
    forEachChannelElement(
        shape, [&](unsigned c, std::size_t i) { y[i] = x[i] > 0 ? x[i] : slopes[c] * x[i]; });
}

__device__ inline void preluBack(const float* x, const float* slopes, const float* gradient,
                                 float* out, const ChannelShape& shape) {
    forEachChannelElement(shape, [&](unsigned c, std::size_t i) {
        out[i] = x[i] > 0 ? gradient[i] : slopes[c] * gradient[i];
    });
}

/// By part. Grid: channels × parts.
__device__ inline void sumSlopeGradients(const float* x, const float* gradient, float* parts,
                                         const ChannelShape& shape) {
    float sum = 0;
    forEachOfChannel(shape, blockIdx.x, blockIdx.y,
                     [&](unsigned, std::size_t i) { sum += x[i] > 0 ? 0.0F : x[i] * gradient[i]; });
    sum = sumOfBlock(sum);
    if (threadIdx.x == 0)
        parts[static_cast<std::size_t>(blockIdx.y) * shape.channels + blockIdx.x] = sum;
}

} // namespace gradwright::cuda::kernels
