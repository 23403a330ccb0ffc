// SPDX-License-Identifier: GPL-3.0-or-later
//
// Values joined, cut, padded and enlarged.
#include "engine/exchange/import_channels.h"
#include "engine/exchange/layer_import.h"
#include "engine/exchange/recurrent_cell.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace gradwright {
namespace {

/// Whether the values are the halves of one recurrent layer, in order.
bool areHalves(const std::vector<DataValue>& values, std::size_t axis) {
    if (values.size() != 2 || !values[0].cell || values[0].cell != values[1].cell)
        return false;
    const auto& x = values[0];
    return x.half == 0 && values[1].half == 1 && x.last == values[1].last &&
           x.axes == values[1].axes && x.axes[axis] >= 0 &&
           static_cast<std::size_t>(x.axes[axis]) + 1 == x.shape.rank();
}

/// The same steps in front of each sequence of the batch.
bool becomesClassToken(LayerImport& import, const OnnxNode& node) {
    const auto tokens = node.inputs.size() - 1;
    if (node.inputs.size() < 2 || !import.isData(node.inputs.back()))
        return false;
    const auto& x = import.data(node, tokens);
    const auto lengths = import.sampleDims(x);
    if (lengths.size() != 2 || import.batchAxis(x) != 0 ||
        import.sampleAxis(x, node.integer("axis", 0)) != 1)
        return false;
    std::vector<float> steps;
    for (std::size_t i = 0; i < tokens; ++i) {
        if (import.isData(node.inputs[i]))
            return false;
        const auto& token = import.constant(node, i, "token");
        const auto& shape = token.shape();
        const bool isForEachSample =
            token.isPerBatch || import.fixedBatch() == std::optional<std::int64_t>(1);
        if (!isForEachSample || shape.rank() != 3 || shape[0] != 1 || shape[2] != lengths[1])
            return false;
        const auto values = token.tensor->to(DType::F32);
        steps.insert(steps.end(), values.span<float>().begin(), values.span<float>().end());
    }
    const auto count = static_cast<std::int64_t>(steps.size()) / lengths[1];
    LayerWeights weights;
    weights.emplace_back("weight", Tensor::of<float>({count, lengths[1]}, steps));
    import.set(node.outputs.at(0),
               LayerImport::value(import.add("class-token",
                                             {{ "tokens",
                                                count }},
                                             import.plain(x), LayerImport::nameFor(node),
                                             std::move(weights))));
    return true;
}

void importConcat(LayerImport& import, const OnnxNode& node) {
    if (becomesClassToken(import, node))
        return;
    constexpr std::size_t kMostJoined = 16;
    std::vector<DataValue> values;
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
        values.push_back(import.data(node, i));
    if (values.empty())
        throw Error("it lacks an input");
    const auto axis = import.sampleAxis(values[0], node.integer("axis", 0));
    if (areHalves(values, axis)) {
        auto whole = values[0];
        whole.half = -1;
        return import.set(node.outputs.at(0), std::move(whole));
    }
    for (auto& x : values)
        x = import.settled(x);
    if (values.size() == 1)
        return import.set(node.outputs.at(0), values[0]);
    const auto& first = values[0];
    const bool isAlike =
        first.axes[axis] >= 0 && std::ranges::all_of(values, [&](const DataValue& x) {
            return x.axes == first.axes && x.shape.rank() == first.shape.rank();
        });
    std::vector<Operand> operands;
    for (const auto& x : values) {
        if (import.batchAxis(x) != import.batchAxis(first) || x.axes.size() != first.axes.size())
            throw Error("its inputs have the batch at different axes");
        operands.push_back(isAlike ? Operand{x.port, x.shape} : import.plain(x));
    }
    auto axes = first.axes;
    if (!isAlike) {
        int own = 0;
        for (auto& which : axes)
            which = which == kBatchAxis ? kBatchAxis : own++;
    }
    const auto along = std::int64_t{axes[axis]};
    const auto name = LayerImport::nameFor(node);
    while (operands.size() > 1) {
        const auto count = std::min(operands.size(), kMostJoined);
        const auto made =
            import.add("concatenate", {{"axis", along}}, std::span(operands).first(count), name);
        operands.erase(operands.begin(), operands.begin() + static_cast<std::ptrdiff_t>(count));
        operands.insert(operands.begin(), made);
    }
    import.set(node.outputs.at(0), LayerImport::value(operands[0], std::move(axes)));
}

IntTuple sizesOfSplit(LayerImport& import, const OnnxNode& node, std::int64_t length) {
    if (const auto* given = import.constantOrNull(node, 1, "sizes"))
        return given->integers();
    if (node.has("split"))
        return node.integers("split");
    const auto parts = node.integer("num_outputs", static_cast<std::int64_t>(node.outputs.size()));
    if (parts < 1 || parts > 4096)
        throw Error("it makes {} pieces", parts);
    // The last one may be smaller.
    const auto each = (length + parts - 1) / parts;
    IntTuple sizes(static_cast<std::size_t>(parts), each);
    sizes.back() = length - each * (parts - 1);
    return sizes;
}

void importSplit(LayerImport& import, const OnnxNode& node) {
    const auto& given = import.data(node);
    const auto axis = import.sampleAxis(given, node.integer("axis", 0));
    const auto sizes = sizesOfSplit(import, node, import.lengthAt(given, axis));
    if (sizes.size() < node.outputs.size())
        throw Error("it has {} outputs for {} sizes", node.outputs.size(), sizes.size());
    if (given.axes[axis] == kDirectionAxis && sizes == IntTuple{1, 1}) {
        for (std::size_t i = 0; i < node.outputs.size(); ++i) {
            auto half = given;
            half.axes[axis] = kOneAxis;
            half.half = static_cast<int>(i);
            import.set(node.outputs[i], std::move(half));
        }
        return;
    }
    auto x = import.settled(given);
    if (sizes.size() == 1)
        return import.set(node.outputs.at(0), x);
    if (x.axes[axis] < 0)
        throw Error("it splits an axis of length 1");
    const bool isEven =
        std::ranges::all_of(sizes, [&](std::int64_t size) { return size == sizes[0]; });
    ParamValues params{{"axis", std::int64_t{x.axes[axis]}}};
    if (isEven)
        params.emplace("parts", static_cast<std::int64_t>(sizes.size()));
    else
        params.emplace("sizes", fmt::format("{}", fmt::join(sizes, ", ")));
    const Operand input{x.port, x.shape};
    const auto pieces =
        import.addLayer("split", params, std::span(&input, 1), LayerImport::nameFor(node));
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
        if (!node.outputs[i].empty())
            import.set(node.outputs[i], LayerImport::value(pieces.at(i), x.axes));
}

ParamValues sliceParamsOf(const SliceRange& range, std::int64_t axis) {
    const bool isReversed = range.step < 0;
    const auto step = isReversed ? -range.step : range.step;
    const auto last = range.begin + (range.length - 1) * range.step;
    const auto begin = isReversed ? last : range.begin;
    const auto end = (isReversed ? range.begin : last) + 1;
    return {
        {"axis", axis}, {"begin", begin}, {"end", end}, {"step", step}, {"reverse", isReversed}};
}

/// Rows and columns off the border of an image are one layer.
bool becomesCrop(LayerImport& import, const OnnxNode& node, DataValue& x,
                 const std::vector<SliceRange>& ranges) {
    if (x.shape.rank() != 3 || ranges.size() != 2)
        return false;
    IntTuple sides(4);
    for (const auto& range : ranges) {
        const auto own = x.axes[range.axis];
        if (own < 1 || range.step != 1)
            return false;
        const auto place = 2 * static_cast<std::size_t>(own - 1);
        sides[place] = range.begin;
        sides[place + 1] = x.shape[static_cast<std::size_t>(own)] - range.begin - range.length;
    }
    if (x.axes[ranges[0].axis] == x.axes[ranges[1].axis])
        return false;
    x = import.onOwn(x, "crop", {{"sides", sides}}, LayerImport::nameFor(node));
    return true;
}

void importSlice(LayerImport& import, const OnnxNode& node) {
    const auto& given = import.data(node);
    std::vector<const FoldedValue*> inputs{nullptr};
    for (std::size_t i = 1; i < node.inputs.size(); ++i)
        inputs.push_back(import.constantOrNull(node, i, "bound"));
    auto lengths = import.dims(given);
    const auto batch = import.batchAxis(given);
    // Any end of the batch is beyond it.
    lengths[batch] = std::int64_t{1} << 40;
    auto ranges = slicesOf(node, import.opset(), inputs, lengths);
    for (const auto& range : ranges) {
        if (range.length < 1)
            throw Error("it takes nothing");
        if (range.axis == batch && (range.begin != 0 || range.length != lengths[batch]))
            throw Error("it takes some samples of the batch");
    }
    std::erase_if(ranges, [&](const SliceRange& range) {
        return range.axis == batch || (range.step == 1 && range.length == lengths[range.axis]);
    });
    if (ranges.size() == 1 && given.cell && !given.last) {
        // The state after the last step of a direction.
        const auto& range = ranges[0];
        const auto which = given.axes[range.axis];
        const auto& cell = *given.cell;
        const bool isBackwards = given.half == 1 || cell.isReversed;
        const bool isDirection = given.half >= 0 || cell.directions == 1;
        const auto wanted = isBackwards ? 0 : lengths[range.axis] - 1;
        auto x = given;
        if (which == 0 && isDirection && range.length == 1 && range.begin == wanted) {
            x.last = true;
            x.shape = {x.shape[1]};
            for (auto& axis : x.axes)
                axis = axis == 0 ? kOneAxis : axis == 1 ? 0 : axis;
            return import.set(node.outputs.at(0), std::move(x));
        }
        if (which == kDirectionAxis && range.length == 1) {
            x.half = static_cast<int>(range.begin);
            x.axes[range.axis] = kOneAxis;
            return import.set(node.outputs.at(0), std::move(x));
        }
    }
    auto x = import.settled(given);
    if (ranges.empty() || becomesCrop(import, node, x, ranges))
        return import.set(node.outputs.at(0), std::move(x));
    for (const auto& range : ranges) {
        if (x.axes[range.axis] < 0)
            throw Error("it takes nothing");
        x = import.onOwn(x, "slice", sliceParamsOf(range, x.axes[range.axis]),
                         LayerImport::nameFor(node));
    }
    import.set(node.outputs.at(0), std::move(x));
}

/// Rows of a constant table, or a part of an axis.
void importGather(LayerImport& import, const OnnxNode& node) {
    if (node.inputs.size() != 2)
        throw Error("it lacks an input");
    if (!import.isData(node.inputs[0])) {
        const auto& table = import.constant(node, 0, "table");
        const auto& indices = import.data(node, 1);
        if (table.shape().rank() != 2 || node.integer("axis", 0) != 0)
            throw Error("it looks up another axis than the rows of a table");
        LayerWeights weights;
        weights.emplace_back("weight", LayerImport::weightOf(table));
        auto x = indices;
        const auto made = import.add(
            "embedding", {{"vocabulary", table.shape()[0]}, {"dimensions", table.shape()[1]}},
            import.plain(x), LayerImport::nameFor(node), std::move(weights));
        if (import.batchAxis(x) != 0)
            throw Error("the batch is axis {} of its input", import.batchAxis(x));
        return import.set(node.outputs.at(0), LayerImport::value(made));
    }
    const auto& given = import.data(node);
    const auto axis = import.sampleAxis(given, node.integer("axis", 0));
    const auto& indices = import.constant(node, 1, "index");
    const auto length = import.lengthAt(given, axis);
    auto places = indices.integers();
    if (places.empty() || indices.shape().rank() > 1)
        throw Error("its indices have the shape {}", toString(indices.shape()));
    for (auto& place : places) {
        place = place < 0 ? place + length : place;
        if (place < 0 || place >= length)
            throw Error("it takes element {} of {}", place, length);
    }
    const auto step = places.size() > 1 ? places[1] - places[0] : 1;
    for (std::size_t i = 1; i < places.size(); ++i)
        if (step == 0 || places[i] - places[i - 1] != step)
            throw Error("its indices are at no equal distances");
    if (given.axes[axis] == kDirectionAxis && places.size() == 1) {
        auto half = given;
        half.half = static_cast<int>(places[0]);
        half.axes[axis] = kOneAxis;
        if (indices.shape().rank() == 0)
            half.axes.erase(half.axes.begin() + static_cast<std::ptrdiff_t>(axis));
        return import.set(node.outputs.at(0), std::move(half));
    }
    auto x = import.settled(given);
    const SliceRange range{axis, places[0], step, static_cast<std::int64_t>(places.size())};
    if (x.axes[axis] >= 0 && !(range.length == length && step == 1))
        x = import.onOwn(x, "slice", sliceParamsOf(range, x.axes[axis]),
                         LayerImport::nameFor(node));
    if (indices.shape().rank() == 0)
        x.axes.erase(x.axes.begin() + static_cast<std::ptrdiff_t>(axis));
    import.set(node.outputs.at(0), std::move(x));
}

void importPad(LayerImport& import, const OnnxNode& node) {
    auto x = import.settled(import.data(node));
    requireNumbers(x);
    const auto rank = x.axes.size();
    const auto* given = import.constantOrNull(node, 1, "pads");
    const auto pads = given ? given->integers() : node.integers("pads");
    const auto axes =
        axesOfNode(node, import.constantOrNull(node, 3, "axes"), rank).value_or(IntTuple{});
    const auto count = axes.empty() ? rank : axes.size();
    if (pads.size() != 2 * count)
        throw Error("it has {} pads for {} axes", pads.size(), count);
    const auto mode = node.text("mode", "constant");
    const std::map<std::string, std::string> modes = {
        {"constant", "zero"}, {"reflect", "reflect"}, {"edge", "replicate"}};
    if (!modes.contains(mode))
        throw Error("its mode is \"{}\"", mode);
    double outside = node.real("value", 0);
    if (const auto* value = import.constantOrNull(node, 2, "value"))
        outside = value->numbers().at(0);
    // Of a vector or a sequence an image is made meanwhile.
    const bool isImage = x.shape.rank() == 3;
    if (x.shape.rank() > 3)
        throw Error("volumes cannot be padded");
    const auto first = isImage ? 1 : 0; // the own axis that is the rows of an image
    IntTuple sides(4);
    for (std::size_t i = 0; i < count; ++i) {
        const auto axis = axes.empty() ? i : static_cast<std::size_t>(axes[i]);
        const auto before = pads[i];
        const auto after = pads[count + i];
        if (before == 0 && after == 0)
            continue;
        const auto own = x.axes[axis];
        if (own < first)
            throw Error("it pads an axis that no layer pads");
        const auto place =
            2 * static_cast<std::size_t>(own - first + (x.shape.rank() == 1 ? 1 : 0));
        sides[place] = before;
        sides[place + 1] = after;
    }
    if (std::ranges::all_of(sides, [](std::int64_t side) { return side == 0; }))
        return import.set(node.outputs.at(0), std::move(x));
    const auto name = LayerImport::nameFor(node);
    Operand made{x.port, x.shape};
    if (!isImage) {
        IntTuple image{1, 1};
        image.insert(image.end() - (x.shape.rank() == 2 ? 1 : 0), x.shape.begin(), x.shape.end());
        if (x.shape.rank() == 2)
            image.pop_back();
        made = import.add("reshape", {{"shape", image}}, made, name + "_image");
    }
    ParamValues params{{"sides", sides}, {"mode", modes.at(mode)}};
    if (mode == "constant")
        params.emplace("value", outside);
    made = import.add("pad", std::move(params), made, name);
    if (!isImage) {
        const auto dims = made.shape.dims();
        made = x.shape.rank() == 1 ? import.add("flatten", {}, made, name + "_back")
                                   : import.add("reshape", {{"shape", IntTuple{dims[1], dims[2]}}},
                                                made, name + "_back");
    }
    import.set(node.outputs.at(0), LayerImport::value(made, x.axes));
}

/// Whole factors by which axes grow, one for each axis of the value.
IntTuple factorsOf(LayerImport& import, const OnnxNode& node, const DataValue& x) {
    const auto lengths = import.dims(x);
    const bool hasSizes = node.op == "Resize" && import.opset() >= 11;
    const auto* sizes = hasSizes ? import.constantOrNull(node, 3, "sizes") : nullptr;
    std::vector<double> scales;
    if (sizes) {
        const auto values = sizes->tensor->to(DType::I64);
        const auto span = values.span<std::int64_t>();
        for (std::size_t axis = 0; axis < span.size() && axis < lengths.size(); ++axis)
            scales.push_back(lengths[axis] < 0 ? 1
                                               : static_cast<double>(span[axis]) /
                                                     static_cast<double>(lengths[axis]));
    } else if (node.has("scales")) {
        scales = node.reals("scales");
    } else {
        scales = import.constant(node, hasSizes ? 2 : 1, "scale").numbers();
    }
    if (scales.size() != lengths.size())
        throw Error("it has {} scales for {} axes", scales.size(), lengths.size());
    IntTuple factors;
    for (const auto scale : scales) {
        if (!(scale >= 1 && scale <= 64) || scale != std::floor(scale))
            throw Error("it enlarges by {}; layers enlarge by whole numbers up to 64", scale);
        factors.push_back(static_cast<std::int64_t>(scale));
    }
    return factors;
}

void importResize(LayerImport& import, const OnnxNode& node) {
    auto x = import.settled(import.data(node));
    requireNumbers(x);
    const auto mode = node.text("mode", "nearest");
    const bool isNew = node.op == "Resize" && import.opset() >= 11;
    const auto where =
        node.text("coordinate_transformation_mode", isNew ? "half_pixel" : "asymmetric");
    const auto rounding = node.text("nearest_mode", isNew ? "round_prefer_floor" : "floor");
    if (node.integer("antialias", 0) != 0 || node.has("axes") ||
        node.text("keep_aspect_ratio_policy", "stretch") != "stretch")
        throw Error("it resizes in a way that no layer does");
    const auto factors = factorsOf(import, node, x);
    IntTuple factor{1, 1};
    bool isLarger = false;
    for (std::size_t axis = 0; axis < factors.size(); ++axis) {
        if (factors[axis] == 1)
            continue;
        isLarger = true;
        if (x.shape.rank() != 3 || x.axes[axis] < 1)
            throw Error("it enlarges other axes than rows and columns of an image");
        factor[static_cast<std::size_t>(x.axes[axis] - 1)] = factors[axis];
    }
    if (!isLarger)
        return import.set(node.outputs.at(0), std::move(x));
    // For whole factors both take the pixel that a new one lies in.
    const bool isNearest =
        mode == "nearest" && ((where == "asymmetric" && rounding == "floor") ||
                              ((where == "half_pixel" || where == "pytorch_half_pixel") &&
                               rounding == "round_prefer_floor"));
    const bool isLinear = (mode == "linear" || mode == "bilinear") &&
                          (where == "half_pixel" || where == "pytorch_half_pixel");
    if (!isNearest && !isLinear)
        throw Error("it fills new pixels by \"{}\" with \"{}\", which no layer does", mode, where);
    import.set(node.outputs.at(0),
               import.onOwn(x, "upsample",
                            {{"factor", factor},
                             { "mode",
                               std::string(isNearest ? "nearest" : "bilinear") }},
                            LayerImport::nameFor(node)));
}

} // namespace

const Translations& pieceTranslations() {
    static const Translations all = {{"Concat", importConcat},  {"Split", importSplit},
                                     {"Slice", importSlice},    {"Gather", importGather},
                                     {"Pad", importPad},        {"Resize", importResize},
                                     {"Upsample", importResize}};
    return all;
}

} // namespace gradwright
