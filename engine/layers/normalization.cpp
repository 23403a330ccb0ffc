// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/normalization.h"

#include <fmt/ranges.h>

#include <numeric>

namespace gradwright::layers {

ParamSpec epsilonParam(double defaultValue) {
    auto epsilon = realParam("epsilon", "Epsilon", defaultValue, 0, 1,
                             "Added to the variance so that it is never zero.");
    epsilon.minimumExclusive = true;
    epsilon.advanced = true;
    return epsilon;
}

ParamSpec overParam() {
    return choiceParam(
        "over", "Over", "features",
        {{"features", "Features",
          "The features of each step of a sequence, the channels of each pixel of an image."},
         {"all", "Everything", "All values of the sample together."}},
        "The values over which mean and deviation are taken.");
}

bool isOverFeatures(const Params& params) {
    return params.text("over") == "features";
}

std::vector<WeightId> normalizationWeights(LowerContext& context, const NormalizeOp& op,
                                           const Shape& shape) {
    std::vector<WeightId> weights;
    if (op.scale)
        weights.push_back(context.weight("weight", shape, {"constant", 1.0}));
    if (op.shift)
        weights.push_back(context.weight("bias", shape, {"zeros"}));
    return weights;
}

ValueId lowerOverFeatures(LowerContext& context, NormalizeOp op) {
    const auto& shape = context.inputShape();
    const auto rank = static_cast<std::int64_t>(shape.rank());
    const auto x = context.inputs()[0];
    if (!isOverFeatures(context.params()))
        return context.op(op, {x}, normalizationWeights(context, op, shape));
    op.axis = rank; // the last one, behind the batch
    const auto weights = normalizationWeights(context, op, {channelsOf(shape)});
    if (rank <= 2)
        return context.op(op, {x}, weights);
    std::vector<std::int64_t> toEnd;
    std::vector<std::int64_t> toFront{rank - 1};
    for (std::int64_t axis = 1; axis <= rank; ++axis) {
        toEnd.push_back(axis % rank);
        if (axis < rank)
            toFront.push_back(axis - 1);
    }
    const auto moved = context.op(PermuteOp::ofSample(toEnd), {x});
    return context.op(PermuteOp::ofSample(toFront), {context.op(op, {moved}, weights)});
}

PyTorchCode torchShiftAlone(const CodeContext& context) {
    const auto zeros = fmt::format("torch.zeros_like({})", context.input());
    if (!context.params().boolean("affine"))
        return {"", zeros};
    const auto& shape = context.shape();
    std::string axes;
    for (std::size_t axis = 1; shape.rank() > 2 && axis < shape.rank(); ++axis)
        axes += ", None";
    return {fmt::format("nn.ParameterDict({{\"bias\": nn.Parameter(torch.zeros({}))}})",
                        channelsOf(shape)),
            fmt::format("{} + self.{}[\"bias\"]{}", zeros, context.name(),
                        axes.empty() ? "" : "[:" + axes + "]")};
}

CodeContext onZeros(const CodeContext& context) {
    return {context.params(),
            context.shapes(),
            {fmt::format("ops.zeros_like({})", context.input())},
            context.name()};
}

std::string torchNormalizedShape(const CodeContext& context) {
    const auto& shape = context.shape();
    if (isOverFeatures(context.params()) || shape.rank() == 1)
        return fmt::format("{}", channelsOf(shape));
    return fmt::format("({})", fmt::join(shape.dims(), ", "));
}

std::string torchOverFeatures(const CodeContext& context) {
    const bool turn = isOverFeatures(context.params()) && context.shape().rank() > 2;
    return fmt::format("self.{}({}{}){}", context.name(), context.input(),
                       turn ? ".movedim(1, -1)" : "", turn ? ".movedim(-1, 1)" : "");
}

std::string kerasAxes(const CodeContext& context) {
    if (isOverFeatures(context.params()) || context.shape().rank() == 1)
        return "-1";
    std::vector<std::size_t> axes(context.shape().rank());
    std::iota(axes.begin(), axes.end(), 1U);
    return fmt::format("[{}]", fmt::join(axes, ", "));
}

} // namespace gradwright::layers
