// SPDX-License-Identifier: GPL-3.0-or-later
//
// Functions of one constant: what formulas make of parameters alone.
#include "engine/exchange/fold_values.h"
#include "engine/ops/activation.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace gradwright {
namespace {

using RealFunction = std::function<double(double)>;

RealFunction activationFunction(const Activation& activation) {
    return [activation](double x) { return evaluate(activation, x); };
}

/// Those without attributes; null for other operators.
RealFunction plainFunction(std::string_view op) {
    static const std::map<std::string_view, RealFunction> all = {
        {"Neg", [](double x) { return -x; }},
        {"Abs", [](double x) { return std::abs(x); }},
        {"Sqrt", [](double x) { return std::sqrt(x); }},
        {"Exp", [](double x) { return std::exp(x); }},
        {"Log", [](double x) { return std::log(x); }},
        {"Reciprocal", [](double x) { return 1 / x; }},
        {"Floor", [](double x) { return std::floor(x); }},
        {"Ceil", [](double x) { return std::ceil(x); }},
        {"Sin", [](double x) { return std::sin(x); }},
        {"Cos", [](double x) { return std::cos(x); }},
        {"Erf", [](double x) { return std::erf(x); }},
        {"Sign", [](double x) { return x > 0   ? 1.0
                                       : x < 0 ? -1.0
                                               : x; }},
        {"Not", [](double x) { return x == 0 ? 1.0 : 0.0; }},
        {"Relu", activationFunction({ActivationKind::Relu})},
        {"Sigmoid", activationFunction({ActivationKind::Sigmoid})},
        {"Tanh", activationFunction({ActivationKind::Tanh})},
        {"Softplus", activationFunction({ActivationKind::Softplus})},
        {"Softsign", activationFunction({ActivationKind::Softsign})},
        {"Mish", activationFunction({ActivationKind::Mish})},
        {"HardSwish", activationFunction({ActivationKind::HardSwish})}};
    const auto found = all.find(op);
    return found == all.end() ? nullptr : found->second;
}

RealFunction clipFunction(const OnnxNode& node, std::span<const FoldedValue* const> inputs) {
    constexpr double kNone = std::numeric_limits<double>::infinity();
    const auto bound = [&](std::string_view attribute, std::size_t input, double otherwise) {
        if (node.has(attribute))
            return node.real(attribute, otherwise);
        return input < inputs.size() && inputs[input] ? inputs[input]->numbers().at(0) : otherwise;
    };
    const auto low = bound("min", 1, -kNone);
    const auto high = bound("max", 2, kNone);
    return [low, high](double x) { return std::min(std::max(x, low), high); };
}

/// Those that have some.
RealFunction functionWithAttributes(const OnnxNode& node,
                                    std::span<const FoldedValue* const> inputs) {
    const auto alpha = [&](double otherwise) { return node.real("alpha", otherwise); };
    if (node.op == "Clip")
        return clipFunction(node, inputs);
    if (node.op == "LeakyRelu")
        return activationFunction({ActivationKind::LeakyRelu, alpha(0.01)});
    if (node.op == "Elu")
        return activationFunction({ActivationKind::Elu, alpha(1)});
    if (node.op == "Celu")
        return activationFunction({ActivationKind::Celu, alpha(1)});
    if (node.op == "Selu")
        return [a = alpha(kSeluAlpha), g = node.real("gamma", kSeluScale)](double x) {
            return g * (x > 0 ? x : a * std::expm1(x));
        };
    if (node.op == "HardSigmoid")
        return [a = alpha(0.2), b = node.real("beta", 0.5)](double x) {
            return std::clamp(a * x + b, 0.0, 1.0);
        };
    if (node.op == "Gelu")
        return activationFunction({node.text("approximate", "none") == "tanh"
                                       ? ActivationKind::GeluTanh
                                       : ActivationKind::Gelu});
    return nullptr;
}

} // namespace

std::optional<std::vector<FoldedValue>>
foldFunction(const OnnxNode& node, std::span<const FoldedValue* const> inputs, FoldBudget& budget) {
    auto function = plainFunction(node.op);
    if (!function)
        function = functionWithAttributes(node, inputs);
    if (!function)
        return {};
    const auto& x = *inputs[0];
    budget.take(x.tensor->elements());
    auto values = x.numbers();
    for (auto& value : values)
        value = function(value);
    Tensor made = Tensor::of<double>(x.shape(), std::span<const double>(values));
    return std::vector<FoldedValue>{{std::make_shared<const Tensor>(made.to(x.tensor->dtype()))}};
}

} // namespace gradwright
