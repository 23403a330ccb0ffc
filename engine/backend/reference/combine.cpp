// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/kernel.h"

namespace gradwright::reference {
namespace {

template <class T>
class CombineKernel final : public Kernel<T> {
public:
    explicit CombineKernel(const CombineOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        forEachElement(frame, [&](std::size_t output, const std::vector<std::size_t>& inputs) {
            T value = frame.inputs[0][inputs[0]];
            for (std::size_t which = 1; which < inputs.size(); ++which)
                value = joined(value, frame.inputs[which][inputs[which]]);
            frame.output[output] =
                op_.kind == CombineKind::Average ? value / static_cast<T>(inputs.size()) : value;
        });
    }

    void backward(const Frame<T>& frame) override {
        forEachElement(frame, [&](std::size_t output, const std::vector<std::size_t>& inputs) {
            const T gradient = frame.outputGradient[output];
            const auto chosen = first(frame, output, inputs);
            for (std::size_t which = 0; which < inputs.size(); ++which)
                frame.inputGradients[which][inputs[which]] +=
                    gradient * slope(frame, inputs, which, chosen);
        });
    }

private:
    [[nodiscard]] T joined(T a, T b) const {
        switch (op_.kind) {
        case CombineKind::Subtract:
            return a - b;
        case CombineKind::Multiply:
            return a * b;
        case CombineKind::Average:
            return a + b;
        case CombineKind::Maximum:
            return b > a ? b : a;
        case CombineKind::Minimum:
            return b < a ? b : a;
        }
        return a;
    }

    /// The first input that has the output's value.
    std::size_t first(const Frame<T>& frame, std::size_t output,
                      const std::vector<std::size_t>& inputs) const {
        std::size_t which = 0;
        while (which + 1 < inputs.size() &&
               frame.inputs[which][inputs[which]] != frame.output[output])
            ++which;
        return which;
    }

    [[nodiscard]] T slope(const Frame<T>& frame, const std::vector<std::size_t>& inputs,
                          std::size_t which, std::size_t chosen) const {
        switch (op_.kind) {
        case CombineKind::Subtract:
            return which == 0 ? T{1} : T{-1};
        case CombineKind::Multiply: {
            T product = 1;
            for (std::size_t other = 0; other < inputs.size(); ++other)
                if (other != which)
                    product *= frame.inputs[other][inputs[other]];
            return product;
        }
        case CombineKind::Average:
            return T{1} / static_cast<T>(inputs.size());
        case CombineKind::Maximum:
        case CombineKind::Minimum:
            return which == chosen ? T{1} : T{0};
        }
        return 0;
    }

    /// visit(output element, the element of each input)
    template <class Visit>
    void forEachElement(const Frame<T>& frame, Visit&& visit) const {
        const auto& out = frame.outputType.sample();
        std::vector<std::size_t> inputs(frame.inputs.size());
        for (std::size_t output = 0; output < frame.output.size(); ++output) {
            std::vector<std::int64_t> index(out.rank());
            auto rest = static_cast<std::int64_t>(output);
            for (auto axis = out.rank(); axis-- > 0;) {
                index[axis] = rest % out[axis];
                rest /= out[axis];
            }
            for (std::size_t which = 0; which < inputs.size(); ++which) {
                const auto& in = frame.inputTypes[which].sample();
                std::int64_t element = rest; // the sample
                for (std::size_t axis = 0; axis < in.rank(); ++axis)
                    element = element * in[axis] + (in[axis] == 1 ? 0 : index[axis]);
                inputs[which] = static_cast<std::size_t>(element);
            }
            visit(output, inputs);
        }
    }

    CombineOp op_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const CombineOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<CombineKernel<T>>(op);
}
GRADWRIGHT_REFERENCE_KERNEL(CombineOp);

} // namespace gradwright::reference
