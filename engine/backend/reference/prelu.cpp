// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/kernel.h"

namespace gradwright::reference {
namespace {

/// He, Zhang, Ren, Sun: "Delving deep into rectifiers", 2015, equations 1 and 3.
template <class T>
class PreluKernel final : public Kernel<T> {
public:
    explicit PreluKernel(const PreluOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        forEachElement(frame, [&](std::size_t i, std::size_t slope) {
            const T x = frame.inputs[0][i];
            frame.output[i] = x > 0 ? x : frame.weights[0][slope] * x;
        });
    }
    void backward(const Frame<T>& frame) override {
        forEachElement(frame, [&](std::size_t i, std::size_t slope) {
            const T x = frame.inputs[0][i];
            const T gradient = frame.outputGradient[i];
            frame.inputGradients[0][i] += x > 0 ? gradient : frame.weights[0][slope] * gradient;
            frame.weightGradients[0][slope] += x > 0 ? T{0} : x * gradient;
        });
    }

private:
    /// visit(element, its slope)
    template <class Visit>
    void forEachElement(const Frame<T>& frame, Visit&& visit) const {
        const auto& shape = frame.outputType.sample();
        const auto positions = positionsOf(shape);
        for (std::int64_t n = 0; n < frame.batch; ++n)
            for (std::int64_t c = 0; c < shape[0]; ++c)
                for (std::int64_t p = 0; p < positions; ++p)
                    visit(indexOf(shape[0], positions, n, c, p),
                          static_cast<std::size_t>(op_.perChannel ? c : 0));
    }

    PreluOp op_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const PreluOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<PreluKernel<T>>(op);
}
GRADWRIGHT_REFERENCE_KERNEL(PreluOp);

} // namespace gradwright::reference
