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
    void backward(const Frame<T>& frame) override {
        for (std::size_t i = 0; i < frame.outputGradient.size(); ++i)
            frame.inputGradients[0][i] += frame.outputGradient[i];
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
    void backward(const Frame<T>& frame) override {
        forEachElement(frame, [&](std::size_t output, std::size_t input) {
            frame.inputGradients[0][input] += frame.outputGradient[output];
        });
    }

private:
    /// visit(output element, input element)
    template <class Visit>
    void forEachElement(const Frame<T>& frame, Visit&& visit) const {
        const auto& in = frame.inputTypes[0].shape;
        const auto& out = frame.outputType.shape;
        for (std::size_t output = 0; output < frame.output.size(); ++output) {
            auto rest = static_cast<std::int64_t>(output);
            std::vector<std::int64_t> index(in.rank()); // of the input
            for (auto axis = out.rank(); axis-- > 0;) {
                index[static_cast<std::size_t>(op_.axes[axis])] = rest % out[axis];
                rest /= out[axis];
            }
            std::int64_t input = rest; // the sample
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
    explicit ConcatKernel(const ConcatOp& op)
        : axis_(static_cast<std::size_t>(op.axis)) {}

    void forward(const Frame<T>& frame) override {
        forEachElement(frame, [&](std::size_t output, std::size_t which, std::size_t input) {
            frame.output[output] = frame.inputs[which][input];
        });
    }
    void backward(const Frame<T>& frame) override {
        forEachElement(frame, [&](std::size_t output, std::size_t which, std::size_t input) {
            frame.inputGradients[which][input] += frame.outputGradient[output];
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
        const auto outputRun = runLength(frame.outputType.shape);
        const auto runs = frame.output.size() / outputRun;
        for (std::size_t run = 0; run < runs; ++run) {
            std::size_t output = run * outputRun;
            for (std::size_t which = 0; which < frame.inputs.size(); ++which) {
                const auto inputRun = runLength(frame.inputTypes[which].shape);
                for (std::size_t i = 0; i < inputRun; ++i)
                    visit(output++, which, run * inputRun + i);
            }
        }
    }

    std::size_t axis_;
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
    void backward(const Frame<T>& /*frame*/) override {}

private:
    OneHotOp op_;
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
KernelPtr<T> makeKernel(const ConcatOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<ConcatKernel<T>>(op);
}
template <class T>
KernelPtr<T> makeKernel(const OneHotOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<OneHotKernel<T>>(op);
}
GRADWRIGHT_REFERENCE_KERNEL(ReshapeOp);
GRADWRIGHT_REFERENCE_KERNEL(PermuteOp);
GRADWRIGHT_REFERENCE_KERNEL(ConcatOp);
GRADWRIGHT_REFERENCE_KERNEL(OneHotOp);

} // namespace gradwright::reference
