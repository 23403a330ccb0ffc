// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/axes.h"
#include "engine/backend/cuda/kernels/combine.h"
#include "engine/backend/cuda/kernels/element.h"
#include "engine/backend/cuda/launches.h"
#include "engine/backend/cuda/lower.h"

#include <algorithm>

namespace gradwright::cuda {
namespace {

constexpr std::int64_t kMostSumBlocks = 1 << 20;

/// Strides of an input along the axes of the output, aligned at the first one, 0 where it is
/// repeated.
std::vector<std::int64_t> joinStrides(const Shape& shape, const Shape& out) {
    const auto own = stridesOf(shape);
    std::vector<std::int64_t> strides(out.rank());
    for (std::size_t axis = 0; axis < shape.rank(); ++axis)
        strides[axis] = shape[axis] == 1 ? 0 : own[axis];
    return strides;
}

bool isSelection(CombineKind kind) {
    return kind == CombineKind::Maximum || kind == CombineKind::Minimum;
}

/// The inputs of the op, and last an array of the output's shape.
class JoinedOperands {
public:
    explicit JoinedOperands(const Lowering& lowering)
        : lowering_(lowering)
        , loop_(lowering.outputShape(), allStrides(lowering)) {}

    [[nodiscard]] const ElementAxes& axes() const { return loop_.axes(); }
    [[nodiscard]] Launch launch() const { return Lowering::forElements(axes().elements); }
    [[nodiscard]] Operand input(std::size_t i) const {
        return loop_.operand(i, lowering_.input(i));
    }
    [[nodiscard]] Operand whole(const float* data) const {
        return loop_.operand(lowering_.inputs(), data);
    }

private:
    static std::vector<std::vector<std::int64_t>> allStrides(const Lowering& lowering) {
        const auto out = lowering.outputShape();
        std::vector<std::vector<std::int64_t>> strides;
        for (std::size_t i = 0; i < lowering.inputs(); ++i)
            strides.push_back(joinStrides(lowering.inputShape(i), out));
        strides.push_back(stridesOf(out));
        return strides;
    }

    const Lowering& lowering_;
    ElementLoop loop_;
};

ScaledFunction scaled(BinaryKind kind, double scale) {
    return {static_cast<std::int32_t>(kind), static_cast<float>(scale), 0, 0, 0};
}

/// What an array of the output's shape becomes as the gradient of an input: the sum over the axes
/// along which the input is repeated.
class GradientOfJoined {
public:
    GradientOfJoined(GradientLowering& lowering, std::size_t input)
        : lowering_(lowering)
        , shape_(lowering.inputShape(input))
        , out_(lowering.outputShape())
        , gradient_(lowering.inputGradient(input))
        , isSummed_(shape_.elements() != out_.elements())
        , mark_(lowering.scratchUsed()) {
        whole_ = isSummed_ ? lowering.scratch<float>(static_cast<std::size_t>(out_.elements()))
                           : gradient_;
    }

    /// Where it is written before it is summed.
    [[nodiscard]] float* whole() const { return whole_; }

    void sum() {
        if (isSummed_)
            addRepeats();
        lowering_.reuseScratch(mark_);
    }

private:
    void addRepeats() {
        const auto strides = stridesOf(out_);
        std::vector<std::int64_t> repeated;
        std::vector<std::int64_t> repeatedStrides;
        for (std::size_t axis = 0; axis < out_.rank(); ++axis)
            if (axis >= shape_.rank() || shape_[axis] != out_[axis]) {
                repeated.push_back(out_[axis]);
                repeatedStrides.push_back(strides[axis]);
            }
        const ElementLoop kept(
            shape_,
            {{strides.begin(), strides.begin() + static_cast<std::ptrdiff_t>(shape_.rank())}});
        const ElementLoop summed(Shape(repeated), {repeatedStrides});
        const auto blocks = std::clamp<std::int64_t>(shape_.elements(), 1, kMostSumBlocks);
        lowering_.launch(
            kernel::addRepeats,
            {{count32(blocks)}, {threadsFor(static_cast<std::int64_t>(summed.axes().elements))}},
            whole_, gradient_, kept.axes(), kept.strided(0), summed.axes(), summed.strided(0));
    }

    GradientLowering& lowering_;
    Shape shape_, out_;
    float* gradient_;
    bool isSummed_;
    std::size_t mark_;
    float* whole_ = nullptr;
};

/// Times each of the other inputs.
void multiplyOthers(GradientLowering& lowering, const JoinedOperands& inputs, std::size_t input,
                    float* to) {
    const float* from = lowering.outputGradient();
    for (std::size_t other = 0; other < lowering.inputs(); ++other) {
        if (other == input)
            continue;
        lowering.launch(kernel::binary, inputs.launch(), inputs.whole(from), inputs.input(other),
                        to, inputs.axes(), scaled(BinaryKind::Multiply, 1));
        from = to;
    }
}

/// Each input takes what is left of the gradient where it is what was chosen, the last one all.
void shareGradients(GradientLowering& lowering, const JoinedOperands& inputs) {
    auto* rest = lowering.scratch<float>(inputs.axes().elements);
    auto* unwanted = lowering.scratch<float>(inputs.axes().elements);
    const float* left = lowering.outputGradient();
    for (std::size_t i = 0; i < lowering.inputs(); ++i) {
        const bool isLast = i + 1 == lowering.inputs();
        if (isLast && !lowering.inputGradient(i))
            return;
        GradientOfJoined gradient(lowering, i);
        auto* share = lowering.inputGradient(i) ? gradient.whole() : unwanted;
        if (isLast)
            copyElements(lowering, left, share, inputs.axes().elements);
        else
            lowering.launch(kernel::takeShare, inputs.launch(), inputs.input(i), lowering.output(),
                            left, share, rest, inputs.axes());
        if (lowering.inputGradient(i))
            gradient.sum();
        left = rest;
    }
}

} // namespace

/// In the order of the inputs.
void lower(Lowering& lowering, const CombineOp& op) {
    const JoinedOperands inputs(lowering);
    auto joined = inputs.input(0);
    for (std::size_t i = 1; i < lowering.inputs(); ++i) {
        if (isSelection(op.kind)) {
            lowering.launch(kernel::pick, inputs.launch(), joined, inputs.input(i),
                            lowering.output(), inputs.axes(),
                            op.kind == CombineKind::Maximum ? 1 : 0);
        } else {
            const auto kind = op.kind == CombineKind::Subtract   ? BinaryKind::Subtract
                              : op.kind == CombineKind::Multiply ? BinaryKind::Multiply
                                                                 : BinaryKind::Add;
            const bool isAverage = op.kind == CombineKind::Average && i + 1 == lowering.inputs();
            const double scale = isAverage ? 1.0 / static_cast<double>(lowering.inputs()) : 1.0;
            lowering.launch(kernel::binary, inputs.launch(), joined, inputs.input(i),
                            lowering.output(), inputs.axes(), scaled(kind, scale));
        }
        joined = inputs.whole(lowering.output());
    }
}

void lowerGradient(GradientLowering& lowering, const CombineOp& op) {
    const JoinedOperands inputs(lowering);
    if (isSelection(op.kind)) {
        shareGradients(lowering, inputs);
        return;
    }
    for (std::size_t i = 0; i < lowering.inputs(); ++i) {
        if (!lowering.inputGradient(i))
            continue;
        GradientOfJoined gradient(lowering, i);
        if (op.kind == CombineKind::Multiply) {
            multiplyOthers(lowering, inputs, i, gradient.whole());
        } else {
            const double factor = op.kind == CombineKind::Average
                                      ? 1.0 / static_cast<double>(lowering.inputs())
                                  : i == 0 ? 1.0
                                           : -1.0;
            lowering.launch(kernel::unary, inputs.launch(), inputs.whole(lowering.outputGradient()),
                            gradient.whole(), inputs.axes(),
                            ScaledFunction{static_cast<std::int32_t>(UnaryKind::Linear),
                                           static_cast<float>(factor), 0, 0, 0});
        }
        gradient.sum();
    }
}

} // namespace gradwright::cuda
