// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/kernel.h"

#include <algorithm>

namespace gradwright::reference {
namespace {

/// The part of one window that lies inside the image.
struct Window {
    std::size_t output;
    std::int64_t n, channel;
    std::int64_t firstRow, endRow, firstColumn, endColumn;

    [[nodiscard]] std::int64_t size() const {
        return (endRow - firstRow) * (endColumn - firstColumn);
    }
    /// visit(input element) in row-major order
    template <class Visit>
    void forEach(const Shape& in, Visit&& visit) const {
        for (std::int64_t row = firstRow; row < endRow; ++row)
            for (std::int64_t column = firstColumn; column < endColumn; ++column)
                visit(indexOf(in, n, channel, row, column));
    }
};

template <class T, class Visit>
void forEachWindow(const Pool2dOp& op, const Frame<T>& frame, Visit&& visit) {
    const auto& in = frame.inputTypes[0].shape;
    const auto& out = frame.outputType.shape;
    for (std::int64_t n = 0; n < frame.batch; ++n)
        for (std::int64_t c = 0; c < out[0]; ++c)
            for (std::int64_t y = 0; y < out[1]; ++y)
                for (std::int64_t x = 0; x < out[2]; ++x) {
                    const auto row = y * op.stride[0] - op.padding.top;
                    const auto column = x * op.stride[1] - op.padding.left;
                    visit(Window{indexOf(out, n, c, y, x), n, c, std::max<std::int64_t>(row, 0),
                                 std::min(row + op.kernel[0], in[1]),
                                 std::max<std::int64_t>(column, 0),
                                 std::min(column + op.kernel[1], in[2])});
                }
}

template <class T>
class MaxPoolKernel final : public Kernel<T> {
public:
    explicit MaxPoolKernel(const Pool2dOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        forEachWindow(op_, frame, [&](const Window& window) {
            frame.output[window.output] = frame.inputs[0][firstMaximum(frame, window)];
        });
    }
    void backward(const Frame<T>& frame) override {
        forEachWindow(op_, frame, [&](const Window& window) {
            frame.inputGradients[0][firstMaximum(frame, window)] +=
                frame.outputGradient[window.output];
        });
    }

private:
    /// A NaN wins, so that it is not hidden.
    std::size_t firstMaximum(const Frame<T>& frame, const Window& window) const {
        const auto& in = frame.inputTypes[0].shape;
        auto best = indexOf(in, window.n, window.channel, window.firstRow, window.firstColumn);
        window.forEach(in, [&](std::size_t element) {
            const auto value = frame.inputs[0][element];
            const auto maximum = frame.inputs[0][best];
            if (value > maximum || (value != value && maximum == maximum))
                best = element;
        });
        return best;
    }

    Pool2dOp op_;
};

template <class T>
class AveragePoolKernel final : public Kernel<T> {
public:
    explicit AveragePoolKernel(const Pool2dOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        forEachWindow(op_, frame, [&](const Window& window) {
            T sum = 0;
            window.forEach(frame.inputTypes[0].shape,
                           [&](std::size_t element) { sum += frame.inputs[0][element]; });
            frame.output[window.output] = sum / divisor(window);
        });
    }
    void backward(const Frame<T>& frame) override {
        forEachWindow(op_, frame, [&](const Window& window) {
            const T share = frame.outputGradient[window.output] / divisor(window);
            window.forEach(frame.inputTypes[0].shape,
                           [&](std::size_t element) { frame.inputGradients[0][element] += share; });
        });
    }

private:
    [[nodiscard]] T divisor(const Window& window) const {
        return static_cast<T>(op_.countPadding ? op_.kernel[0] * op_.kernel[1] : window.size());
    }

    Pool2dOp op_;
};

template <class T>
class GlobalAveragePoolKernel final : public Kernel<T> {
public:
    void forward(const Frame<T>& frame) override {
        forEachChannel(frame, [&](std::size_t output, std::size_t first, std::size_t positions) {
            T sum = 0;
            for (std::size_t i = 0; i < positions; ++i)
                sum += frame.inputs[0][first + i];
            frame.output[output] = sum / static_cast<T>(positions);
        });
    }
    void backward(const Frame<T>& frame) override {
        forEachChannel(frame, [&](std::size_t output, std::size_t first, std::size_t positions) {
            for (std::size_t i = 0; i < positions; ++i)
                frame.inputGradients[0][first + i] +=
                    frame.outputGradient[output] / static_cast<T>(positions);
        });
    }

private:
    /// visit(output element, first input element, how many of them)
    template <class Visit>
    void forEachChannel(const Frame<T>& frame, Visit&& visit) const {
        const auto positions = static_cast<std::size_t>(positionsOf(frame.inputTypes[0].shape));
        for (std::size_t output = 0; output < frame.output.size(); ++output)
            visit(output, output * positions, positions);
    }
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const Pool2dOp& op, const Frame<T>& /*frame*/) {
    if (op.kind == PoolKind::Max)
        return std::make_unique<MaxPoolKernel<T>>(op);
    return std::make_unique<AveragePoolKernel<T>>(op);
}
template <class T>
KernelPtr<T> makeKernel(const GlobalAveragePoolOp& /*op*/, const Frame<T>& /*frame*/) {
    return std::make_unique<GlobalAveragePoolKernel<T>>();
}
GRADWRIGHT_REFERENCE_KERNEL(Pool2dOp);
GRADWRIGHT_REFERENCE_KERNEL(GlobalAveragePoolOp);

} // namespace gradwright::reference
