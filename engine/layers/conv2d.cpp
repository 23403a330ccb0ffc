// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {
namespace {

constexpr Extent2d kOnes{1, 1};

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
    const ConvOp op{params.integer("filters"), window.kernel,  window.stride,
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

PyTorchCode pytorch(const CodeContext& context) {
    const auto& params = context.params();
    const auto window = windowOf(params, context.shape(), true);
    const auto& padding = window.padding;
    const bool even = padding.top == padding.bottom && padding.left == padding.right;
    const auto x = even ? context.input() : code::torchPadded(padding, context.input());
    return {
        code::call(
            "nn.Conv2d",
            {fmt::format("{}", context.shape()[0]), fmt::format("{}", params.integer("filters")),
             code::pair(window.kernel),
             code::keyword("stride", code::pair(window.stride), window.stride != kOnes),
             code::keyword("padding", code::pair({padding.top, padding.left}),
                           even && padding != Padding2d{}),
             code::keyword("dilation", code::pair(window.dilation), window.dilation != kOnes),
             code::keyword("groups", fmt::format("{}", params.integer("groups")),
                           params.integer("groups") != 1),
             code::keyword("bias", "False", !params.boolean("bias"))}),
        code::torchActivated(activationOf(params), fmt::format("self.{}({})", context.name(), x))};
}

/// Keras refuses strides together with dilation: there every row and column is computed and those
/// that the stride passes over are dropped.
std::string keras(const CodeContext& context) {
    const auto& params = context.params();
    const auto window = windowOf(params, context.shape(), true);
    const bool thinned = window.stride != kOnes && window.dilation != kOnes;
    const bool same = params.text("padding") == "same" && !thinned;
    const auto x = same ? context.input() : code::kerasPadded(window.padding, context.input());
    const auto activation = code::kerasActivation(activationOf(params));
    auto layer = code::call(
        "layers.Conv2D",
        {fmt::format("{}", params.integer("filters")), code::pair(window.kernel),
         code::keyword("strides", code::pair(window.stride), window.stride != kOnes && !thinned),
         code::keyword("padding", "\"same\"", same),
         code::keyword("dilation_rate", code::pair(window.dilation), window.dilation != kOnes),
         code::keyword("groups", fmt::format("{}", params.integer("groups")),
                       params.integer("groups") != 1),
         code::keyword("activation", activation, !activation.empty()),
         code::keyword("use_bias", "False", !params.boolean("bias")),
         fmt::format("name=\"{}\"", context.name())});
    layer += fmt::format("({})", x);
    if (thinned)
        layer += fmt::format("[:, ::{}, ::{}, :]", window.stride[0], window.stride[1]);
    return code::kerasActivated(activationOf(params), layer);
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
            .pytorch = pytorch,
            .keras = keras,
            .label = label};
}

} // namespace gradwright::layers
