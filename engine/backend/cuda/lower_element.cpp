// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/axes.h"
#include "engine/backend/cuda/kernels/element.h"
#include "engine/backend/cuda/kernels/update.h"
#include "engine/backend/cuda/lower.h"
#include "engine/ops/integers.h"

#include <algorithm>

namespace gradwright::cuda {
namespace {

/// The inputs of an element-wise op, brought to the shape of its output.
class Operands {
public:
    explicit Operands(const Lowering& lowering)
        : lowering_(lowering)
        , loop_(lowering.outputShape(), stridesOfInputs(lowering)) {}

    [[nodiscard]] const ElementAxes& axes() const { return loop_.axes(); }
    [[nodiscard]] Operand operator[](std::size_t i) const {
        const bool isIndices = lowering_.isFedAsIndices(i);
        const void* data = isIndices ? static_cast<const void*>(lowering_.indices(i))
                                     : static_cast<const void*>(lowering_.input(i));
        return loop_.operand(i, data, isIndices);
    }
    [[nodiscard]] Launch launch() const { return Lowering::forElements(axes().elements); }

private:
    static std::vector<std::vector<std::int64_t>> stridesOfInputs(const Lowering& lowering) {
        std::vector<std::vector<std::int64_t>> strides;
        const auto out = lowering.outputShape();
        for (std::size_t i = 0; i < lowering.inputs(); ++i)
            strides.push_back(broadcastStrides(lowering.inputShape(i), out));
        return strides;
    }

    const Lowering& lowering_;
    ElementLoop loop_;
};

template <class Kind>
ScaledFunction functionOf(Kind kind, double scale, double shift, double a = 0, double b = 0) {
    return {static_cast<std::int32_t>(kind), static_cast<float>(scale), static_cast<float>(shift),
            static_cast<float>(a), static_cast<float>(b)};
}

std::uint64_t sizeOf(const Shape& shape) {
    return static_cast<std::uint64_t>(shape.elements());
}

/// The input's elements in another order: by the strides along the axes of the output.
void copyFrom(Lowering& lowering, const std::vector<std::int64_t>& strides) {
    const auto out = lowering.outputShape();
    const ElementLoop loop(out, {strides, stridesOf(out)});
    const bool isIndices = lowering.isFedAsIndices(0);
    const void* data = isIndices ? static_cast<const void*>(lowering.indices(0))
                                 : static_cast<const void*>(lowering.input(0));
    lowering.launch(kernel::copyAlong, Lowering::forElements(loop.axes().elements),
                    loop.operand(0, data, isIndices), lowering.output(), loop.axes(),
                    loop.strided(1));
}

} // namespace

void lower(Lowering& lowering, const ActivationOp& op) {
    const auto size = sizeOf(lowering.outputShape());
    lowering.launch(kernel::activate, Lowering::forElements(size), lowering.input(),
                    lowering.output(), size, static_cast<std::int32_t>(op.activation.kind),
                    static_cast<float>(op.activation.alpha));
}

void lowerGradient(GradientLowering& lowering, const ActivationOp& op) {
    auto* gradient = lowering.inputGradient();
    if (!gradient)
        return;
    const auto size = sizeOf(lowering.outputShape());
    lowering.launch(kernel::activateBack, Lowering::forElements(size), lowering.input(),
                    lowering.outputGradient(), gradient, size,
                    static_cast<std::int32_t>(op.activation.kind),
                    static_cast<float>(op.activation.alpha));
}

void lower(Lowering& lowering, const UnaryOp& op) {
    const Operands x(lowering);
    lowering.launch(kernel::unary, x.launch(), x[0], lowering.output(), x.axes(),
                    functionOf(op.kind, op.scale, op.shift, op.a, op.b));
}

void lower(Lowering& lowering, const BinaryOp& op) {
    const Operands x(lowering);
    lowering.launch(kernel::binary, x.launch(), x[0], x[1], lowering.output(), x.axes(),
                    functionOf(op.kind, op.scale, op.shift));
}

void lower(Lowering& lowering, const CompareOp& op) {
    const Operands x(lowering);
    lowering.launch(kernel::compare, x.launch(), x[0], x[1], lowering.output(), x.axes(),
                    static_cast<std::int32_t>(op.comparison));
}

void lower(Lowering& lowering, const LogicOp& op) {
    const Operands x(lowering);
    lowering.launch(kernel::logic, x.launch(), x[0], x[lowering.inputs() - 1], lowering.output(),
                    x.axes(), static_cast<std::int32_t>(op.kind));
}

void lower(Lowering& lowering, const WhereOp& /*op*/) {
    const Operands x(lowering);
    lowering.launch(kernel::where, x.launch(), x[0], x[1], x[2], lowering.output(), x.axes());
}

/// As castNumber(): real numbers saturate, integers keep their low bits.
void lower(Lowering& lowering, const CastOp& op) {
    const auto from = lowering.graph().type(lowering.op().inputs[0]).element;
    const bool staysWhole = !isRealType(from) && (op.to == DType::I64 || op.to == from);
    if (isRealType(op.to) || (staysWhole && op.to != DType::Bool))
        return copyFrom(lowering, stridesOf(lowering.outputShape()));
    const Operands x(lowering);
    if (op.to == DType::Bool) {
        lowering.launch(kernel::castTruth, x.launch(), x[0], lowering.output(), x.axes());
    } else if (isRealType(from)) {
        const auto [least, most] = rangeOf(op.to);
        lowering.launch(kernel::castSaturating, x.launch(), x[0], lowering.output(), x.axes(),
                        static_cast<float>(least), static_cast<float>(most));
    } else {
        lowering.launch(kernel::castWrapping, x.launch(), x[0], lowering.output(), x.axes(),
                        op.to == DType::I32 ? 32 : 8, op.to == DType::U8 ? 0 : 1);
    }
}

void lower(Lowering& lowering, const FillOp& op) {
    const auto size = sizeOf(lowering.outputShape());
    lowering.launch(kernel::fill, Lowering::forElements(size), lowering.output(), size,
                    static_cast<float>(op.value));
}

void lower(Lowering& lowering, const ExpandOp& /*op*/) {
    copyFrom(lowering, broadcastStrides(lowering.inputShape(), lowering.outputShape()));
}

/// In the order of the inputs, as the CPU adds them.
void lower(Lowering& lowering, const AddOp& /*op*/) {
    const auto out = lowering.outputShape();
    const ElementLoop loop(out, {stridesOf(out)});
    const auto add = functionOf(BinaryKind::Add, 1, 0);
    const float* sum = lowering.input(0);
    for (std::size_t i = 1; i < lowering.inputs(); ++i) {
        lowering.launch(kernel::binary, Lowering::forElements(loop.axes().elements),
                        loop.operand(0, sum), loop.operand(0, lowering.input(i)), lowering.output(),
                        loop.axes(), add);
        sum = lowering.output();
    }
}

/// The objective is the mean over the batch.
void lower(Lowering& lowering, const LossSeedOp& op) {
    const auto size = sizeOf(lowering.outputShape());
    const auto seed = static_cast<float>(op.weight / static_cast<double>(lowering.batch()));
    if (const auto* scale = lowering.lossScale())
        lowering.launch(kernel::seedLoss, Lowering::forElements(size), lowering.output(), size,
                        seed, scale);
    else
        lowering.launch(kernel::fill, Lowering::forElements(size), lowering.output(), size, seed);
}

void lower(Lowering& lowering, const ReshapeOp& /*op*/) {
    copyFrom(lowering, stridesOf(lowering.outputShape()));
}

void lower(Lowering& lowering, const PermuteOp& op) {
    const auto own = stridesOf(lowering.inputShape());
    std::vector<std::int64_t> strides;
    for (const auto axis : op.axes)
        strides.push_back(own[static_cast<std::size_t>(axis)]);
    copyFrom(lowering, strides);
}

} // namespace gradwright::cuda
