// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/code.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace gradwright::code {

std::string number(double value) {
    return fmt::format("{}", value);
}

std::string extents(const Extents& extents, std::size_t axes) {
    if (std::all_of(extents.begin(), extents.begin() + axes,
                    [&](std::int64_t length) { return length == extents[0]; }))
        return fmt::format("{}", extents[0]);
    return fmt::format("({})", fmt::join(extents.begin(), extents.begin() + axes, ", "));
}

std::string call(std::string_view function, const std::vector<std::string>& arguments) {
    std::vector<std::string_view> given;
    for (const auto& argument : arguments)
        if (!argument.empty())
            given.emplace_back(argument);
    return fmt::format("{}({})", function, fmt::join(given, ", "));
}

std::string keyword(std::string_view name, std::string_view value, bool shown) {
    return shown ? fmt::format("{}={}", name, value) : std::string();
}

std::string torchActivated(const Activation& activation, const std::string& x) {
    switch (activation.kind) {
    case ActivationKind::Identity:
        return x;
    case ActivationKind::Relu:
        return call("F.relu", {x});
    case ActivationKind::LeakyRelu:
        return call("F.leaky_relu", {x, number(activation.alpha)});
    case ActivationKind::Sigmoid:
        return call("torch.sigmoid", {x});
    case ActivationKind::Tanh:
        return call("torch.tanh", {x});
    case ActivationKind::Step:
        return call("torch.heaviside", {x, call("torch.zeros_like", {x})});
    case ActivationKind::HardSigmoid:
        return call("F.hardsigmoid", {x});
    case ActivationKind::HardTanh:
        return call("F.hardtanh", {x});
    case ActivationKind::Relu6:
        return call("F.relu6", {x});
    case ActivationKind::Elu:
        return call("F.elu",
                    {x, keyword("alpha", number(activation.alpha), activation.alpha != 1)});
    case ActivationKind::Selu:
        return call("F.selu", {x});
    case ActivationKind::Celu:
        return call("F.celu",
                    {x, keyword("alpha", number(activation.alpha), activation.alpha != 1)});
    case ActivationKind::Gelu:
        return call("F.gelu", {x});
    case ActivationKind::GeluTanh:
        return call("F.gelu", {x, "approximate=\"tanh\""});
    case ActivationKind::Silu:
        return call("F.silu", {x});
    case ActivationKind::Mish:
        return call("F.mish", {x});
    case ActivationKind::HardSwish:
        return call("F.hardswish", {x});
    case ActivationKind::Softplus:
        return call("F.softplus", {x});
    case ActivationKind::Softsign:
        return call("F.softsign", {x});
    }
    return x;
}

std::string torchPadded(const Padding& padding, std::size_t axes, const std::string& x,
                        std::string_view fill) {
    if (padding == Padding{})
        return x;
    // The last axis comes first there.
    std::vector<std::int64_t> sides;
    for (auto axis = axes; axis-- > 0;) {
        sides.push_back(padding.before(axis));
        sides.push_back(padding.after(axis));
    }
    return call("F.pad", {x, fmt::format("({})", fmt::join(sides, ", ")),
                          keyword("value", fill, !fill.empty())});
}

std::string kerasActivation(const Activation& activation) {
    const auto defaultValue = defaultActivation(activation.kind);
    switch (activation.kind) {
    case ActivationKind::Identity:
    case ActivationKind::LeakyRelu:
    case ActivationKind::GeluTanh:
    case ActivationKind::Step:
        return {};
    case ActivationKind::Elu:
    case ActivationKind::Celu:
        // The names stand for α = 1.
        if (activation != defaultValue)
            return {};
        break;
    default:
        break;
    }
    auto name = info(activation.kind).key;
    std::ranges::replace(name, '-', '_');
    return fmt::format("\"{}\"", name);
}

std::string kerasActivated(const Activation& activation, const std::string& x) {
    if (activation.kind == ActivationKind::Identity || !kerasActivation(activation).empty())
        return x;
    const auto alpha = "alpha=" + number(activation.alpha);
    switch (activation.kind) {
    case ActivationKind::Elu:
        return call("keras.activations.elu", {x, alpha});
    case ActivationKind::Celu:
        return call("keras.activations.celu", {x, alpha});
    case ActivationKind::GeluTanh:
        return call("keras.activations.gelu", {x, "approximate=True"});
    case ActivationKind::Step:
        return call("ops.where", {call("ops.greater", {x, "0"}), "1.0", "0.0"});
    default:
        return fmt::format("layers.LeakyReLU(negative_slope={})({})", number(activation.alpha), x);
    }
}

std::string kerasLayer(std::string_view layer, const CodeContext& context,
                       std::vector<std::string> arguments) {
    arguments.push_back(fmt::format("name=\"{}\"", context.name()));
    return fmt::format("{}({})", call(fmt::format("layers.{}", layer), arguments), context.input());
}

std::string kerasPadded(const Padding& padding, std::size_t axes, const std::string& x,
                        std::string_view fill) {
    if (padding == Padding{})
        return x;
    std::string sides = "((0, 0)";
    for (std::size_t axis = 0; axis < axes; ++axis)
        sides += fmt::format(", ({}, {})", padding.before(axis), padding.after(axis));
    return call("ops.pad",
                {x, sides + ", (0, 0))", keyword("constant_values", fill, !fill.empty())});
}

} // namespace gradwright::code
