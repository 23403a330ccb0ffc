// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/broadcast.h"
#include "engine/ops/integers.h"

namespace gradwright::reference {
namespace {

/// visit(element, place of its scale)
template <class T, class Visit>
void forEachScaled(const Frame<T>& frame, std::int64_t axis, std::int64_t block, Visit&& visit) {
    const ScaleLayout layout(frame.inputShape(0), frame.inputShape(1), axis, block);
    std::size_t element = 0;
    for (std::size_t o = 0; o < layout.outer; ++o)
        for (std::size_t at = 0; at < layout.length; ++at)
            for (std::size_t i = 0; i < layout.inner; ++i)
                visit(element++, layout.first(o, at) + i * layout.step());
}

template <class T>
class QuantizeKernel final : public Kernel<T> {
public:
    explicit QuantizeKernel(const QuantizeOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        forEachScaled(frame, op_.axis, op_.block, [&](std::size_t i, std::size_t scale) {
            const T zero = frame.inputs.size() > 2 ? frame.number(2, scale) : T{0};
            const T rounded = std::nearbyint(frame.inputs[0][i] / frame.inputs[1][scale]);
            frame.output[i] = castNumber(rounded + zero, dtypeOf<T>(), op_.to); // saturates
        });
    }

private:
    QuantizeOp op_;
};

template <class T>
class DequantizeKernel final : public Kernel<T> {
public:
    explicit DequantizeKernel(const DequantizeOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        forEachScaled(frame, op_.axis, op_.block, [&](std::size_t i, std::size_t scale) {
            const T zero = frame.inputs.size() > 2 ? frame.number(2, scale) : T{0};
            frame.output[i] = (frame.number(0, i) - zero) * frame.inputs[1][scale];
        });
    }

private:
    DequantizeOp op_;
};

/// What is taken off a factor's element that belongs to a row (a column, an output channel).
template <class T>
class ZeroPoints {
public:
    ZeroPoints(const Frame<T>& frame, bool isGiven, std::size_t input)
        : frame_(frame)
        , input_(input)
        , count_(isGiven ? frame.inputShape(input).elements() : 0) {}

    [[nodiscard]] std::int64_t operator()(std::int64_t row) const {
        if (count_ == 0)
            return 0;
        return static_cast<std::int64_t>(
            frame_.number(input_, count_ == 1 ? 0 : static_cast<std::size_t>(row)));
    }

private:
    const Frame<T>& frame_;
    std::size_t input_;
    std::int64_t count_;
};

template <class T>
std::int64_t integerAt(const Frame<T>& frame, std::size_t input, std::int64_t element) {
    return static_cast<std::int64_t>(frame.number(input, static_cast<std::size_t>(element)));
}

template <class T>
class MatMulIntegerKernel final : public Kernel<T> {
public:
    explicit MatMulIntegerKernel(const MatMulIntegerOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        const auto a = frame.inputShape(0);
        const auto b = frame.inputShape(1);
        const auto out = frame.outputShape();
        const auto rows = out[out.rank() - 2];
        const auto columns = out[out.rank() - 1];
        const auto inner = a[a.rank() - 1];
        const Broadcast stackA(stackOf(a), stackOf(out));
        const Broadcast stackB(stackOf(b), stackOf(out));
        const ZeroPoints<T> zeroOfA(frame, op_.zeroOfA, 2);
        const ZeroPoints<T> zeroOfB(frame, op_.zeroOfB, op_.zeroOfA ? 3 : 2);
        std::size_t element = 0;
        for (std::int64_t s = 0; s < stackOf(out).elements(); ++s) {
            const auto left = static_cast<std::int64_t>(stackA(static_cast<std::size_t>(s)));
            const auto right = static_cast<std::int64_t>(stackB(static_cast<std::size_t>(s)));
            for (std::int64_t m = 0; m < rows; ++m)
                for (std::int64_t n = 0; n < columns; ++n) {
                    std::int64_t sum = 0;
                    for (std::int64_t k = 0; k < inner; ++k)
                        sum +=
                            (integerAt(frame, 0, (left * rows + m) * inner + k) - zeroOfA(m)) *
                            (integerAt(frame, 1, (right * inner + k) * columns + n) - zeroOfB(n));
                    frame.output[element++] = static_cast<T>(sum);
                }
        }
    }

private:
    static Shape stackOf(const Shape& shape) { return Shape({shape.begin(), shape.end() - 2}); }

    MatMulIntegerOp op_;
};

template <class T>
class ConvIntegerKernel final : public Kernel<T> {
public:
    ConvIntegerKernel(const ConvIntegerOp& op, const Frame<T>& frame)
        : op_(op)
        , samples_(frame.inputShape(0)[0])
        , channels_(frame.inputShape(1)[1])
        , outChannels_(frame.inputShape(1)[0]) {
        for (std::size_t axis = 2; axis < frame.inputShape(0).rank(); ++axis) {
            in_[axis - 2] = frame.inputShape(0)[axis];
            kernel_[axis - 2] = frame.inputShape(1)[axis];
            out_[axis - 2] = frame.outputShape()[axis];
        }
    }

    void forward(const Frame<T>& frame) override {
        const ZeroPoints<T> zeroOfX(frame, op_.zeroOfX, 2);
        const ZeroPoints<T> zeroOfKernel(frame, op_.zeroOfKernel, op_.zeroOfX ? 3 : 2);
        std::size_t element = 0;
        for (std::int64_t n = 0; n < samples_; ++n)
            for (std::int64_t o = 0; o < outChannels_; ++o)
                forEach(out_, [&](const Extents& position) {
                    frame.output[element++] =
                        static_cast<T>(sumAt(frame, n, o, position, zeroOfX(0), zeroOfKernel(o)));
                });
    }

private:
    template <class Visit>
    static void forEach(const Extents& lengths, const Visit& visit) {
        Extents at{};
        for (at[0] = 0; at[0] < lengths[0]; ++at[0])
            for (at[1] = 0; at[1] < lengths[1]; ++at[1])
                for (at[2] = 0; at[2] < lengths[2]; ++at[2])
                    visit(at);
    }
    static std::int64_t placeOf(const Extents& at, const Extents& lengths) {
        return (at[0] * lengths[1] + at[1]) * lengths[2] + at[2];
    }

    /// In the padding x equals its zero point, and adds nothing.
    std::int64_t sumAt(const Frame<T>& frame, std::int64_t n, std::int64_t o,
                       const Extents& position, std::int64_t zeroOfX,
                       std::int64_t zeroOfKernel) const {
        const auto group = o / (outChannels_ / op_.groups);
        std::int64_t sum = 0;
        for (std::int64_t c = 0; c < channels_; ++c)
            forEach(kernel_, [&](const Extents& tap) {
                Extents from{};
                for (std::size_t axis = 0; axis < 3; ++axis) {
                    from[axis] = position[axis] * op_.stride[axis] +
                                 tap[axis] * op_.dilation[axis] - op_.padding.before(axis);
                    if (from[axis] < 0 || from[axis] >= in_[axis])
                        return;
                }
                const auto plane = (n * op_.groups + group) * channels_ + c;
                sum += (integerAt(frame, 0, plane * in_.product() + placeOf(from, in_)) - zeroOfX) *
                       (integerAt(frame, 1,
                                  (o * channels_ + c) * kernel_.product() + placeOf(tap, kernel_)) -
                        zeroOfKernel);
            });
        return sum;
    }

    ConvIntegerOp op_;
    std::int64_t samples_, channels_, outChannels_; ///< channels: of a group
    Extents in_, kernel_, out_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const QuantizeOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<QuantizeKernel<T>>(op);
}
template <class T>
KernelPtr<T> makeKernel(const DequantizeOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<DequantizeKernel<T>>(op);
}
template <class T>
KernelPtr<T> makeKernel(const MatMulIntegerOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<MatMulIntegerKernel<T>>(op);
}
template <class T>
KernelPtr<T> makeKernel(const ConvIntegerOp& op, const Frame<T>& frame) {
    return std::make_unique<ConvIntegerKernel<T>>(op, frame);
}
GRADWRIGHT_REFERENCE_KERNEL(QuantizeOp);
GRADWRIGHT_REFERENCE_KERNEL(DequantizeOp);
GRADWRIGHT_REFERENCE_KERNEL(MatMulIntegerOp);
GRADWRIGHT_REFERENCE_KERNEL(ConvIntegerOp);

} // namespace gradwright::reference
