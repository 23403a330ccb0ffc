// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/window.h"

namespace gradwright::reference {
namespace {

/// The products of a convolution, each of an element of its input, one of its
/// output and one of the kernel. A transposed convolution has the same products with input and
/// output exchanged.
struct Products {
    SlidingWindow window;
    std::int64_t batch, groups;
    std::int64_t inChannels, outChannels; ///< of the convolution
    Place in, out;

    /// visit(output element, input element, kernel element); those with padding are left out.
    /// Throws WorkStopped when a stop is asked for.
    template <class Visit>
    void forEach(const std::stop_token& stop, Visit&& visit) const {
        for (std::int64_t n = 0; n < batch; ++n)
            for (std::int64_t c = 0; c < outChannels; ++c) {
                throwIfStopped(stop);
                forEachPlace(out, [&](const Place& place) {
                    const auto output = indexOf(out, outChannels, n, c, place);
                    forEachTap(n, c, place, [&](std::size_t input, std::size_t weight) {
                        visit(output, input, weight);
                    });
                });
            }
    }

private:
    template <class Visit>
    void forEachTap(std::int64_t n, std::int64_t outChannel, const Place& place,
                    Visit&& visit) const {
        const auto channels = inChannels / groups; // that an output channel sees
        const auto group = outChannel / (outChannels / groups);
        for (std::int64_t c = 0; c < channels; ++c)
            forEachPlace(window.kernel, [&](const Place& tap) {
                const auto at = tapAt(window, place, tap);
                if (isInside(at, in))
                    visit(indexOf(in, inChannels, n, group * channels + c, at),
                          indexOf(window.kernel, channels, outChannel, c, tap));
            });
    }
};

/// visit(output element, its channel)
template <class T, class Visit>
void forEachOutput(const Frame<T>& frame, Visit&& visit) {
    const auto& out = frame.outputType.sample();
    const auto positions = positionsOf(out);
    for (std::int64_t n = 0; n < frame.batch; ++n)
        for (std::int64_t c = 0; c < out[0]; ++c)
            for (std::int64_t p = 0; p < positions; ++p)
                visit(indexOf(out[0], positions, n, c, p), static_cast<std::size_t>(c));
}

template <class Op, class T>
Products productsOf(const Op& op, const Frame<T>& frame, const Shape& in, const Shape& out) {
    return {{op.kernel, op.stride, op.dilation, op.padding, in.rank() - 1},
            frame.batch,
            op.groups,
            in[0],
            out[0],
            placesOf(in),
            placesOf(out)};
}

template <class T>
class ConvKernel final : public Kernel<T> {
public:
    ConvKernel(const ConvOp& op, const Frame<T>& frame)
        : op_(op)
        , products_(
              productsOf(op, frame, frame.inputTypes[0].sample(), frame.outputType.sample())) {}

    void forward(const Frame<T>& frame) override {
        const auto input = frame.inputs[0];
        const auto kernel = frame.weights[0];
        forEachOutput(frame, [&](std::size_t output, std::size_t channel) {
            frame.output[output] = op_.bias ? frame.weights[1][channel] : T{0};
        });
        products_.forEach(frame.stop, [&](std::size_t output, std::size_t in, std::size_t weight) {
            frame.output[output] += kernel[weight] * input[in];
        });
    }

    void backward(const Frame<T>& frame) override {
        const auto input = frame.inputs[0];
        const auto kernel = frame.weights[0];
        const auto inputGradient = frame.inputGradients[0];
        const auto kernelGradient = frame.weightGradients[0];
        products_.forEach(frame.stop, [&](std::size_t output, std::size_t in, std::size_t weight) {
            inputGradient[in] += kernel[weight] * frame.outputGradient[output];
            kernelGradient[weight] += input[in] * frame.outputGradient[output];
        });
        if (op_.bias)
            forEachOutput(frame, [&](std::size_t output, std::size_t channel) {
                frame.weightGradients[1][channel] += frame.outputGradient[output];
            });
    }

private:
    ConvOp op_;
    Products products_;
};

/// The convolution from its output to its input.
template <class T>
class ConvTransposeKernel final : public Kernel<T> {
public:
    ConvTransposeKernel(const ConvTransposeOp& op, const Frame<T>& frame)
        : op_(op)
        , products_(
              productsOf(op, frame, frame.outputType.sample(), frame.inputTypes[0].sample())) {}

    void forward(const Frame<T>& frame) override {
        forEachOutput(frame, [&](std::size_t output, std::size_t channel) {
            frame.output[output] = op_.bias ? frame.weights[1][channel] : T{0};
        });
        products_.forEach(
            frame.stop, [&](std::size_t input, std::size_t output, std::size_t weight) {
                frame.output[output] += frame.weights[0][weight] * frame.inputs[0][input];
            });
    }

    void backward(const Frame<T>& frame) override {
        products_.forEach(frame.stop,
                          [&](std::size_t input, std::size_t output, std::size_t weight) {
                              const T gradient = frame.outputGradient[output];
                              frame.inputGradients[0][input] += frame.weights[0][weight] * gradient;
                              frame.weightGradients[0][weight] += frame.inputs[0][input] * gradient;
                          });
        if (op_.bias)
            forEachOutput(frame, [&](std::size_t output, std::size_t channel) {
                frame.weightGradients[1][channel] += frame.outputGradient[output];
            });
    }

private:
    ConvTransposeOp op_;
    Products products_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const ConvOp& op, const Frame<T>& frame) {
    return std::make_unique<ConvKernel<T>>(op, frame);
}
template <class T>
KernelPtr<T> makeKernel(const ConvTransposeOp& op, const Frame<T>& frame) {
    return std::make_unique<ConvTransposeKernel<T>>(op, frame);
}
GRADWRIGHT_REFERENCE_KERNEL(ConvOp);
GRADWRIGHT_REFERENCE_KERNEL(ConvTransposeOp);

} // namespace gradwright::reference
