// SPDX-License-Identifier: GPL-3.0-or-later
//
// Convolutions and pooling.
#include "engine/exchange/import_channels.h"
#include "engine/exchange/layer_import.h"

#include <algorithm>

namespace gradwright {
namespace {

constexpr std::int64_t kMostExtent = 1 << 20;

struct WindowSetting {
    IntTuple kernel, stride, dilation;
    IntTuple sides; ///< before and after each axis
    bool isSame = false;

    [[nodiscard]] std::int64_t span(std::size_t axis) const {
        return (kernel[axis] - 1) * dilation[axis] + 1;
    }
};

IntTuple extentsOf(const OnnxNode& node, std::string_view attribute, std::size_t axes,
                   std::int64_t least, const IntTuple& otherwise) {
    auto values = node.integers(attribute, otherwise);
    if (values.size() != axes)
        throw Error("its attribute \"{}\" has {} numbers for {} axes", attribute, values.size(),
                    axes);
    for (const auto value : values)
        if (value < least || value > kMostExtent)
            throw Error("its attribute \"{}\" holds {}", attribute, value);
    return values;
}

/// The padding that keeps a length, divided by the stride, with what is odd at the end.
std::pair<std::int64_t, std::int64_t> samePadding(std::int64_t in, const WindowSetting& window,
                                                  std::size_t axis) {
    const auto stride = window.stride[axis];
    const auto out = (in + stride - 1) / stride;
    const auto total = std::max<std::int64_t>((out - 1) * stride + window.span(axis) - in, 0);
    return {total / 2, total - total / 2};
}

WindowSetting windowSetting(const OnnxNode& node, const IntTuple& kernel,
                            std::span<const std::int64_t> positions) {
    const auto axes = positions.size();
    WindowSetting window;
    window.kernel = extentsOf(node, "kernel_shape", axes, 1, kernel);
    window.stride = extentsOf(node, "strides", axes, 1, IntTuple(axes, 1));
    window.dilation = extentsOf(node, "dilations", axes, 1, IntTuple(axes, 1));
    const auto mode = node.text("auto_pad", "NOTSET");
    window.isSame = true;
    const auto pads = extentsOf(node, "pads", 2 * axes, 0, IntTuple(2 * axes, 0));
    for (std::size_t axis = 0; axis < axes; ++axis) {
        const auto [before, after] = samePadding(positions[axis], window, axis);
        std::pair sides{pads[axis], pads[axes + axis]};
        if (mode == "SAME_UPPER")
            sides = {before, after};
        else if (mode == "SAME_LOWER")
            sides = {after, before};
        else if (mode == "VALID")
            sides = {0, 0};
        else if (!mode.empty() && mode != "NOTSET")
            throw Error("its auto_pad is \"{}\"", mode);
        window.isSame = window.isSame && sides == std::pair{before, after};
        window.sides.insert(window.sides.end(), {sides.first, sides.second});
    }
    return window;
}

bool isPadded(const WindowSetting& window) {
    return std::ranges::any_of(window.sides, [](std::int64_t side) { return side != 0; });
}

ParamValues windowParamsOf(const WindowSetting& window, bool hasDilation) {
    ParamValues params{{"kernel", window.kernel}, {"stride", window.stride}};
    if (hasDilation)
        params.emplace("dilation", window.dilation);
    if (isPadded(window)) {
        params.emplace("padding", std::string(window.isSame ? "same" : "explicit"));
        if (!window.isSame)
            params.emplace("padding_sides", window.sides);
    }
    return params;
}

std::vector<std::int64_t> positionsAt(LayerImport& import, const DataValue& x) {
    const auto lengths = import.dims(x);
    if (lengths.size() < 3 || lengths.size() > 5)
        throw Error("it works on a value of {} axes, the batch among them", lengths.size());
    return {lengths.begin() + 2, lengths.end()};
}

/// Sets the value that has the bias, which may be added by a node of its own.
void setWithBias(LayerImport& import, const OnnxNode& node, const OnnxNode& last, DataValue made) {
    import.setGroup({made.port, made.shape}, groupOf(node));
    import.set(last.outputs.at(0), std::move(made));
}

/// An Add of a number per channel behind the node, which becomes its bias.
struct AddedBias {
    const OnnxNode* node = nullptr;
    std::optional<Tensor> values;
};
AddedBias addedBias(LayerImport& import, const OnnxNode& node, const DataValue& like) {
    const auto* next = import.soleReader(node.outputs.at(0));
    if (!next || next->op != "Add" || next->inputs.size() != 2 || !next->domain.empty())
        return {};
    const auto& other = next->inputs[next->inputs[0] == node.outputs[0] ? 1 : 0];
    if (other == node.outputs[0] || import.isData(other))
        return {};
    const auto* constant = import.folded(other);
    auto values = constant && constant->tensor->elements() > 1 ? perChannel(import, like, *constant)
                                                               : std::nullopt;
    return values ? AddedBias{next, std::move(values)} : AddedBias{};
}

/// Depthwise and then 1 × 1: one layer where the exporting program had one.
bool becomesSeparable(LayerImport& import, const OnnxNode& node, const Tensor& weight,
                      const std::optional<Tensor>& bias, const WindowSetting& window) {
    const auto& x = import.data(node);
    const auto plainWindow = window.kernel == IntTuple{1, 1} && window.stride == IntTuple{1, 1} &&
                             !isPadded(window) && node.integer("group", 1) == 1;
    if (!plainWindow || !import.isInGroup(x, groupOf(node)) ||
        !import.isReadBy(node.inputs[0], {&node}))
        return false;
    auto& layer = import.layerOf(x.port);
    if (layer.layerUse()->layer != "depthwise-conv2d" || layer.params.contains("activation") ||
        !layer.params.contains("bias"))
        return false;
    layer.use = LayerUse{"separable-conv2d"};
    layer.params.insert_or_assign("filters", weight.shape()[0]);
    layer.params.insert_or_assign("bias", bias.has_value());
    dropDefaults(layer);
    import.renameWeight(layer.name, "weight", "depthwise.weight");
    import.addWeight(layer.name, "pointwise.weight", weight);
    if (bias)
        import.addWeight(layer.name, "pointwise.bias", *bias);
    auto shape = x.shape;
    shape[0] = weight.shape()[0];
    const Operand made{x.port, shape};
    import.setGroup(made, groupOf(node));
    import.set(node.outputs.at(0), LayerImport::value(made));
    return true;
}

void importConv(LayerImport& import, const OnnxNode& node) {
    const auto& x = import.data(node);
    const auto positions = positionsAt(import, x);
    const auto axes = positions.size();
    const auto weight = LayerImport::weightOf(import.constant(node, 1, "kernel"));
    if (weight.shape().rank() != axes + 2 || weight.shape().elements() == 0)
        throw Error("its kernel is {}", toString(weight.shape()));
    const IntTuple kernel(weight.shape().begin() + 2, weight.shape().end());
    const auto window = windowSetting(node, kernel, positions);
    const auto groups = node.integer("group", 1);
    const auto filters = weight.shape()[0];
    const auto channels = import.lengthAt(x, 1);
    if (groups < 1 || groups > kMostExtent || window.kernel != kernel ||
        weight.shape()[1] * groups != channels)
        throw Error("its kernel {} does not fit {} channels in {} groups", toString(weight.shape()),
                    channels, groups);
    std::optional<Tensor> bias;
    if (const auto* values = import.constantOrNull(node, 2, "bias"))
        bias = LayerImport::weightOf(*values);
    if (axes == 2 && becomesSeparable(import, node, weight, bias, window))
        return;
    const auto input = channelsInOrder(import, x);
    auto params = windowParamsOf(window, true);
    const bool isDepthwise = axes == 2 && groups == channels && groups > 1 && filters % groups == 0;
    if (isDepthwise) {
        params.emplace("multiplier", filters / groups);
    } else {
        params.emplace("filters", filters);
        params.emplace("groups", groups);
    }
    const OnnxNode* last = &node;
    if (!bias) {
        // The shape is that of the result but for the positions, which do not matter here.
        Shape like(IntTuple(axes + 1, 2));
        like[channelAxis(like)] = filters;
        auto added = addedBias(import, node, channelsFirst({{}, like}));
        if (added.values) {
            bias = std::move(added.values);
            last = added.node;
            import.consume(*last);
        }
    }
    params.emplace("bias", bias.has_value());
    LayerWeights weights;
    weights.emplace_back("weight", weight);
    if (bias)
        weights.emplace_back("bias", bias->reshaped({filters}));
    const auto layer = isDepthwise ? "depthwise-conv2d" : fmt::format("conv{}d", axes);
    const auto made =
        import.add(layer, std::move(params), input, LayerImport::nameFor(node), std::move(weights));
    setWithBias(import, node, *last, channelsFirst(made));
}

void importConvTranspose(LayerImport& import, const OnnxNode& node) {
    const auto& x = import.data(node);
    const auto positions = positionsAt(import, x);
    if (positions.size() != 2)
        throw Error("transposed convolutions work on images alone");
    if (node.has("output_shape") || node.text("auto_pad", "NOTSET") != "NOTSET")
        throw Error("its padding is computed from the shape of its output");
    const auto weight = LayerImport::weightOf(import.constant(node, 1, "kernel"));
    if (weight.shape().rank() != 4 || weight.shape().elements() == 0)
        throw Error("its kernel is {}", toString(weight.shape()));
    const IntTuple kernel(weight.shape().begin() + 2, weight.shape().end());
    const auto window = windowSetting(node, kernel, positions);
    const auto groups = node.integer("group", 1);
    const auto channels = import.lengthAt(x, 1);
    if (groups < 1 || groups > kMostExtent || window.kernel != kernel ||
        weight.shape()[0] != channels)
        throw Error("its kernel {} does not fit {} channels", toString(weight.shape()), channels);
    const auto filters = weight.shape()[1] * groups;
    const auto further = extentsOf(node, "output_padding", 2, 0, {0, 0});
    ParamValues params{{"filters", filters},
                       {"kernel", window.kernel},
                       {"stride", window.stride},
                       {"dilation", window.dilation},
                       {"groups", groups}};
    IntTuple same;
    IntTuple sameFurther;
    for (std::size_t axis = 0; axis < 2; ++axis) {
        const auto beyond = window.span(axis) - window.stride[axis];
        const auto before = std::max<std::int64_t>(beyond, 0) / 2;
        same.insert(same.end(), {before, std::max<std::int64_t>(beyond, 0) - before});
        sameFurther.push_back(std::max<std::int64_t>(-beyond, 0));
    }
    if (window.sides == same && further == sameFurther) {
        params.emplace("padding", std::string("same"));
    } else if (isPadded(window) || further != IntTuple{0, 0}) {
        params.emplace("padding", std::string("explicit"));
        params.emplace("padding_sides", window.sides);
        params.emplace("output_padding", further);
    } else {
        params.emplace("padding", std::string("valid"));
    }
    LayerWeights weights;
    weights.emplace_back("weight", weight);
    const auto* bias = import.constantOrNull(node, 2, "bias");
    params.emplace("bias", bias != nullptr);
    if (bias)
        weights.emplace_back("bias", LayerImport::weightOf(*bias).reshaped({filters}));
    const auto made = import.add("conv-transpose2d", std::move(params), channelsInOrder(import, x),
                                 LayerImport::nameFor(node), std::move(weights));
    setWithBias(import, node, node, channelsFirst(made));
}

/// Whether rounding up gives the same by ONNX's rule and by ours, which drops a last window that
/// begins in the padding.
void requirePlainCeiling(const WindowSetting& window, std::span<const std::int64_t> positions) {
    for (std::size_t axis = 0; axis < positions.size(); ++axis) {
        const auto before = window.sides[2 * axis];
        const auto room = positions[axis] + before + window.sides[2 * axis + 1] - window.span(axis);
        if (room >= 0 && room % window.stride[axis] != 0 &&
            (room / window.stride[axis] + 1) * window.stride[axis] >= positions[axis] + before)
            throw Error("rounded up, its last window begins in the padding");
    }
}

void importPool(LayerImport& import, const OnnxNode& node) {
    const bool isMax = node.op == "MaxPool";
    import.requireNoMoreOutputs(node, 1);
    const auto& x = import.data(node);
    const auto positions = positionsAt(import, x);
    const auto window = windowSetting(node, {}, positions);
    if (!std::ranges::all_of(window.dilation, [](std::int64_t step) { return step == 1; }))
        throw Error("pooling with dilation has no layer");
    auto params = windowParamsOf(window, false);
    if (node.integer("ceil_mode", 0) != 0) {
        requirePlainCeiling(window, positions);
        params.emplace("ceil_mode", true);
    }
    if (!isMax)
        params.emplace("count_padding", node.integer("count_include_pad", 0) != 0);
    const auto made =
        import.add(fmt::format("{}-pool{}d", isMax ? "max" : "average", positions.size()),
                   std::move(params), channelsInOrder(import, x), LayerImport::nameFor(node));
    import.set(node.outputs.at(0), channelsFirst(made));
}

void setGlobalPool(LayerImport& import, const OnnxNode& node, const DataValue& x,
                   const std::string& layer, bool keepsAxes) {
    const auto made = import.add(layer, {}, channelsInOrder(import, x), LayerImport::nameFor(node));
    std::vector<int> axes{kBatchAxis, 0};
    if (keepsAxes)
        axes.resize(x.axes.size(), kOneAxis);
    import.set(node.outputs.at(0), LayerImport::value(made, std::move(axes)));
}

void importGlobalPool(LayerImport& import, const OnnxNode& node) {
    const auto& x = import.data(node);
    static_cast<void>(positionsAt(import, x));
    setGlobalPool(import, node, x,
                  node.op == "GlobalMaxPool" ? "global-max-pool" : "global-average-pool", true);
}

/// Means and maxima over all positions of each channel, which may be the last axis.
void importPositionReduction(LayerImport& import, const OnnxNode& node) {
    const auto& x = import.data(node);
    const auto rank = x.axes.size();
    const auto axes =
        axesOfNode(node, import.constantOrNull(node, 1, "axes"), rank).value_or(IntTuple{});
    std::vector<std::size_t> kept;
    for (std::size_t axis = 0; axis < rank; ++axis)
        if (std::ranges::count(axes, static_cast<std::int64_t>(axis)) == 0)
            kept.push_back(axis);
    if (kept.size() != 2 || kept[0] != import.batchAxis(x) || rank < 3 || rank > 5)
        throw Error("it is computed over other axes than all positions");
    auto turned = x;
    turned.axes = {x.axes[kept[0]], x.axes[kept[1]]};
    for (std::size_t axis = 0; axis < rank; ++axis)
        if (axis != kept[0] && axis != kept[1])
            turned.axes.push_back(x.axes[axis]);
    const auto made = import.add(node.op == "ReduceMax" ? "global-max-pool" : "global-average-pool",
                                 {}, channelsInOrder(import, turned), LayerImport::nameFor(node));
    std::vector<int> left{kBatchAxis, 0};
    if (node.integer("keepdims", 1) != 0) {
        left.assign(rank, kOneAxis);
        left[kept[0]] = kBatchAxis;
        left[kept[1]] = 0;
    }
    import.set(node.outputs.at(0), LayerImport::value(made, std::move(left)));
}

} // namespace

Operand channelsInOrder(LayerImport& import, const DataValue& x) {
    if (import.batchAxis(x) != 0)
        throw Error("the batch is axis {} of its input", import.batchAxis(x));
    if (x.axes.size() != 3)
        return import.plain(x);
    auto turned = x;
    std::swap(turned.axes[1], turned.axes[2]);
    return import.plain(turned);
}

DataValue channelsFirst(const Operand& made) {
    if (made.shape.rank() == 2)
        return LayerImport::value(made, {kBatchAxis, 1, 0});
    return LayerImport::value(made);
}

const Translations& windowTranslations() {
    static const Translations all = {{"Conv", importConv},
                                     {"ConvTranspose", importConvTranspose},
                                     {"MaxPool", importPool},
                                     {"AveragePool", importPool},
                                     {"GlobalAveragePool", importGlobalPool},
                                     {"GlobalMaxPool", importGlobalPool},
                                     {"ReduceMean", importPositionReduction},
                                     {"ReduceMax", importPositionReduction}};
    return all;
}

} // namespace gradwright
