// SPDX-License-Identifier: GPL-3.0-or-later
//
// The operators of ONNX that work element by element.
#include "tests/engine/exchange/onnx_evaluator.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

namespace gradwright::test {
namespace {

using Arrays = std::vector<OnnxArray>;

template <class F>
Arrays mapped(const OnnxNode& node, F f) {
    auto y = node.x();
    for (auto& value : y.data)
        value = f(value);
    return {std::move(y)};
}

/// f of the elements of all inputs at a place, from the first on.
template <class F>
Arrays folded(const OnnxNode& node, F f) {
    OnnxArray y(broadcastShapeOf(node.inputs));
    std::size_t next = 0;
    forEachPlace(y.shape, [&](const auto& place) {
        double value = broadcastAt(node.inputs[0], place);
        for (std::size_t i = 1; i < node.inputs.size(); ++i)
            value = f(value, broadcastAt(node.inputs[i], place));
        y.data[next++] = value;
    });
    return {std::move(y)};
}

double sigmoidOf(double x) {
    return 1 / (1 + std::exp(-x));
}
double softplusOf(double x) {
    return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

void requireOpset(const OnnxNode& node, std::int64_t opset) {
    if (node.opset < opset)
        throw std::runtime_error(node.proto.op_type() + " is newer than the operator set");
}

Arrays gelu(const OnnxNode& node) {
    requireOpset(node, 20);
    const bool isTanh = node.text("approximate", "none") == "tanh";
    return mapped(node, [=](double x) {
        if (isTanh)
            return 0.5 * x *
                   (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
        return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2));
    });
}

Arrays clip(const OnnxNode& node) {
    constexpr double most = std::numeric_limits<double>::infinity();
    const double low = node.has(1) ? node.inputs[1].data[0] : -most;
    const double high = node.has(2) ? node.inputs[2].data[0] : most;
    return mapped(node, [=](double x) { return std::min(std::max(x, low), high); });
}

Arrays prelu(const OnnxNode& node) {
    auto y = node.x();
    std::size_t next = 0;
    forEachPlace(y.shape, [&](const auto& place) {
        auto& value = y.data[next++];
        value = value < 0 ? broadcastAt(node.inputs[1], place) * value : value;
    });
    return {std::move(y)};
}

Arrays where(const OnnxNode& node) {
    OnnxArray y(broadcastShapeOf(node.inputs));
    std::size_t next = 0;
    forEachPlace(y.shape, [&](const auto& place) {
        y.data[next++] = broadcastAt(node.inputs[broadcastAt(node.x(), place) != 0 ? 1 : 2], place);
    });
    return {std::move(y)};
}

Arrays cast(const OnnxNode& node) {
    switch (node.integer("to")) {
    case 1: // real numbers
    case 11:
        return {node.x()};
    case 9: // truth values
        return mapped(node, [](double x) { return x != 0 ? 1.0 : 0.0; });
    case 6: // whole numbers
    case 7:
        return mapped(node, [](double x) { return std::trunc(x); });
    default:
        throw std::runtime_error("a cast to another type");
    }
}

Arrays mean(const OnnxNode& node) {
    auto y = folded(node, std::plus<>());
    for (auto& value : y[0].data)
        value /= static_cast<double>(node.inputs.size());
    return y;
}

} // namespace

void addElementOperators(OnnxOperators& all) {
    all["Identity"] = [](const OnnxNode& n) { return Arrays{n.x()}; };
    all["Sigmoid"] = [](const OnnxNode& n) { return mapped(n, sigmoidOf); };
    all["Tanh"] = [](const OnnxNode& n) {
        return mapped(n, [](double x) { return std::tanh(x); });
    };
    all["Relu"] = [](const OnnxNode& n) {
        return mapped(n, [](double x) { return std::max(x, 0.0); });
    };
    all["LeakyRelu"] = [](const OnnxNode& n) {
        const double alpha = n.real("alpha", 0.01);
        return mapped(n, [=](double x) { return x < 0 ? alpha * x : x; });
    };
    all["Sign"] = [](const OnnxNode& n) {
        return mapped(n, [](double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; });
    };
    all["HardSigmoid"] = [](const OnnxNode& n) {
        const double alpha = n.real("alpha", 0.2);
        const double beta = n.real("beta", 0.5);
        return mapped(n, [=](double x) { return std::clamp(alpha * x + beta, 0.0, 1.0); });
    };
    all["HardSwish"] = [](const OnnxNode& n) {
        return mapped(n, [](double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); });
    };
    all["Elu"] = [](const OnnxNode& n) {
        const double alpha = n.real("alpha", 1);
        return mapped(n, [=](double x) { return x < 0 ? alpha * (std::exp(x) - 1) : x; });
    };
    all["Selu"] = [](const OnnxNode& n) {
        const double alpha = n.real("alpha", 1.67326319217681884765625);
        const double gamma = n.real("gamma", 1.05070102214813232421875);
        return mapped(n, [=](double x) {
            return x <= 0 ? gamma * (alpha * std::exp(x) - alpha) : gamma * x;
        });
    };
    all["Celu"] = [](const OnnxNode& n) {
        const double alpha = n.real("alpha", 1);
        return mapped(n, [=](double x) {
            return std::max(0.0, x) + std::min(0.0, alpha * (std::exp(x / alpha) - 1));
        });
    };
    all["Gelu"] = gelu;
    all["Mish"] = [](const OnnxNode& n) {
        requireOpset(n, 18);
        return mapped(n, [](double x) { return x * std::tanh(softplusOf(x)); });
    };
    all["Softplus"] = [](const OnnxNode& n) { return mapped(n, softplusOf); };
    all["Softsign"] = [](const OnnxNode& n) {
        return mapped(n, [](double x) { return x / (1 + std::abs(x)); });
    };
    all["Neg"] = [](const OnnxNode& n) { return mapped(n, std::negate<>()); };
    all["Exp"] = [](const OnnxNode& n) { return mapped(n, [](double x) { return std::exp(x); }); };
    all["Log"] = [](const OnnxNode& n) { return mapped(n, [](double x) { return std::log(x); }); };
    all["Sqrt"] = [](const OnnxNode& n) {
        return mapped(n, [](double x) { return std::sqrt(x); });
    };
    all["Reciprocal"] = [](const OnnxNode& n) { return mapped(n, [](double x) { return 1 / x; }); };
    all["Abs"] = [](const OnnxNode& n) { return mapped(n, [](double x) { return std::abs(x); }); };
    all["Floor"] = [](const OnnxNode& n) {
        return mapped(n, [](double x) { return std::floor(x); });
    };
    all["Ceil"] = [](const OnnxNode& n) {
        return mapped(n, [](double x) { return std::ceil(x); });
    };
    all["Round"] = [](const OnnxNode& n) {
        return mapped(n, [](double x) { return std::nearbyint(x); });
    };
    all["Sin"] = [](const OnnxNode& n) { return mapped(n, [](double x) { return std::sin(x); }); };
    all["Cos"] = [](const OnnxNode& n) { return mapped(n, [](double x) { return std::cos(x); }); };
    all["Erf"] = [](const OnnxNode& n) { return mapped(n, [](double x) { return std::erf(x); }); };
    all["Not"] = [](const OnnxNode& n) {
        return mapped(n, [](double x) { return x == 0 ? 1.0 : 0.0; });
    };
    all["Clip"] = clip;
    all["PRelu"] = prelu;
    all["Where"] = where;
    all["Cast"] = cast;
    all["Add"] = all["Sum"] = [](const OnnxNode& n) { return folded(n, std::plus<>()); };
    all["Sub"] = [](const OnnxNode& n) { return folded(n, std::minus<>()); };
    all["Mul"] = [](const OnnxNode& n) { return folded(n, std::multiplies<>()); };
    all["Div"] = [](const OnnxNode& n) { return folded(n, std::divides<>()); };
    all["Pow"] = [](const OnnxNode& n) {
        return folded(n, [](double a, double b) { return std::pow(a, b); });
    };
    all["Max"] = [](const OnnxNode& n) {
        return folded(n, [](double a, double b) { return std::max(a, b); });
    };
    all["Min"] = [](const OnnxNode& n) {
        return folded(n, [](double a, double b) { return std::min(a, b); });
    };
    all["Mean"] = mean;
    all["Equal"] = [](const OnnxNode& n) { return folded(n, std::equal_to<>()); };
    all["Less"] = [](const OnnxNode& n) { return folded(n, std::less<>()); };
    all["LessOrEqual"] = [](const OnnxNode& n) { return folded(n, std::less_equal<>()); };
    all["Greater"] = [](const OnnxNode& n) { return folded(n, std::greater<>()); };
    all["GreaterOrEqual"] = [](const OnnxNode& n) { return folded(n, std::greater_equal<>()); };
    all["And"] = [](const OnnxNode& n) { return folded(n, std::logical_and<>()); };
    all["Or"] = [](const OnnxNode& n) { return folded(n, std::logical_or<>()); };
    all["Xor"] = [](const OnnxNode& n) { return folded(n, std::not_equal_to<>()); };
}

} // namespace gradwright::test
