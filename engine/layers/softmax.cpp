// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {
namespace {

Inferred inferOf(std::string_view title, const InferContext& context) {
    const auto& input = context.inputs[0];
    if (input.rank() != 1)
        return LayerProblem{
            fmt::format("{} takes a vector of class scores; received {}.", title, toString(input)),
            "",
            {{"Insert Flatten", InsertLayerProposal{PortIndex{0}, "flatten", {}}}}};
    return input;
}

template <bool logarithm>
Inferred inferSoftmax(const InferContext& context) {
    return inferOf(logarithm ? "Log-softmax" : "Softmax", context);
}

template <bool logarithm>
ValueId lowerSoftmax(LowerContext& context) {
    return context.op(SoftmaxOp{logarithm});
}

template <bool logarithm>
PyTorchCode pytorchSoftmax(const CodeContext& context) {
    const auto* function = logarithm ? "F.log_softmax" : "F.softmax";
    return {"", code::call(function, {context.input(), "dim=1"})};
}

std::string kerasSoftmax(const CodeContext& context) {
    return code::kerasLayer("Softmax", context);
}

std::string kerasOfLogarithm(const CodeContext& context) {
    return code::kerasLayer("Activation", context, {"\"log_softmax\""});
}

} // namespace

LayerDef softmax() {
    return {.key = "softmax",
            .title = "Softmax",
            .category = Category::Activation,
            .doc = "Turns class scores (logits) into probabilities that are positive and sum to 1.",
            .formula = "y[i] = exp(x[i]) / Σ exp(x[j])",
            .source = "Bridle: Probabilistic interpretation of feedforward classification network "
                      "outputs, 1990",
            .traits = {.head = true},
            .infer = inferSoftmax<false>,
            .lower = lowerSoftmax<false>,
            .pytorch = pytorchSoftmax<false>,
            .keras = kerasSoftmax};
}

LayerDef logSoftmax() {
    return {.key = "log-softmax",
            .title = "Log-softmax",
            .category = Category::Activation,
            .doc = "The logarithms of softmax's probabilities, without the rounding error of "
                   "taking one after the other.",
            .formula = "y[i] = x[i] - log Σ exp(x[j])",
            .source = "Bridle: Probabilistic interpretation of feedforward classification network "
                      "outputs, 1990",
            .infer = inferSoftmax<true>,
            .lower = lowerSoftmax<true>,
            .pytorch = pytorchSoftmax<true>,
            .keras = kerasOfLogarithm};
}

} // namespace gradwright::layers
