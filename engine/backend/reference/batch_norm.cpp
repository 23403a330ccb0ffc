// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/kernel.h"

#include <algorithm>
#include <cmath>

namespace gradwright::reference {
namespace {

/// Ioffe, Szegedy: "Batch Normalization", 2015, equations of section 3.
template <class T>
class BatchNormKernel final : public Kernel<T> {
public:
    BatchNormKernel(const BatchNormOp& op, const Frame<T>& frame)
        : op_(op)
        , channels_(frame.inputTypes[0].sample()[0])
        , positions_(positionsOf(frame.inputTypes[0].sample()))
        , count_(static_cast<T>(frame.batch * positions_))
        , mean_(static_cast<std::size_t>(channels_))
        , variance_(static_cast<std::size_t>(channels_)) {}

    void forward(const Frame<T>& frame) override {
        for (std::int64_t c = 0; c < channels_; ++c) {
            const auto channel = static_cast<std::size_t>(c);
            if (frame.mode == Mode::Training) {
                measure(frame, c);
            } else {
                mean_[channel] = frame.weights[kRunningMean][channel];
                variance_[channel] = frame.weights[kRunningVariance][channel];
            }
            forEachElement(frame, c, [&](std::size_t i) {
                frame.output[i] = normalized(frame, channel, i) * frame.weights[kScale][channel] +
                                  frame.weights[kShift][channel];
            });
        }
    }

    void backward(const Frame<T>& frame) override {
        for (std::int64_t c = 0; c < channels_; ++c) {
            const auto channel = static_cast<std::size_t>(c);
            T shiftGradient = 0;
            T scaleGradient = 0;
            forEachElement(frame, c, [&](std::size_t i) {
                shiftGradient += frame.outputGradient[i];
                scaleGradient += frame.outputGradient[i] * normalized(frame, channel, i);
            });
            frame.weightGradients[kScale][channel] += scaleGradient;
            frame.weightGradients[kShift][channel] += shiftGradient;
            // Mean and variance depend on every input, hence the two sums.
            const T factor = frame.weights[kScale][channel] * inverseDeviation(channel);
            forEachElement(frame, c, [&](std::size_t i) {
                frame.inputGradients[0][i] +=
                    factor * (frame.outputGradient[i] - shiftGradient / count_ -
                              normalized(frame, channel, i) * scaleGradient / count_);
            });
        }
    }

    void updateStatistics(const Frame<T>& frame) override {
        const auto momentum = static_cast<T>(op_.momentum);
        // A single value has no unbiased variance; its biased one, 0, is taken.
        const T unbiased = count_ / std::max(count_ - T{1}, T{1});
        for (std::size_t channel = 0; channel < mean_.size(); ++channel) {
            T& mean = frame.weights[kRunningMean][channel];
            T& variance = frame.weights[kRunningVariance][channel];
            mean += momentum * (mean_[channel] - mean);
            variance += momentum * (variance_[channel] * unbiased - variance);
        }
    }

private:
    enum Weight { kScale, kShift, kRunningMean, kRunningVariance };

    template <class Visit>
    void forEachElement(const Frame<T>& frame, std::int64_t channel, Visit&& visit) const {
        for (std::int64_t n = 0; n < frame.batch; ++n)
            for (std::int64_t position = 0; position < positions_; ++position)
                visit(indexOf(channels_, positions_, n, channel, position));
    }

    /// Mean and biased variance of the batch.
    void measure(const Frame<T>& frame, std::int64_t c) {
        T sum = 0;
        forEachElement(frame, c, [&](std::size_t i) { sum += frame.inputs[0][i]; });
        const T mean = sum / count_;
        T squares = 0;
        forEachElement(frame, c, [&](std::size_t i) {
            const T centred = frame.inputs[0][i] - mean;
            squares += centred * centred;
        });
        mean_[static_cast<std::size_t>(c)] = mean;
        variance_[static_cast<std::size_t>(c)] = squares / count_;
    }

    [[nodiscard]] T inverseDeviation(std::size_t channel) const {
        return T{1} / std::sqrt(variance_[channel] + static_cast<T>(op_.epsilon));
    }
    [[nodiscard]] T normalized(const Frame<T>& frame, std::size_t channel, std::size_t i) const {
        return (frame.inputs[0][i] - mean_[channel]) * inverseDeviation(channel);
    }

    BatchNormOp op_;
    std::int64_t channels_;
    std::int64_t positions_;
    T count_; ///< values a channel
    std::vector<T> mean_;
    std::vector<T> variance_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const BatchNormOp& op, const Frame<T>& frame) {
    return std::make_unique<BatchNormKernel<T>>(op, frame);
}
GRADWRIGHT_REFERENCE_KERNEL(BatchNormOp);

} // namespace gradwright::reference
