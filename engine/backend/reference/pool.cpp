// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/window.h"

#include <algorithm>

namespace gradwright::reference {
namespace {

/// The part of one window that lies inside the input.
struct PartialWindow {
    std::size_t output;
    std::int64_t channels, n, channel;
    Place size; ///< of the input
    Place first, end;

    [[nodiscard]] std::int64_t count() const {
        return (end[0] - first[0]) * (end[1] - first[1]) * (end[2] - first[2]);
    }
    /// visit(input element) in row-major order
    template <class Visit>
    void forEach(Visit&& visit) const {
        const Place extent{end[0] - first[0], end[1] - first[1], end[2] - first[2]};
        forEachPlace(extent, [&](const Place& place) {
            const Place at{first[0] + place[0], first[1] + place[1], first[2] + place[2]};
            visit(indexOf(size, channels, n, channel, at));
        });
    }
};

template <class T, class Visit>
void forEachWindow(const PoolOp& op, const Frame<T>& frame, Visit&& visit) {
    const auto& shape = frame.inputTypes[0].sample();
    const auto in = placesOf(shape);
    const auto out = placesOf(frame.outputType.sample());
    const SlidingWindow window(op.kernel, op.stride, {}, op.padding, shape.rank() - 1);
    for (std::int64_t n = 0; n < frame.batch; ++n)
        for (std::int64_t c = 0; c < shape[0]; ++c)
            forEachPlace(out, [&](const Place& place) {
                PartialWindow part{indexOf(out, shape[0], n, c, place), shape[0], n, c, in, {}, {}};
                const auto begin = tapAt(window, place, {0, 0, 0});
                for (std::size_t axis = 0; axis < 3; ++axis) {
                    part.first[axis] = std::max<std::int64_t>(begin[axis], 0);
                    part.end[axis] = std::min(begin[axis] + window.kernel[axis], in[axis]);
                }
                visit(part);
            });
}

template <class T>
class MaxPoolKernel final : public Kernel<T> {
public:
    explicit MaxPoolKernel(const PoolOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        forEachWindow(op_, frame, [&](const PartialWindow& window) {
            frame.output[window.output] = frame.inputs[0][firstMaximum(frame, window)];
        });
    }
    void backward(const Frame<T>& frame) override {
        forEachWindow(op_, frame, [&](const PartialWindow& window) {
            frame.inputGradients[0][firstMaximum(frame, window)] +=
                frame.outputGradient[window.output];
        });
    }

private:
    /// A NaN wins, so that it is not hidden.
    std::size_t firstMaximum(const Frame<T>& frame, const PartialWindow& window) const {
        auto best = indexOf(window.size, window.channels, window.n, window.channel, window.first);
        window.forEach([&](std::size_t element) {
            const auto value = frame.inputs[0][element];
            const auto maximum = frame.inputs[0][best];
            if (value > maximum || (value != value && maximum == maximum))
                best = element;
        });
        return best;
    }

    PoolOp op_;
};

template <class T>
class AveragePoolKernel final : public Kernel<T> {
public:
    explicit AveragePoolKernel(const PoolOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        forEachWindow(op_, frame, [&](const PartialWindow& window) {
            T sum = 0;
            window.forEach([&](std::size_t element) { sum += frame.inputs[0][element]; });
            frame.output[window.output] = sum / divisor(window);
        });
    }
    void backward(const Frame<T>& frame) override {
        forEachWindow(op_, frame, [&](const PartialWindow& window) {
            const T share = frame.outputGradient[window.output] / divisor(window);
            window.forEach([&](std::size_t element) { frame.inputGradients[0][element] += share; });
        });
    }

private:
    [[nodiscard]] T divisor(const PartialWindow& window) const {
        return static_cast<T>(op_.countPadding ? op_.kernel.product() : window.count());
    }

    PoolOp op_;
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
        const auto positions = static_cast<std::size_t>(positionsOf(frame.inputTypes[0].sample()));
        for (std::size_t output = 0; output < frame.output.size(); ++output)
            visit(output, output * positions, positions);
    }
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const PoolOp& op, const Frame<T>& /*frame*/) {
    if (op.kind == PoolKind::Max)
        return std::make_unique<MaxPoolKernel<T>>(op);
    return std::make_unique<AveragePoolKernel<T>>(op);
}
template <class T>
KernelPtr<T> makeKernel(const GlobalAveragePoolOp& /*op*/, const Frame<T>& /*frame*/) {
    return std::make_unique<GlobalAveragePoolKernel<T>>();
}
GRADWRIGHT_REFERENCE_KERNEL(PoolOp);
GRADWRIGHT_REFERENCE_KERNEL(GlobalAveragePoolOp);

} // namespace gradwright::reference
