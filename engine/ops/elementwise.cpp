// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/elementwise.h"

#include "engine/ops/checks.h"
#include "engine/ops/gradient.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace gradwright {

using namespace checks;

Dims broadcastDims(std::string_view op, InputTypes inputs) {
    std::size_t rank = 0;
    for (const auto& input : inputs)
        rank = std::max(rank, input.dims.rank());
    std::vector<Dim> dims(rank, Dim(1));
    for (const auto& input : inputs)
        for (std::size_t axis = 0; axis < input.dims.rank(); ++axis) {
            auto& joint = dims[axis + rank - input.dims.rank()];
            const auto& length = input.dims[axis];
            if (joint == Dim(1))
                joint = length;
            else
                require(length == Dim(1) || length == joint, op,
                        "axes must agree, from the last one on, where none of them is 1", inputs);
        }
    return Dims(std::move(dims));
}

std::string_view UnaryOp::name() const {
    constexpr std::array names = {"linear", "exp",  "log",   "sqrt", "reciprocal", "power",
                                  "abs",    "sign", "floor", "ceil", "round",      "clip",
                                  "inside", "sin",  "cos",   "erf"};
    return names[static_cast<std::size_t>(kind)];
}
Types UnaryOp::outputs(InputTypes inputs) const {
    return {sameAsInput(name(), inputs)};
}
std::vector<Shape> UnaryOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t UnaryOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void UnaryOp::gradient(GradientContext& context) const {
    const auto x = context.input();
    const auto dy = context.gradient();
    const auto times = [&](ValueId factor, double scaled = 1) {
        context.give(0, context.add(BinaryOp{BinaryKind::Multiply, scaled}, {dy, factor}));
    };
    const auto of = [&](UnaryOp f) { return context.add(f, {x}); };
    switch (kind) {
    case UnaryKind::Linear:
        return context.give(0, context.add(UnaryOp{UnaryKind::Linear, scale}, {dy}));
    case UnaryKind::Exponential:
        return times(context.add(UnaryOp{UnaryKind::Linear, 1, -shift}, {context.output()}));
    case UnaryKind::Logarithm:
        return times(of({UnaryKind::Reciprocal, scale}));
    case UnaryKind::SquareRoot:
        return times(of({UnaryKind::Power, scale / 2, 0, -0.5}));
    case UnaryKind::Reciprocal:
        return times(of({UnaryKind::Power, -scale, 0, -2}));
    case UnaryKind::Power:
        return times(of({UnaryKind::Power, scale * a, 0, a - 1}));
    case UnaryKind::Absolute:
        return times(of({UnaryKind::Sign, scale}));
    case UnaryKind::Clip:
        return times(of({UnaryKind::Inside, scale, 0, a, b}));
    case UnaryKind::Sine:
        return times(of({UnaryKind::Cosine, scale}));
    case UnaryKind::Cosine:
        return times(of({UnaryKind::Sine, -scale}));
    case UnaryKind::ErrorFunction: {
        const auto square = of({UnaryKind::Power, -1, 0, 2});
        return times(context.add(UnaryOp{UnaryKind::Exponential}, {square}),
                     scale * 2 / std::sqrt(std::numbers::pi));
    }
    case UnaryKind::Sign:
    case UnaryKind::Floor:
    case UnaryKind::Ceiling:
    case UnaryKind::Round:
    case UnaryKind::Inside:
        return; // constant wherever they have a derivative
    }
}

std::string_view BinaryOp::name() const {
    constexpr std::array names = {"sum",   "difference", "product", "quotient",
                                  "power", "maximum",    "minimum"};
    return names[static_cast<std::size_t>(kind)];
}
Types BinaryOp::outputs(InputTypes inputs) const {
    requireInputs(2, name(), inputs);
    requireReal(name(), inputs);
    return {ValueType::of(broadcastDims(name(), inputs))};
}
std::vector<Shape> BinaryOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t BinaryOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void BinaryOp::gradient(GradientContext& context) const {
    const auto a = context.input(0);
    const auto b = context.input(1);
    const auto dy = context.gradient();
    const auto give = [&](std::size_t input, ValueId gradient) {
        context.give(input, context.unbroadcast(gradient, context.input(input)));
    };
    const auto combined = [&](BinaryKind f, ValueId left, ValueId right, double scaled = 1) {
        return context.add(BinaryOp{f, scaled}, {left, right});
    };
    const auto scaled = [&](double factor) {
        return factor == 1 ? dy : context.add(UnaryOp{UnaryKind::Linear, factor}, {dy});
    };
    switch (kind) {
    case BinaryKind::Add:
    case BinaryKind::Subtract:
        if (context.wants(0))
            give(0, scaled(scale));
        if (context.wants(1))
            give(1, scaled(kind == BinaryKind::Add ? scale : -scale));
        return;
    case BinaryKind::Multiply:
        if (context.wants(0))
            give(0, combined(BinaryKind::Multiply, dy, b, scale));
        if (context.wants(1))
            give(1, combined(BinaryKind::Multiply, dy, a, scale));
        return;
    case BinaryKind::Divide:
        if (context.wants(0))
            give(0, combined(BinaryKind::Divide, dy, b, scale));
        if (context.wants(1)) {
            const auto square = context.add(UnaryOp{UnaryKind::Power, 1, 0, 2}, {b});
            const auto ratio = combined(BinaryKind::Divide, a, square, -scale);
            give(1, combined(BinaryKind::Multiply, dy, ratio));
        }
        return;
    case BinaryKind::Power:
        if (context.wants(0)) {
            const auto less = context.add(UnaryOp{UnaryKind::Linear, 1, -1}, {b});
            const auto power = combined(BinaryKind::Power, a, less, scale);
            give(0, combined(BinaryKind::Multiply, dy, combined(BinaryKind::Multiply, power, b)));
        }
        if (context.wants(1)) {
            const auto logarithm = context.add(UnaryOp{UnaryKind::Logarithm}, {a});
            const auto power = combined(BinaryKind::Power, a, b, scale);
            give(1, combined(BinaryKind::Multiply, dy,
                             combined(BinaryKind::Multiply, power, logarithm)));
        }
        return;
    case BinaryKind::Maximum:
    case BinaryKind::Minimum: {
        const auto first =
            kind == BinaryKind::Maximum ? Comparison::GreaterOrEqual : Comparison::LessOrEqual;
        const auto isFirst = context.add(CompareOp{first}, {a, b});
        const auto zero = context.number(0);
        if (context.wants(0))
            give(0, context.add(WhereOp{}, {isFirst, scaled(scale), zero}));
        if (context.wants(1))
            give(1, context.add(WhereOp{}, {isFirst, zero, scaled(scale)}));
        return;
    }
    }
}

std::string_view CompareOp::name() const {
    constexpr std::array names = {"equal", "less", "less-or-equal", "greater", "greater-or-equal"};
    return names[static_cast<std::size_t>(comparison)];
}
Types CompareOp::outputs(InputTypes inputs) const {
    requireInputs(2, name(), inputs);
    require(inputs[0].element == inputs[1].element, name(), "compares values of one type", inputs);
    return {ValueType::of(broadcastDims(name(), inputs), DType::Bool)};
}
std::vector<Shape> CompareOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t CompareOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void CompareOp::gradient(GradientContext& /*context*/) const {}

std::string_view LogicOp::name() const {
    constexpr std::array names = {"and", "or", "xor", "not"};
    return names[static_cast<std::size_t>(kind)];
}
Types LogicOp::outputs(InputTypes inputs) const {
    requireInputs(kind == LogicKind::Not ? 1 : 2, name(), inputs);
    for (const auto& input : inputs)
        require(input.element == DType::Bool, name(), "takes truth values", inputs);
    return {ValueType::of(broadcastDims(name(), inputs), DType::Bool)};
}
std::vector<Shape> LogicOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t LogicOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void LogicOp::gradient(GradientContext& /*context*/) const {}

std::string_view WhereOp::name() const {
    return "where";
}
Types WhereOp::outputs(InputTypes inputs) const {
    requireInputs(3, name(), inputs);
    require(inputs[0].element == DType::Bool, name(), "takes truth values first", inputs);
    require(inputs[1].element == inputs[2].element, name(), "chooses from values of one type",
            inputs);
    return {ValueType::of(broadcastDims(name(), inputs), inputs[1].element)};
}
std::vector<Shape> WhereOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t WhereOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void WhereOp::gradient(GradientContext& context) const {
    const auto condition = context.input(0);
    const auto dy = context.gradient();
    const auto zero = context.number(0);
    if (context.wants(1))
        context.give(1, context.unbroadcast(context.add(WhereOp{}, {condition, dy, zero}),
                                            context.input(1)));
    if (context.wants(2))
        context.give(2, context.unbroadcast(context.add(WhereOp{}, {condition, zero, dy}),
                                            context.input(2)));
}

std::string_view CastOp::name() const {
    return "cast";
}
Types CastOp::outputs(InputTypes inputs) const {
    requireInputs(1, name(), inputs);
    return {ValueType::of(inputs[0].dims, to)};
}
std::vector<Shape> CastOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t CastOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void CastOp::gradient(GradientContext& context) const {
    context.give(0, context.gradient()); // between real types; others have no gradient
}

std::string_view FillOp::name() const {
    return "fill";
}
Types FillOp::outputs(InputTypes inputs) const {
    requireInputs(0, name(), inputs);
    return {ValueType::of(dims)};
}
std::vector<Shape> FillOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t FillOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void FillOp::gradient(GradientContext& /*context*/) const {}

std::string_view ExpandOp::name() const {
    return "expand";
}
Types ExpandOp::outputs(InputTypes inputs) const {
    requireInputs(1, name(), inputs);
    const Types both{inputs[0], ValueType::of(dims)};
    require(broadcastDims(name(), both) == dims, name(),
            fmt::format("the input must fit into {}", toString(dims)), inputs);
    return {ValueType::of(dims, inputs[0].element)};
}
std::vector<Shape> ExpandOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t ExpandOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void ExpandOp::gradient(GradientContext& context) const {
    context.give(0, context.unbroadcast(context.gradient(), context.input()));
}

} // namespace gradwright
