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

    /// visit(index of the group's c-th element, elements in it): a group runs along the axis and
    /// sums to 1.
    template <class Visit>
    void forEachGroup(const Frame<T>& frame, Visit&& visit) const {
        const auto shape = frame.outputShape();
        const auto rank = static_cast<std::int64_t>(shape.rank());
        const auto axis = static_cast<std::size_t>(op_.axis < 0 ? op_.axis + rank : op_.axis);
        const auto length = shape[axis];
        std::int64_t inner = 1;
        for (auto after = axis + 1; after < shape.rank(); ++after)
            inner *= shape[after];
        const auto outer = shape.elements() / (length * inner);
        for (std::int64_t before = 0; before < outer; ++before)
            for (std::int64_t position = 0; position < inner; ++position)
                visit([&](std::int64_t c) { return indexOf(length, inner, before, c, position); },
                      length);
    }

    SoftmaxOp op_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const SoftmaxOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<SoftmaxKernel<T>>(op);
}
GRADWRIGHT_REFERENCE_KERNEL(SoftmaxOp);

} // namespace gradwright::reference
