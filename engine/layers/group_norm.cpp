// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/normalization.h"

namespace gradwright::layers {
namespace {

Inferred inferGroupNorm(const InferContext& context) {
    const auto& input = context.inputs[0];
    const auto groups = context.params.integer("groups");
    const auto channels = channelsOf(input);
    if (channels % groups == 0)
        return input;
    std::int64_t fitting = std::min(groups, channels);
    while (channels % fitting != 0)
        --fitting;
    return LayerProblem{
        fmt::format("Groups must divide the channels; received {} groups, {} channels.", groups,
                    channels),
        "groups",
        {{fmt::format("Set groups to {}", fitting), SetParamProposal{"groups", fitting}}}};
}

ValueId lowerGroupNorm(LowerContext& context) {
    const auto& params = context.params();
    const NormalizeOp op{.groups = params.integer("groups"),
                         .perChannel = true,
                         .epsilon = params.real("epsilon"),
                         .scale = params.boolean("affine"),
                         .shift = params.boolean("affine")};
    const auto weights = normalizationWeights(context, op, {channelsOf(context.inputShape())});
    return withChannelsFirst(context, [&](ValueId x) { return context.op(op, {x}, weights); });
}

std::int64_t valuesPerGroupMean(const InferContext& context) {
    return context.inputs[0].elements() / context.params.integer("groups");
}

std::string labelGroupNorm(const Params& params) {
    return fmt::format("Group norm {}", params.integer("groups"));
}

PyTorchCode pytorchGroupNorm(const CodeContext& context) {
    const auto& params = context.params();
    if (valuesPerGroupMean({params, context.shapes()}) == 1)
        return torchShiftAlone(context);
    return {
        code::call("nn.GroupNorm", {fmt::format("{}", params.integer("groups")),
                                    fmt::format("{}", channelsOf(context.shape())),
                                    "eps=" + code::number(params.real("epsilon")),
                                    code::keyword("affine", "False", !params.boolean("affine"))}),
        torchChannelsFirst(context, "self." + context.name())};
}

std::string kerasGroupNorm(const CodeContext& context) {
    const auto& params = context.params();
    const bool affine = params.boolean("affine");
    const bool isShift = valuesPerGroupMean({params, context.shapes()}) == 1;
    return code::kerasLayer("GroupNormalization", isShift ? onZeros(context) : context,
                            {fmt::format("{}", params.integer("groups")),
                             "epsilon=" + code::number(params.real("epsilon")),
                             code::keyword("center", "False", !affine),
                             code::keyword("scale", "False", !affine)});
}

} // namespace

LayerDef groupNorm() {
    return {.key = "group-norm",
            .title = "Group norm",
            .category = Category::Normalization,
            .doc = "Splits the channels into groups and brings each group of each sample to mean 0 "
                   "and variance 1, then scales and shifts every channel by learned parameters. "
                   "Works with small batches, where batch norm does not.",
            .formula =
                "y = γ[c] · (x - mean of the group) / sqrt(variance of the group + ε) + β[c]",
            .source = "Wu, He: Group normalization, 2018",
            .hasWeights = true,
            .traits = {.normalization = NormalizationKind::WithinSample,
                       .valuesPerMean = valuesPerGroupMean},
            .params = {intParam("groups", "Groups", 8, 1, 65536,
                                "Number of groups; must divide the channels."),
                       epsilonParam(1e-5),
                       boolParam("affine", "Scale and shift", true,
                                 "Scales and shifts every channel by learned parameters.")},
            .infer = inferGroupNorm,
            .lower = lowerGroupNorm,
            .pytorch = pytorchGroupNorm,
            .keras = kerasGroupNorm,
            .kerasWeights = {.usual = true},
            .label = labelGroupNorm};
}

} // namespace gradwright::layers
