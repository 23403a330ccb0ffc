// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/kernel.h"

namespace gradwright::reference {
namespace {

template <class T>
class MeanSquaredErrorKernel final : public Kernel<T> {
public:
    void forward(const Frame<T>& frame) override {
        const auto elements = frame.inputTypes[0].sample().elements();
        for (std::int64_t n = 0; n < frame.batch; ++n) {
            T sum = 0;
            for (std::int64_t e = 0; e < elements; ++e) {
                const T difference = differenceAt(frame, indexOf(elements, n, e));
                sum += difference * difference;
            }
            frame.output[static_cast<std::size_t>(n)] = sum / static_cast<T>(elements);
        }
    }

    void backward(const Frame<T>& frame) override {
        const auto elements = frame.inputTypes[0].sample().elements();
        for (std::int64_t n = 0; n < frame.batch; ++n)
            for (std::int64_t e = 0; e < elements; ++e) {
                const auto i = indexOf(elements, n, e);
                const T gradient = T{2} * differenceAt(frame, i) / static_cast<T>(elements) *
                                   frame.outputGradient[static_cast<std::size_t>(n)];
                frame.inputGradients[0][i] += gradient;
                frame.inputGradients[1][i] -= gradient;
            }
    }

private:
    static T differenceAt(const Frame<T>& frame, std::size_t i) {
        return frame.inputs[0][i] - frame.inputs[1][i];
    }
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const MeanSquaredErrorOp& /*op*/, const Frame<T>& /*frame*/) {
    return std::make_unique<MeanSquaredErrorKernel<T>>();
}
GRADWRIGHT_REFERENCE_KERNEL(MeanSquaredErrorOp);

} // namespace gradwright::reference
