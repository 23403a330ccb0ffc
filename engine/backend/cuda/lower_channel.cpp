// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/channel.h"
#include "engine/backend/cuda/launches.h"
#include "engine/backend/cuda/lower.h"

#include <algorithm>

namespace gradwright::cuda {
namespace {

enum BatchNormWeight : std::size_t { kScale, kShift, kRunningMean, kRunningVariance };

std::size_t channelElements(const ChannelShape& shape) {
    return static_cast<std::size_t>(shape.batch) * shape.channels * shape.positions;
}

/// A block for each part of each channel.
Launch forParts(const ChannelShape& shape) {
    return {{shape.channels, shape.parts}, {kBlockThreads}};
}

/// One slope in all is the slope of one channel.
ChannelShape slopesOf(const PreluOp& op, const Shape& shape) {
    return channelsOf(op.perChannel ? shape : Shape{1, 1, shape.elements()});
}

} // namespace

void lower(Lowering& lowering, const BatchNormOp& op) {
    const auto shape = channelsOf(lowering.inputShape());
    const float* mean = lowering.weight(kRunningMean);
    const float* variance = lowering.weight(kRunningVariance);
    if (lowering.isTraining()) {
        const auto mark = lowering.scratchUsed();
        const auto size = static_cast<std::size_t>(shape.channels) * shape.parts;
        auto* means = lowering.scratch<float>(size);
        auto* squares = lowering.scratch<float>(size);
        auto* batchMean = lowering.makeState<float>(shape.channels);
        auto* batchVariance = lowering.makeState<float>(shape.channels);
        lowering.launch(kernel::measureChannels, forParts(shape), lowering.input(), means, squares,
                        shape);
        lowering.launch(kernel::combineMoments, Lowering::forElements(shape.channels), means,
                        squares, batchMean, batchVariance, shape);
        lowering.reuseScratch(mark);
        mean = batchMean;
        variance = batchVariance;
        // A single value has no unbiased variance; its biased one, 0, is taken.
        const auto count = static_cast<double>(shape.batch) * shape.positions;
        lowering.launchInUpdate(
            kernel::trackStatistics, Lowering::forElements(shape.channels), mean, variance,
            lowering.weight(kRunningMean), lowering.weight(kRunningVariance), shape.channels,
            static_cast<float>(op.momentum), static_cast<float>(count / std::max(count - 1, 1.0)),
            lowering.sums());
    }
    lowering.launch(kernel::normalizeChannels, Lowering::forElements(channelElements(shape)),
                    lowering.input(), mean, variance, lowering.weight(kScale),
                    lowering.weight(kShift), lowering.output(), shape,
                    static_cast<float>(op.epsilon));
}

void lowerGradient(GradientLowering& lowering, const BatchNormOp& op) {
    const auto shape = channelsOf(lowering.inputShape());
    const auto* mean = lowering.state<float>(0);
    const auto* variance = lowering.state<float>(1);
    // The gradient of the input needs both sums, whether the weights learn or not.
    const auto placeOf = [&](std::size_t weight) {
        auto* gradient = lowering.weightGradient(weight);
        return gradient ? gradient : lowering.scratch<float>(shape.channels);
    };
    auto* scaleSum = placeOf(kScale);
    auto* shiftSum = placeOf(kShift);
    const PartedSums scales(lowering, scaleSum, shape.channels, shape.parts);
    const PartedSums shifts(lowering, shiftSum, shape.channels, shape.parts);
    const auto epsilon = static_cast<float>(op.epsilon);
    lowering.launch(kernel::sumChannelGradients, forParts(shape), lowering.input(),
                    lowering.outputGradient(), mean, variance, shifts.parts(), scales.parts(),
                    shape, epsilon);
    scales.add();
    shifts.add();
    if (auto* gradient = lowering.inputGradient())
        lowering.launch(kernel::normalizeChannelsBack,
                        Lowering::forElements(channelElements(shape)), lowering.input(),
                        lowering.outputGradient(), mean, variance, lowering.weight(kScale),
                        shiftSum, scaleSum, gradient, shape, epsilon);
}

void lower(Lowering& lowering, const PreluOp& op) {
    const auto shape = slopesOf(op, lowering.inputShape());
    lowering.launch(kernel::prelu, Lowering::forElements(channelElements(shape)), lowering.input(),
                    lowering.weight(), lowering.output(), shape);
}

void lowerGradient(GradientLowering& lowering, const PreluOp& op) {
    const auto shape = slopesOf(op, lowering.inputShape());
    if (auto* gradient = lowering.inputGradient())
        lowering.launch(kernel::preluBack, Lowering::forElements(channelElements(shape)),
                        lowering.input(), lowering.weight(), lowering.outputGradient(), gradient,
                        shape);
    if (auto* slopes = lowering.weightGradient()) {
        const PartedSums sums(lowering, slopes, shape.channels, shape.parts);
        lowering.launch(kernel::sumSlopeGradients, forParts(shape), lowering.input(),
                        lowering.outputGradient(), sums.parts(), shape);
        sums.add();
    }
}

} // namespace gradwright::cuda
