// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/convolution.h"

namespace gradwright::layers {
namespace {

Inferred inferSeparableConv2d(const InferContext& context) {
    const auto& image = context.inputs[0];
    if (auto problem = requireAxes("Separable conv 2D", image, 2))
        return *std::move(problem);
    auto positions = inferWindow(context.params, positionsOf(image));
    if (const auto* shape = std::get_if<Shape>(&positions))
        return withPositions(context.params.integer("filters"), *shape);
    return positions;
}

ValueId lowerSeparableConv2d(LowerContext& context) {
    const auto& params = context.params();
    const auto channels = context.inputShape()[0];
    const auto window = windowOf(params, positionsOf(context.inputShape()));
    const ConvOp depthwise{channels * params.integer("multiplier"),
                           window.kernel,
                           window.stride,
                           window.dilation,
                           window.padding,
                           channels,
                           false};
    ConvOp pointwise;
    pointwise.outChannels = params.integer("filters");
    pointwise.bias = params.boolean("bias");
    const auto x = lowerConvolution(context, depthwise, context.inputs()[0], {}, "depthwise.");
    return lowerConvolution(context, pointwise, x, activationOf(params), "pointwise.");
}

std::string labelSeparableConv2d(const Params& params) {
    const auto& kernel = params.tuple("kernel");
    return fmt::format("Separable {}×{}×{}", kernel[0], kernel[1], params.integer("filters"));
}

PyTorchCode pytorchSeparableConv2d(const CodeContext& context) {
    const auto& params = context.params();
    const auto channels = context.shape()[0];
    const auto middle = channels * params.integer("multiplier");
    const auto window = windowOf(params, positionsOf(context.shape()));
    const auto x =
        window.isEven() ? context.input() : code::torchPadded(window.padding, 2, context.input());
    const Window pixel{2, {}, {}, {}, {}};
    return {
        fmt::format(
            "nn.ModuleDict({{\"depthwise\": {}, \"pointwise\": {}}})",
            torchConvolution(window, channels, middle, channels, false),
            torchConvolution(pixel, middle, params.integer("filters"), 1, params.boolean("bias"))),
        code::torchActivated(activationOf(params),
                             fmt::format("self.{0}[\"pointwise\"](self.{0}[\"depthwise\"]({1}))",
                                         context.name(), x))};
}

std::string kerasSeparableConv2d(const CodeContext& context) {
    const auto& params = context.params();
    const auto multiplier = params.integer("multiplier");
    return kerasConvolution(
        context, "layers.SeparableConv2D",
        {fmt::format("{}", params.integer("filters")),
         code::keyword("depth_multiplier", fmt::format("{}", multiplier), multiplier != 1)});
}

} // namespace

LayerDef separableConv2d() {
    return {
        .key = "separable-conv2d",
        .title = "Separable conv 2D",
        .category = Category::Convolution,
        .doc = "A depthwise convolution, which looks at neighbours, and then one of 1×1, which "
               "mixes channels: nearly as able as a full convolution at a fraction of the "
               "work.",
        .formula = "y[o] = b[o] + Σ p[o, k] · depthwise(x)[k]",
        .source = "Chollet: Xception, 2017",
        .hasWeights = true,
        .params = joined(
            {{intParam("filters", "Filters", 32, 1, 65536, "Number of output channels."),
              intParam("multiplier", "Multiplier", 1, 1, 1024,
                       "Depthwise filters for each channel.")},
             windowParams({3, 3}, {1, 1}),
             paddingParams(2),
             {dilationParam(2), boolParam("bias", "Bias", true, "Adds a learned bias per filter.")},
             activationParams(),
             initializerParams()}),
        .infer = inferSeparableConv2d,
        .lower = lowerSeparableConv2d,
        .pytorch = pytorchSeparableConv2d,
        .keras = kerasSeparableConv2d,
        .kerasWeights = {.fittings = {kKerasDepthwiseFitting}},
        .label = labelSeparableConv2d};
}

} // namespace gradwright::layers
