// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/quantized_product.h"

#include "engine/ops/checks.h"
#include "engine/ops/integers.h"

#include <algorithm>
#include <cmath>

namespace gradwright {

using namespace checks;

namespace {

void requireQuantization(const Quantization& how, std::string_view op, InputTypes inputs) {
    require(how.type == DType::U8 || how.type == DType::I8, op,
            fmt::format("works on U8 and I8, not {}", nameOf(how.type)), inputs);
    require(std::isfinite(how.scale) && how.scale > 0, op, "takes scales above 0", inputs);
    const auto [least, most] = rangeOf(how.type);
    require(how.zero >= least && how.zero <= most, op, "takes zero points in the type's range",
            inputs);
}

/// As the product sees it, which is defined for real numbers.
Types asReal(InputTypes inputs) {
    Types types(inputs.begin(), inputs.begin() + 1);
    types[0].element = DType::F32;
    return types;
}

/// Whether f(a · x) = a · f(x) for a > 0.
bool isHomogeneous(ActivationKind kind) {
    return kind == ActivationKind::Identity || kind == ActivationKind::Relu ||
           kind == ActivationKind::LeakyRelu;
}

} // namespace

std::string_view QuantizedProductOp::name() const {
    return std::holds_alternative<ConvOp>(product) ? "int8-conv" : "int8-dense";
}
bool QuantizedProductOp::hasBias() const {
    return std::visit([](const auto& op) { return op.bias; }, product);
}
std::int64_t QuantizedProductOp::outChannels() const {
    return std::visit(Overloaded{[](const ConvOp& op) { return op.outChannels; },
                                 [](const DenseOp& op) { return op.units; }},
                      product);
}
Types QuantizedProductOp::outputs(InputTypes inputs) const {
    requireInputs(adds ? 2 : 1, name(), inputs);
    require(inputs[0].element == x.type, name(),
            fmt::format("takes integers of type {}", nameOf(x.type)), inputs);
    requireQuantization(x, name(), inputs);
    require(static_cast<std::int64_t>(scales.size()) == outChannels(), name(),
            fmt::format("takes {} scales of its kernel, one for each output channel, not {}",
                        outChannels(), scales.size()),
            inputs);
    require(std::ranges::all_of(scales, [](float s) { return std::isfinite(s) && s > 0; }), name(),
            "takes scales above 0", inputs);
    auto made = std::visit([&](const auto& op) { return op.outputs(asReal(inputs)); }, product);
    if (adds) {
        const auto type = addend ? addend->type : DType::F32;
        if (addend)
            requireQuantization(*addend, name(), inputs);
        require(inputs[1].dims == made[0].dims && inputs[1].element == type, name(),
                fmt::format("adds a value of its result's shape and type {}", nameOf(type)),
                inputs);
    }
    if (result) {
        requireQuantization(*result, name(), inputs);
        made[0].element = result->type;
    }
    return made;
}
std::vector<Shape> QuantizedProductOp::weights(InputTypes inputs) const {
    return std::visit([&](const auto& op) { return op.weights(asReal(inputs)); }, product);
}
std::int64_t QuantizedProductOp::macs(InputTypes inputs) const {
    return std::visit([&](const auto& op) { return op.macs(asReal(inputs)); }, product);
}
void QuantizedProductOp::gradient(GradientContext& /*context*/) const {
    throw Error("a network is quantized for inference: its integers have no gradient");
}

ProductScaling scalingOf(const QuantizedProductOp& op) {
    const bool isAhead = op.result && isHomogeneous(op.activation.kind);
    const double unit = isAhead ? double{op.result->scale} : 1.0;
    ProductScaling made;
    for (const float scale : op.scales)
        made.multipliers.push_back(static_cast<float>(double{op.x.scale} * double{scale} / unit));
    if (op.adds)
        made.addendFactor = static_cast<float>((op.addend ? double{op.addend->scale} : 1.0) / unit);
    if (op.result && !isAhead)
        made.resultFactor = static_cast<float>(1.0 / double{op.result->scale});
    return made;
}

ProductFinisher::ProductFinisher(const QuantizedProductOp& op)
    : scaling_(scalingOf(op))
    , activation_(op.activation)
    , isInteger_(op.result.has_value()) {
    activation_.alpha = static_cast<float>(activation_.alpha);
    if (!isInteger_)
        return;
    const auto [least, most] = rangeOf(op.result->type);
    zero_ = static_cast<float>(op.result->zero);
    least_ = static_cast<float>(least);
    most_ = static_cast<float>(most);
}

float ProductFinisher::operator()(std::size_t channel, float sum, float addend) const {
    float y = std::fma(addend, scaling_.addendFactor, sum * scaling_.multipliers[channel]);
    if (activation_.kind == ActivationKind::Relu)
        y = std::max(y, 0.0F);
    else if (activation_.kind != ActivationKind::Identity)
        y = static_cast<float>(evaluate(activation_, double{y}));
    y *= scaling_.resultFactor;
    if (!isInteger_)
        return y;
    return std::clamp(std::nearbyint(y + zero_), least_, most_);
}

} // namespace gradwright
