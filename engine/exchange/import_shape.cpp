// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reshaping, and what only passes values on.
#include "engine/exchange/import_channels.h"
#include "engine/exchange/layer_import.h"
#include "engine/layers/shared_params.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace gradwright {
namespace {

void setMoved(LayerImport& import, const OnnxNode& node, DataValue x) {
    x.hint = LayerImport::nameFor(node);
    import.set(node.outputs.at(0), std::move(x));
}

void importIdentity(LayerImport& import, const OnnxNode& node) {
    import.set(node.outputs.at(0), import.joinedData(node));
}

void importDropout(LayerImport& import, const OnnxNode& node) {
    import.requireNoMoreOutputs(node, 1);
    const auto& x = import.data(node);
    auto rate = node.real("ratio", 0.5);
    if (const auto* given = import.constantOrNull(node, 1, "ratio"))
        rate = given->numbers().at(0);
    if (!(rate > 0 && rate < 1))
        return import.set(node.outputs.at(0), x);
    import.set(node.outputs.at(0), import.onOwn(x, "dropout",
                                                {{ "rate",
                                                   rate }},
                                                LayerImport::nameFor(node)));
}

void importCast(LayerImport& import, const OnnxNode& node) {
    auto x = import.joinedData(node);
    const auto to = node.integer("to", 0);
    const bool isReal = to == 1 || to == 10 || to == 11 || to == 16;
    const bool isWhole = to == 6 || to == 7;
    if (!isReal && !isWhole)
        throw Error("it makes another type than numbers of a value");
    if (isWhole && !x.isWhole && !import.isIndex(node.outputs.at(0)))
        throw Error("it rounds values that are computed with further");
    x.isWhole = isWhole;
    import.set(node.outputs.at(0), std::move(x));
}

void importTranspose(LayerImport& import, const OnnxNode& node) {
    auto x = import.joinedData(node);
    IntTuple perm(x.axes.size());
    std::iota(perm.rbegin(), perm.rend(), 0);
    perm = node.integers("perm", perm);
    auto sorted = perm;
    std::ranges::sort(sorted);
    IntTuple all(x.axes.size());
    std::iota(all.begin(), all.end(), 0);
    if (sorted != all)
        throw Error("its axes are no permutation of {}", x.axes.size());
    std::vector<int> axes;
    for (const auto axis : perm)
        axes.push_back(x.axes[static_cast<std::size_t>(axis)]);
    x.axes = std::move(axes);
    setMoved(import, node, std::move(x));
}

void importSqueeze(LayerImport& import, const OnnxNode& node) {
    auto x = import.joinedData(node);
    const auto given = axesOfNode(node, import.constantOrNull(node, 1, "axes"), x.axes.size());
    std::vector<int> axes;
    for (std::size_t axis = 0; axis < x.axes.size(); ++axis) {
        const auto length = import.lengthAt(x, axis);
        const bool goes =
            given ? std::ranges::count(*given, static_cast<std::int64_t>(axis)) > 0 : length == 1;
        if (!goes)
            axes.push_back(x.axes[axis]);
        else if (length != 1)
            throw Error(length < 0 ? "it removes the batch"
                                   : "it removes an axis of length above 1");
    }
    x.axes = std::move(axes);
    setMoved(import, node, std::move(x));
}

void importUnsqueeze(LayerImport& import, const OnnxNode& node) {
    auto x = import.joinedData(node);
    const auto* input = import.constantOrNull(node, 1, "axes");
    const auto count = input ? input->integers().size() : node.integers("axes").size();
    const auto given = axesOfNode(node, input, x.axes.size() + count).value_or(IntTuple{});
    std::vector<int> axes;
    std::size_t next = 0;
    for (std::size_t axis = 0; axis < x.axes.size() + count; ++axis) {
        const bool isNew = std::ranges::count(given, static_cast<std::int64_t>(axis)) > 0;
        if (!isNew && next == x.axes.size())
            throw Error("it names an axis twice");
        axes.push_back(isNew ? kOneAxis : x.axes[next++]);
    }
    x.axes = std::move(axes);
    setMoved(import, node, std::move(x));
}

void importFlatten(LayerImport& import, const OnnxNode& node) {
    const auto& x = import.data(node);
    const auto rank = static_cast<std::int64_t>(x.axes.size());
    const auto given = node.integer("axis", 1);
    if ((given < 0 ? given + rank : given) != 1 || import.batchAxis(x) != 0)
        throw Error("it joins the batch with other axes");
    IntTuple wanted{-1};
    wanted[0] = 1;
    for (const auto length : import.sampleDims(x))
        wanted[0] *= length;
    importReshape(import, node, x, {-1, wanted[0]});
}

/// What a Reshape asks for, with -1 in the place of the batch; throws Error where the batch would
/// be joined with other axes or split.
IntTuple resolvedShape(LayerImport& import, const OnnxNode& node, const DataValue& x,
                       const FoldedValue& wanted) {
    const auto from = import.dims(x);
    const auto lengths = import.sampleDims(x);
    const auto elements = Shape(lengths).elements();
    const auto values = wanted.tensor->to(DType::I64);
    const auto span = values.span<std::int64_t>();
    constexpr std::int64_t kOpen = -2;
    IntTuple shape;
    std::optional<std::size_t> batch;
    std::optional<std::size_t> open;
    std::int64_t rest = 1;
    for (std::size_t axis = 0; axis < span.size(); ++axis) {
        auto length = span[axis];
        bool isBatch = wanted.isPerSample(axis);
        if (isBatch && length != 1)
            throw Error("it joins the batch with other axes");
        if (!isBatch && length == 0 && node.integer("allowzero", 0) == 0) {
            if (axis >= from.size())
                throw Error("it keeps axis {}, and there are {}", axis, from.size());
            length = from[axis];
            isBatch = length < 0;
        }
        if (isBatch) {
            if (batch)
                throw Error("the batch would be two of its axes");
            batch = axis;
            shape.push_back(-1);
        } else if (length == -1) {
            if (open)
                throw Error("two lengths are left open");
            open = axis;
            shape.push_back(kOpen);
        } else {
            if (length < 1 || rest > (std::int64_t{1} << 45) / length)
                throw Error("its shape holds {}", length);
            rest *= length;
            shape.push_back(length);
        }
    }
    if (!batch && open && rest == elements) {
        batch = open; // as many rows as there are samples
        open.reset();
        shape[*batch] = -1;
    }
    // A file for one size of batch has it as a number.
    const auto fixed = import.fixedBatch();
    const auto place = import.batchAxis(x);
    if (!batch && fixed && place < shape.size() && shape[place] == *fixed) {
        batch = place;
        rest /= *fixed;
        shape[place] = -1;
    }
    if (!batch)
        throw Error("it joins the batch with other axes");
    if (open) {
        if (elements % rest != 0)
            throw Error("{} elements cannot be laid out so", elements);
        shape[*open] = elements / rest;
        rest = elements;
    }
    if (rest != elements)
        throw Error("it makes {} elements of {} per sample", rest, elements);
    return shape;
}

/// The shape of the layer that a value is of whose batch is joined with an axis: `rows` of the
/// axis times the samples, at a place of the shape that is wanted. Nothing where the elements do
/// not lie so.
std::optional<DataValue> joinedAt(LayerImport& import, const OnnxNode& node, const DataValue& x,
                                  IntTuple wanted, std::size_t place, std::int64_t rows) {
    const auto product = [](std::span<const std::int64_t> lengths) {
        return std::accumulate(lengths.begin(), lengths.end(), std::int64_t{1},
                               std::multiplies<>());
    };
    const auto lengths = import.dims(x);
    const auto batch = import.batchAxis(x);
    const auto before = product(std::span(lengths).first(batch));
    const auto after = product(std::span(lengths).subspan(batch + 1));
    wanted[place] = rows;
    const auto wantedBefore = product(std::span(wanted).first(place));
    const auto wantedAfter = product(std::span(wanted).subspan(place + 1));
    const bool isInner = wantedBefore == before && rows * wantedAfter == after;
    if (!isInner && (wantedBefore * rows != before || wantedAfter != after))
        return {};
    auto made = import.plain(x);
    if (made.shape.dims() != wanted)
        made = import.add("reshape", {{"shape", wanted}}, made, LayerImport::nameFor(node));
    auto value = LayerImport::value(made);
    value.axes.erase(value.axes.begin());
    value.axes[place] = kBatchAxis;
    value.joined = static_cast<int>(place);
    value.isOuter = !isInner;
    return value;
}

/// The batch joined with an axis, as attention has it whose heads count as samples.
bool becomesJoined(LayerImport& import, const OnnxNode& node, const DataValue& x,
                   const FoldedValue& wanted) {
    const auto values = wanted.tensor->to(DType::I64);
    const auto span = values.span<std::int64_t>();
    IntTuple shape(span.begin(), span.end());
    const auto open = std::ranges::find(shape, -1);
    const auto elements = Shape(import.sampleDims(x)).elements();
    std::int64_t rest = 1;
    for (const auto length : shape)
        rest *= length == -1 ? 1 : length;
    if (std::ranges::any_of(shape, [](auto length) { return length == 0 || length < -1; }) ||
        std::cmp_greater(shape.size(), layers::kMostSampleAxes) || shape.size() < 2 ||
        std::ranges::count(shape, -1) > 1)
        return false;
    // A file for one size of batch has it as a factor, and another one may leave it open.
    const auto fixed = import.fixedBatch();
    const bool isOpen = !wanted.dependsOnBatch() && !fixed && open != shape.end();
    const auto batch = wanted.dependsOnBatch() || isOpen ? 1 : fixed.value_or(0);
    if (batch == 0 || elements * batch % rest != 0)
        return false;
    const auto openPlace = open - shape.begin();
    if (open != shape.end())
        *open = elements * batch / rest;
    // One sample alone may lie at several: the rows of a matrix, else where the batch is.
    std::vector<std::size_t> places(shape.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    if (const auto own = import.batchAxis(x); shape.size() > 2 && own < shape.size())
        std::rotate(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(own),
                    places.begin() + static_cast<std::ptrdiff_t>(own) + 1);
    for (const auto place : places) {
        const auto rows = shape[place] / batch;
        const bool isWithBatch = isOpen ? std::cmp_equal(place, openPlace)
                                        : wanted.dependsOnBatch() == wanted.isPerSample(place);
        if (!isWithBatch || rows <= 1 || shape[place] % batch != 0)
            continue;
        if (auto value = joinedAt(import, node, x, shape, place, rows)) {
            import.set(node.outputs.at(0), *std::move(value));
            return true;
        }
    }
    return false;
}

void importReshapeNode(LayerImport& import, const OnnxNode& node) {
    const auto x = LayerImport::parted(import.joinedData(node));
    const auto& wanted = import.constant(node, 1, "shape");
    if (wanted.shape().rank() != 1)
        throw Error("its shape is no list");
    IntTuple shape;
    try {
        shape = resolvedShape(import, node, x, wanted);
    } catch (const Error&) {
        if (becomesJoined(import, node, x, wanted))
            return;
        throw;
    }
    if (!becomesGroupNorm(import, node, x, shape))
        importReshape(import, node, x, std::move(shape));
}

void importExpand(LayerImport& import, const OnnxNode& node) {
    const auto& x = import.data(node);
    const auto& wanted = import.constant(node, 1, "shape");
    const auto values = wanted.tensor->to(DType::I64);
    const auto span = values.span<std::int64_t>();
    const auto lengths = import.dims(x);
    const bool isSame = span.size() <= lengths.size() && [&] {
        for (std::size_t i = 0; i < span.size(); ++i) {
            const auto axis = lengths.size() - span.size() + i;
            const bool isBatch = lengths[axis] < 0;
            if (isBatch ? !wanted.isPerSample(i) && span[i] != 1
                        : span[i] != lengths[axis] && span[i] != 1)
                return false;
        }
        return true;
    }();
    if (!isSame)
        throw Error("it repeats a value, which no layer does");
    import.set(node.outputs.at(0), x);
}

} // namespace

void importReshape(LayerImport& import, const OnnxNode& node, const DataValue& given,
                   IntTuple wanted) {
    auto x = given;
    // Both directions, one behind the other, are what the layer gives.
    for (std::size_t axis = 0; axis + 1 < x.axes.size(); ++axis)
        if (x.axes[axis] == kDirectionAxis && x.axes[axis + 1] >= 0 && x.half < 0 &&
            static_cast<std::size_t>(x.axes[axis + 1]) + 1 == x.shape.rank()) {
            auto joined = x;
            joined.axes.erase(joined.axes.begin() + static_cast<std::ptrdiff_t>(axis));
            const auto length = import.lengthAt(joined, axis);
            if (std::ranges::count(wanted, length) > 0)
                x = std::move(joined);
            break;
        }
    const auto isKept = [](std::int64_t length) { return length != 1; };
    const auto from = import.dims(x);
    std::vector<std::int64_t> before;
    std::vector<std::int64_t> after;
    std::ranges::copy_if(from, std::back_inserter(before), isKept);
    std::ranges::copy_if(wanted, std::back_inserter(after), isKept);
    if (before == after) {
        // Axes of length 1 come and go.
        std::vector<int> axes;
        std::size_t next = 0;
        for (const auto length : wanted) {
            if (length == 1) {
                axes.push_back(kOneAxis);
                continue;
            }
            while (from[next] == 1)
                ++next;
            axes.push_back(x.axes[next++]);
        }
        x.axes = std::move(axes);
        return setMoved(import, node, std::move(x));
    }
    const auto batch = static_cast<std::size_t>(std::ranges::find(wanted, -1) - wanted.begin());
    const auto product = [](std::span<const std::int64_t> lengths) {
        return std::accumulate(lengths.begin(), lengths.end(), std::int64_t{1},
                               std::multiplies<>());
    };
    if (product(std::span(wanted).first(batch)) !=
        product(std::span(from).first(import.batchAxis(x))))
        throw Error("it mixes samples");
    IntTuple shape = wanted;
    shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(batch));
    if (shape.empty() || std::cmp_greater(shape.size(), layers::kMostSampleAxes))
        throw Error("it gives {} axes per sample, and layers take up to {}", shape.size(),
                    layers::kMostSampleAxes);
    x.hint = {};
    const auto input = import.plain(x);
    const auto name = LayerImport::nameFor(node);
    const auto made = shape.size() == 1 ? import.add("flatten", {}, input, name)
                                        : import.add("reshape", {{"shape", shape}}, input, name);
    std::vector<int> axes;
    int own = 0;
    for (const auto length : wanted)
        axes.push_back(length == -1 ? kBatchAxis : own++);
    import.set(node.outputs.at(0), LayerImport::value(made, std::move(axes)));
}

const Translations& shapeTranslations() {
    static const Translations all = [] {
        Translations made = {{"Identity", importIdentity}, {"Dropout", importDropout},
                             {"Cast", importCast},         {"Transpose", importTranspose},
                             {"Squeeze", importSqueeze},   {"Unsqueeze", importUnsqueeze},
                             {"Flatten", importFlatten},   {"Reshape", importReshapeNode},
                             {"Expand", importExpand}};
        made.insert(pieceTranslations().begin(), pieceTranslations().end());
        return made;
    }();
    return all;
}

} // namespace gradwright
