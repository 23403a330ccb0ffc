// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/broadcast.h"

#include "engine/backend/reference/element_functions.h"
#include "engine/ops/integers.h"

#include <algorithm>
#include <cmath>

namespace gradwright::reference {
namespace {

/// Each element of the output from the elements of the inputs that belong to it.
template <class T, class F>
class Elementwise final : public Kernel<T> {
public:
    Elementwise(F f, const Frame<T>& frame)
        : f_(std::move(f)) {
        for (std::size_t i = 0; i < frame.inputTypes.size(); ++i)
            places_.emplace_back(frame.inputShape(i), frame.outputShape());
    }

    void forward(const Frame<T>& frame) override {
        std::vector<T> values(places_.size());
        for (std::size_t i = 0; i < frame.output.size(); ++i) {
            for (std::size_t input = 0; input < places_.size(); ++input)
                values[input] = frame.number(input, places_[input](i));
            frame.output[i] = f_(std::span<const T>(values));
        }
    }

private:
    F f_;
    std::vector<Broadcast> places_;
};

template <class T, class F>
KernelPtr<T> elementwise(const Frame<T>& frame, F f) {
    return std::make_unique<Elementwise<T, F>>(std::move(f), frame);
}

template <class T, class Op>
KernelPtr<T> ofFunction(const Op& op, const Frame<T>& frame) {
    return elementwise(frame, [op](std::span<const T> x) { return elementOf(op, x); });
}

} // namespace

template <class T>
KernelPtr<T> makeKernel(const UnaryOp& op, const Frame<T>& frame) {
    return ofFunction(op, frame);
}
template <class T>
KernelPtr<T> makeKernel(const BinaryOp& op, const Frame<T>& frame) {
    return ofFunction(op, frame);
}
template <class T>
KernelPtr<T> makeKernel(const CompareOp& op, const Frame<T>& frame) {
    return ofFunction(op, frame);
}
template <class T>
KernelPtr<T> makeKernel(const LogicOp& op, const Frame<T>& frame) {
    return ofFunction(op, frame);
}
template <class T>
KernelPtr<T> makeKernel(const WhereOp& op, const Frame<T>& frame) {
    return ofFunction(op, frame);
}
template <class T>
KernelPtr<T> makeKernel(const CastOp& op, const Frame<T>& frame) {
    return elementwise(frame, [op, from = frame.inputTypes[0].element](std::span<const T> x) {
        return castNumber(x[0], from, op.to);
    });
}
template <class T>
KernelPtr<T> makeKernel(const FillOp& op, const Frame<T>& frame) {
    return elementwise(frame, [op](std::span<const T> /*x*/) { return static_cast<T>(op.value); });
}
template <class T>
KernelPtr<T> makeKernel(const ExpandOp& /*op*/, const Frame<T>& frame) {
    return elementwise(frame, [](std::span<const T> x) { return x[0]; });
}
GRADWRIGHT_REFERENCE_KERNEL(UnaryOp);
GRADWRIGHT_REFERENCE_KERNEL(BinaryOp);
GRADWRIGHT_REFERENCE_KERNEL(CompareOp);
GRADWRIGHT_REFERENCE_KERNEL(LogicOp);
GRADWRIGHT_REFERENCE_KERNEL(WhereOp);
GRADWRIGHT_REFERENCE_KERNEL(CastOp);
GRADWRIGHT_REFERENCE_KERNEL(FillOp);
GRADWRIGHT_REFERENCE_KERNEL(ExpandOp);

} // namespace gradwright::reference
