// SPDX-License-Identifier: GPL-3.0-or-later
// Losses between a prediction and a target other than those of softmax and squares.
#include "engine/backend/reference/kernel.h"

#include <algorithm>
#include <cmath>

namespace gradwright::reference {
namespace {

/// The value of one element and its derivative by the prediction.
template <class T>
struct Term {
    T value;
    T slope;
};

template <class T>
Term<T> huber(T difference, T delta) {
    if (std::abs(difference) <= delta)
        return {difference * difference / T{2}, difference};
    return {delta * (std::abs(difference) - delta / T{2}), std::copysign(delta, difference)};
}

/// log(1 + exp(-|x|)) + max(-x, 0) = -log σ(x), without overflow.
template <class T>
Term<T> binaryCrossEntropy(T x, T target, T positiveWeight) {
    const T ofPositive = std::log1p(std::exp(-std::abs(x))) + std::max(-x, T{0});
    const T sigmoid = T{1} / (T{1} + std::exp(-x));
    const T weight = T{1} + (positiveWeight - T{1}) * target;
    return {(T{1} - target) * x + weight * ofPositive, (T{1} - target) + weight * (sigmoid - T{1})};
}

template <class T>
Term<T> termOf(const ElementLossOp& op, T x, T target) {
    const auto parameter = static_cast<T>(op.parameter);
    const T difference = x - target;
    switch (op.kind) {
    case ElementLossKind::AbsoluteError:
        return {std::abs(difference), difference == T{0} ? T{0} : std::copysign(T{1}, difference)};
    case ElementLossKind::Huber:
        return huber(difference, parameter);
    case ElementLossKind::BinaryCrossEntropy:
        return binaryCrossEntropy(x, target, parameter);
    case ElementLossKind::KullbackLeibler:
        return {target > T{0} ? target * (std::log(target) - x) : T{0}, -target};
    case ElementLossKind::PerceptronCriterion: {
        const T answer = x > T{0} ? T{1} : T{0};
        return {(answer - target) * x, answer - target};
    }
    }
    return {};
}

template <class T>
class ElementLossKernel final : public Kernel<T> {
public:
    ElementLossKernel(const ElementLossOp& op, const Frame<T>& frame)
        : op_(op)
        , elements_(frame.inputTypes[0].sample().elements())
        , divisor_(isMean() ? static_cast<T>(elements_) : T{1}) {}

    void forward(const Frame<T>& frame) override {
        for (std::int64_t n = 0; n < frame.batch; ++n) {
            T sum = 0;
            for (std::int64_t e = 0; e < elements_; ++e)
                sum += termAt(frame, indexOf(elements_, n, e)).value;
            frame.output[static_cast<std::size_t>(n)] = sum / divisor_;
        }
    }

    void backward(const Frame<T>& frame) override {
        for (std::int64_t n = 0; n < frame.batch; ++n)
            for (std::int64_t e = 0; e < elements_; ++e) {
                const auto i = indexOf(elements_, n, e);
                frame.inputGradients[0][i] += termAt(frame, i).slope / divisor_ *
                                              frame.outputGradient[static_cast<std::size_t>(n)];
            }
    }

private:
    [[nodiscard]] bool isMean() const {
        return op_.kind != ElementLossKind::KullbackLeibler &&
               op_.kind != ElementLossKind::PerceptronCriterion;
    }
    Term<T> termAt(const Frame<T>& frame, std::size_t i) const {
        return termOf(op_, frame.inputs[0][i], frame.inputs[1][i]);
    }

    ElementLossOp op_;
    std::int64_t elements_;
    T divisor_;
};

template <class T>
class HingeKernel final : public Kernel<T> {
public:
    HingeKernel(const HingeLossOp& op, const Frame<T>& frame)
        : op_(op)
        , classes_(frame.inputTypes[0].sample()[0]) {}

    void forward(const Frame<T>& frame) override {
        requireClasses(frame.classes, classes_, frame.path);
        for (std::int64_t n = 0; n < frame.batch; ++n) {
            T sum = 0;
            forEachViolation(frame, n, [&](std::int64_t, T excess) {
                sum += op_.squared ? excess * excess : excess;
            });
            frame.output[static_cast<std::size_t>(n)] = sum / static_cast<T>(classes_);
        }
    }

    void backward(const Frame<T>& frame) override {
        for (std::int64_t n = 0; n < frame.batch; ++n) {
            const auto sample = static_cast<std::size_t>(n);
            const auto right = indexOf(classes_, n, frame.classes[sample]);
            forEachViolation(frame, n, [&](std::int64_t k, T excess) {
                const T slope = (op_.squared ? T{2} * excess : T{1}) / static_cast<T>(classes_) *
                                frame.outputGradient[sample];
                frame.inputGradients[0][indexOf(classes_, n, k)] += slope;
                frame.inputGradients[0][right] -= slope;
            });
        }
    }

private:
    /// visit(class, how far its score reaches into the margin).
    template <class Visit>
    void forEachViolation(const Frame<T>& frame, std::int64_t n, Visit&& visit) const {
        const auto right = frame.classes[static_cast<std::size_t>(n)];
        const T score = frame.inputs[0][indexOf(classes_, n, right)];
        for (std::int64_t k = 0; k < classes_; ++k) {
            const T excess =
                static_cast<T>(op_.margin) - score + frame.inputs[0][indexOf(classes_, n, k)];
            if (k != right && excess > T{0})
                visit(k, excess);
        }
    }

    HingeLossOp op_;
    std::int64_t classes_;
};

template <class T>
class CosineKernel final : public Kernel<T> {
public:
    explicit CosineKernel(const Frame<T>& frame)
        : elements_(frame.inputTypes[0].sample().elements()) {}

    void forward(const Frame<T>& frame) override {
        for (std::int64_t n = 0; n < frame.batch; ++n) {
            const auto sums = sumsOf(frame, n);
            frame.output[static_cast<std::size_t>(n)] = T{1} - sums.product / sums.norms();
        }
    }

    void backward(const Frame<T>& frame) override {
        for (std::int64_t n = 0; n < frame.batch; ++n) {
            const auto sums = sumsOf(frame, n);
            const T norms = sums.norms();
            // Where the norms are not clamped, the prediction's own counts, too.
            const T own = norms > kSmallest ? sums.product / (norms * sums.left) : T{0};
            for (std::int64_t e = 0; e < elements_; ++e) {
                const auto i = indexOf(elements_, n, e);
                frame.inputGradients[0][i] +=
                    (own * frame.inputs[0][i] - frame.inputs[1][i] / norms) *
                    frame.outputGradient[static_cast<std::size_t>(n)];
            }
        }
    }

private:
    static constexpr T kSmallest = static_cast<T>(1e-8);

    struct Sums {
        T product = 0;
        T left = 0; ///< squares
        T right = 0;
        [[nodiscard]] T norms() const {
            return std::max(std::sqrt(left) * std::sqrt(right), kSmallest);
        }
    };
    Sums sumsOf(const Frame<T>& frame, std::int64_t n) const {
        Sums sums;
        for (std::int64_t e = 0; e < elements_; ++e) {
            const auto i = indexOf(elements_, n, e);
            sums.product += frame.inputs[0][i] * frame.inputs[1][i];
            sums.left += frame.inputs[0][i] * frame.inputs[0][i];
            sums.right += frame.inputs[1][i] * frame.inputs[1][i];
        }
        return sums;
    }

    std::int64_t elements_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const ElementLossOp& op, const Frame<T>& frame) {
    return std::make_unique<ElementLossKernel<T>>(op, frame);
}
template <class T>
KernelPtr<T> makeKernel(const HingeLossOp& op, const Frame<T>& frame) {
    return std::make_unique<HingeKernel<T>>(op, frame);
}
template <class T>
KernelPtr<T> makeKernel(const CosineLossOp& /*op*/, const Frame<T>& frame) {
    return std::make_unique<CosineKernel<T>>(frame);
}
GRADWRIGHT_REFERENCE_KERNEL(ElementLossOp);
GRADWRIGHT_REFERENCE_KERNEL(HingeLossOp);
GRADWRIGHT_REFERENCE_KERNEL(CosineLossOp);

} // namespace gradwright::reference
