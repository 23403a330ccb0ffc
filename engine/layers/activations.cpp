// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {
namespace {

Inferred inferActivations(const InferContext& context) {
    return context.inputs[0];
}

/// The activation with its parameter, where the layer has one.
Activation activationOfLayer(ActivationKind kind, const Params& params) {
    switch (kind) {
    case ActivationKind::LeakyRelu:
        return {kind, params.real("slope")};
    case ActivationKind::Elu:
    case ActivationKind::Celu:
        return {kind, params.real("alpha")};
    default:
        return {kind, 0.0};
    }
}

template <ActivationKind kind>
ValueId lowerActivations(LowerContext& context) {
    return context.op(ActivationOp{activationOfLayer(kind, context.params())});
}

template <ActivationKind kind>
PyTorchCode pytorchActivations(const CodeContext& context) {
    return {"", code::torchActivated(activationOfLayer(kind, context.params()), context.input())};
}

template <ActivationKind kind>
std::string kerasActivations(const CodeContext& context) {
    const auto activation = activationOfLayer(kind, context.params());
    if (kind == ActivationKind::LeakyRelu)
        return code::kerasLayer("LeakyReLU", context,
                                {"negative_slope=" + code::number(activation.alpha)});
    const auto name = code::kerasActivation(activation);
    if (name.empty() && kind != ActivationKind::Identity)
        return code::kerasActivated(activation, context.input());
    return code::kerasLayer("Activation", context, {name.empty() ? "\"linear\"" : name});
}

template <ActivationKind kind>
LayerDef activationLayer() {
    const auto& about = info(kind);
    return {.key = about.key,
            .title = about.title,
            .category = Category::Activation,
            .doc = about.doc,
            .formula = about.formula,
            .source = about.source,
            .infer = inferActivations,
            .lower = lowerActivations<kind>,
            .pytorch = pytorchActivations<kind>,
            .keras = kerasActivations<kind>};
}

ParamSpec alphaParam(std::string doc) {
    auto alpha = realParam("alpha", "α", 1.0, 0, 100, std::move(doc));
    alpha.minimumExclusive = true;
    return alpha;
}

} // namespace

LayerDef identity() {
    return activationLayer<ActivationKind::Identity>();
}

LayerDef relu() {
    return activationLayer<ActivationKind::Relu>();
}

LayerDef leakyRelu() {
    auto def = activationLayer<ActivationKind::LeakyRelu>();
    def.params = {realParam("slope", "Slope", 0.01, 0, 1, "Slope below zero.")};
    return def;
}

LayerDef relu6() {
    return activationLayer<ActivationKind::Relu6>();
}

LayerDef elu() {
    auto def = activationLayer<ActivationKind::Elu>();
    def.params = {alphaParam("The limit far below zero is -α.")};
    return def;
}

LayerDef selu() {
    return activationLayer<ActivationKind::Selu>();
}

LayerDef celu() {
    auto def = activationLayer<ActivationKind::Celu>();
    def.params = {alphaParam("The limit far below zero is -α.")};
    return def;
}

LayerDef gelu() {
    return activationLayer<ActivationKind::Gelu>();
}

LayerDef geluTanh() {
    return activationLayer<ActivationKind::GeluTanh>();
}

LayerDef silu() {
    return activationLayer<ActivationKind::Silu>();
}

LayerDef mish() {
    return activationLayer<ActivationKind::Mish>();
}

LayerDef hardSwish() {
    return activationLayer<ActivationKind::HardSwish>();
}

LayerDef softplus() {
    return activationLayer<ActivationKind::Softplus>();
}

LayerDef sigmoid() {
    return activationLayer<ActivationKind::Sigmoid>();
}

LayerDef hardSigmoid() {
    return activationLayer<ActivationKind::HardSigmoid>();
}

LayerDef tanh() {
    return activationLayer<ActivationKind::Tanh>();
}

LayerDef hardTanh() {
    return activationLayer<ActivationKind::HardTanh>();
}

LayerDef softsign() {
    return activationLayer<ActivationKind::Softsign>();
}

LayerDef step() {
    return activationLayer<ActivationKind::Step>();
}

} // namespace gradwright::layers
