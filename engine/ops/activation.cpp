// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/activation.h"

#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gradwright {
namespace {

// Constants of GELU's tanh form.
const double kTanhScale = std::sqrt(2.0 / std::numbers::pi);
constexpr double kTanhCubic = 0.044715;

double sigmoid(double x) {
    return x >= 0 ? 1.0 / (1.0 + std::exp(-x)) : std::exp(x) / (1.0 + std::exp(x));
}

double softplus(double x) {
    return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

double normalCdf(double x) {
    return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

} // namespace

const std::vector<ActivationInfo>& activations() {
    static const std::vector<ActivationInfo> all = {
        {ActivationKind::Identity, "identity", "Identity", "f(x) = x",
         "Passes values on unchanged; a network of only linear layers stays linear.", 1.0},
        {ActivationKind::Relu, "relu", "ReLU", "f(x) = max(0, x)",
         "Keeps positive values and zeroes the rest: cheap, and its gradient does not fade for "
         "x > 0 (Nair, Hinton 2010).",
         std::sqrt(2.0),
         "Nair, Hinton: Rectified linear units improve restricted Boltzmann machines, 2010"},
        {ActivationKind::LeakyRelu, "leaky-relu", "Leaky ReLU",
         "f(x) = x for x > 0, slope · x otherwise",
         "ReLU with a small slope below zero, so that no unit dies (Maas, Hannun, Ng 2013).",
         std::sqrt(2.0),
         "Maas, Hannun, Ng: Rectifier nonlinearities improve neural network acoustic models, 2013",
         0.01},
        {ActivationKind::Relu6, "relu6", "ReLU6", "f(x) = min(max(0, x), 6)",
         "ReLU with a ceiling of 6, which keeps values in a range that few bits can hold.",
         std::sqrt(2.0), "Howard et al.: MobileNets, 2017"},
        {ActivationKind::Elu, "elu", "ELU", "f(x) = x for x > 0, α · (exp(x) - 1) otherwise",
         "Like ReLU above zero; below it falls smoothly to -α, so that the mean of the outputs is "
         "nearer to zero.",
         std::sqrt(2.0),
         "Clevert, Unterthiner, Hochreiter: Fast and accurate deep network learning by exponential "
         "linear units, 2015",
         1.0},
        {ActivationKind::Selu, "selu", "SELU",
         "f(x) = 1.0507 · (x for x > 0, 1.6733 · (exp(x) - 1) "
         "otherwise)",
         "ELU scaled so that outputs keep mean 0 and variance 1 from layer to layer, given LeCun's "
         "initializer.",
         1.0, "Klambauer, Unterthiner, Mayr, Hochreiter: Self-normalizing neural networks, 2017"},
        {ActivationKind::Celu, "celu", "CELU", "f(x) = max(0, x) + min(0, α · (exp(x / α) - 1))",
         "An ELU whose slope is continuous for every α.", std::sqrt(2.0),
         "Barron: Continuously differentiable exponential linear units, 2017", 1.0},
        {ActivationKind::Gelu, "gelu", "GELU", "f(x) = x · Φ(x) = x / 2 · (1 + erf(x / sqrt(2)))",
         "Weights a value by the share of a normal distribution below it: a smooth ReLU, usual in "
         "transformers.",
         std::sqrt(2.0), "Hendrycks, Gimpel: Gaussian error linear units, 2016"},
        {ActivationKind::GeluTanh, "gelu-tanh", "GELU (tanh)",
         "f(x) = x / 2 · (1 + tanh(sqrt(2/π) · (x + 0.044715 · x³)))",
         "The approximation of GELU that GPT-2 and BERT's original code use.", std::sqrt(2.0),
         "Hendrycks, Gimpel: Gaussian error linear units, 2016"},
        {ActivationKind::Silu, "silu", "SiLU (Swish)", "f(x) = x / (1 + exp(-x))",
         "A value times its own sigmoid: smooth, with a small dip below zero.", std::sqrt(2.0),
         "Ramachandran, Zoph, Le: Searching for activation functions, 2017"},
        {ActivationKind::Mish, "mish", "Mish", "f(x) = x · tanh(log(1 + exp(x)))",
         "A smooth relative of SiLU.", std::sqrt(2.0),
         "Misra: Mish, a self regularized non-monotonic activation function, 2019"},
        {ActivationKind::HardSwish, "hard-swish", "Hard swish",
         "f(x) = x · min(max(x + 3, 0), 6) / 6", "SiLU made of straight pieces, cheap on phones.",
         std::sqrt(2.0), "Howard et al.: Searching for MobileNetV3, 2019"},
        {ActivationKind::Softplus, "softplus", "Softplus", "f(x) = log(1 + exp(x))",
         "A smooth ReLU; always positive, as a variance must be.", std::sqrt(2.0),
         "Dugas et al.: Incorporating second-order functional knowledge for better option pricing, "
         "2000"},
        {ActivationKind::Sigmoid, "sigmoid", "Sigmoid", "f(x) = 1 / (1 + exp(-x))",
         "Squeezes values into (0, 1). Its slope is at most 1/4, so gradients vanish in deep "
         "stacks.",
         1.0,
         "Rumelhart, Hinton, Williams: Learning representations by back-propagating errors, 1986"},
        {ActivationKind::HardSigmoid, "hard-sigmoid", "Hard sigmoid",
         "f(x) = min(max(x + 3, 0), 6) / 6",
         "The sigmoid as three straight pieces; a gate that can close fully.", 1.0,
         "Courbariaux, Bengio, David: BinaryConnect, 2015 (slope 1/6 as in MobileNetV3)"},
        {ActivationKind::Tanh, "tanh", "Tanh", "f(x) = tanh(x)",
         "Squeezes values into (-1, 1), centred on zero; saturates for large |x|.", 5.0 / 3.0,
         "LeCun, Bottou, Orr, Müller: Efficient BackProp, 1998"},
        {ActivationKind::HardTanh, "hard-tanh", "Hard tanh", "f(x) = min(max(x, -1), 1)",
         "Tanh as three straight pieces.", 1.0, "Collobert: Large scale machine learning, 2004"},
        {ActivationKind::Softsign, "softsign", "Softsign", "f(x) = x / (1 + |x|)",
         "Like tanh, but nears its limits more slowly.", 1.0,
         "Turian, Bergstra, Bengio: Quadratic features and deep architectures for chunking, 2009"},
        {ActivationKind::Step, "step", "Step", "f(x) = 1 for x > 0, 0 otherwise",
         "The perceptron's yes or no. Its slope is zero everywhere: gradient descent learns "
         "nothing through it, the perceptron rule does.",
         1.0, "Rosenblatt: The perceptron, 1958"},
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

Activation defaultActivation(ActivationKind kind) {
    return {kind, info(kind).alpha};
}

double evaluate(const Activation& activation, double x) {
    const double alpha = activation.alpha;
    switch (activation.kind) {
    case ActivationKind::Identity:
        return x;
    case ActivationKind::Sigmoid:
        return sigmoid(x);
    case ActivationKind::Tanh:
        return std::tanh(x);
    case ActivationKind::Relu:
        return x > 0 ? x : 0.0;
    case ActivationKind::LeakyRelu:
        return x > 0 ? x : alpha * x;
    case ActivationKind::Step:
        return x > 0 ? 1.0 : 0.0;
    case ActivationKind::HardSigmoid:
        return std::clamp(x + 3.0, 0.0, 6.0) / 6.0;
    case ActivationKind::HardTanh:
        return std::clamp(x, -1.0, 1.0);
    case ActivationKind::Relu6:
        return std::clamp(x, 0.0, 6.0);
    case ActivationKind::Elu:
        return x > 0 ? x : alpha * std::expm1(x);
    case ActivationKind::Selu:
        return kSeluScale * (x > 0 ? x : kSeluAlpha * std::expm1(x));
    case ActivationKind::Celu:
        return x > 0 ? x : alpha * std::expm1(x / alpha);
    case ActivationKind::Gelu:
        return x * normalCdf(x);
    case ActivationKind::GeluTanh:
        return 0.5 * x * (1.0 + std::tanh(kTanhScale * (x + kTanhCubic * x * x * x)));
    case ActivationKind::Silu:
        return x * sigmoid(x);
    case ActivationKind::Mish:
        return x * std::tanh(softplus(x));
    case ActivationKind::HardSwish:
        return x * std::clamp(x + 3.0, 0.0, 6.0) / 6.0;
    case ActivationKind::Softplus:
        return softplus(x);
    case ActivationKind::Softsign:
        return x / (1.0 + std::abs(x));
    }
    return x;
}

double derivative(const Activation& activation, double x) {
    const double alpha = activation.alpha;
    switch (activation.kind) {
    case ActivationKind::Identity:
        return 1.0;
    case ActivationKind::Sigmoid:
        return sigmoid(x) * sigmoid(-x);
    case ActivationKind::Tanh: {
        const double y = std::tanh(x);
        return 1.0 - y * y;
    }
    case ActivationKind::Relu:
        return x > 0 ? 1.0 : 0.0;
    case ActivationKind::LeakyRelu:
        return x > 0 ? 1.0 : alpha;
    case ActivationKind::Step:
        return 0.0;
    case ActivationKind::HardSigmoid:
        return x > -3 && x <= 3 ? 1.0 / 6.0 : 0.0;
    case ActivationKind::HardTanh:
        return x > -1 && x <= 1 ? 1.0 : 0.0;
    case ActivationKind::Relu6:
        return x > 0 && x <= 6 ? 1.0 : 0.0;
    case ActivationKind::Elu:
        return x > 0 ? 1.0 : alpha * std::exp(x);
    case ActivationKind::Selu:
        return kSeluScale * (x > 0 ? 1.0 : kSeluAlpha * std::exp(x));
    case ActivationKind::Celu:
        return x > 0 ? 1.0 : std::exp(x / alpha);
    case ActivationKind::Gelu:
        return normalCdf(x) + x * std::exp(-0.5 * x * x) / std::sqrt(2.0 * std::numbers::pi);
    case ActivationKind::GeluTanh: {
        const double t = std::tanh(kTanhScale * (x + kTanhCubic * x * x * x));
        return 0.5 * (1.0 + t) +
               0.5 * x * (1.0 - t * t) * kTanhScale * (1.0 + 3.0 * kTanhCubic * x * x);
    }
    case ActivationKind::Silu:
        return sigmoid(x) * (1.0 + x * sigmoid(-x));
    case ActivationKind::Mish: {
        const double t = std::tanh(softplus(x));
        return t + x * (1.0 - t * t) * sigmoid(x);
    }
    case ActivationKind::HardSwish:
        return x <= -3 ? 0.0 : x <= 3 ? (2.0 * x + 3.0) / 6.0 : 1.0;
    case ActivationKind::Softplus:
        return sigmoid(x);
    case ActivationKind::Softsign: {
        const double d = 1.0 + std::abs(x);
        return 1.0 / (d * d);
    }
    }
    return 1.0;
}

bool preservesZero(const Activation& activation) {
    return evaluate(activation, 0.0) == 0.0;
}

} // namespace gradwright
