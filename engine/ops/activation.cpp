// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/activation.h"

#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace gradwright {

const std::vector<ActivationInfo>& activations() {
    static const std::vector<ActivationInfo> all = {
        {ActivationKind::Identity, "identity", "Identity", "f(x) = x",
         "Passes values on unchanged; a network of only linear layers stays linear.", 1.0},
        {ActivationKind::Relu, "relu", "ReLU", "f(x) = max(0, x)",
         "Keeps positive values and zeroes the rest: cheap, and its gradient does not fade for "
         "x > 0 (Nair, Hinton 2010).",
         std::sqrt(2.0)},
        {ActivationKind::LeakyRelu, "leaky-relu", "Leaky ReLU",
         "f(x) = x for x > 0, slope · x otherwise",
         "ReLU with a small slope below zero, so that no unit dies (Maas, Hannun, Ng 2013).",
         std::sqrt(2.0)},
        {ActivationKind::Sigmoid, "sigmoid", "Sigmoid", "f(x) = 1 / (1 + exp(-x))",
         "Squeezes values into (0, 1). Its slope is at most 1/4, so gradients vanish in deep "
         "stacks.",
         1.0},
        {ActivationKind::Tanh, "tanh", "Tanh", "f(x) = tanh(x)",
         "Squeezes values into (-1, 1), centred on zero; saturates for large |x|.", 5.0 / 3.0},
    };
    return all;
}

const ActivationInfo& info(ActivationKind kind) {
    return *std::ranges::find(activations(), kind, &ActivationInfo::kind);
}

ActivationKind activationFromKey(std::string_view key) {
    const auto& all = activations();
    const auto found = std::ranges::find(all, key, &ActivationInfo::key);
    if (found != all.end())
        return found->kind;
    std::vector<std::string_view> keys;
    for (const auto& activation : all)
        keys.emplace_back(activation.key);
    throw Error("there is no activation \"{}\"; known are {}", key, fmt::join(keys, ", "));
}

double evaluate(const Activation& activation, double x) {
    switch (activation.kind) {
    case ActivationKind::Identity:
        return x;
    case ActivationKind::Sigmoid:
        return x >= 0 ? 1.0 / (1.0 + std::exp(-x)) : std::exp(x) / (1.0 + std::exp(x));
    case ActivationKind::Tanh:
        return std::tanh(x);
    case ActivationKind::Relu:
        return x > 0 ? x : 0.0;
    case ActivationKind::LeakyRelu:
        return x > 0 ? x : activation.alpha * x;
    }
    return x;
}

double derivative(const Activation& activation, double x) {
    switch (activation.kind) {
    case ActivationKind::Identity:
        return 1.0;
    case ActivationKind::Sigmoid: {
        const double y = evaluate(activation, x);
        return y * (1.0 - y);
    }
    case ActivationKind::Tanh: {
        const double y = std::tanh(x);
        return 1.0 - y * y;
    }
    case ActivationKind::Relu:
        return x > 0 ? 1.0 : 0.0;
    case ActivationKind::LeakyRelu:
        return x > 0 ? 1.0 : activation.alpha;
    }
    return 1.0;
}

bool preservesZero(const Activation& activation) {
    return activation.kind != ActivationKind::Sigmoid;
}

} // namespace gradwright
