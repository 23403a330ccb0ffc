// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/keras/keras_import.h"
#include "engine/support/error.h"

#include <array>

namespace gradwright {
namespace {

/// The rows of a kernel of (inputs, units), from the order in which Keras lays an image out to
/// ours.
Tensor inOurOrder(const Tensor& kernel, const Shape& image, std::int64_t units) {
    auto shape = kerasShape(image);
    shape.push_back(units);
    std::vector<std::size_t> axes = {image.rank() - 1};
    for (std::size_t axis = 0; axis + 1 < image.rank(); ++axis)
        axes.push_back(axis);
    axes.push_back(image.rank());
    return axesMoved(kernel.reshaped(Shape(shape)), axes).reshaped(kernel.shape());
}

/// `path` leads to the layer's arrays.
KerasValue denseOf(KerasLayers& layers, const KerasUse& use, const KerasSettings& settings,
                   const std::string& path) {
    const auto& x = use.input();
    const auto units = settings.integer("units");
    const bool bias = settings.boolean("use_bias", true);
    const auto inputs = kerasShape(x.shape).back();
    auto kernel = layers.array(use, path + "vars/0", {inputs, units});
    if (x.laidOut)
        kernel = inOurOrder(kernel, *x.laidOut, units);
    LayerWeights weights = {{"weight", axesMoved(kernel, {1, 0})}};
    if (bias)
        weights.emplace_back("bias", layers.array(use, path + "vars/1", {units}));
    if (x.shape.rank() <= 2)
        return addActivated(layers, use, "dense", {{"units", units}, {"bias", bias}}, x,
                            std::move(weights));
    // On the channels of each pixel.
    const auto axes = x.shape.rank() - 1;
    std::vector<std::int64_t> kernelShape(axes + 2, 1);
    kernelShape[0] = units;
    kernelShape[1] = inputs;
    weights[0].second = weights[0].second.reshaped(Shape(kernelShape));
    return addActivated(layers, use, axes == 2 ? "conv2d" : "conv3d",
                        {{"filters", units}, {"kernel", IntTuple(axes, 1)}, {"bias", bias}}, x,
                        std::move(weights));
}

KerasValue makeDense(KerasLayers& layers, const KerasUse& use) {
    return denseOf(layers, use, use.settings(), {});
}

/// Dense works on each step by itself anyway.
KerasValue makeTimeDistributed(KerasLayers& layers, const KerasUse& use) {
    const auto kind = use.settings().innerKind("layer");
    if (kind != "Dense" || use.input().shape.rank() != 2)
        throw Error("it applies {} to each step, and only Dense on sequences can be opened", kind);
    KerasLayer inner = use.layer;
    inner.settings = use.settings().inner("layer");
    inner.path += "/layer";
    return denseOf(layers, {inner, use.call, use.inputs, use.name}, inner.settings, {});
}

KerasValue makeEmbedding(KerasLayers& layers, const KerasUse& use) {
    const auto& settings = use.settings();
    if (settings.boolean("mask_zero", false))
        throw Error("it masks zeros, so that layers behind it pass over these steps, which none "
                    "here does");
    if (use.input().shape.rank() != 1)
        throw Error("its input is {}, and should be the numbers of the steps",
                    toString(use.input().shape));
    const auto vocabulary = settings.integer("input_dim");
    const auto dimensions = settings.integer("output_dim");
    return layers.add(use, "embedding", {{"vocabulary", vocabulary}, {"dimensions", dimensions}},
                      use.input(),
                      {{"weight", layers.array(use, "vars/0", {vocabulary, dimensions})}});
}

} // namespace

const KerasTranslations& kerasDenseTranslations() {
    static const KerasTranslations all = {{"Dense", makeDense},
                                          {"TimeDistributed", makeTimeDistributed},
                                          {"Embedding", makeEmbedding}};
    return all;
}

} // namespace gradwright
