// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {
namespace {

Inferred infer(const InferContext& context) {
    const auto& params = context.params;
    const auto& image = context.inputs[0];
    if (auto problem = requireImage("Conv 2D", image))
        return *std::move(problem);
    const auto filters = params.integer("filters");
    const auto groups = params.integer("groups");
    if (image[0] % groups != 0 || filters % groups != 0)
        return LayerProblem{
            fmt::format(
                "Groups must divide the input channels and the filters; received {} groups, "
                "{} channels, {} filters.",
                groups, image[0], filters),
            "groups",
            {{"Set groups to 1", SetParamProposal{"groups", std::int64_t{1}}}}};
    return inferWindow("Conv 2D", context, filters, true);
}

ValueId lower(LowerContext& context) {
    const auto& params = context.params();
    const auto& image = context.inputShape();
    const auto window = windowOf(params, image, true);
    const Conv2dOp op{params.integer("filters"), window.kernel,  window.stride,
                      window.dilation,           window.padding, params.integer("groups"),
                      params.boolean("bias")};
    const auto area = op.kernel[0] * op.kernel[1];
    const WeightFans fans{image[0] / op.groups * area, op.outChannels / op.groups * area};
    std::vector<WeightId> weights = {
        context.weight("weight", {op.outChannels, image[0] / op.groups, op.kernel[0], op.kernel[1]},
                       initializerOf(params, activationOf(params)), fans)};
    if (op.bias)
        weights.push_back(context.weight("bias", {op.outChannels}, {"zeros"}));
    return lowerActivation(context, context.op(op, context.inputs(), std::move(weights)));
}

std::string label(const Params& params) {
    const auto& kernel = params.tuple("kernel");
    return fmt::format("Conv {}×{}×{}", kernel[0], kernel[1], params.integer("filters"));
}

} // namespace

LayerDef conv2d() {
    auto dilation = tupleParam("dilation", "Dilation", {1, 1}, 2, 2, 1, 4096,
                               "Distance between the kernel's elements; 1 = dense.");
    dilation.advanced = true;
    auto groups = intParam("groups", "Groups", 1, 1, 65536,
                           "Splits the channels into groups that are convolved apart; as many "
                           "groups as channels is a depthwise convolution.");
    groups.advanced = true;
    return {.key = "conv2d",
            .title = "Conv 2D",
            .category = Category::Convolution,
            .doc = "Slides learned filters over the image; each makes one feature map. A filter "
                   "looks for the same pattern everywhere, so few weights do much.",
            .formula = "y[o, i, j] = b[o] + Σ w[o, c, u, v] · x[c, i·s + u·d, j·s + v·d]",
            .source = "LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document "
                      "recognition, 1998",
            .params = joined({{intParam("filters", "Filters", 32, 1, 65536,
                                        "Number of filters, which is the number of output "
                                        "channels.")},
                              windowParams({3, 3}, {1, 1}),
                              paddingParams(),
                              {std::move(dilation), std::move(groups),
                               boolParam("bias", "Bias", true, "Adds a learned number a filter.")},
                              activationParams(),
                              initializerParams()}),
            .infer = infer,
            .lower = lower,
            .label = label};
}

} // namespace gradwright::layers
