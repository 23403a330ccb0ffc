// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/normalization.h"

namespace gradwright::layers {
namespace {

Inferred inferInstanceNorm(const InferContext& context) {
    const auto& input = context.inputs[0];
    if (input.rank() >= 2)
        return input;
    return LayerProblem{fmt::format("Instance norm takes a sequence, an image or a volume, whose "
                                    "channels have several values; received {}.",
                                    toString(input)),
                        "",
                        {}};
}

ValueId lowerInstanceNorm(LowerContext& context) {
    const auto& params = context.params();
    const auto channels = channelsOf(context.inputShape());
    const NormalizeOp op{.groups = channels,
                         .perChannel = true,
                         .epsilon = params.real("epsilon"),
                         .scale = params.boolean("affine"),
                         .shift = params.boolean("affine")};
    const auto weights = normalizationWeights(context, op, {channels});
    return withChannelsFirst(context, [&](ValueId x) { return context.op(op, {x}, weights); });
}

std::int64_t valuesPerInstanceMean(const InferContext& context) {
    return context.inputs[0].elements() / channelsOf(context.inputs[0]);
}

PyTorchCode pytorchInstanceNorm(const CodeContext& context) {
    const auto& params = context.params();
    if (valuesPerInstanceMean({params, context.shapes()}) == 1)
        return torchShiftAlone(context);
    return {code::call(fmt::format("nn.InstanceNorm{}d", context.shape().rank() - 1),
                       {fmt::format("{}", channelsOf(context.shape())),
                        "eps=" + code::number(params.real("epsilon")),
                        code::keyword("affine", "True", params.boolean("affine"))}),
            torchChannelsFirst(context, "self." + context.name())};
}

std::string kerasInstanceNorm(const CodeContext& context) {
    const auto& params = context.params();
    const bool affine = params.boolean("affine");
    const bool isShift = valuesPerInstanceMean({params, context.shapes()}) == 1;
    return code::kerasLayer("GroupNormalization", isShift ? onZeros(context) : context,
                            {"-1", "epsilon=" + code::number(params.real("epsilon")),
                             code::keyword("center", "False", !affine),
                             code::keyword("scale", "False", !affine)});
}

} // namespace

LayerDef instanceNorm() {
    return {.key = "instance-norm",
            .title = "Instance norm",
            .category = Category::Normalization,
            .doc = "Brings each channel of each sample to mean 0 and variance 1: removes the "
                   "contrast of an image, which style transfer needs.",
            .formula = "y = (x - mean of the channel) / sqrt(variance of the channel + ε)",
            .source = "Ulyanov, Vedaldi, Lempitsky: Instance normalization, 2016",
            .hasWeights = true,
            .traits = {.normalization = NormalizationKind::WithinSample,
                       .valuesPerMean = valuesPerInstanceMean},
            .params = {epsilonParam(1e-5),
                       boolParam("affine", "Scale and shift", false,
                                 "Scales and shifts every channel by learned parameters.")},
            .infer = inferInstanceNorm,
            .lower = lowerInstanceNorm,
            .pytorch = pytorchInstanceNorm,
            .keras = kerasInstanceNorm,
            .kerasWeights = {.usual = true}};
}

} // namespace gradwright::layers
