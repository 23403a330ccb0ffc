// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/cpp_texts.h"

#include <fmt/format.h>

namespace gradwright {

std::string cppText(const std::string& text) {
    std::string literal = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            literal += std::string("\\") + c;
        else if (byte < 32 || byte > 126 || c == '?') // no trigraphs
            literal += fmt::format("\\{:03o}", byte);
        else
            literal += c;
    }
    return literal + '"';
}

std::string commentText(std::string text) {
    for (auto& c : text)
        if (static_cast<unsigned char>(c) < 32 || c == '\\')
            c = ' ';
    return text;
}

std::string cppNumber(double value) {
    auto text = fmt::format("{}", value);
    return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

std::string activationLambda(const Activation& activation) {
    const auto a = cppNumber(activation.alpha);
    const auto function = [&]() -> std::string {
        switch (activation.kind) {
        case ActivationKind::Identity:
            return "x";
        case ActivationKind::Sigmoid:
            return "sigmoid(x)";
        case ActivationKind::Tanh:
            return "std::tanh(x)";
        case ActivationKind::Relu:
            return "x > 0 ? x : 0.0";
        case ActivationKind::LeakyRelu:
            return fmt::format("x > 0 ? x : {} * x", a);
        case ActivationKind::Step:
            return "x > 0 ? 1.0 : 0.0";
        case ActivationKind::HardSigmoid:
            return "clip(x + 3, 0, 6) / 6";
        case ActivationKind::HardTanh:
            return "clip(x, -1, 1)";
        case ActivationKind::Relu6:
            return "clip(x, 0, 6)";
        case ActivationKind::Elu:
            return fmt::format("x > 0 ? x : {} * std::expm1(x)", a);
        case ActivationKind::Selu:
            return fmt::format("{} * (x > 0 ? x : {} * std::expm1(x))", kSeluScale, kSeluAlpha);
        case ActivationKind::Celu:
            return fmt::format("x > 0 ? x : {0} * std::expm1(x / {0})", a);
        case ActivationKind::Gelu:
            return "x * 0.5 * std::erfc(-x / std::sqrt(2.0))";
        case ActivationKind::GeluTanh:
            return "0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * "
                   "x * x)))";
        case ActivationKind::Silu:
            return "x * sigmoid(x)";
        case ActivationKind::Mish:
            return "x * std::tanh(softplus(x))";
        case ActivationKind::HardSwish:
            return "x * clip(x + 3, 0, 6) / 6";
        case ActivationKind::Softplus:
            return "softplus(x)";
        case ActivationKind::Softsign:
            return "x / (1 + std::abs(x))";
        }
        return "x";
    };
    return fmt::format("[](double x) {{ return {}; }}", function());
}

} // namespace gradwright
