// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/activation_ops.h"

#include "engine/ops/checks.h"
#include "engine/ops/gradient.h"

namespace gradwright {

using namespace checks;

std::string_view ActivationOp::name() const {
    return "activation";
}
Types ActivationOp::outputs(InputTypes inputs) const {
    return {sameAsInput(name(), inputs)};
}
std::vector<Shape> ActivationOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t ActivationOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

std::string_view PreluOp::name() const {
    return "prelu";
}
Types PreluOp::outputs(InputTypes inputs) const {
    return {ValueType(requireSample(name(), inputs))};
}
std::vector<Shape> PreluOp::weights(InputTypes inputs) const {
    return {{perChannel ? inputs[0].sample()[0] : 1}};
}
std::int64_t PreluOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

std::string_view SoftmaxOp::name() const {
    return logarithm ? "log-softmax" : "softmax";
}
Types SoftmaxOp::outputs(InputTypes inputs) const {
    const auto type = sameAsInput(name(), inputs);
    requireAxis(axis, type.dims.rank(), name(), inputs);
    return {type};
}
std::vector<Shape> SoftmaxOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t SoftmaxOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

void ActivationOp::gradient(GradientContext& context) const {
    context.giveFused({.inputs = true, .outputs = true});
}

void PreluOp::gradient(GradientContext& context) const {
    context.giveFused({.inputs = true});
}

void SoftmaxOp::gradient(GradientContext& context) const {
    context.giveFused({.outputs = true});
}

} // namespace gradwright
