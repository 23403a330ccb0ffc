// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/kernel.h"

#include <algorithm>
#include <cmath>

namespace gradwright::reference {
namespace {

template <class T>
class SoftmaxCrossEntropyKernel final : public Kernel<T> {
public:
    SoftmaxCrossEntropyKernel(const SoftmaxCrossEntropyOp& op, const Frame<T>& frame)
        : op_(op)
        , classes_(frame.inputTypes[0].sample().dims().back())
        , steps_(frame.inputTypes[0].sample().elements() / classes_)
        , logSum_(static_cast<std::size_t>(frame.batch * steps_)) {}

    void forward(const Frame<T>& frame) override {
        if (ofClasses(frame))
            requireClasses(frame.classes, classes_, frame.path);
        const auto logits = frame.inputs[0];
        std::ranges::fill(frame.output, T{0});
        for (std::int64_t n = 0; n < frame.batch * steps_; ++n) {
            const auto sample = static_cast<std::size_t>(n);
            T maximum = logits[indexOf(classes_, n, 0)];
            for (std::int64_t k = 1; k < classes_; ++k)
                maximum = std::max(maximum, logits[indexOf(classes_, n, k)]);
            T sum = 0;
            for (std::int64_t k = 0; k < classes_; ++k)
                sum += std::exp(logits[indexOf(classes_, n, k)] - maximum);
            logSum_[sample] = maximum + std::log(sum);
            T loss = 0;
            for (std::int64_t k = 0; k < classes_; ++k) {
                const T weight = weightOf(frame, n, k);
                if (weight == T{0})
                    continue;
                const T logProbability = logits[indexOf(classes_, n, k)] - logSum_[sample];
                loss -= weight * focus(logProbability) * logProbability;
            }
            frame.output[static_cast<std::size_t>(n / steps_)] += loss / static_cast<T>(steps_);
        }
    }

    /// With p = softmax(z): ∂p_k/∂z_j = p_k (δ_kj - p_j).
    void backward(const Frame<T>& frame) override {
        for (std::int64_t n = 0; n < frame.batch * steps_; ++n) {
            const T gradient =
                frame.outputGradient[static_cast<std::size_t>(n / steps_)] / static_cast<T>(steps_);
            T sum = 0;
            for (std::int64_t k = 0; k < classes_; ++k)
                sum += slopeOf(frame, n, k);
            for (std::int64_t k = 0; k < classes_; ++k) {
                const T probability = std::exp(logProbabilityOf(frame, n, k));
                frame.inputGradients[0][indexOf(classes_, n, k)] +=
                    (slopeOf(frame, n, k) - probability * sum) * gradient;
            }
        }
    }

private:
    static bool ofClasses(const Frame<T>& frame) {
        return frame.inputTypes[1].element == DType::I32;
    }

    /// q_k w_k.
    T weightOf(const Frame<T>& frame, std::int64_t n, std::int64_t k) const {
        const auto smoothing = static_cast<T>(op_.labelSmoothing);
        T target = 0;
        if (!ofClasses(frame))
            target = frame.inputs[1][indexOf(classes_, n, k)];
        else if (frame.classes[static_cast<std::size_t>(n)] == k)
            target = 1;
        const T weight = op_.classWeights.empty()
                             ? T{1}
                             : static_cast<T>(op_.classWeights[static_cast<std::size_t>(k)]);
        return weight * ((T{1} - smoothing) * target + smoothing / static_cast<T>(classes_));
    }

    T logProbabilityOf(const Frame<T>& frame, std::int64_t n, std::int64_t k) const {
        return frame.inputs[0][indexOf(classes_, n, k)] - logSum_[static_cast<std::size_t>(n)];
    }

    /// (1 - p)^focusing.
    T focus(T logProbability) const {
        return std::pow(-std::expm1(logProbability), static_cast<T>(op_.focusing));
    }

    T slopeOf(const Frame<T>& frame, std::int64_t n, std::int64_t k) const {
        return weightOf(frame, n, k) * scaledSlope(logProbabilityOf(frame, n, k));
    }

    /// p times the derivative of -(1 - p)^γ log p.
    T scaledSlope(T logProbability) const {
        const auto gamma = static_cast<T>(op_.focusing);
        if (gamma == T{0})
            return T{-1};
        const T rest = -std::expm1(logProbability);
        if (rest == T{0})
            return T{0};
        return gamma * std::exp(logProbability) * std::pow(rest, gamma - T{1}) * logProbability -
               std::pow(rest, gamma);
    }

    SoftmaxCrossEntropyOp op_;
    std::int64_t classes_;
    std::int64_t steps_;    ///< of a sequence; else 1
    std::vector<T> logSum_; ///< by row: one a sample and step
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const SoftmaxCrossEntropyOp& op, const Frame<T>& frame) {
    return std::make_unique<SoftmaxCrossEntropyKernel<T>>(op, frame);
}
GRADWRIGHT_REFERENCE_KERNEL(SoftmaxCrossEntropyOp);

} // namespace gradwright::reference
