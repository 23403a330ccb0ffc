// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/window.h"

namespace gradwright::layers {
namespace {

Inferred inferSpatialDropout(const InferContext& context) {
    const auto& input = context.inputs[0];
    if (input.rank() >= 2)
        return input;
    return LayerProblem{
        fmt::format("Spatial dropout takes a sequence, an image or a volume; received {}.",
                    toString(input)),
        "",
        {}};
}

ValueId lowerSpatialDropout(LowerContext& context) {
    // The number of ops so far is unique in the graph and the same whenever it is built.
    const auto stream = static_cast<std::uint32_t>(context.opCount());
    const DropoutOp op{context.params().real("rate"), stream, true};
    return withChannelsFirst(context, [&](ValueId x) { return context.op(op, {x}); });
}

std::string labelSpatialDropout(const Params& params) {
    return fmt::format("Spatial dropout {}", params.real("rate"));
}

PyTorchCode pytorchSpatialDropout(const CodeContext& context) {
    if (context.params().real("rate") == 0)
        return {"", context.input()};
    return {
        fmt::format("nn.Dropout{}d({})", context.shape().rank() - 1, context.params().real("rate")),
        torchChannelsFirst(context, "self." + context.name())};
}

std::string kerasSpatialDropout(const CodeContext& context) {
    if (context.params().real("rate") == 0)
        return context.input();
    return code::kerasLayer(fmt::format("SpatialDropout{}D", context.shape().rank() - 1), context,
                            {code::number(context.params().real("rate"))});
}

} // namespace

LayerDef spatialDropout() {
    auto rate = realParam("rate", "Rate", 0.5, 0, 1, "Share of the channels set to zero.");
    rate.maximumExclusive = true;
    return {.key = "spatial-dropout",
            .title = "Spatial dropout",
            .category = Category::Regularization,
            .doc = "Dropout of whole channels: neighbouring pixels are so similar that dropping "
                   "single ones removes little. Does nothing at inference.",
            .formula = "y[c] = x[c] · m[c] / (1 - rate), m[c] = 0 with probability rate, else 1",
            .source =
                "Tompson, Goroshin, Jain, LeCun, Bregler: Efficient object localization using "
                "convolutional networks, 2014",
            .traits = {.passesOn = true, .drops = true},
            .params = {std::move(rate)},
            .infer = inferSpatialDropout,
            .lower = lowerSpatialDropout,
            .pytorch = pytorchSpatialDropout,
            .keras = kerasSpatialDropout,
            .label = labelSpatialDropout};
}

} // namespace gradwright::layers
