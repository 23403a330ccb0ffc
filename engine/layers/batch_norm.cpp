// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {
namespace {

Inferred infer(const InferContext& context) {
    return context.inputs[0];
}

ValueId lower(LowerContext& context) {
    const auto& params = context.params();
    const Shape channels{context.inputShape()[0]};
    const Initializer ones{"constant", 1.0};
    return context.op(
        BatchNormOp{params.real("epsilon"), params.real("momentum")}, context.inputs(),
        {context.weight("weight", channels, ones), context.weight("bias", channels, {"zeros"}),
         context.weight("running_mean", channels, {"zeros"}, {}, false),
         context.weight("running_var", channels, ones, {}, false)});
}

PyTorchCode pytorch(const CodeContext& context) {
    const auto& params = context.params();
    const auto* module = context.shape().rank() == 3 ? "nn.BatchNorm2d" : "nn.BatchNorm1d";
    return {code::call(module, {fmt::format("{}", context.shape()[0]),
                                "eps=" + code::number(params.real("epsilon")),
                                "momentum=" + code::number(params.real("momentum"))}),
            fmt::format("self.{}({})", context.name(), context.input())};
}

std::string keras(const CodeContext& context) {
    const auto& params = context.params();
    // Sequences T×F are normalised for each T here, which Keras has as its first axis.
    return code::kerasLayer("BatchNormalization", context,
                            {code::keyword("axis", "1", context.shape().rank() == 2),
                             "momentum=" + code::number(1.0 - params.real("momentum")),
                             "epsilon=" + code::number(params.real("epsilon"))});
}

} // namespace

LayerDef batchNorm() {
    auto epsilon = realParam("epsilon", "Epsilon", 1e-5, 0, 1,
                             "Added to the variance so that it is never zero.");
    epsilon.minimumExclusive = true;
    epsilon.advanced = true;
    auto momentum = realParam("momentum", "Momentum", 0.1, 0, 1,
                              "Share of the new batch in the running statistics, as in PyTorch; "
                              "ONNX and Keras call 1 minus this their momentum.");
    momentum.advanced = true;
    return {.key = "batch-norm",
            .title = "Batch norm",
            .category = Category::Normalization,
            .doc = "Brings every channel to mean 0 and variance 1 over the batch, then scales and "
                   "shifts it by learned numbers. Lets deep networks learn faster; at inference it "
                   "uses running statistics.",
            .formula = "y = γ · (x - mean) / sqrt(variance + ε) + β",
            .source = "Ioffe, Szegedy: Batch normalization, 2015",
            .params = {std::move(epsilon), std::move(momentum)},
            .infer = infer,
            .lower = lower,
            .pytorch = pytorch,
            .keras = keras};
}

} // namespace gradwright::layers
