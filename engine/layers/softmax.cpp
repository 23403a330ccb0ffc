// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {
namespace {

Inferred infer(const InferContext& context) {
    const auto& input = context.inputs[0];
    if (input.rank() != 1)
        return LayerProblem{
            fmt::format("Softmax takes a vector of class scores; received {}.", toString(input)),
            "",
            {{"Insert Flatten", InsertLayerProposal{PortIndex{0}, "flatten", {}}}}};
    return input;
}

ValueId lower(LowerContext& context) {
    return context.op(SoftmaxOp{});
}

PyTorchCode pytorch(const CodeContext& context) {
    return {"", fmt::format("F.softmax({}, dim=1)", context.input())};
}

std::string keras(const CodeContext& context) {
    return code::kerasLayer("Softmax", context);
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
            .infer = infer,
            .lower = lower,
            .pytorch = pytorch,
            .keras = keras};
}

} // namespace gradwright::layers
