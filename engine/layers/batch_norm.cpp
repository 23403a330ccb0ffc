// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/channels.h"

namespace gradwright::layers {
namespace {

Inferred inferBatchNorm(const InferContext& context) {
    return context.inputs[0];
}

ValueId lowerBatchNorm(LowerContext& context) {
    const auto& params = context.params();
    const Shape channels{channelsOf(context.inputShape())};
    const Initializer ones{"constant", 1.0};
    const Initializer scale{"constant", params.real("initial_scale")};
    const std::vector<WeightId> weights = {
        context.weight("weight", channels, scale), context.weight("bias", channels, {"zeros"}),
        context.weight("running_mean", channels, {"zeros"}, {}, false),
        context.weight("running_var", channels, ones, {}, false)};
    const BatchNormOp op{params.real("epsilon"), params.real("momentum"),
                         params.text("statistics") == "fixed"};
    return withChannelsFirst(context, [&](ValueId x) { return context.op(op, {x}, weights); });
}

PyTorchCode pytorchBatchNorm(const CodeContext& context) {
    const auto& params = context.params();
    const auto rank = context.shape().rank();
    const auto* module = rank == 4   ? "nn.BatchNorm3d"
                         : rank == 3 ? "nn.BatchNorm2d"
                                     : "nn.BatchNorm1d";
    return {code::call(module, {fmt::format("{}", channelsOf(context.shape())),
                                "eps=" + code::number(params.real("epsilon")),
                                "momentum=" + code::number(params.real("momentum"))}),
            torchChannelsFirst(context, "self." + context.name())};
}

std::string kerasBatchNorm(const CodeContext& context) {
    const auto& params = context.params();
    return code::kerasLayer("BatchNormalization", context,
                            {"momentum=" + code::number(1.0 - params.real("momentum")),
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
    auto initialScale = realParam("initial_scale", "Initial scale", 1, 0, 10,
                                  "What γ begins with. With 0 in the last one before a sum, a "
                                  "residual block begins as its shortcut, and the gradients of "
                                  "very deep networks begin small (Goyal et al. 2017).");
    initialScale.advanced = true;
    auto statistics = choiceParam(
        "statistics", "Statistics", "batch",
        {{"batch", "Of each batch", "In training; the running statistics follow them."},
         {"fixed", "Fixed",
          "The running statistics in training, too, which stay as they are: what weights from "
          "elsewhere need while few samples train the layers behind them."}},
        "Which mean and variance training takes.");
    statistics.advanced = true;
    momentum.visibleWhen = {"statistics", {std::string("batch")}};
    return {.key = "batch-norm",
            .title = "Batch norm",
            .category = Category::Normalization,
            .doc = "Brings every channel (of a sequence, every feature) to mean 0 and variance 1 "
                   "over the batch, then scales and shifts it by learned parameters. Lets deep "
                   "networks learn faster; at inference it uses running statistics.",
            .formula = "y = γ · (x - mean) / sqrt(variance + ε) + β",
            .source = "Ioffe, Szegedy: Batch normalization, 2015",
            .hasWeights = true,
            .traits = {.normalization = NormalizationKind::OverBatch},
            .params = {std::move(epsilon), std::move(momentum), std::move(statistics),
                       std::move(initialScale)},
            .infer = inferBatchNorm,
            .lower = lowerBatchNorm,
            .pytorch = pytorchBatchNorm,
            .keras = kerasBatchNorm,
            .kerasWeights = {.usual = true}};
}

} // namespace gradwright::layers
