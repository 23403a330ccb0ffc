// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {

ParamSpecs activationParams() {
    std::vector<ParamChoice> choices;
    for (const auto& activation : activations())
        choices.push_back({activation.key, activation.title, activation.doc});
    auto slope = realParam("slope", "Slope", 0.01, 0, 1, "Slope of leaky ReLU below zero.");
    slope.visibleWhen = {"activation", {std::string("leaky-relu")}};
    return {choiceParam("activation", "Activation", "identity", std::move(choices),
                        "Function applied to the result, in the same pass."),
            std::move(slope)};
}

Activation activationOf(const Params& params) {
    const auto kind = activationFromKey(params.text("activation"));
    return kind == ActivationKind::LeakyRelu ? Activation{kind, params.real("slope")}
                                             : defaultActivation(kind);
}

ValueId lowerActivation(LowerContext& context, ValueId value) {
    const auto activation = activationOf(context.params());
    if (activation.kind == ActivationKind::Identity)
        return value;
    return context.op(ActivationOp{activation}, {value});
}

ParamSpecs initializerParams() {
    std::vector<ParamChoice> choices = {{"auto", "Automatic",
                                         "Fits the activation: He for ReLU and its relatives, "
                                         "LeCun for SELU, Xavier for the others."}};
    for (const auto& def : initializers())
        choices.push_back({def.key, def.title, def.doc});
    auto method = choiceParam("initializer", "Weights", "auto", std::move(choices),
                              "How the weights get their initial values; biases start at zero.");
    method.advanced = true;
    auto range = realParam("initializer_range", "Range", 0.05, 0, 1000,
                           "Half width of the uniform distribution U(-a, a), deviation of a normal "
                           "one, or the constant.");
    range.minimumExclusive = true;
    range.advanced = true;
    range.visibleWhen = {"initializer",
                         {std::string("uniform"), std::string("normal"),
                          std::string("truncated-normal"), std::string("constant")}};
    return {std::move(method), std::move(range)};
}

Initializer initializerOf(const Params& params, const Activation& activation) {
    const auto& key = params.text("initializer");
    if (key == "uniform" || key == "normal" || key == "truncated-normal" || key == "constant")
        return {key, params.real("initializer_range"), 1.0};
    const auto gain = info(activation.kind).gain;
    if (key != "auto")
        return {key, 0.0, activation.kind == ActivationKind::Tanh ? gain : 1.0};
    if (activation.kind == ActivationKind::Selu) // which normalizes itself from this variance
        return {"lecun-normal", 0.0, 1.0};
    if (gain == info(ActivationKind::Relu).gain)
        return {"he-normal", 0.0, 1.0};
    return {"xavier-uniform", 0.0, 1.0};
}

ParamSpecs learningParams() {
    auto frozen = boolParam(
        "frozen", "Frozen", false,
        "Training leaves the weights as they are: for layers taken from another network.");
    frozen.advanced = true;
    auto factor = realParam("learning_rate_factor", "Learning-rate factor", 1.0, 0.0, 1000.0,
                            "Factor on the learning rate for this layer's weights.");
    factor.minimumExclusive = true;
    factor.advanced = true;
    factor.visibleWhen = {"frozen", {false}};
    return {std::move(frozen), std::move(factor)};
}

ParamSpecs joined(std::initializer_list<ParamSpecs> parts) {
    ParamSpecs all;
    for (const auto& part : parts)
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

} // namespace gradwright::layers
