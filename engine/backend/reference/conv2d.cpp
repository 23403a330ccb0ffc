// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/kernel.h"

namespace gradwright::reference {
namespace {

template <class T>
class Conv2dKernel final : public Kernel<T> {
public:
    explicit Conv2dKernel(const Conv2dOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        const auto input = frame.inputs[0];
        const auto kernel = frame.weights[0];
        forEachOutput(frame, [&](std::size_t output, std::size_t channel) {
            frame.output[output] = op_.bias ? frame.weights[1][channel] : T{0};
        });
        forEachProduct(frame, [&](std::size_t output, std::size_t in, std::size_t weight) {
            frame.output[output] += kernel[weight] * input[in];
        });
    }

    void backward(const Frame<T>& frame) override {
        const auto input = frame.inputs[0];
        const auto kernel = frame.weights[0];
        const auto inputGradient = frame.inputGradients[0];
        const auto kernelGradient = frame.weightGradients[0];
        forEachProduct(frame, [&](std::size_t output, std::size_t in, std::size_t weight) {
            inputGradient[in] += kernel[weight] * frame.outputGradient[output];
            kernelGradient[weight] += input[in] * frame.outputGradient[output];
        });
        if (op_.bias)
            forEachOutput(frame, [&](std::size_t output, std::size_t channel) {
                frame.weightGradients[1][channel] += frame.outputGradient[output];
            });
    }

private:
    /// visit(output element, its channel)
    template <class Visit>
    void forEachOutput(const Frame<T>& frame, Visit&& visit) const {
        const auto& out = frame.outputType.shape;
        for (std::int64_t n = 0; n < frame.batch; ++n)
            for (std::int64_t c = 0; c < out[0]; ++c)
                for (std::int64_t y = 0; y < out[1]; ++y)
                    for (std::int64_t x = 0; x < out[2]; ++x)
                        visit(indexOf(out, n, c, y, x), static_cast<std::size_t>(c));
    }

    /// visit(output element, input element, kernel element) for every product of the convolution;
    /// those with padding are left out.
    template <class Visit>
    void forEachProduct(const Frame<T>& frame, Visit&& visit) const {
        const auto& out = frame.outputType.shape;
        for (std::int64_t n = 0; n < frame.batch; ++n)
            for (std::int64_t c = 0; c < out[0]; ++c)
                for (std::int64_t y = 0; y < out[1]; ++y)
                    for (std::int64_t x = 0; x < out[2]; ++x)
                        forEachTap(frame, n, c, y, x, [&](std::size_t in, std::size_t weight) {
                            visit(indexOf(out, n, c, y, x), in, weight);
                        });
    }

    template <class Visit>
    void forEachTap(const Frame<T>& frame, std::int64_t n, std::int64_t outChannel, std::int64_t y,
                    std::int64_t x, Visit&& visit) const {
        const auto& in = frame.inputTypes[0].shape;
        const auto channels = in[0] / op_.groups; // that an output channel sees
        const Shape kernelShape{channels, op_.kernel[0], op_.kernel[1]};
        const auto group = outChannel / (op_.outChannels / op_.groups);
        for (std::int64_t c = 0; c < channels; ++c)
            for (std::int64_t i = 0; i < op_.kernel[0]; ++i)
                for (std::int64_t j = 0; j < op_.kernel[1]; ++j) {
                    const auto row = y * op_.stride[0] - op_.padding.top + i * op_.dilation[0];
                    const auto column = x * op_.stride[1] - op_.padding.left + j * op_.dilation[1];
                    if (row >= 0 && row < in[1] && column >= 0 && column < in[2])
                        visit(indexOf(in, n, group * channels + c, row, column),
                              indexOf(kernelShape, outChannel, c, i, j));
                }
    }

    Conv2dOp op_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const Conv2dOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<Conv2dKernel<T>>(op);
}
GRADWRIGHT_REFERENCE_KERNEL(Conv2dOp);

} // namespace gradwright::reference
