// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/kernel.h"

#include <algorithm>
#include <cmath>

namespace gradwright::reference {
namespace {

template <class T>
class SoftmaxKernel final : public Kernel<T> {
public:
    explicit SoftmaxKernel(const SoftmaxOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        forEachGroup(frame, [&](auto&& element, std::int64_t size) {
            T maximum = frame.inputs[0][element(0)];
            for (std::int64_t c = 1; c < size; ++c)
                maximum = std::max(maximum, frame.inputs[0][element(c)]);
            T sum = 0;
            for (std::int64_t c = 0; c < size; ++c)
                sum += std::exp(frame.inputs[0][element(c)] - maximum);
            for (std::int64_t c = 0; c < size; ++c) {
                const T shifted = frame.inputs[0][element(c)] - maximum;
                frame.output[element(c)] =
                    op_.logarithm ? shifted - std::log(sum) : std::exp(shifted) / sum;
            }
        });
    }

    void backward(const Frame<T>& frame) override {
        forEachGroup(frame, [&](auto&& element, std::int64_t size) {
            if (op_.logarithm)
                return backwardOfLogarithm(frame, element, size);
            T dot = 0;
            for (std::int64_t c = 0; c < size; ++c)
                dot += frame.output[element(c)] * frame.outputGradient[element(c)];
            for (std::int64_t c = 0; c < size; ++c)
                frame.inputGradients[0][element(c)] +=
                    frame.output[element(c)] * (frame.outputGradient[element(c)] - dot);
        });
    }

private:
    template <class Element>
    static void backwardOfLogarithm(const Frame<T>& frame, Element&& element, std::int64_t size) {
        T sum = 0;
        for (std::int64_t c = 0; c < size; ++c)
            sum += frame.outputGradient[element(c)];
        for (std::int64_t c = 0; c < size; ++c)
            frame.inputGradients[0][element(c)] +=
                frame.outputGradient[element(c)] - std::exp(frame.output[element(c)]) * sum;
    }

    /// visit(index of the group's c-th element, elements in it): a group runs over axis 0 and sums
    /// to 1.
    template <class Visit>
    void forEachGroup(const Frame<T>& frame, Visit&& visit) const {
        const auto& shape = frame.outputType.shape;
        const auto channels = shape[0];
        const auto positions = positionsOf(shape);
        for (std::int64_t n = 0; n < frame.batch; ++n)
            for (std::int64_t position = 0; position < positions; ++position)
                visit([&](std::int64_t c) { return indexOf(channels, positions, n, c, position); },
                      channels);
    }

    SoftmaxOp op_;
};

template <class T>
class SoftmaxCrossEntropyKernel final : public Kernel<T> {
public:
    explicit SoftmaxCrossEntropyKernel(const Frame<T>& frame)
        : classes_(frame.inputTypes[0].shape[0])
        , logSum_(static_cast<std::size_t>(frame.batch)) {}

    void forward(const Frame<T>& frame) override {
        requireClasses(frame.classes, classes_, frame.path);
        const auto logits = frame.inputs[0];
        for (std::int64_t n = 0; n < frame.batch; ++n) {
            const auto sample = static_cast<std::size_t>(n);
            T maximum = logits[indexOf(classes_, n, 0)];
            for (std::int64_t k = 1; k < classes_; ++k)
                maximum = std::max(maximum, logits[indexOf(classes_, n, k)]);
            T sum = 0;
            for (std::int64_t k = 0; k < classes_; ++k)
                sum += std::exp(logits[indexOf(classes_, n, k)] - maximum);
            logSum_[sample] = maximum + std::log(sum);
            frame.output[sample] =
                logSum_[sample] - logits[indexOf(classes_, n, frame.classes[sample])];
        }
    }

    void backward(const Frame<T>& frame) override {
        for (std::int64_t n = 0; n < frame.batch; ++n) {
            const auto sample = static_cast<std::size_t>(n);
            for (std::int64_t k = 0; k < classes_; ++k) {
                const auto i = indexOf(classes_, n, k);
                const T probability = std::exp(frame.inputs[0][i] - logSum_[sample]);
                const T target = k == frame.classes[sample] ? T{1} : T{0};
                frame.inputGradients[0][i] += (probability - target) * frame.outputGradient[sample];
            }
        }
    }

private:
    std::int64_t classes_;
    std::vector<T> logSum_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const SoftmaxOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<SoftmaxKernel<T>>(op);
}
template <class T>
KernelPtr<T> makeKernel(const SoftmaxCrossEntropyOp& /*op*/, const Frame<T>& frame) {
    return std::make_unique<SoftmaxCrossEntropyKernel<T>>(frame);
}
GRADWRIGHT_REFERENCE_KERNEL(SoftmaxOp);
GRADWRIGHT_REFERENCE_KERNEL(SoftmaxCrossEntropyOp);

} // namespace gradwright::reference
