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
        }
        if (frame.mode == Mode::Training)
            measureAll(frame);
        for (std::int64_t c = 0; c < channels_; ++c) {
            const auto channel = static_cast<std::size_t>(c);
            forEachElement(frame, c, [&](std::size_t i) {
                frame.output[i] = normalized(frame, channel, i) * frame.weights[kScale][channel] +
                                  frame.weights[kShift][channel];
            });
        }
    }

    void backward(const Frame<T>& frame) override {
        const auto channels = static_cast<std::size_t>(channels_);
        std::vector<T> sums(2 * channels); // of shift's gradient, then of scale's
        for (std::int64_t c = 0; c < channels_; ++c) {
            const auto channel = static_cast<std::size_t>(c);
            forEachElement(frame, c, [&](std::size_t i) {
                sums[channel] += frame.outputGradient[i];
                sums[channels + channel] += frame.outputGradient[i] * normalized(frame, channel, i);
            });
            frame.weightGradients[kScale][channel] += sums[channels + channel];
            frame.weightGradients[kShift][channel] += sums[channel];
        }
        sumGradients(frame, sums);
        for (std::int64_t c = 0; c < channels_; ++c) {
            const auto channel = static_cast<std::size_t>(c);
            const T shiftGradient = sums[channel];
            const T scaleGradient = sums[channels + channel];
            // Mean and variance depend on every input, hence the two sums.
            const T factor = frame.weights[kScale][channel] * inverseDeviation(channel);
            forEachElement(frame, c, [&](std::size_t i) {
                frame.inputGradients[0][i] +=
                    factor * (frame.outputGradient[i] - shiftGradient / wholeCount_ -
                              normalized(frame, channel, i) * scaleGradient / wholeCount_);
            });
        }
    }

    void updateStatistics(const Frame<T>& frame) override {
        const auto momentum = static_cast<T>(op_.momentum);
        // A single value has no unbiased variance; its biased one, 0, is taken.
        const T unbiased = wholeCount_ / std::max(wholeCount_ - T{1}, T{1});
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

    /// Of this rank's samples, makes those of all ranks' (as Chan, Golub, LeVeque 1979 combine
    /// parts).
    void measureAll(const Frame<T>& frame) {
        wholeCount_ = count_;
        if (!frame.shared)
            return;
        auto& ranks = frame.shared->ranks;
        const T own = frame.shared->isSpare ? T{0} : count_;
        std::vector<T> sums{own};
        for (const auto mean : mean_)
            sums.push_back(own * mean);
        ranks.sum(std::span(sums));
        wholeCount_ = sums[0];
        std::vector<T> squares;
        for (std::size_t c = 0; c < mean_.size(); ++c) {
            const T mean = sums[c + 1] / wholeCount_;
            const T away = mean_[c] - mean;
            squares.push_back(own * (variance_[c] + away * away));
            mean_[c] = mean;
        }
        ranks.sum(std::span(squares));
        for (std::size_t c = 0; c < mean_.size(); ++c)
            variance_[c] = squares[c] / wholeCount_;
    }

    /// The sums of all ranks, as far as this rank's share of the gradient counts.
    void sumGradients(const Frame<T>& frame, std::vector<T>& sums) const {
        if (!frame.shared)
            return;
        const auto share = static_cast<T>(frame.shared->share(frame.batch));
        for (auto& sum : sums)
            sum *= share;
        frame.shared->ranks.sum(std::span(sums));
        if (share > 0)
            for (auto& sum : sums)
                sum /= share;
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
    T count_;          ///< values a channel
    T wholeCount_ = 1; ///< of all ranks, in the last forward pass
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
