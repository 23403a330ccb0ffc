// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/broadcast.h"
#include "engine/backend/reference/element_functions.h"

namespace gradwright::reference {
namespace {

/// All steps of an element, then the next element.
template <class T>
class FusedKernel final : public Kernel<T> {
public:
    FusedKernel(const FusedOp& op, const Frame<T>& frame)
        : op_(op)
        , registers_(op.inputs + op.steps.size()) {
        for (std::size_t i = 0; i < op.inputs; ++i)
            places_.emplace_back(frame.inputShape(i), frame.outputShape());
    }

    void forward(const Frame<T>& frame) override {
        for (std::size_t i = 0; i < frame.output.size(); ++i) {
            for (std::size_t input = 0; input < op_.inputs; ++input)
                registers_[input] = frame.number(input, places_[input](i));
            for (std::size_t step = 0; step < op_.steps.size(); ++step)
                registers_[op_.inputs + step] = resultOf(op_.steps[step]);
            for (std::size_t output = 0; output < op_.results.size(); ++output)
                frame.outputs[output][i] = registers_[op_.results[output]];
        }
    }

private:
    T resultOf(const ElementStep& step) {
        operands_.clear();
        for (const auto operand : step.operands)
            operands_.push_back(registers_[operand]);
        return std::visit(
            [&](const auto& op) { return elementOf(op, std::span<const T>(operands_)); },
            step.function);
    }

    FusedOp op_;
    std::vector<Broadcast> places_;
    std::vector<T> registers_, operands_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const FusedOp& op, const Frame<T>& frame) {
    return std::make_unique<FusedKernel<T>>(op, frame);
}
GRADWRIGHT_REFERENCE_KERNEL(FusedOp);

} // namespace gradwright::reference
