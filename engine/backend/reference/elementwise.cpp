// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/element_functions.h"
#include "engine/backend/reference/kernel.h"

#include <algorithm>
#include <array>

namespace gradwright::reference {
namespace {

template <class T>
class ActivationKernel final : public Kernel<T> {
public:
    explicit ActivationKernel(const ActivationOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        for (std::size_t i = 0; i < frame.output.size(); ++i)
            frame.output[i] = elementOf(op_, frame.inputs[0].subspan(i, 1));
    }
    void backward(const Frame<T>& frame) override {
        for (std::size_t i = 0; i < frame.output.size(); ++i)
            frame.inputGradients[0][i] += elementOf(
                ActivationSlope{op_.activation},
                std::span<const T>(std::array{frame.outputGradient[i], frame.inputs[0][i]}));
    }

private:
    ActivationOp op_;
};

/// How many numbers the samples of other ranks in front of these have drawn, if these draw `own`.
template <class T>
std::uint64_t before(const Frame<T>& frame, std::size_t own) {
    return static_cast<std::uint64_t>(frame.seed.firstSample) *
           (own / static_cast<std::size_t>(frame.batch));
}

template <class T>
class DropoutKernel final : public Kernel<T> {
public:
    DropoutKernel(const DropoutOp& op, const Frame<T>& frame)
        : op_(op) {
        if (frame.mode == Mode::Training)
            keep_.resize(
                static_cast<std::size_t>(frame.batch * decisionsOf(frame.outputType.sample())));
    }

    void forward(const Frame<T>& frame) override {
        if (frame.mode == Mode::Inference) {
            std::ranges::copy(frame.inputs[0], frame.output.begin());
            return;
        }
        dropoutKeeps(op_, frame.seed.seed, frame.seed.step, keep_, before(frame, keep_.size()));
        for (std::size_t i = 0; i < frame.output.size(); ++i)
            frame.output[i] = isKept(frame, i) ? frame.inputs[0][i] * scale() : T{0};
    }
    void backward(const Frame<T>& frame) override {
        for (std::size_t i = 0; i < frame.output.size(); ++i)
            if (isKept(frame, i))
                frame.inputGradients[0][i] += frame.outputGradient[i] * scale();
    }

private:
    /// For one sample.
    [[nodiscard]] std::int64_t decisionsOf(const Shape& shape) const {
        return op_.perChannel ? shape[0] : shape.elements();
    }
    [[nodiscard]] bool isKept(const Frame<T>& frame, std::size_t i) const {
        return keep_[i / (frame.output.size() / keep_.size())] != 0;
    }
    [[nodiscard]] T scale() const { return static_cast<T>(1.0 / (1.0 - op_.rate)); }

    DropoutOp op_;
    std::vector<std::uint8_t> keep_;
};

template <class T>
class GaussianNoiseKernel final : public Kernel<T> {
public:
    GaussianNoiseKernel(const GaussianNoiseOp& op, const Frame<T>& frame)
        : op_(op) {
        if (frame.mode == Mode::Training)
            noise_.resize(
                static_cast<std::size_t>(frame.batch * frame.outputType.sample().elements()));
    }

    void forward(const Frame<T>& frame) override {
        std::ranges::copy(frame.inputs[0], frame.output.begin());
        gaussianNoise(op_, frame.seed.seed, frame.seed.step, noise_, before(frame, noise_.size()));
        for (std::size_t i = 0; i < noise_.size(); ++i)
            frame.output[i] += static_cast<T>(noise_[i]);
    }

private:
    GaussianNoiseOp op_;
    std::vector<float> noise_; ///< empty in inference
};

template <class T>
class AddKernel final : public Kernel<T> {
public:
    void forward(const Frame<T>& frame) override {
        for (std::size_t i = 0; i < frame.output.size(); ++i) {
            T sum = 0;
            for (const auto input : frame.inputs)
                sum += input[i];
            frame.output[i] = sum;
        }
    }
};

template <class T>
class LossSeedKernel final : public Kernel<T> {
public:
    explicit LossSeedKernel(const LossSeedOp& op)
        : weight_(op.weight) {}

    void forward(const Frame<T>& frame) override {
        // The objective is the mean over the batch.
        std::ranges::fill(frame.output, static_cast<T>(weight_ / static_cast<double>(frame.batch)));
    }

private:
    double weight_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const LossSeedOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<LossSeedKernel<T>>(op);
}
template <class T>
KernelPtr<T> makeKernel(const ActivationOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<ActivationKernel<T>>(op);
}
template <class T>
KernelPtr<T> makeKernel(const DropoutOp& op, const Frame<T>& frame) {
    return std::make_unique<DropoutKernel<T>>(op, frame);
}
template <class T>
KernelPtr<T> makeKernel(const GaussianNoiseOp& op, const Frame<T>& frame) {
    return std::make_unique<GaussianNoiseKernel<T>>(op, frame);
}
template <class T>
KernelPtr<T> makeKernel(const AddOp& /*op*/, const Frame<T>& /*frame*/) {
    return std::make_unique<AddKernel<T>>();
}
GRADWRIGHT_REFERENCE_KERNEL(ActivationOp);
GRADWRIGHT_REFERENCE_KERNEL(DropoutOp);
GRADWRIGHT_REFERENCE_KERNEL(GaussianNoiseOp);
GRADWRIGHT_REFERENCE_KERNEL(AddOp);
GRADWRIGHT_REFERENCE_KERNEL(LossSeedOp);

} // namespace gradwright::reference
