// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/keras/keras_import.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gradwright {
namespace {

/// Axes counted from 0 without the batch, in Keras's order.
std::vector<std::int64_t> axesOf(const KerasUse& use, std::int64_t rank) {
    auto axes = use.settings().has("axis") ? use.settings().integers("axis")
                                           : std::vector<std::int64_t>{-1};
    for (auto& axis : axes) {
        axis = axis < 0 ? axis + rank : axis - 1;
        if (axis < 0 || axis >= rank)
            throw Error("its axis is {}", dumpExcerpt(use.settings().at("axis")));
    }
    std::ranges::sort(axes);
    return axes;
}

void requireChannels(const KerasUse& use, const KerasValue& x) {
    const auto rank = static_cast<std::int64_t>(x.shape.rank());
    if (axesOf(use, rank) != std::vector{rank - 1})
        throw Error("its axis is {}, and should be that of the channels",
                    dumpExcerpt(use.settings().at("axis")));
}

/// Takes "vars/0", "vars/1" … in turn, those that the settings say are there.
class ArraysInTurn {
public:
    ArraysInTurn(KerasLayers& layers, const KerasUse& use, std::vector<std::int64_t> shape)
        : layers_(layers)
        , use_(use)
        , shape_(std::move(shape)) {}
    Tensor next(bool has, float otherwise) {
        return has ? layers_.array(use_, fmt::format("vars/{}", number_++), shape_)
                   : layers_.constant(Shape(shape_), otherwise);
    }

private:
    KerasLayers& layers_;
    const KerasUse& use_;
    std::vector<std::int64_t> shape_;
    int number_ = 0;
};

KerasValue makeBatchNorm(KerasLayers& layers, const KerasUse& use) {
    const auto& settings = use.settings();
    const auto x = layers.inOrder(use, use.input());
    requireChannels(use, x);
    ArraysInTurn arrays(layers, use, {kerasShape(x.shape).back()});
    LayerWeights weights;
    weights.emplace_back("weight", arrays.next(settings.boolean("scale", true), 1));
    weights.emplace_back("bias", arrays.next(settings.boolean("center", true), 0));
    weights.emplace_back("running_mean", arrays.next(true, 0));
    weights.emplace_back("running_var", arrays.next(true, 1));
    ParamValues params = {{"epsilon", settings.real("epsilon", 1e-3)},
                          {"momentum", 1 - settings.real("momentum", 0.99)}};
    if (!settings.boolean("trainable", true))
        params["statistics"] = std::string("fixed");
    return layers.add(use, "batch-norm", std::move(params), x, std::move(weights));
}

/// Over the features, or over all values of a sample.
KerasValue overFeatures(KerasLayers& layers, const KerasUse& use, const std::string& key,
                        bool scale, bool shift, double epsilon) {
    const auto x = layers.inOrder(use, use.input());
    const auto rank = static_cast<std::int64_t>(x.shape.rank());
    const auto axes = axesOf(use, rank);
    std::vector<std::int64_t> all(static_cast<std::size_t>(rank));
    std::iota(all.begin(), all.end(), 0);
    const bool isOverAll = axes == all;
    if (!isOverAll && axes != std::vector{rank - 1})
        throw Error("it normalizes over the axes {}, and it can be those of the features or all",
                    dumpExcerpt(use.settings().at("axis")));
    ParamValues params = {{"epsilon", epsilon},
                          {"affine", scale || shift},
                          {"over", std::string(isOverAll ? "all" : "features")}};
    auto shape = kerasShape(x.shape);
    if (!isOverAll)
        shape = {shape.back()};
    LayerWeights weights;
    ArraysInTurn arrays(layers, use, shape);
    if (scale || shift) {
        weights.emplace_back("weight", arrays.next(scale, 1));
        if (key != "rms-norm")
            weights.emplace_back("bias", arrays.next(shift, 0));
    }
    if (isOverAll && rank > 2) {
        std::vector<std::size_t> first = {static_cast<std::size_t>(rank - 1)};
        for (std::size_t axis = 0; axis + 1 < static_cast<std::size_t>(rank); ++axis)
            first.push_back(axis);
        for (auto& [name, values] : weights)
            values = axesMoved(values, first);
    }
    return layers.add(use, key, std::move(params), x, std::move(weights));
}

KerasValue makeLayerNorm(KerasLayers& layers, const KerasUse& use) {
    const auto& settings = use.settings();
    if (settings.boolean("rms_scaling", false))
        throw Error("it scales by the root mean square in a way of its own");
    return overFeatures(layers, use, "layer-norm", settings.boolean("scale", true),
                        settings.boolean("center", true), settings.real("epsilon", 1e-3));
}

KerasValue makeRmsNorm(KerasLayers& layers, const KerasUse& use) {
    return overFeatures(layers, use, "rms-norm", true, false, use.settings().real("epsilon", 1e-6));
}

KerasValue makeGroupNorm(KerasLayers& layers, const KerasUse& use) {
    const auto& settings = use.settings();
    const auto x = layers.inOrder(use, use.input());
    requireChannels(use, x);
    const auto channels = kerasShape(x.shape).back();
    const auto groups = settings.integer("groups");
    const bool scale = settings.boolean("scale", true);
    const bool shift = settings.boolean("center", true);
    ArraysInTurn arrays(layers, use, {channels});
    LayerWeights weights;
    if (scale || shift) {
        weights.emplace_back("weight", arrays.next(scale, 1));
        weights.emplace_back("bias", arrays.next(shift, 0));
    }
    return layers.add(use, "group-norm",
                      {{"groups", groups == -1 ? channels : groups},
                       {"epsilon", settings.real("epsilon", 1e-3)},
                       {"affine", scale || shift}},
                      x, std::move(weights));
}

/// (x - mean) / deviation with numbers that are known before training, as batch normalization of
/// fixed statistics.
KerasValue makeKnownNormalization(KerasLayers& layers, const KerasUse& use) {
    const auto& settings = use.settings();
    const auto x = layers.inOrder(use, use.input());
    requireChannels(use, x);
    if (settings.boolean("invert", false))
        throw Error("it is inverted");
    const auto channels = kerasShape(x.shape).back();
    Tensor mean;
    Tensor variance;
    if (settings.has("mean")) {
        const auto given = [&](std::string_view key) {
            const auto numbers = settings.reals(key);
            if (numbers.size() != 1 && static_cast<std::int64_t>(numbers.size()) != channels)
                throw Error("its {} has {} numbers, and there are {} channels", key, numbers.size(),
                            channels);
            auto tensor = layers.constant(Shape{channels}, 0);
            for (std::size_t i = 0; i < static_cast<std::size_t>(channels); ++i)
                tensor.span<float>()[i] =
                    static_cast<float>(numbers.size() == 1 ? numbers[0] : numbers[i]);
            return tensor;
        };
        mean = given("mean");
        variance = given("variance");
    } else {
        mean = layers.array(use, "vars/0", {channels});
        variance = layers.array(use, "vars/1", {channels});
    }
    constexpr double kKerasEpsilon = 1e-7; // the least deviation that it divides by
    constexpr double kEpsilon = 1e-14;
    for (auto& value : variance.span<float>())
        value = std::max(value, static_cast<float>(kKerasEpsilon * kKerasEpsilon - kEpsilon));
    LayerWeights weights = {{"weight", layers.constant(Shape{channels}, 1)},
                            {"bias", layers.constant(Shape{channels}, 0)},
                            {"running_mean", std::move(mean)},
                            {"running_var", std::move(variance)}};
    return layers.add(
        use, "batch-norm",
        {{"epsilon", kEpsilon}, {"statistics", std::string("fixed")}, {"frozen", true}}, x,
        std::move(weights));
}

} // namespace

const KerasTranslations& kerasNormalizationTranslations() {
    static const KerasTranslations all = {{"BatchNormalization", makeBatchNorm},
                                          {"LayerNormalization", makeLayerNorm},
                                          {"RMSNormalization", makeRmsNorm},
                                          {"GroupNormalization", makeGroupNorm},
                                          {"Normalization", makeKnownNormalization}};
    return all;
}

} // namespace gradwright
