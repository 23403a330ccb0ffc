// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/onnx/node_builder.h"

#include <cmath>

namespace gradwright {
namespace {

using B = NodeBuilder;

ValueId activated(B& b, ActivationKind kind, double alpha = 0) {
    return b.op(ActivationOp{{kind, alpha}}, {b.real(0)});
}

template <ActivationKind kind>
void activation(B& b) {
    const auto type = b.type(0);
    b.give(b.cast(activated(b, kind), type));
}

ValueId isBelow(B& b, ValueId x, double bound) {
    return b.op(CompareOp{Comparison::Less}, {x, b.scalar(bound)});
}

void prelu(B& b) {
    const auto x = b.real(0);
    const auto scaled = b.binary(BinaryKind::Multiply, b.real(1), x);
    b.give(b.where(isBelow(b, x, 0), scaled, x));
}

/// γ x above 0, γ α (eˣ - 1) below.
void selu(B& b) {
    const auto alpha = b.node().real("alpha", kSeluAlpha);
    const auto gamma = b.node().real("gamma", kSeluScale);
    const auto x = b.real(0);
    // Beyond 0 the power is not taken, and must not overflow either.
    const auto below = b.unary(UnaryKind::Clip, x, 1, 0, -1e30, 0);
    b.give(b.where(isBelow(b, x, 0),
                   b.unary(UnaryKind::Exponential, below, gamma * alpha, -gamma * alpha),
                   b.unary(UnaryKind::Linear, x, gamma)));
}

void hardSigmoid(B& b) {
    const auto line = b.unary(UnaryKind::Linear, b.real(0), b.node().real("alpha", 0.2),
                              b.node().real("beta", 0.5));
    b.give(b.unary(UnaryKind::Clip, line, 1, 0, 0, 1));
}

void swish(B& b) {
    const auto x = b.real(0);
    const auto scaled = b.unary(UnaryKind::Linear, x, b.node().real("alpha", 1));
    b.give(b.binary(BinaryKind::Multiply, x,
                    b.op(ActivationOp{{ActivationKind::Sigmoid, 0}}, {scaled})));
}

void gelu(B& b) {
    const auto way = b.node().text("approximate", "none");
    b.give(activated(b, way == "tanh" ? ActivationKind::GeluTanh : ActivationKind::Gelu));
}

void thresholdedRelu(B& b) {
    const auto x = b.real(0);
    const auto isAbove =
        b.op(CompareOp{Comparison::Greater}, {x, b.scalar(b.node().real("alpha", 1))});
    b.give(b.where(isAbove, x, b.scalar(0)));
}

void shrink(B& b) {
    const auto type = b.type(0);
    const auto x = b.real(0);
    const auto bias = b.node().real("bias", 0);
    const auto bound = b.node().real("lambd", 0.5);
    const auto isAbove = b.op(CompareOp{Comparison::Greater}, {x, b.scalar(bound)});
    const auto inner = b.where(isAbove, b.unary(UnaryKind::Linear, x, 1, -bias), b.scalar(0));
    b.give(b.cast(b.where(isBelow(b, x, -bound), b.unary(UnaryKind::Linear, x, 1, bias), inner),
                  type));
}

/// Until operator set 13 the axes from the named one on are one.
template <class Function>
void alongAxis(B& b, const Function& function) {
    const auto x = b.real(0);
    const auto dims = b.dimsOf(x);
    const bool isFlat = b.opset() < 13;
    const auto axis = B::axisOf(b.node().integer("axis", isFlat ? 1 : -1), dims.rank());
    if (!isFlat || axis + 1 == dims.rank())
        return b.give(function(x, static_cast<std::int64_t>(axis)));
    const Dims before(
        std::vector<Dim>(dims.begin(), dims.begin() + static_cast<std::ptrdiff_t>(axis)));
    const Dims behind(
        std::vector<Dim>(dims.begin() + static_cast<std::ptrdiff_t>(axis), dims.end()));
    const auto flat = b.reshape(x, Dims{before.product(), behind.product()});
    b.give(b.reshape(function(flat, 1), dims));
}

template <bool logarithm>
void softmax(B& b) {
    alongAxis(b, [&](ValueId x, std::int64_t axis) {
        return b.op(SoftmaxOp{logarithm, axis}, {x});
    });
}

/// 1 at the first maximum along the axis.
void hardmax(B& b) {
    alongAxis(b, [&](ValueId x, std::int64_t axis) {
        const auto dims = b.dimsOf(x);
        const auto length = dims[static_cast<std::size_t>(axis)].number();
        std::vector<Dim> places(dims.rank(), Dim(1));
        places[static_cast<std::size_t>(axis)] = length;
        if (length > 1 << 24)
            throw Error("it compares {} numbers; up to 2^24 are compared", length);
        Tensor numbers(DType::I64, {length});
        for (std::int64_t i = 0; i < length; ++i)
            numbers.span<std::int64_t>()[static_cast<std::size_t>(i)] = i;
        const auto all = b.reshape(b.constant(std::move(numbers)), Dims(std::move(places)));
        const auto first = b.op(ArgMaxOp{axis, true, false}, {x});
        return b.cast(b.op(CompareOp{Comparison::Equal}, {all, first}), DType::F32);
    });
}

/// At inference nothing is dropped.
void dropout(B& b) {
    if (b.isKnown(2) && b.number(2, "training mode", 0) != 0)
        throw Error("it drops elements as in training");
    if (b.has(2) && !b.isKnown(2))
        throw Error("whether it trains is computed from the sample");
    b.give(b.in(0));
    if (b.hasOutput(1))
        b.give(b.cast(b.op(FillOp{b.dims(0), 1}, {}), DType::Bool));
}

} // namespace

const OnnxMappings& onnxActivations() {
    static const OnnxMappings all = {
        {"Relu", activation<ActivationKind::Relu>},
        {"Sigmoid", activation<ActivationKind::Sigmoid>},
        {"Tanh", activation<ActivationKind::Tanh>},
        {"Softplus", activation<ActivationKind::Softplus>},
        {"Softsign", activation<ActivationKind::Softsign>},
        {"Mish", activation<ActivationKind::Mish>},
        {"HardSwish", activation<ActivationKind::HardSwish>},
        {"LeakyRelu",
         [](B& b) {
             b.give(activated(b, ActivationKind::LeakyRelu, b.node().real("alpha", 0.01)));
         }},
        {"Elu", [](B& b) { b.give(activated(b, ActivationKind::Elu, b.node().real("alpha", 1))); }},
        {"Celu",
         [](B& b) { b.give(activated(b, ActivationKind::Celu, b.node().real("alpha", 1))); }},
        {"Selu", selu},
        {"HardSigmoid", hardSigmoid},
        {"Gelu", gelu},
        {"Swish", swish},
        {"PRelu", prelu},
        {"ThresholdedRelu", thresholdedRelu},
        {"Shrink", shrink},
        {"Softmax", softmax<false>},
        {"LogSoftmax", softmax<true>},
        {"Hardmax", hardmax},
        {"Dropout", dropout},
        {"Identity", [](B& b) { b.give(b.in(0)); }},
    };
    return all;
}

} // namespace gradwright
