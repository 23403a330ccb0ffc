// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/kernel.h"

namespace gradwright::reference {
namespace {

template <class T>
class DenseKernel final : public Kernel<T> {
public:
    explicit DenseKernel(const DenseOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        const auto features = featuresOf(frame);
        for (std::int64_t n = 0; n < rowsOf(frame); ++n)
            for (std::int64_t unit = 0; unit < op_.units; ++unit) {
                throwIfStopped(frame.stop);
                T sum = op_.bias ? frame.weights[1][static_cast<std::size_t>(unit)] : T{0};
                for (std::int64_t f = 0; f < features; ++f)
                    sum += frame.weights[0][indexOf(features, unit, f)] *
                           frame.inputs[0][indexOf(features, n, f)];
                frame.output[indexOf(op_.units, n, unit)] = sum;
            }
    }

    void backward(const Frame<T>& frame) override {
        const auto features = featuresOf(frame);
        for (std::int64_t n = 0; n < rowsOf(frame); ++n)
            for (std::int64_t unit = 0; unit < op_.units; ++unit) {
                throwIfStopped(frame.stop);
                const T gradient = frame.outputGradient[indexOf(op_.units, n, unit)];
                for (std::int64_t f = 0; f < features; ++f) {
                    const auto weight = indexOf(features, unit, f);
                    const auto input = indexOf(features, n, f);
                    frame.inputGradients[0][input] += frame.weights[0][weight] * gradient;
                    frame.weightGradients[0][weight] += frame.inputs[0][input] * gradient;
                }
                if (op_.bias)
                    frame.weightGradients[1][static_cast<std::size_t>(unit)] += gradient;
            }
    }

private:
    static std::int64_t featuresOf(const Frame<T>& frame) {
        const auto& shape = frame.inputTypes[0].sample();
        return shape[shape.rank() - 1];
    }
    /// Samples, or steps of all samples.
    std::int64_t rowsOf(const Frame<T>& frame) const {
        return static_cast<std::int64_t>(frame.output.size()) / op_.units;
    }

    DenseOp op_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const DenseOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<DenseKernel<T>>(op);
}
GRADWRIGHT_REFERENCE_KERNEL(DenseOp);

} // namespace gradwright::reference
