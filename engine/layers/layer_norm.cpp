// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/normalization.h"

namespace gradwright::layers {
namespace {

Inferred inferLayerNorm(const InferContext& context) {
    return context.inputs[0];
}

ValueId lowerLayerNorm(LowerContext& context) {
    const auto& params = context.params();
    NormalizeOp op;
    op.epsilon = params.real("epsilon");
    op.scale = op.shift = params.boolean("affine");
    return lowerOverFeatures(context, op);
}

std::int64_t valuesPerLayerMean(const InferContext& context) {
    const auto& shape = context.inputs[0];
    return isOverFeatures(context.params) ? channelsOf(shape) : shape.elements();
}

PyTorchCode pytorchLayerNorm(const CodeContext& context) {
    const auto& params = context.params();
    return {
        code::call("nn.LayerNorm",
                   {torchNormalizedShape(context), "eps=" + code::number(params.real("epsilon")),
                    code::keyword("elementwise_affine", "False", !params.boolean("affine"))}),
        torchOverFeatures(context)};
}

std::string kerasLayerNorm(const CodeContext& context) {
    const auto& params = context.params();
    const auto axes = kerasAxes(context);
    const bool affine = params.boolean("affine");
    const bool isShift = valuesPerLayerMean({params, context.shapes()}) == 1;
    return code::kerasLayer("LayerNormalization", isShift ? onZeros(context) : context,
                            {code::keyword("axis", axes, axes != "-1"),
                             "epsilon=" + code::number(params.real("epsilon")),
                             code::keyword("center", "False", !affine),
                             code::keyword("scale", "False", !affine)});
}

} // namespace

LayerDef layerNorm() {
    return {.key = "layer-norm",
            .title = "Layer norm",
            .category = Category::Normalization,
            .doc = "Brings the values of each sample to mean 0 and variance 1, then scales and "
                   "shifts them by learned parameters. Does not look at the rest of the batch, so "
                   "it does the same in training and at inference; usual in transformers.",
            .formula = "y = γ · (x - mean) / sqrt(variance + ε) + β",
            .source = "Ba, Kiros, Hinton: Layer normalization, 2016",
            .hasWeights = true,
            .traits = {.normalization = NormalizationKind::WithinSample,
                       .valuesPerMean = valuesPerLayerMean},
            .params = {overParam(), epsilonParam(1e-5),
                       boolParam("affine", "Scale and shift", true,
                                 "Scales and shifts by learned parameters.")},
            .infer = inferLayerNorm,
            .lower = lowerLayerNorm,
            .pytorch = pytorchLayerNorm,
            .keras = kerasLayerNorm,
            .kerasWeights = {.fittings = {kKerasOverFeaturesFitting}}};
}

} // namespace gradwright::layers
