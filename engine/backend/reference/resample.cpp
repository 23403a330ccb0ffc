// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/kernel.h"

#include <algorithm>

namespace gradwright::reference {
namespace {

/// One axis of a row-major array: [outer, length, inner].
struct AxisStep {
    AxisTerms terms;
    std::size_t outer, in, out, inner;

    /// visit(output element, input element, weight)
    template <class Visit>
    void forEach(Visit&& visit) const {
        for (std::size_t o = 0; o < outer; ++o)
            for (std::size_t i = 0; i < out; ++i)
                for (auto term = terms.begin[i]; term < terms.begin[i + 1]; ++term)
                    for (std::size_t p = 0; p < inner; ++p)
                        visit((o * out + i) * inner + p,
                              (o * in + static_cast<std::size_t>(terms.index[term])) * inner + p,
                              terms.weight[term]);
    }

    /// visit(output element) for those that nothing of the input leads to
    template <class Visit>
    void forEachOutside(Visit&& visit) const {
        for (std::size_t o = 0; o < outer; ++o)
            for (std::size_t i = 0; i < out; ++i)
                for (std::size_t p = 0; p < inner && terms.begin[i] == terms.begin[i + 1]; ++p)
                    visit((o * out + i) * inner + p);
    }
};

template <class T>
class ResampleKernel final : public Kernel<T> {
public:
    ResampleKernel(const ResampleOp& op, const Frame<T>& frame)
        : outside_(static_cast<T>(op.outside)) {
        auto shape = frame.inputShape(0);
        for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
            auto terms = termsOf(op.axes[axis], shape[axis]);
            const auto out = terms.begin.size() - 1;
            const auto in = static_cast<std::size_t>(shape[axis]);
            std::size_t outer = 1;
            for (std::size_t before = 0; before < axis; ++before)
                outer *= static_cast<std::size_t>(shape[before]);
            std::size_t inner = 1;
            for (auto after = axis + 1; after < shape.rank(); ++after)
                inner *= static_cast<std::size_t>(shape[after]);
            shape[axis] = static_cast<std::int64_t>(out);
            steps_.push_back({std::move(terms), outer, in, out, inner});
        }
    }

    void forward(const Frame<T>& frame) override {
        std::vector<T> values(frame.inputs[0].begin(), frame.inputs[0].end());
        for (const auto& step : steps_) {
            std::vector<T> next(step.outer * step.out * step.inner);
            step.forEach([&](std::size_t output, std::size_t input, double weight) {
                next[output] += static_cast<T>(weight) * values[input];
            });
            step.forEachOutside([&](std::size_t output) { next[output] = outside_; });
            values = std::move(next);
        }
        std::ranges::copy(values, frame.output.begin());
    }

    void backward(const Frame<T>& frame) override {
        std::vector<T> values(frame.outputGradient.begin(), frame.outputGradient.end());
        for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
            std::vector<T> next(step->outer * step->in * step->inner);
            step->forEach([&](std::size_t output, std::size_t input, double weight) {
                next[input] += static_cast<T>(weight) * values[output];
            });
            values = std::move(next);
        }
        for (std::size_t i = 0; i < values.size(); ++i)
            frame.inputGradients[0][i] += values[i];
    }

private:
    T outside_;
    std::vector<AxisStep> steps_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const ResampleOp& op, const Frame<T>& frame) {
    return std::make_unique<ResampleKernel<T>>(op, frame);
}
GRADWRIGHT_REFERENCE_KERNEL(ResampleOp);

} // namespace gradwright::reference
