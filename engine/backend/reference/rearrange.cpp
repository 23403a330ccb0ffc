// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/kernel.h"

#include <algorithm>

namespace gradwright::reference {
namespace {

template <class T>
class ReshapeKernel final : public Kernel<T> {
public:
    void forward(const Frame<T>& frame) override {
        std::ranges::copy(frame.inputs[0], frame.output.begin());
    }
};

template <class T>
class PermuteKernel final : public Kernel<T> {
public:
    explicit PermuteKernel(const PermuteOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        forEachElement(frame, [&](std::size_t output, std::size_t input) {
            frame.output[output] = frame.inputs[0][input];
        });
    }

private:
    /// visit(output element, input element)
    template <class Visit>
    void forEachElement(const Frame<T>& frame, Visit&& visit) const {
        const auto in = frame.inputShape(0);
        const auto out = frame.outputShape();
        for (std::size_t output = 0; output < frame.output.size(); ++output) {
            auto rest = static_cast<std::int64_t>(output);
            std::vector<std::int64_t> index(in.rank()); // of the input
            for (auto axis = out.rank(); axis-- > 0;) {
                index[static_cast<std::size_t>(op_.axes[axis])] = rest % out[axis];
                rest /= out[axis];
            }
            std::int64_t input = 0;
            for (std::size_t axis = 0; axis < in.rank(); ++axis)
                input = input * in[axis] + index[axis];
            visit(output, static_cast<std::size_t>(input));
        }
    }

    PermuteOp op_;
};

template <class T>
class ConcatKernel final : public Kernel<T> {
public:
    ConcatKernel(const ConcatOp& op, const Frame<T>& frame)
        : axis_(static_cast<std::size_t>(
              op.axis +
              (op.axis < 0 ? static_cast<std::int64_t>(frame.outputShape().rank()) : 0))) {}

    void forward(const Frame<T>& frame) override {
        forEachElement(frame, [&](std::size_t output, std::size_t which, std::size_t input) {
            frame.output[output] = frame.inputs[which][input];
        });
    }

private:
    /// Elements that follow each other from the axis on.
    [[nodiscard]] std::size_t runLength(const Shape& shape) const {
        std::int64_t length = 1;
        for (auto axis = axis_; axis < shape.rank(); ++axis)
            length *= shape[axis];
        return static_cast<std::size_t>(length);
    }

    /// visit(output element, which input, its element)
    template <class Visit>
    void forEachElement(const Frame<T>& frame, Visit&& visit) const {
        const auto outputRun = runLength(frame.outputShape());
        const auto runs = frame.output.size() / outputRun;
        for (std::size_t run = 0; run < runs; ++run) {
            std::size_t output = run * outputRun;
            for (std::size_t which = 0; which < frame.inputs.size(); ++which) {
                const auto inputRun = runLength(frame.inputShape(which));
                for (std::size_t i = 0; i < inputRun; ++i)
                    visit(output++, which, run * inputRun + i);
            }
        }
    }

    std::size_t axis_;
};

template <class T>
class SplitKernel final : public Kernel<T> {
public:
    explicit SplitKernel(const SplitOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        const auto shape = frame.inputShape(0);
        const auto rank = static_cast<std::int64_t>(shape.rank());
        const auto axis = static_cast<std::size_t>(op_.axis < 0 ? op_.axis + rank : op_.axis);
        std::size_t inner = 1;
        for (auto after = axis + 1; after < shape.rank(); ++after)
            inner *= static_cast<std::size_t>(shape[after]);
        auto from = frame.inputs[0].begin();
        std::vector<std::ptrdiff_t> done(frame.outputs.size());
        while (from != frame.inputs[0].end())
            for (std::size_t piece = 0; piece < frame.outputs.size(); ++piece) {
                const auto run = static_cast<std::size_t>(op_.sizes[piece]) * inner;
                std::copy_n(from, run, frame.outputs[piece].begin() + done[piece]);
                done[piece] += static_cast<std::ptrdiff_t>(run);
                from += static_cast<std::ptrdiff_t>(run);
            }
    }

private:
    SplitOp op_;
};

template <class T>
class OneHotKernel final : public Kernel<T> {
public:
    explicit OneHotKernel(const OneHotOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        requireClasses(frame.classes, op_.classes, frame.path);
        std::ranges::fill(frame.output, T{0});
        for (std::int64_t n = 0; n < frame.batch; ++n)
            frame.output[indexOf(op_.classes, n, frame.classes[static_cast<std::size_t>(n)])] =
                T{1};
    }

private:
    OneHotOp op_;
};

template <class T>
class ShapeKernel final : public Kernel<T> {
public:
    explicit ShapeKernel(const ShapeOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        const auto lengths = op_.lengthsOf(Dims::of(frame.inputShape(0)));
        std::ranges::transform(lengths, frame.output.begin(),
                               [](const Dim& length) { return static_cast<T>(length.number()); });
    }

private:
    ShapeOp op_;
};

} // namespace

void requireClasses(std::span<const std::int32_t> indices, std::int64_t classes,
                    std::string_view path) {
    for (std::size_t sample = 0; sample < indices.size(); ++sample)
        if (indices[sample] < 0 || indices[sample] >= classes)
            throw Error("{}: sample {} of the batch has class {}, but there are {} classes, 0 to "
                        "{}",
                        path, sample, indices[sample], classes, classes - 1);
}

template <class T>
KernelPtr<T> makeKernel(const ReshapeOp& /*op*/, const Frame<T>& /*frame*/) {
    return std::make_unique<ReshapeKernel<T>>();
}
template <class T>
KernelPtr<T> makeKernel(const PermuteOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<PermuteKernel<T>>(op);
}
template <class T>
KernelPtr<T> makeKernel(const ConcatOp& op, const Frame<T>& frame) {
    return std::make_unique<ConcatKernel<T>>(op, frame);
}
template <class T>
KernelPtr<T> makeKernel(const SplitOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<SplitKernel<T>>(op);
}
template <class T>
KernelPtr<T> makeKernel(const OneHotOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<OneHotKernel<T>>(op);
}
template <class T>
KernelPtr<T> makeKernel(const ShapeOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<ShapeKernel<T>>(op);
}
GRADWRIGHT_REFERENCE_KERNEL(ShapeOp);
GRADWRIGHT_REFERENCE_KERNEL(ReshapeOp);
GRADWRIGHT_REFERENCE_KERNEL(PermuteOp);
GRADWRIGHT_REFERENCE_KERNEL(ConcatOp);
GRADWRIGHT_REFERENCE_KERNEL(SplitOp);
GRADWRIGHT_REFERENCE_KERNEL(OneHotOp);

} // namespace gradwright::reference
