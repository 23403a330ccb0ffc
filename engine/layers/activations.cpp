// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {
namespace {

Inferred infer(const InferContext& context) {
    return context.inputs[0];
}

template <ActivationKind kind>
ValueId lower(LowerContext& context) {
    return context.op(ActivationOp{{kind, 0.0}});
}

ValueId lowerLeakyRelu(LowerContext& context) {
    return context.op(ActivationOp{{ActivationKind::LeakyRelu, context.params().real("slope")}});
}

template <ActivationKind kind>
PyTorchCode pytorch(const CodeContext& context) {
    return {"", code::torchActivated({kind, 0.0}, context.input())};
}

template <ActivationKind kind>
std::string keras(const CodeContext& context) {
    const auto activation = code::kerasActivation({kind, 0.0});
    return code::kerasLayer("Activation", context,
                            {activation.empty() ? "\"linear\"" : activation});
}

PyTorchCode leakyReluInPyTorch(const CodeContext& context) {
    return {"", code::torchActivated({ActivationKind::LeakyRelu, context.params().real("slope")},
                                     context.input())};
}

std::string leakyReluInKeras(const CodeContext& context) {
    return code::kerasLayer("LeakyReLU", context,
                            {"negative_slope=" + code::number(context.params().real("slope"))});
}

template <ActivationKind kind>
LayerDef activationLayer(std::string source) {
    const auto& about = info(kind);
    return {.key = about.key,
            .title = about.title,
            .category = Category::Activation,
            .doc = about.doc,
            .formula = about.formula,
            .source = std::move(source),
            .infer = infer,
            .lower = lower<kind>,
            .pytorch = pytorch<kind>,
            .keras = keras<kind>};
}

} // namespace

LayerDef identity() {
    return activationLayer<ActivationKind::Identity>("");
}

LayerDef relu() {
    return activationLayer<ActivationKind::Relu>(
        "Nair, Hinton: Rectified linear units improve restricted Boltzmann machines, 2010");
}

LayerDef leakyRelu() {
    auto def = activationLayer<ActivationKind::LeakyRelu>(
        "Maas, Hannun, Ng: Rectifier nonlinearities improve neural network acoustic models, 2013");
    def.params = {realParam("slope", "Slope", 0.01, 0, 1, "Slope below zero.")};
    def.lower = lowerLeakyRelu;
    def.pytorch = leakyReluInPyTorch;
    def.keras = leakyReluInKeras;
    return def;
}

LayerDef sigmoid() {
    return activationLayer<ActivationKind::Sigmoid>(
        "Rumelhart, Hinton, Williams: Learning representations by back-propagating errors, 1986");
}

LayerDef tanh() {
    return activationLayer<ActivationKind::Tanh>("LeCun, Bottou, Orr, Müller: Efficient BackProp, "
                                                 "1998");
}

} // namespace gradwright::layers
