// SPDX-License-Identifier: GPL-3.0-or-later
//
// The axes of values: what ONNX made of them, and the layers that bring them into its order.
#include "engine/exchange/layer_import.h"
#include "engine/exchange/recurrent_cell.h"
#include "engine/layers/shared_params.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace gradwright {
namespace {

std::int64_t lengthOfAll(std::span<const std::int64_t> dims) {
    return Shape(std::vector<std::int64_t>(dims.begin(), dims.end())).elements();
}

ParamValues sliceParams(std::int64_t axis, std::int64_t begin, std::int64_t end) {
    return {{"axis", axis}, {"begin", begin}, {"end", end}};
}

ParamValues cellParams(const RecurrentCell& cell, bool sequences) {
    auto params = cell.params;
    params.insert_or_assign("sequences", sequences);
    return params;
}

Operand allStates(LayerImport& import, RecurrentCell& cell) {
    if (!cell.sequence) {
        if (cell.lastState)
            import.note(
                fmt::format("{} is there twice, for all its states and for the last.", cell.name));
        cell.sequence =
            import.add(cell.layer, cellParams(cell, true), cell.input, cell.name, cell.weights);
        if (cell.isReversed)
            cell.sequence =
                import.add("slice", {{"reverse", true}}, *cell.sequence, cell.name + "_turned");
    }
    return *cell.sequence;
}

/// The states behind the last step of each direction, one after the other.
Operand lastState(LayerImport& import, RecurrentCell& cell) {
    if (cell.lastState)
        return *cell.lastState;
    if (!cell.sequence)
        return *(cell.lastState = import.add(cell.layer, cellParams(cell, false), cell.input,
                                             cell.name, cell.weights));
    const auto steps = cell.sequence->shape[0];
    std::vector<Operand> states;
    for (int direction = 0; direction < cell.directions; ++direction) {
        const bool atEnd = direction == 0 && !cell.isReversed;
        const auto step = atEnd ? steps - 1 : 0;
        auto state = import.add("slice", sliceParams(0, step, step + 1), *cell.sequence,
                                cell.name + "_last");
        if (cell.directions == 2)
            state = import.add("slice",
                               sliceParams(1, direction * cell.units, (direction + 1) * cell.units),
                               state, cell.name + "_half");
        states.push_back(import.add("flatten", {}, state, cell.name + "_flatten"));
    }
    cell.lastState =
        states.size() == 1 ? states[0] : import.add("concatenate", {}, states, cell.name + "_last");
    return *cell.lastState;
}

} // namespace

std::int64_t LayerImport::lengthAt(const DataValue& x, std::size_t axis) const {
    const auto which = x.axes.at(axis);
    if (which == kBatchAxis)
        return -1;
    if (which == kOneAxis)
        return 1;
    if (which == kDirectionAxis)
        return 2;
    const auto length = x.shape[static_cast<std::size_t>(which)];
    const bool isFeatures = static_cast<std::size_t>(which) + 1 == x.shape.rank();
    const bool isHalf = x.cell && isFeatures &&
                        (x.half >= 0 || std::ranges::find(x.axes, kDirectionAxis) != x.axes.end());
    return isHalf ? length / 2 : length;
}

std::vector<std::int64_t> LayerImport::dims(const DataValue& x) const {
    std::vector<std::int64_t> lengths;
    for (std::size_t axis = 0; axis < x.axes.size(); ++axis)
        lengths.push_back(lengthAt(x, axis));
    return lengths;
}

std::vector<std::int64_t> LayerImport::sampleDims(const DataValue& x) const {
    auto lengths = dims(x);
    std::erase(lengths, -1);
    return lengths;
}

std::size_t LayerImport::batchAxis(const DataValue& x) const {
    return static_cast<std::size_t>(std::ranges::find(x.axes, kBatchAxis) - x.axes.begin());
}

std::size_t LayerImport::sampleAxis(const DataValue& x, std::int64_t axis) const {
    const auto which = axisOf(axis, x.axes.size());
    if (x.axes[which] == kBatchAxis)
        throw Error("it works along the batch, and no layer mixes samples");
    return which;
}

DataValue LayerImport::parted(const DataValue& x) {
    auto parted = x;
    parted.joined.reset();
    if (x.joined) {
        const auto batch = std::ranges::find(parted.axes, kBatchAxis);
        parted.axes.insert(x.isOuter ? batch : batch + 1, *x.joined);
    }
    return parted;
}

DataValue LayerImport::value(const Operand& made) {
    std::vector<int> axes{kBatchAxis};
    for (std::size_t axis = 0; axis < made.shape.rank(); ++axis)
        axes.push_back(static_cast<int>(axis));
    return value(made, std::move(axes));
}

DataValue LayerImport::value(const Operand& made, std::vector<int> axes) {
    DataValue x;
    x.port = made.port;
    x.shape = made.shape;
    x.axes = std::move(axes);
    return x;
}

DataValue LayerImport::settled(const DataValue& x) {
    if (!x.cell)
        return x;
    auto& cell = *x.cell;
    auto made = x.last ? lastState(*this, cell) : allStates(*this, cell);
    const auto features = made.shape.rank() - 1;
    auto axes = x.axes;
    if (x.half >= 0) {
        const auto key = fmt::format("half {}.{}.{}", made.port.node.value, x.half, features);
        if (const auto found = plain_.find(key); found != plain_.end()) {
            made = found->second;
        } else {
            made = add("slice",
                       sliceParams(static_cast<std::int64_t>(features), x.half * cell.units,
                                   (x.half + 1) * cell.units),
                       made, cell.name + "_half");
            plain_.emplace(key, made);
        }
    }
    if (std::ranges::find(axes, kDirectionAxis) != axes.end()) {
        auto shape = made.shape.dims();
        shape.back() = cell.units;
        shape.insert(shape.end() - 1, 2);
        made = add("reshape", {{"shape", IntTuple(shape)}}, made, cell.name + "_directions");
        for (auto& axis : axes) {
            if (axis == static_cast<int>(features))
                ++axis;
            else if (axis == kDirectionAxis)
                axis = static_cast<int>(features);
        }
    }
    auto result = value(made, std::move(axes));
    result.hint = x.hint;
    return result;
}

Operand LayerImport::own(const DataValue& x) {
    const auto there = settled(x);
    return {there.port, there.shape};
}

Operand LayerImport::plain(const DataValue& given) {
    if (given.joined)
        throw Error("the batch is joined with another axis in its input");
    const auto x = settled(given);
    Operand made{x.port, x.shape};
    const auto wanted = sampleDims(x);
    if (wanted.empty())
        throw Error("it gives a single number without an axis, which no layer does");
    if (std::cmp_greater(wanted.size(), layers::kMostSampleAxes))
        throw Error("it needs a value of {} axes per sample ({}), and layers take up to {}",
                    wanted.size(), fmt::join(wanted, "×"), layers::kMostSampleAxes);
    const auto isLong = [&](int axis) { return x.shape[static_cast<std::size_t>(axis)] != 1; };
    IntTuple order;
    for (const auto axis : x.axes)
        if (axis >= 0 && isLong(axis))
            order.push_back(axis);
    const bool isTurned = !std::ranges::is_sorted(order);
    if (!isTurned && x.shape.dims() == wanted)
        return made;
    const auto key = fmt::format("plain {}.{} {} {}", x.port.node.value, x.port.port.value,
                                 fmt::join(order, ","), fmt::join(wanted, ","));
    if (const auto found = plain_.find(key); found != plain_.end())
        return found->second;
    const auto& source = result_.network.main.find(x.port.node)->name;
    const auto name = [&](std::string_view what) {
        return x.hint.empty() ? fmt::format("{}_{}", source, what) : x.hint;
    };
    if (isTurned) {
        for (int axis = 0; axis < static_cast<int>(x.shape.rank()); ++axis)
            if (!isLong(axis)) {
                // Where it stays in its place, a later Reshape is saved.
                const auto at = std::min<std::size_t>(static_cast<std::size_t>(axis), order.size());
                const auto listed = std::ranges::find(x.axes, axis);
                std::size_t place = at;
                if (listed != x.axes.end())
                    place = std::min<std::size_t>(
                        static_cast<std::size_t>(std::count_if(
                            x.axes.begin(), listed, [&](int before) { return before >= 0; })),
                        order.size());
                order.insert(order.begin() + static_cast<std::ptrdiff_t>(place), axis);
            }
        made = add("permute", {{"axes", order}}, made, name("permute"));
    }
    if (made.shape.dims() != wanted) {
        if (lengthOfAll(wanted) != made.shape.elements())
            throw Error("{} cannot become {}", toString(made.shape), fmt::join(wanted, "×"));
        made = wanted.size() == 1
                   ? add("flatten", {}, made, name("flatten"))
                   : add("reshape", {{"shape", IntTuple(wanted)}}, made, name("reshape"));
    }
    plain_.emplace(key, made);
    return made;
}

std::size_t channelAxis(const Shape& shape) {
    return shape.rank() == 2 ? 1 : 0;
}

std::optional<Tensor> perChannel(LayerImport& import, const DataValue& x,
                                 const FoldedValue& constant) {
    const auto& shape = constant.shape();
    if (shape.rank() > x.axes.size())
        return {};
    const auto offset = x.axes.size() - shape.rank();
    std::optional<std::size_t> along;
    for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
        if (shape[axis] == 1)
            continue;
        if (along)
            return {};
        along = offset + axis;
    }
    const auto channels = x.shape[channelAxis(x.shape)];
    if (!along) {
        // One number for all of them.
        const auto number = LayerImport::weightOf(constant).span<float>()[0];
        return Tensor::of<float>({channels},
                                 std::vector<float>(static_cast<std::size_t>(channels), number));
    }
    if (x.axes[*along] != static_cast<int>(channelAxis(x.shape)) ||
        shape[*along - offset] != import.lengthAt(x, *along))
        return {};
    return LayerImport::weightOf(constant).reshaped({channels});
}

} // namespace gradwright
