// SPDX-License-Identifier: GPL-3.0-or-later
//
// Activations, merges and the operators that work element by element.
#include "engine/exchange/onnx_graph.h"

#include <array>
#include <cmath>
#include <numbers>

namespace gradwright {
namespace {

// The first operator sets that have them.
constexpr std::int64_t kGeluOpset = 20;
constexpr std::int64_t kMishOpset = 18;

using Inputs = std::vector<std::string>;

std::string clipped(OnnxScope& s, const std::string& x, double low, double high) {
    return s.node("Clip", {x, s.number("low", low), s.number("high", high)});
}

std::string gelu(OnnxScope& s, const std::string& x) {
    if (s.opset() >= kGeluOpset)
        return s.node("Gelu", {x}, {{"approximate", std::string("none")}});
    const auto erf =
        s.node("Erf", {s.node("Mul", {x, s.number("scale", 1 / std::numbers::sqrt2)})});
    const auto twice = s.node("Mul", {x, s.node("Add", {erf, s.number("one", 1)})});
    return s.node("Mul", {twice, s.number("half", 0.5)});
}

std::string geluTanh(OnnxScope& s, const std::string& x) {
    if (s.opset() >= kGeluOpset)
        return s.node("Gelu", {x}, {{"approximate", std::string("tanh")}});
    const auto cube = s.node("Mul", {s.node("Mul", {x, x}), x});
    const auto inner = s.node("Add", {x, s.node("Mul", {cube, s.number("cubic", 0.044715)})});
    const auto tanh = s.node(
        "Tanh", {s.node("Mul", {inner, s.number("scale", std::sqrt(2 / std::numbers::pi))})});
    const auto twice = s.node("Mul", {x, s.node("Add", {tanh, s.number("one", 1)})});
    return s.node("Mul", {twice, s.number("half", 0.5)});
}

} // namespace

std::string activated(OnnxScope& s, const Activation& activation, const std::string& x) {
    // Defaults are written, too: some are neighbours of ours in FP32, and some changed.
    const auto alpha = activation.alpha;
    switch (activation.kind) {
    case ActivationKind::Identity:
        return x;
    case ActivationKind::Sigmoid:
        return s.node("Sigmoid", {x});
    case ActivationKind::Tanh:
        return s.node("Tanh", {x});
    case ActivationKind::Relu:
        return s.node("Relu", {x});
    case ActivationKind::LeakyRelu:
        return s.node("LeakyRelu", {x}, {{"alpha", alpha}});
    case ActivationKind::Step:
        return s.node("Relu", {s.node("Sign", {x})});
    case ActivationKind::HardSigmoid:
        return s.node("HardSigmoid", {x}, {{"alpha", 1.0 / 6}, {"beta", 0.5}});
    case ActivationKind::HardTanh:
        return clipped(s, x, -1, 1);
    case ActivationKind::Relu6:
        return clipped(s, x, 0, 6);
    case ActivationKind::Elu:
        return s.node("Elu", {x}, {{"alpha", alpha}});
    case ActivationKind::Selu:
        return s.node("Selu", {x}, {{"alpha", kSeluAlpha}, {"gamma", kSeluScale}});
    case ActivationKind::Celu:
        return s.node("Celu", {x}, {{"alpha", alpha}});
    case ActivationKind::Gelu:
        return gelu(s, x);
    case ActivationKind::GeluTanh:
        return geluTanh(s, x);
    case ActivationKind::Silu:
        return s.node("Mul", {x, s.node("Sigmoid", {x})});
    case ActivationKind::Mish:
        if (s.opset() >= kMishOpset)
            return s.node("Mish", {x});
        return s.node("Mul", {x, s.node("Tanh", {s.node("Softplus", {x})})});
    case ActivationKind::HardSwish:
        return s.node("HardSwish", {x});
    case ActivationKind::Softplus:
        return s.node("Softplus", {x});
    case ActivationKind::Softsign:
        return s.node("Softsign", {x});
    }
    s.refuse("its activation is not known");
}

namespace {

/// Two at a time, where ONNX's operator takes no more.
std::string inTurn(OnnxScope& s, const char* type, const Inputs& inputs) {
    auto y = inputs[0];
    for (std::size_t i = 1; i < inputs.size(); ++i)
        y = s.node(type, {y, inputs[i]});
    return y;
}

void requireReals(const OnnxScope& s) {
    for (std::size_t i = 0; i < s.inputs(); ++i)
        if (!s.input(i).isReal())
            s.refuse("arithmetic with whole numbers or truth values is not written yet");
}

std::string scaled(OnnxScope& s, std::string y, double scale, double shift) {
    if (scale == -1)
        y = s.node("Neg", {y});
    else if (scale != 1)
        y = s.node("Mul", {y, s.number("scale", scale)});
    if (shift != 0)
        y = s.node("Add", {y, s.number("shift", shift)});
    return y;
}

std::string applied(OnnxScope& s, const UnaryOp& op, const std::string& x) {
    switch (op.kind) {
    case UnaryKind::Linear:
        return x;
    case UnaryKind::Exponential:
        return s.node("Exp", {x});
    case UnaryKind::Logarithm:
        return s.node("Log", {x});
    case UnaryKind::SquareRoot:
        return s.node("Sqrt", {x});
    case UnaryKind::Reciprocal:
        return s.node("Reciprocal", {x});
    case UnaryKind::Power:
        return s.node("Pow", {x, s.number("exponent", op.a)});
    case UnaryKind::Absolute:
        return s.node("Abs", {x});
    case UnaryKind::Sign:
        return s.node("Sign", {x});
    case UnaryKind::Floor:
        return s.node("Floor", {x});
    case UnaryKind::Ceiling:
        return s.node("Ceil", {x});
    case UnaryKind::Round:
        return s.node("Round", {x});
    case UnaryKind::Clip:
        return clipped(s, x, op.a, op.b);
    case UnaryKind::Inside: {
        const auto above = s.node("GreaterOrEqual", {x, s.number("low", op.a)});
        const auto below = s.node("LessOrEqual", {x, s.number("high", op.b)});
        return s.node("Cast", {s.node("And", {above, below})},
                      {{"to", std::int64_t{onnxNumberOf(DType::F32)}}});
    }
    case UnaryKind::Sine:
        return s.node("Sin", {x});
    case UnaryKind::Cosine:
        return s.node("Cos", {x});
    case UnaryKind::ErrorFunction:
        return s.node("Erf", {x});
    }
    s.refuse("its function is not known");
}

} // namespace

void writeOnnx(OnnxScope& s, const ActivationOp& op) {
    s.result(activated(s, op.activation, s.in()));
}

void writeOnnx(OnnxScope& s, const PreluOp& op) {
    // Axes are aligned at the last one.
    std::vector<std::int64_t> shape(s.rank() - 1, 1);
    if (op.perChannel)
        shape[0] = s.input().dims[1].number();
    s.result(s.node("PRelu", {s.in(), s.weight(0, Shape(std::move(shape)))}));
}

void writeOnnx(OnnxScope& s, const SoftmaxOp& op) {
    s.result(s.node(op.logarithm ? "LogSoftmax" : "Softmax", {s.in()}, {{"axis", op.axis}}));
}

void writeOnnx(OnnxScope& s, const AddOp& /*op*/) {
    s.result(s.node(s.inputs() == 2 ? "Add" : "Sum", s.all()));
}

void writeOnnx(OnnxScope& s, const CombineOp& op) {
    Inputs inputs;
    for (std::size_t i = 0; i < s.inputs(); ++i) {
        // Ours are aligned at the channels.
        const Dims& dims = s.input(i).dims;
        if (dims.rank() < s.output().dims.rank()) {
            std::vector<Dim> whole(dims.begin(), dims.end());
            whole.resize(s.output().dims.rank(), Dim(1));
            inputs.push_back(s.reshape(s.in(i), dims, Dims(std::move(whole))));
        } else {
            inputs.push_back(s.in(i));
        }
    }
    switch (op.kind) {
    case CombineKind::Subtract:
        return s.result(s.node("Sub", inputs));
    case CombineKind::Multiply:
        return s.result(inTurn(s, "Mul", inputs));
    case CombineKind::Average:
        return s.result(s.node("Mean", inputs));
    case CombineKind::Maximum:
        return s.result(s.node("Max", inputs));
    case CombineKind::Minimum:
        return s.result(s.node("Min", inputs));
    }
}

void writeOnnx(OnnxScope& s, const UnaryOp& op) {
    requireReals(s);
    s.result(scaled(s, applied(s, op, s.in()), op.scale, op.shift));
}

void writeOnnx(OnnxScope& s, const BinaryOp& op) {
    requireReals(s);
    const auto inputs = s.all();
    constexpr std::array types = {"Add", "Sub", "Mul", "Div", "Pow", "Max", "Min"};
    s.result(
        scaled(s, inTurn(s, types[static_cast<std::size_t>(op.kind)], inputs), op.scale, op.shift));
}

void writeOnnx(OnnxScope& s, const CompareOp& op) {
    constexpr std::array types = {"Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"};
    requireReals(s);
    s.result(s.node(types[static_cast<std::size_t>(op.comparison)], s.all()));
}

void writeOnnx(OnnxScope& s, const LogicOp& op) {
    constexpr std::array types = {"And", "Or", "Xor", "Not"};
    Inputs inputs;
    for (std::size_t i = 0; i < s.inputs(); ++i)
        inputs.push_back(
            s.input(i).element == DType::Bool
                ? s.in(i)
                : s.node("Cast", {s.in(i)}, {{"to", std::int64_t{onnxNumberOf(DType::Bool)}}}));
    const auto* const type = types[static_cast<std::size_t>(op.kind)];
    s.result(inputs.size() == 1 ? s.node(type, inputs) : inTurn(s, type, inputs));
}

void writeOnnx(OnnxScope& s, const WhereOp& /*op*/) {
    auto inputs = s.all();
    if (s.input(0).element != DType::Bool)
        inputs[0] = s.node("Cast", {inputs[0]}, {{"to", std::int64_t{onnxNumberOf(DType::Bool)}}});
    s.result(s.node("Where", inputs));
}

void writeOnnx(OnnxScope& s, const CastOp& op) {
    s.result(s.node("Cast", {s.in()}, {{"to", std::int64_t{onnxNumberOf(op.to)}}}));
}

} // namespace gradwright
