// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/convolution.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace gradwright::layers {
namespace {

constexpr std::array kConvTitles = {"Conv 1D", "Conv 2D", "Conv 3D"};

template <std::size_t axes>
Inferred inferConv(const InferContext& context) {
    const auto& params = context.params;
    const auto& input = context.inputs[0];
    if (auto problem = requireAxes(kConvTitles[axes - 1], input, axes))
        return *std::move(problem);
    const auto filters = params.integer("filters");
    if (auto problem = checkGroups(params.integer("groups"), channelsOf(input), filters))
        return *std::move(problem);
    auto positions = inferWindow(params, positionsOf(input));
    if (const auto* shape = std::get_if<Shape>(&positions))
        return withPositions(filters, *shape);
    return positions;
}

ValueId lowerConv(LowerContext& context) {
    const auto& params = context.params();
    const auto window = windowOf(params, positionsOf(context.inputShape()));
    const ConvOp op{params.integer("filters"), window.kernel,  window.stride,
                    window.dilation,           window.padding, params.integer("groups"),
                    params.boolean("bias")};
    return withChannelsFirst(
        context, [&](ValueId x) { return lowerConvolution(context, op, x, activationOf(params)); });
}

std::string labelConv(const Params& params) {
    return fmt::format("Conv {}×{}", fmt::join(params.tuple("kernel"), "×"),
                       params.integer("filters"));
}

template <std::size_t axes>
PyTorchCode pytorchConv(const CodeContext& context) {
    const auto& params = context.params();
    const auto window = windowOf(params, positionsOf(context.shape()));
    auto x = torchTurned(axes, context.input());
    if (!window.isEven())
        x = code::torchPadded(window.padding, axes, x);
    const auto result =
        code::torchActivated(activationOf(params), fmt::format("self.{}({})", context.name(), x));
    return {torchConvolution(window, channelsOf(context.shape()), params.integer("filters"),
                             params.integer("groups"), params.boolean("bias")),
            torchTurned(axes, result)};
}

template <std::size_t axes>
std::string kerasConv(const CodeContext& context) {
    constexpr std::array names = {"layers.Conv1D", "layers.Conv2D", "layers.Conv3D"};
    return kerasConvolution(context, names[axes - 1],
                            {fmt::format("{}", context.params().integer("filters"))});
}

} // namespace

ParamSpec groupsParam() {
    auto groups = intParam("groups", "Groups", 1, 1, 65536,
                           "Splits the channels into groups that are convolved separately; as many "
                           "groups as channels is a depthwise convolution.");
    groups.advanced = true;
    return groups;
}

std::optional<LayerProblem> checkGroups(std::int64_t groups, std::int64_t channels,
                                        std::int64_t filters) {
    if (channels % groups == 0 && filters % groups == 0)
        return {};
    return LayerProblem{
        fmt::format("Groups must divide the input channels and the filters; received {} groups, "
                    "{} channels, {} filters.",
                    groups, channels, filters),
        "groups",
        {{"Set groups to 1", SetParamProposal{"groups", std::int64_t{1}}}}};
}

ValueId lowerConvolution(LowerContext& context, const ConvOp& op, ValueId input,
                         const Activation& activation, const std::string& prefix) {
    const auto axes = positionsOf(context.inputShape()).rank();
    const auto channels = context.shapeOf(input)[0];
    const auto area = op.kernel.product();
    std::vector<std::int64_t> dims{op.outChannels, channels / op.groups};
    dims.insert(dims.end(), op.kernel.begin(), op.kernel.begin() + axes);
    const WeightFans fans{channels / op.groups * area, op.outChannels / op.groups * area};
    std::vector<WeightId> weights = {context.weight(
        prefix + "weight", Shape(dims), initializerOf(context.params(), activation), fans)};
    if (op.bias)
        weights.push_back(context.weight(prefix + "bias", {op.outChannels}, {"zeros"}));
    const auto value = context.op(op, {input}, std::move(weights));
    if (activation.kind == ActivationKind::Identity)
        return value;
    return context.op(ActivationOp{activation}, {value});
}

std::string torchConvolution(const Window& window, std::int64_t inChannels,
                             std::int64_t outChannels, std::int64_t groups, bool bias) {
    const auto axes = window.axes;
    return code::call(
        fmt::format("nn.Conv{}d", axes),
        {fmt::format("{}", inChannels), fmt::format("{}", outChannels),
         code::extents(window.kernel, axes),
         code::keyword("stride", code::extents(window.stride, axes), window.stride != Extents{}),
         code::keyword("padding", evenPadding(window),
                       window.isEven() && window.padding != Padding{}),
         code::keyword("dilation", code::extents(window.dilation, axes),
                       window.dilation != Extents{}),
         code::keyword("groups", fmt::format("{}", groups), groups != 1),
         code::keyword("bias", "False", !bias)});
}

/// Keras refuses strides together with dilation: there every position is computed and those that
/// the stride passes over are dropped.
std::string kerasConvolution(const CodeContext& context, std::string_view layer,
                             std::vector<std::string> first) {
    const auto& params = context.params();
    const auto window = windowOf(params, positionsOf(context.shape()));
    const auto axes = window.axes;
    const bool thinned = window.stride != Extents{} && window.dilation != Extents{};
    const bool same = params.text("padding") == "same" && !thinned;
    const auto x =
        same ? context.input() : code::kerasPadded(window.padding, axes, context.input());
    const auto activation = code::kerasActivation(activationOf(params));
    const auto groups = params.has("groups") ? params.integer("groups") : 1;
    // Keywords among them go last, as Python wants it.
    const auto keywords =
        std::stable_partition(first.begin(), first.end(), [](const std::string& argument) {
            return argument.find('=') == std::string::npos;
        });
    const std::vector<std::string> rest(keywords, first.end());
    std::vector<std::string> arguments(first.begin(), keywords);
    for (auto&& argument : {code::extents(window.kernel, axes),
                            code::keyword("strides", code::extents(window.stride, axes),
                                          window.stride != Extents{} && !thinned),
                            code::keyword("padding", "\"same\"", same),
                            code::keyword("dilation_rate", code::extents(window.dilation, axes),
                                          window.dilation != Extents{}),
                            code::keyword("groups", fmt::format("{}", groups), groups != 1),
                            code::keyword("activation", activation, !activation.empty()),
                            code::keyword("use_bias", "False", !params.boolean("bias")),
                            fmt::format("name=\"{}\"", context.name())})
        arguments.push_back(argument);
    arguments.insert(arguments.end(), rest.begin(), rest.end());
    auto result = fmt::format("{}({})", code::call(layer, arguments), x);
    if (thinned) {
        std::string steps;
        for (std::size_t axis = 0; axis < axes; ++axis)
            steps += fmt::format("::{}, ", window.stride[axis]);
        result += fmt::format("[:, {}:]", steps);
    }
    return code::kerasActivated(activationOf(params), result);
}

LayerDef convolution(std::size_t axes) {
    LayerDef def{
        .key = "",
        .title = kConvTitles.at(axes - 1),
        .category = Category::Convolution,
        .doc = "",
        .formula = "",
        .source = "",
        .hasWeights = true,
        .params = joined({{intParam("filters", "Filters", 32, 1, 65536,
                                    "Number of filters, which is the number of output channels.")},
                          windowParams(IntTuple(axes, 3), IntTuple(axes, 1)),
                          paddingParams(axes),
                          {dilationParam(axes), groupsParam(),
                           boolParam("bias", "Bias", true, "Adds a learned bias per filter.")},
                          activationParams(),
                          initializerParams()}),
        .lower = lowerConv,
        .label = labelConv};
    constexpr std::array infers = {inferConv<1>, inferConv<2>, inferConv<3>};
    constexpr std::array pytorches = {pytorchConv<1>, pytorchConv<2>, pytorchConv<3>};
    constexpr std::array kerases = {kerasConv<1>, kerasConv<2>, kerasConv<3>};
    def.infer = infers.at(axes - 1);
    def.pytorch = pytorches.at(axes - 1);
    def.keras = kerases.at(axes - 1);
    def.kerasWeights.usual = true;
    return def;
}

} // namespace gradwright::layers
