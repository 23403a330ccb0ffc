// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/window.h"

namespace gradwright::layers {
namespace {

std::int64_t tokensOf(const Params& params) {
    return params.integer("tokens");
}

Inferred inferClassToken(const InferContext& context) {
    if (auto problem = requireAxes("Class token", context.inputs[0], 1))
        return *std::move(problem);
    auto shape = context.inputs[0];
    shape[0] += tokensOf(context.params);
    return shape;
}

ValueId lowerClassToken(LowerContext& context) {
    const auto tokens = tokensOf(context.params());
    const auto features = context.inputShape()[1];
    const auto weight = context.weight("weight", {tokens, features}, {"normal", 0.02});
    const auto all =
        context.op(ExpandOp{Dims{Dim::batch(), tokens, features}}, {context.value(weight)});
    return context.op(ConcatOp::ofSample(0), {all, context.inputs()[0]});
}

PyTorchCode pytorchClassToken(const CodeContext& context) {
    return {fmt::format("nn.Embedding({}, {})", tokensOf(context.params()), context.shape()[1]),
            fmt::format("torch.cat([self.{1}.weight.expand({0}.shape[0], -1, -1), {0}], dim=1)",
                        context.input(), context.name())};
}

/// The numbers of the tokens are counted for each sample, as an embedding takes them.
std::string kerasClassToken(const CodeContext& context) {
    const auto tokens = tokensOf(context.params());
    auto ones = fmt::format("ops.ones_like({}[:, :1, 0])", context.input());
    if (tokens > 1)
        ones = fmt::format("ops.repeat({}, {}, axis=1)", ones, tokens);
    return fmt::format("layers.Concatenate(axis=1)([layers.Embedding({}, {}, name=\"{}\")(ops.cast("
                       "ops.cumsum({}, axis=1) - 1, \"int32\")), {}])",
                       tokens, context.shape()[1], context.name(), ones, context.input());
}

} // namespace

LayerDef classToken() {
    return {.key = "class-token",
            .title = "Class token",
            .category = Category::Sequence,
            .doc =
                "Puts learned vectors in front of a sequence. Attention gathers in them what the "
                "whole sequence says, so that the head reads the first step alone.",
            .formula = "y = [w; x]",
            .source = "Dosovitskiy et al.: An image is worth 16×16 words, 2021",
            .hasWeights = true,
            .params = {intParam("tokens", "Tokens", 1, 1, 4096,
                                "Learned vectors in front: 1, or 2 with one for distillation.")},
            .infer = inferClassToken,
            .lower = lowerClassToken,
            .pytorch = pytorchClassToken,
            .keras = kerasClassToken,
            .kerasWeights = {.fittings = {kKerasEmbeddingFitting}}};
}

} // namespace gradwright::layers
