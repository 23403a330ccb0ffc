// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/normalization.h"

namespace gradwright::layers {
namespace {

Inferred inferRmsNorm(const InferContext& context) {
    return context.inputs[0];
}

ValueId lowerRmsNorm(LowerContext& context) {
    NormalizeOp op;
    op.epsilon = context.params().real("epsilon");
    op.centre = false;
    op.scale = context.params().boolean("affine");
    op.shift = false;
    return lowerOverFeatures(context, op);
}

PyTorchCode pytorchRmsNorm(const CodeContext& context) {
    const auto& params = context.params();
    return {
        code::call("nn.RMSNorm",
                   {torchNormalizedShape(context), "eps=" + code::number(params.real("epsilon")),
                    code::keyword("elementwise_affine", "False", !params.boolean("affine"))}),
        torchOverFeatures(context)};
}

std::string kerasRmsNorm(const CodeContext& context) {
    const auto& params = context.params();
    const auto axes = kerasAxes(context);
    if (params.boolean("affine"))
        return code::kerasLayer("RMSNormalization", context,
                                {code::keyword("axis", axes, axes != "-1"),
                                 "epsilon=" + code::number(params.real("epsilon"))});
    return code::call("ops.rms_normalization",
                      {context.input(), code::keyword("axis", axes, axes != "-1"),
                       "epsilon=" + code::number(params.real("epsilon"))});
}

} // namespace

LayerDef rmsNorm() {
    return {.key = "rms-norm",
            .title = "RMS norm",
            .category = Category::Normalization,
            .doc = "Layer norm without the mean: divides the values of each sample by their root "
                   "mean square, then scales them by learned parameters. Cheaper, and as good in "
                   "large transformers.",
            .formula = "y = γ · x / sqrt(mean(x²) + ε)",
            .source = "Zhang, Sennrich: Root mean square layer normalization, 2019",
            .hasWeights = true,
            .traits = {.normalization = NormalizationKind::WithinSample},
            .params = {overParam(), epsilonParam(1e-6),
                       boolParam("affine", "Scale", true, "Scales by learned parameters.")},
            .infer = inferRmsNorm,
            .lower = lowerRmsNorm,
            .pytorch = pytorchRmsNorm,
            .keras = kerasRmsNorm,
            .kerasWeights = {.fittings = {kKerasOverFeaturesFitting}}};
}

} // namespace gradwright::layers
