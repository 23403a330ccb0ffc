// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/kernel.h"

#include <cmath>

namespace gradwright::reference {
namespace {

template <class T>
class NormalizeKernel final : public Kernel<T> {
public:
    NormalizeKernel(const NormalizeOp& op, const Frame<T>& frame)
        : op_(op) {
        const auto& shape = frame.inputTypes[0].sample();
        positions_ = static_cast<std::size_t>(positionsOf(shape));
        channels_ = static_cast<std::size_t>(shape[0]);
        span_ = 1;
        for (auto axis = static_cast<std::size_t>(op.axis - 1); axis < shape.rank(); ++axis)
            span_ *= static_cast<std::size_t>(shape[axis]);
        size_ = span_ / static_cast<std::size_t>(op.groups);
    }

    void forward(const Frame<T>& frame) override {
        for (std::size_t begin = 0; begin < frame.output.size(); begin += size_) {
            const auto group = measure(frame, begin);
            for (auto i = begin; i < begin + size_; ++i) {
                const T scale = op_.scale ? frame.weights[0][weightOf(i)] : T{1};
                const T shift = op_.shift ? frame.weights[op_.scale ? 1 : 0][weightOf(i)] : T{0};
                frame.output[i] = (frame.inputs[0][i] - group.mean) * group.inverse * scale + shift;
            }
        }
    }

    void backward(const Frame<T>& frame) override {
        const auto count = static_cast<T>(size_);
        for (std::size_t begin = 0; begin < frame.output.size(); begin += size_) {
            const auto group = measure(frame, begin);
            T sum = 0;     // of the gradients for the normalized values
            T product = 0; // of these with the normalized values
            for (auto i = begin; i < begin + size_; ++i) {
                const T gradient = frame.outputGradient[i];
                const T normalized = (frame.inputs[0][i] - group.mean) * group.inverse;
                if (op_.scale)
                    frame.weightGradients[0][weightOf(i)] += gradient * normalized;
                if (op_.shift)
                    frame.weightGradients[op_.scale ? 1 : 0][weightOf(i)] += gradient;
                sum += gradient * scaleOf(frame, i);
                product += gradient * scaleOf(frame, i) * normalized;
            }
            // The mean and the deviation depend on every value of the group.
            for (auto i = begin; i < begin + size_; ++i) {
                const T normalized = (frame.inputs[0][i] - group.mean) * group.inverse;
                const T gradient = frame.outputGradient[i] * scaleOf(frame, i);
                const T centre = op_.centre ? sum / count : T{0};
                frame.inputGradients[0][i] +=
                    group.inverse * (gradient - centre - normalized * product / count);
            }
        }
    }

private:
    struct Group {
        T mean, inverse; ///< 1 / deviation
    };

    Group measure(const Frame<T>& frame, std::size_t begin) const {
        T mean = 0;
        for (auto i = begin; op_.centre && i < begin + size_; ++i)
            mean += frame.inputs[0][i] / static_cast<T>(size_);
        T variance = 0;
        for (auto i = begin; i < begin + size_; ++i)
            variance += (frame.inputs[0][i] - mean) * (frame.inputs[0][i] - mean);
        variance /= static_cast<T>(size_);
        return {mean, T{1} / std::sqrt(variance + static_cast<T>(op_.epsilon))};
    }

    [[nodiscard]] std::size_t weightOf(std::size_t i) const {
        return op_.perChannel ? i / positions_ % channels_ : i % span_;
    }
    [[nodiscard]] T scaleOf(const Frame<T>& frame, std::size_t i) const {
        return op_.scale ? frame.weights[0][weightOf(i)] : T{1};
    }

    NormalizeOp op_;
    std::size_t positions_, channels_;
    std::size_t span_; ///< elements of the axes that are normalized over
    std::size_t size_; ///< of a group
};

/// Krizhevsky, Sutskever, Hinton: "ImageNet classification with deep convolutional neural
/// networks", 2012, section 3.3.
template <class T>
class LocalResponseNormKernel final : public Kernel<T> {
public:
    explicit LocalResponseNormKernel(const LocalResponseNormOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        forEachElement(frame, [&](const Neighbourhood& at) {
            frame.output[at.element] = frame.inputs[0][at.element] *
                                       std::pow(denominator(frame, at), static_cast<T>(-op_.beta));
        });
    }

    void backward(const Frame<T>& frame) override {
        const auto factor =
            static_cast<T>(-2.0 * op_.beta * op_.alpha / static_cast<double>(op_.size));
        forEachElement(frame, [&](const Neighbourhood& at) {
            const T d = denominator(frame, at);
            const T power = std::pow(d, static_cast<T>(-op_.beta));
            const T gradient = frame.outputGradient[at.element];
            frame.inputGradients[0][at.element] += gradient * power;
            for (auto c = at.first; c < at.end; ++c) {
                const auto other = at.base + c * at.step;
                frame.inputGradients[0][other] += gradient * frame.inputs[0][at.element] * factor *
                                                  power / d * frame.inputs[0][other];
            }
        });
    }

private:
    /// The channels around one, at one position.
    struct Neighbourhood {
        std::size_t element, base, step, first, end;
    };

    [[nodiscard]] T denominator(const Frame<T>& frame, const Neighbourhood& at) const {
        T sum = 0;
        for (auto c = at.first; c < at.end; ++c) {
            const T x = frame.inputs[0][at.base + c * at.step];
            sum += x * x;
        }
        return static_cast<T>(op_.k) +
               static_cast<T>(op_.alpha / static_cast<double>(op_.size)) * sum;
    }

    template <class Visit>
    void forEachElement(const Frame<T>& frame, Visit&& visit) const {
        const auto channels = frame.outputType.sample()[0];
        const auto positions = positionsOf(frame.outputType.sample());
        for (std::int64_t n = 0; n < frame.batch; ++n)
            for (std::int64_t c = 0; c < channels; ++c)
                for (std::int64_t p = 0; p < positions; ++p) {
                    const auto first = std::max<std::int64_t>(c - op_.size / 2, 0);
                    const auto end = std::min(c - op_.size / 2 + op_.size, channels);
                    visit(Neighbourhood{
                        indexOf(channels, positions, n, c, p),
                        indexOf(channels, positions, n, 0, p), static_cast<std::size_t>(positions),
                        static_cast<std::size_t>(first), static_cast<std::size_t>(end)});
                }
    }

    LocalResponseNormOp op_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const NormalizeOp& op, const Frame<T>& frame) {
    return std::make_unique<NormalizeKernel<T>>(op, frame);
}
template <class T>
KernelPtr<T> makeKernel(const LocalResponseNormOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<LocalResponseNormKernel<T>>(op);
}
GRADWRIGHT_REFERENCE_KERNEL(NormalizeOp);
GRADWRIGHT_REFERENCE_KERNEL(LocalResponseNormOp);

} // namespace gradwright::reference
