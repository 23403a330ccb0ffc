// SPDX-License-Identifier: GPL-3.0-or-later
//
// Normalizations, as one node or written out.
#include "engine/exchange/import_channels.h"
#include "engine/exchange/layer_import.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace gradwright {
namespace {

bool holdsOnly(const FoldedValue& constant, double value) {
    return std::ranges::all_of(constant.numbers(), [&](double each) { return each == value; });
}

/// The values of scale and shift in the shape that the layer keeps them in; nothing where they do
/// not fit.
using Fitting = std::function<std::optional<Tensor>(const FoldedValue&)>;

/// A product with a constant behind a value and a sum with another, which belong to the layer.
struct Affine {
    std::optional<Tensor> scale, shift;
    std::string result; ///< the name of what they make
    const OnnxNode* last = nullptr;
};

std::optional<Tensor> constantBehind(LayerImport& import, Affine& affine, std::string_view op,
                                     const Fitting& fitting) {
    const auto* next = import.soleReader(affine.result);
    if (!next || next->op != op || next->inputs.size() != 2 || !next->domain.empty())
        return {};
    const auto& other = next->inputs[next->inputs[0] == affine.result ? 1 : 0];
    if (other == affine.result || import.isData(other))
        return {};
    const auto* constant = import.folded(other);
    auto values = constant && !constant->dependsOnBatch() && !constant->isPerBatch
                      ? fitting(*constant)
                      : std::nullopt;
    if (!values)
        return {};
    import.consume(*next);
    affine.last = next;
    affine.result = next->outputs.at(0);
    return values;
}

Affine affineBehind(LayerImport& import, const OnnxNode& node, const Fitting& fitting,
                    bool hasShift) {
    Affine affine{{}, {}, node.outputs.at(0), &node};
    affine.scale = constantBehind(import, affine, "Mul", fitting);
    if (hasShift)
        affine.shift = constantBehind(import, affine, "Add", fitting);
    return affine;
}

Tensor filledLike(const Tensor& like, float value) {
    Tensor made(DType::F32, like.shape());
    std::ranges::fill(made.span<float>(), value);
    return made;
}

/// Weights of a layer that has scale and shift, or neither.
LayerWeights affineWeights(const Affine& affine, bool hasShift) {
    LayerWeights weights;
    if (!affine.scale && !affine.shift)
        return weights;
    weights.emplace_back("weight", affine.scale ? *affine.scale : filledLike(*affine.shift, 1));
    if (hasShift)
        weights.emplace_back("bias", affine.shift ? *affine.shift : filledLike(*affine.scale, 0));
    return weights;
}

DataValue channelInput(LayerImport& import, const OnnxNode& node) {
    const auto& x = import.data(node);
    requireNumbers(x);
    return withChannels(import, x);
}

Tensor channelWeights(LayerImport& import, const OnnxNode& node, std::size_t input,
                      std::string_view what, std::int64_t channels) {
    const auto values = LayerImport::weightOf(import.constant(node, input, what));
    if (values.elements() != channels)
        throw Error("its {} has {} numbers for {} channels", what, values.elements(), channels);
    return values.reshaped({channels});
}

std::int64_t channelsOfValue(const DataValue& x) {
    return x.shape[channelAxis(x.shape)];
}

void importBatchNorm(LayerImport& import, const OnnxNode& node) {
    if (node.integer("training_mode", 0) != 0)
        throw Error("it is set to training");
    if (import.opset() < 9 && node.integer("spatial", 1) == 0)
        throw Error("it has statistics for each position");
    import.requireNoMoreOutputs(node, 1);
    const auto x = channelInput(import, node);
    const auto channels = channelsOfValue(x);
    LayerWeights weights;
    weights.emplace_back("weight", channelWeights(import, node, 1, "scale", channels));
    weights.emplace_back("bias", channelWeights(import, node, 2, "shift", channels));
    weights.emplace_back("running_mean", channelWeights(import, node, 3, "mean", channels));
    weights.emplace_back("running_var", channelWeights(import, node, 4, "variance", channels));
    ParamValues params{{"epsilon", node.real("epsilon", 1e-5)}};
    if (const auto momentum = node.real("momentum", 0.9); momentum >= 0 && momentum <= 1)
        params.emplace("momentum", std::round((1 - momentum) * 1e6) / 1e6);
    import.set(node.outputs.at(0), import.onOwn(x, "batch-norm", std::move(params),
                                                LayerImport::nameFor(node), std::move(weights)));
}

void importInstanceNorm(LayerImport& import, const OnnxNode& node) {
    const auto x = channelInput(import, node);
    const auto channels = channelsOfValue(x);
    const bool isPlain = holdsOnly(import.constant(node, 1, "scale"), 1) &&
                         holdsOnly(import.constant(node, 2, "shift"), 0);
    LayerWeights weights;
    if (!isPlain) {
        weights.emplace_back("weight", channelWeights(import, node, 1, "scale", channels));
        weights.emplace_back("bias", channelWeights(import, node, 2, "shift", channels));
    }
    import.set(node.outputs.at(0), import.onOwn(x, "instance-norm",
                                                {{"epsilon", node.real("epsilon", 1e-5)},
                                                 { "affine",
                                                   !isPlain }},
                                                LayerImport::nameFor(node), std::move(weights)));
}

void importGroupNorm(LayerImport& import, const OnnxNode& node) {
    const auto x = channelInput(import, node);
    const auto channels = channelsOfValue(x);
    const auto groups = node.integer("num_groups", 0);
    if (groups < 1 || channels % groups != 0)
        throw Error("it splits {} channels into {} groups", channels, groups);
    // Until operator set 21 a group had one scale and shift.
    const auto perChannelOf = [&](std::size_t input, std::string_view what) {
        const auto values = LayerImport::weightOf(import.constant(node, input, what));
        if (values.elements() == channels && import.opset() >= 21)
            return values.reshaped({channels});
        if (values.elements() != groups)
            throw Error("its {} has {} numbers", what, values.elements());
        Tensor spread(DType::F32, {channels});
        for (std::int64_t channel = 0; channel < channels; ++channel)
            spread.span<float>()[static_cast<std::size_t>(channel)] =
                values.span<float>()[static_cast<std::size_t>(channel / (channels / groups))];
        return spread;
    };
    const bool isPlain = holdsOnly(import.constant(node, 1, "scale"), 1) &&
                         holdsOnly(import.constant(node, 2, "shift"), 0);
    LayerWeights weights;
    if (!isPlain) {
        weights.emplace_back("weight", perChannelOf(1, "scale"));
        weights.emplace_back("bias", perChannelOf(2, "shift"));
    }
    import.set(node.outputs.at(0), import.onOwn(x, "group-norm",
                                                {{"groups", groups},
                                                 {"epsilon", node.real("epsilon", 1e-5)},
                                                 { "affine",
                                                   !isPlain }},
                                                LayerImport::nameFor(node), std::move(weights)));
}

// Statistics over the features of a step or pixel, or over all of a sample.

enum class Over { Features, All };

struct FeatureInput {
    DataValue x;
    Over over;
};

/// The value as a layer of that kind takes it, for statistics over the view's axes from `axis` on.
FeatureInput featureInput(LayerImport& import, const DataValue& given, std::size_t axis) {
    requireNumbers(given);
    const auto x = import.settled(given);
    const auto rank = x.axes.size();
    if (rank > 1 && axis + 1 == rank && x.axes[axis] == static_cast<int>(channelAxis(x.shape)))
        return {x, Over::Features};
    if (axis == 1 && import.batchAxis(x) == 0)
        return {LayerImport::value(import.plain(x)), rank == 2 ? Over::Features : Over::All};
    if (axis + 1 != rank || import.batchAxis(x) == axis)
        throw Error("its statistics are over axes from {} on, and layers take the last one, or all",
                    axis);
    // The features last, as in a sequence; of an image they are its channels.
    auto turned = x;
    std::vector<int> back;
    if (import.sampleDims(x).size() > 2) {
        turned.axes.pop_back();
        turned.axes.insert(turned.axes.begin() +
                               static_cast<std::ptrdiff_t>(import.batchAxis(x) == 0 ? 1 : 0),
                           x.axes.back());
    }
    if (import.batchAxis(turned) != 0)
        throw Error("the batch is axis {} of its input", import.batchAxis(x));
    const auto made = import.plain(turned);
    if (made.shape.rank() <= 2)
        return {LayerImport::value(made), Over::Features};
    std::vector<int> axes{kBatchAxis};
    for (std::size_t i = 1; i < made.shape.rank(); ++i)
        axes.push_back(static_cast<int>(i));
    axes.push_back(0);
    return {LayerImport::value(made, std::move(axes)), Over::Features};
}

/// Scale or shift of such a layer, from a constant that broadcasts to the value.
std::optional<Tensor> featureWeights(LayerImport& import, const FeatureInput& input,
                                     const FoldedValue& constant) {
    const auto lengths = import.sampleDims(input.x);
    auto shape = constant.shape().dims();
    while (!shape.empty() && shape.front() == 1 && shape.size() > 1)
        shape.erase(shape.begin());
    if (input.over == Over::Features) {
        if (shape != std::vector<std::int64_t>{lengths.back()})
            return {};
        return LayerImport::weightOf(constant).reshaped({lengths.back()});
    }
    auto whole = lengths;
    while (whole.size() > 1 && whole.front() == 1)
        whole.erase(whole.begin());
    if (shape != whole)
        return {};
    return LayerImport::weightOf(constant).reshaped(input.x.shape);
}

void addFeatureNorm(LayerImport& import, const std::string& layer, const FeatureInput& input,
                    double epsilon, const Affine& affine) {
    auto weights = affineWeights(affine, layer == "layer-norm");
    ParamValues params{{"epsilon", epsilon}, {"affine", !weights.empty()}};
    if (input.over == Over::All)
        params.emplace("over", std::string("all"));
    import.set(affine.result, import.onOwn(input.x, layer, std::move(params),
                                           LayerImport::nameFor(*affine.last), std::move(weights)));
}

void importLayerNorm(LayerImport& import, const OnnxNode& node) {
    import.requireNoMoreOutputs(node, 1);
    const auto& x = import.data(node);
    const auto input = featureInput(import, x, axisOf(node.integer("axis", -1), x.axes.size()));
    Affine affine{{}, {}, node.outputs.at(0), &node};
    const bool isLayerNorm = node.op == "LayerNormalization";
    const auto values = [&](std::size_t index, std::string_view what) {
        const auto& constant = import.constant(node, index, what);
        const auto found = featureWeights(import, input, constant);
        if (!found)
            throw Error("its {} has the shape {}", what, toString(constant.shape()));
        return *found;
    };
    const bool hasShift = isLayerNorm && node.hasInput(2);
    if (hasShift || !holdsOnly(import.constant(node, 1, "scale"), 1))
        affine.scale = values(1, "scale");
    if (hasShift)
        affine.shift = values(2, "shift");
    addFeatureNorm(import, isLayerNorm ? "layer-norm" : "rms-norm", input,
                   node.real("epsilon", 1e-5), affine);
}

void importLocalResponse(LayerImport& import, const OnnxNode& node) {
    const auto x = channelInput(import, node);
    import.set(node.outputs.at(0), import.onOwn(x, "local-response-norm",
                                                {{"size", node.integer("size", 0)},
                                                 {"alpha", node.real("alpha", 1e-4)},
                                                 {"beta", node.real("beta", 0.75)},
                                                 { "k",
                                                   node.real("bias", 1) }},
                                                LayerImport::nameFor(node)));
}

} // namespace

void importNormPattern(LayerImport& import, const Pattern& pattern) {
    const auto& x = import.data(pattern.input);
    std::vector<std::size_t> axes;
    for (const auto axis : pattern.axes)
        axes.push_back(axisOf(axis, x.axes.size()));
    std::ranges::sort(axes);
    for (std::size_t i = 0; i < axes.size(); ++i)
        if (axes[i] + axes.size() - i != x.axes.size())
            throw Error("its statistics are not over the last axes");
    const auto input = featureInput(import, x, axes.front());
    const bool isLayerNorm = pattern.kind == PatternKind::LayerNorm;
    const auto affine = affineBehind(
        import, *pattern.last,
        [&](const FoldedValue& constant) { return featureWeights(import, input, constant); },
        isLayerNorm);
    addFeatureNorm(import, isLayerNorm ? "layer-norm" : "rms-norm", input, pattern.numbers.at(0),
                   affine);
}

/// x - x is what is left of a normalization of single values.
void importZeros(LayerImport& import, const Pattern& pattern) {
    const auto x = import.settled(import.data(pattern.input));
    requireNumbers(x);
    const auto channels = channelsOfValue(x);
    const auto name = LayerImport::nameFor(*pattern.last);
    if (x.shape.elements() != channels && channels != 1) {
        import.set(pattern.last->outputs.at(0), import.onOwn(x, "formula",
                                                             {{"formula", std::string("x - x")},
                                                              { "parameters",
                                                                std::string() }},
                                                             name));
        return;
    }
    const auto affine = affineBehind(
        import, *pattern.last,
        [&](const FoldedValue& constant) { return perChannel(import, x, constant); }, true);
    auto weights = affineWeights(affine, true);
    ParamValues params{{"affine", !weights.empty()}};
    const bool isByGroup = x.shape.elements() == channels;
    if (isByGroup)
        params.emplace("groups", channels);
    import.set(affine.result, import.onOwn(x, isByGroup ? "group-norm" : "layer-norm",
                                           std::move(params), name, std::move(weights)));
}

void importLocalResponsePattern(LayerImport& import, const Pattern& pattern) {
    const auto& x = import.data(pattern.input);
    const auto lengths = import.dims(x);
    if (lengths.size() != 4 || import.batchAxis(x) != 0)
        throw Error("it normalizes over the channels of images alone");
    // The channels must be the rows that the pooling slides along.
    const auto wanted = import.constant(*pattern.parts.at(0), 1, "shape").integers();
    if (wanted.size() != 4 || wanted[1] != 1 || wanted[2] != lengths[1])
        throw Error("it takes means along another axis than the channels");
    const auto there = withChannels(import, x);
    import.set(pattern.last->outputs.at(0),
               import.onOwn(there, "local-response-norm",
                            {{"size", static_cast<std::int64_t>(pattern.numbers[0])},
                             {"alpha", pattern.numbers[1]},
                             {"beta", pattern.numbers[2]},
                             { "k",
                               pattern.numbers[3] }},
                            LayerImport::nameFor(*pattern.last)));
}

bool becomesGroupNorm(LayerImport& import, const OnnxNode& reshape, const DataValue& given,
                      std::span<const std::int64_t> grouped) {
    const auto* norm = import.soleReader(reshape.outputs.at(0));
    if (!norm || norm->op != "InstanceNormalization" || norm->inputs.size() != 3 ||
        norm->inputs[0] != reshape.outputs[0])
        return false;
    const auto* back = import.soleReader(norm->outputs.at(0));
    if (!back || back->op != "Reshape" || back->inputs.size() != 2)
        return false;
    const auto* scale = import.folded(norm->inputs[1]);
    const auto* shift = import.folded(norm->inputs[2]);
    const auto* shape = import.folded(back->inputs[1]);
    if (!scale || !shift || !shape || !holdsOnly(*scale, 1) || !holdsOnly(*shift, 0) ||
        import.batchAxis(given) != 0)
        return false;
    const auto groups = scale->tensor->elements();
    const auto lengths = import.sampleDims(given);
    if (grouped.size() < 3 || grouped[0] != -1 || grouped[1] != groups)
        return false;
    // Back to where it came from.
    const auto wanted = shape->tensor->to(DType::I64);
    const auto target = wanted.span<std::int64_t>();
    if (target.size() != lengths.size() + 1 || lengths.empty() || lengths[0] % groups != 0)
        return false;
    for (std::size_t axis = 0; axis < lengths.size(); ++axis)
        if (target[axis + 1] != lengths[axis] && target[axis + 1] != -1 && target[axis + 1] != 0)
            return false;
    const auto x = withChannels(import, given);
    import.consume(*norm);
    import.consume(*back);
    const auto affine = affineBehind(
        import, *back, [&](const FoldedValue& constant) { return perChannel(import, x, constant); },
        true);
    auto weights = affineWeights(affine, true);
    const ParamValues params{
        {"groups", groups}, {"epsilon", norm->real("epsilon", 1e-5)}, {"affine", !weights.empty()}};
    import.set(affine.result, import.onOwn(x, "group-norm", params, LayerImport::nameFor(*norm),
                                           std::move(weights)));
    return true;
}

const Translations& normalizationTranslations() {
    static const Translations all = {
        {"BatchNormalization", importBatchNorm}, {"InstanceNormalization", importInstanceNorm},
        {"GroupNormalization", importGroupNorm}, {"LayerNormalization", importLayerNorm},
        {"RMSNormalization", importLayerNorm},   {"LRN", importLocalResponse}};
    return all;
}

} // namespace gradwright
