// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/keras/keras_import.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>

namespace gradwright {
namespace {

/// Lengths along the positions; one number stands for all axes.
IntTuple kerasExtents(const KerasUse& use, std::string_view key, std::size_t axes) {
    auto values = use.settings().integers(key);
    if (values.size() == 1)
        values.resize(axes, values[0]);
    if (values.size() != axes)
        throw Error("its {} has {} numbers, and there are {} axes", key, values.size(), axes);
    return values;
}

/// "kernel", "stride", "dilation" and the padding of a convolution.
ParamValues windowOfConvolution(const KerasUse& use, std::size_t axes) {
    requireChannelsLast(use);
    const auto kernel = kerasExtents(use, "kernel_size", axes);
    const auto dilation = use.settings().has("dilation_rate")
                              ? kerasExtents(use, "dilation_rate", axes)
                              : IntTuple(axes, 1);
    ParamValues params = {
        {"kernel", kernel}, {"stride", kerasExtents(use, "strides", axes)}, {"dilation", dilation}};
    const auto padding = use.settings().text("padding", "valid");
    if (padding == "causal" && axes == 1) {
        params["padding"] = std::string("explicit");
        params["padding_sides"] = IntTuple{(kernel[0] - 1) * dilation[0], 0};
    } else if (padding == "same" || padding == "valid") {
        params["padding"] = padding;
    } else {
        throw Error("its padding is \"{}\"", padding);
    }
    return params;
}

/// The kernel's lengths and then those.
std::vector<std::int64_t> kernelShape(const ParamValues& params,
                                      std::initializer_list<std::int64_t> channels) {
    auto shape = std::get<IntTuple>(params.at("kernel"));
    shape.insert(shape.end(), channels);
    return shape;
}

/// Both channels in front of the positions, the last one first.
std::vector<std::size_t> channelsFirstOf(std::size_t axes) {
    std::vector<std::size_t> order = {axes + 1, axes};
    for (std::size_t axis = 0; axis < axes; ++axis)
        order.push_back(axis);
    return order;
}

std::int64_t channelsIn(const KerasUse& use, std::size_t axes) {
    const auto& shape = use.input().shape;
    if (shape.rank() != axes + 1)
        throw Error("its input is {}", toString(shape));
    return axes == 1 ? shape[1] : shape[0];
}

bool addBias(KerasLayers& layers, const KerasUse& use, const std::string& array,
             std::int64_t filters, const std::string& name, LayerWeights& weights) {
    const bool has = use.settings().boolean("use_bias", true);
    if (has)
        weights.emplace_back(name, layers.array(use, array, {filters}));
    return has;
}

template <std::size_t axes>
KerasValue makeConvolution(KerasLayers& layers, const KerasUse& use) {
    auto params = windowOfConvolution(use, axes);
    const auto filters = use.settings().integer("filters");
    const auto groups = use.settings().integer("groups", 1);
    const auto channels = channelsIn(use, axes);
    if (groups < 1 || channels % groups != 0)
        throw Error("its {} groups do not divide {} channels", groups, channels);
    LayerWeights weights = {
        {"weight",
         axesMoved(layers.array(use, "vars/0", kernelShape(params, {channels / groups, filters})),
                   channelsFirstOf(axes))}};
    params["filters"] = filters;
    params["groups"] = groups;
    params["bias"] = addBias(layers, use, "vars/1", filters, "bias", weights);
    constexpr std::array names = {"conv1d", "conv2d", "conv3d"};
    return addActivated(layers, use, names.at(axes - 1), std::move(params), use.input(),
                        std::move(weights));
}

/// (kh, kw, in, multiplier) as filters with a channel each.
Tensor depthwiseKernel(KerasLayers& layers, const KerasUse& use, const ParamValues& params,
                       std::int64_t channels, std::int64_t multiplier) {
    const auto kernel = std::get<IntTuple>(params.at("kernel"));
    return axesMoved(layers.array(use, "vars/0", kernelShape(params, {channels, multiplier})),
                     {2, 3, 0, 1})
        .reshaped(Shape{channels * multiplier, 1, kernel[0], kernel[1]});
}

KerasValue makeDepthwise(KerasLayers& layers, const KerasUse& use) {
    auto params = windowOfConvolution(use, 2);
    const auto channels = channelsIn(use, 2);
    const auto multiplier = use.settings().integer("depth_multiplier", 1);
    LayerWeights weights = {{"weight", depthwiseKernel(layers, use, params, channels, multiplier)}};
    params["multiplier"] = multiplier;
    params["bias"] = addBias(layers, use, "vars/1", channels * multiplier, "bias", weights);
    return addActivated(layers, use, "depthwise-conv2d", std::move(params), use.input(),
                        std::move(weights));
}

KerasValue makeSeparable(KerasLayers& layers, const KerasUse& use) {
    auto params = windowOfConvolution(use, 2);
    const auto channels = channelsIn(use, 2);
    const auto multiplier = use.settings().integer("depth_multiplier", 1);
    const auto filters = use.settings().integer("filters");
    LayerWeights weights = {
        {"depthwise.weight", depthwiseKernel(layers, use, params, channels, multiplier)},
        {"pointwise.weight",
         axesMoved(layers.array(use, "vars/1", {1, 1, channels * multiplier, filters}),
                   {3, 2, 0, 1})}};
    params["filters"] = filters;
    params["multiplier"] = multiplier;
    params["bias"] = addBias(layers, use, "vars/2", filters, "pointwise.bias", weights);
    return addActivated(layers, use, "separable-conv2d", std::move(params), use.input(),
                        std::move(weights));
}

KerasValue makeTransposed(KerasLayers& layers, const KerasUse& use) {
    auto params = windowOfConvolution(use, 2);
    if (use.settings().has("output_padding"))
        throw Error("it has output padding");
    const auto channels = channelsIn(use, 2);
    const auto filters = use.settings().integer("filters");
    if (std::get<std::string>(params.at("padding")) == "valid") {
        // The output is at least the input times the stride.
        IntTuple extra;
        for (std::size_t axis = 0; axis < 2; ++axis) {
            const auto reach = (std::get<IntTuple>(params["kernel"])[axis] - 1) *
                                   std::get<IntTuple>(params["dilation"])[axis] +
                               1;
            extra.push_back(
                std::max<std::int64_t>(std::get<IntTuple>(params["stride"])[axis] - reach, 0));
        }
        if (extra != IntTuple{0, 0}) {
            params["padding"] = std::string("explicit");
            params["output_padding"] = extra;
        }
    }
    LayerWeights weights = {
        {"weight", axesMoved(layers.array(use, "vars/0", kernelShape(params, {filters, channels})),
                             {3, 2, 0, 1})}};
    params["filters"] = filters;
    params["bias"] = addBias(layers, use, "vars/1", filters, "bias", weights);
    return addActivated(layers, use, "conv-transpose2d", std::move(params), use.input(),
                        std::move(weights));
}

template <std::size_t axes, bool isMaximum>
KerasValue makePooling(KerasLayers& layers, const KerasUse& use) {
    requireChannelsLast(use);
    const auto padding = use.settings().text("padding", "valid");
    if (padding != "same" && padding != "valid")
        throw Error("its padding is \"{}\"", padding);
    const auto kernel = kerasExtents(use, "pool_size", axes);
    const ParamValues params = {
        {"kernel", kernel},
        {"stride", use.settings().has("strides") ? kerasExtents(use, "strides", axes) : kernel},
        {"padding", padding}};
    return layers.add(use, fmt::format("{}-pool{}d", isMaximum ? "max" : "average", axes), params,
                      use.input());
}

/// A number per channel, or an image of one position.
template <std::size_t axes, bool isMaximum>
KerasValue makeGlobalPooling(KerasLayers& layers, const KerasUse& use) {
    requireChannelsLast(use);
    static_cast<void>(channelsIn(use, axes));
    const auto made =
        layers.add(use, isMaximum ? "global-max-pool" : "global-average-pool", {}, use.input());
    if (!use.settings().boolean("keepdims", false))
        return made;
    IntTuple shape(axes + 1, 1);
    (axes == 1 ? shape.back() : shape.front()) = made.shape[0];
    return layers.add(use, "reshape", {{"shape", shape}}, made);
}

} // namespace

const KerasTranslations& kerasWindowTranslations() {
    static const KerasTranslations all = {{"Conv1D", makeConvolution<1>},
                                          {"Conv2D", makeConvolution<2>},
                                          {"Conv3D", makeConvolution<3>},
                                          {"DepthwiseConv2D", makeDepthwise},
                                          {"SeparableConv2D", makeSeparable},
                                          {"Conv2DTranspose", makeTransposed},
                                          {"MaxPooling1D", makePooling<1, true>},
                                          {"MaxPooling2D", makePooling<2, true>},
                                          {"MaxPooling3D", makePooling<3, true>},
                                          {"AveragePooling1D", makePooling<1, false>},
                                          {"AveragePooling2D", makePooling<2, false>},
                                          {"AveragePooling3D", makePooling<3, false>},
                                          {"GlobalMaxPooling1D", makeGlobalPooling<1, true>},
                                          {"GlobalMaxPooling2D", makeGlobalPooling<2, true>},
                                          {"GlobalMaxPooling3D", makeGlobalPooling<3, true>},
                                          {"GlobalAveragePooling1D", makeGlobalPooling<1, false>},
                                          {"GlobalAveragePooling2D", makeGlobalPooling<2, false>},
                                          {"GlobalAveragePooling3D", makeGlobalPooling<3, false>}};
    return all;
}

} // namespace gradwright
