// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/convolution.h"

namespace gradwright::layers {
namespace {

Inferred inferDepthwiseConv2d(const InferContext& context) {
    const auto& image = context.inputs[0];
    if (auto problem = requireAxes("Depthwise conv 2D", image, 2))
        return *std::move(problem);
    auto positions = inferWindow(context.params, positionsOf(image));
    if (const auto* shape = std::get_if<Shape>(&positions))
        return withPositions(image[0] * context.params.integer("multiplier"), *shape);
    return positions;
}

ValueId lowerDepthwiseConv2d(LowerContext& context) {
    const auto& params = context.params();
    const auto channels = context.inputShape()[0];
    const auto window = windowOf(params, positionsOf(context.inputShape()));
    const ConvOp op{channels * params.integer("multiplier"),
                    window.kernel,
                    window.stride,
                    window.dilation,
                    window.padding,
                    channels,
                    params.boolean("bias")};
    return lowerConvolution(context, op, context.inputs()[0], activationOf(params));
}

std::string labelDepthwiseConv2d(const Params& params) {
    const auto& kernel = params.tuple("kernel");
    return fmt::format("Depthwise {}×{}", kernel[0], kernel[1]);
}

PyTorchCode pytorchDepthwiseConv2d(const CodeContext& context) {
    const auto& params = context.params();
    const auto channels = context.shape()[0];
    const auto window = windowOf(params, positionsOf(context.shape()));
    const auto x =
        window.isEven() ? context.input() : code::torchPadded(window.padding, 2, context.input());
    return {
        torchConvolution(window, channels, channels * params.integer("multiplier"), channels,
                         params.boolean("bias")),
        code::torchActivated(activationOf(params), fmt::format("self.{}({})", context.name(), x))};
}

/// Keras wants equal strides there; others go through its convolution with groups.
std::string kerasDepthwiseConv2d(const CodeContext& context) {
    const auto& params = context.params();
    const auto multiplier = params.integer("multiplier");
    if (params.tuple("stride")[0] != params.tuple("stride")[1])
        return kerasConvolution(context, "layers.Conv2D",
                                {fmt::format("{}", context.shape()[0] * multiplier),
                                 fmt::format("groups={}", context.shape()[0])});
    return kerasConvolution(
        context, "layers.DepthwiseConv2D",
        {code::keyword("depth_multiplier", fmt::format("{}", multiplier), multiplier != 1)});
}

} // namespace

LayerDef depthwiseConv2d() {
    return {
        .key = "depthwise-conv2d",
        .title = "Depthwise conv 2D",
        .category = Category::Convolution,
        .doc = "Convolves every channel by filters of its own, without mixing channels: few "
               "weights, few operations.",
        .formula = "y[c·m + k, i, j] = b[c·m + k] + Σ w[c·m + k, u, v] · x[c, i·s + u·d, "
                   "j·s + v·d]",
        .source = "Chollet: Xception, 2017; Howard et al.: MobileNets, 2017",
        .hasWeights = true,
        .params = joined(
            {{intParam("multiplier", "Multiplier", 1, 1, 1024, "Filters for each channel.")},
             windowParams({3, 3}, {1, 1}),
             paddingParams(2),
             {dilationParam(2), boolParam("bias", "Bias", true, "Adds a learned bias per filter.")},
             activationParams(),
             initializerParams()}),
        .infer = inferDepthwiseConv2d,
        .lower = lowerDepthwiseConv2d,
        .pytorch = pytorchDepthwiseConv2d,
        .keras = kerasDepthwiseConv2d,
        .kerasWeights = {.usual = true, .fittings = {kKerasDepthwiseFitting}},
        .label = labelDepthwiseConv2d};
}

} // namespace gradwright::layers
