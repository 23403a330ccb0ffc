// SPDX-License-Identifier: GPL-3.0-or-later
//
// Constants whose elements are moved, repeated or chosen.
#include "engine/exchange/fold_values.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace gradwright {
namespace {

using Folded = std::vector<FoldedValue>;
using FoldInputs = std::span<const FoldedValue* const>;

std::vector<std::int64_t> stridesOf(const Shape& shape) {
    std::vector<std::int64_t> strides(shape.rank(), 1);
    for (std::size_t axis = shape.rank(); axis-- > 1;)
        strides[axis - 1] = strides[axis] * shape[axis];
    return strides;
}

/// The value whose element at each place is the one that `from` names by its index.
FoldedValue picked(const FoldedValue& value, Shape shape, FoldBudget& budget,
                   const std::function<std::int64_t(std::span<const std::int64_t>)>& from) {
    const auto elements = shape.elements();
    budget.take(elements);
    const auto& source = *value.tensor;
    const auto size = sizeOf(source.dtype());
    Tensor made(source.dtype(), shape);
    FoldedValue result;
    if (!value.perSample.empty())
        result.perSample.resize(static_cast<std::size_t>(elements));
    std::vector<std::int64_t> place(shape.rank());
    for (std::int64_t i = 0; i < elements; ++i) {
        const auto index = static_cast<std::size_t>(from(place));
        std::copy_n(source.bytes().data() + index * size, size,
                    made.bytes().data() + static_cast<std::size_t>(i) * size);
        if (!result.perSample.empty())
            result.perSample[static_cast<std::size_t>(i)] = value.isPerSample(index);
        for (std::size_t axis = shape.rank(); axis-- > 0;) {
            if (++place[axis] < shape[axis])
                break;
            place[axis] = 0;
        }
    }
    result.tensor = std::make_shared<const Tensor>(std::move(made));
    return result;
}

FoldedValue underShape(const FoldedValue& value, Shape shape) {
    if (shape.elements() != value.tensor->elements())
        throw Error("{} cannot become {}", toString(value.shape()), toString(shape));
    return {std::make_shared<const Tensor>(value.tensor->reshaped(std::move(shape))),
            value.perSample};
}

FoldedValue transposed(const OnnxNode& node, const FoldedValue& value, FoldBudget& budget) {
    const auto rank = value.shape().rank();
    std::vector<std::int64_t> perm(rank);
    std::iota(perm.rbegin(), perm.rend(), 0);
    perm = node.integers("perm", perm);
    auto sorted = perm;
    std::ranges::sort(sorted);
    std::vector<std::int64_t> all(rank);
    std::iota(all.begin(), all.end(), 0);
    if (sorted != all)
        throw Error("its axes are no permutation");
    std::vector<std::int64_t> dims;
    std::vector<std::int64_t> strides;
    const auto own = stridesOf(value.shape());
    for (const auto axis : perm) {
        dims.push_back(value.shape()[static_cast<std::size_t>(axis)]);
        strides.push_back(own[static_cast<std::size_t>(axis)]);
    }
    return picked(value, Shape(dims), budget, [&](std::span<const std::int64_t> place) {
        return std::inner_product(place.begin(), place.end(), strides.begin(), std::int64_t{0});
    });
}

FoldedValue reshapedTo(const OnnxNode& node, const FoldedValue& value, const FoldedValue& wanted) {
    auto dims = wanted.integers();
    std::int64_t rest = 1;
    std::optional<std::size_t> open;
    for (std::size_t axis = 0; axis < dims.size(); ++axis) {
        if (dims[axis] == 0 && node.integer("allowzero", 0) == 0) {
            if (axis >= value.shape().rank())
                throw Error("it keeps axis {}, which {} lacks", axis, toString(value.shape()));
            dims[axis] = value.shape()[axis];
        }
        if (dims[axis] == -1 && !open) {
            open = axis;
            continue;
        }
        if (dims[axis] < 0 || (dims[axis] > 0 && rest > (std::int64_t{1} << 45) / dims[axis]))
            throw Error("its shape holds {}", dims[axis]);
        rest *= dims[axis];
    }
    if (open && rest > 0)
        dims[*open] = value.tensor->elements() / rest;
    return underShape(value, Shape(std::move(dims)));
}

FoldedValue withoutAxes(const OnnxNode& node, const FoldedValue& value, const FoldedValue* input) {
    const auto axes = axesOfNode(node, input, value.shape().rank());
    std::vector<std::int64_t> dims;
    for (std::size_t axis = 0; axis < value.shape().rank(); ++axis) {
        const auto length = value.shape()[axis];
        const bool goes =
            axes ? std::ranges::count(*axes, static_cast<std::int64_t>(axis)) > 0 : length == 1;
        if (goes && length != 1)
            throw Error("axis {} has length {} and cannot go", axis, length);
        if (!goes)
            dims.push_back(length);
    }
    return underShape(value, Shape(std::move(dims)));
}

FoldedValue withAxes(const OnnxNode& node, const FoldedValue& value, const FoldedValue* input) {
    const auto count = input ? input->integers().size() : node.integers("axes").size();
    const auto rank = value.shape().rank() + count;
    const auto axes = axesOfNode(node, input, rank).value_or(std::vector<std::int64_t>{});
    std::vector<std::int64_t> dims;
    std::size_t next = 0;
    for (std::size_t axis = 0; axis < rank; ++axis) {
        if (std::ranges::count(axes, static_cast<std::int64_t>(axis)) > 0)
            dims.push_back(1);
        else if (next < value.shape().rank())
            dims.push_back(value.shape()[next++]);
    }
    return underShape(value, Shape(std::move(dims)));
}

FoldedValue joinedAlong(const OnnxNode& node, FoldInputs inputs, FoldBudget& budget) {
    const auto& first = *inputs[0];
    const auto axis = axisOf(node.integer("axis", 0), first.shape().rank());
    auto shape = first.shape();
    shape[axis] = 0;
    std::vector<std::int64_t> ends;
    for (const auto* input : inputs) {
        if (!input || input->shape().rank() != shape.rank() ||
            input->tensor->dtype() != first.tensor->dtype())
            throw Error("its inputs differ in rank or type");
        auto aligned = input->shape();
        aligned[axis] = shape[axis];
        if (aligned != shape)
            throw Error("its inputs differ in shape");
        shape[axis] += input->shape()[axis];
        ends.push_back(shape[axis]);
    }
    budget.take(shape.elements());
    std::int64_t outer = 1;
    for (std::size_t i = 0; i < axis; ++i)
        outer *= shape[i];
    const auto size = sizeOf(first.tensor->dtype());
    Tensor made(first.tensor->dtype(), shape);
    std::vector<bool> perSample;
    const bool hasBatch = std::ranges::any_of(
        inputs, [](const FoldedValue* input) { return !input->perSample.empty(); });
    auto* to = made.bytes().data();
    for (std::int64_t i = 0; i < outer; ++i)
        for (const auto* input : inputs) {
            const auto run = input->tensor->elements() / std::max<std::int64_t>(outer, 1);
            const auto begin = static_cast<std::size_t>(i * run);
            to = std::copy_n(input->tensor->bytes().data() + begin * size,
                             static_cast<std::size_t>(run) * size, to);
            for (std::size_t k = 0; hasBatch && k < static_cast<std::size_t>(run); ++k)
                perSample.push_back(input->isPerSample(begin + k));
        }
    return {std::make_shared<const Tensor>(std::move(made)), std::move(perSample)};
}

FoldedValue gathered(const OnnxNode& node, const FoldedValue& value, const FoldedValue& indices,
                     FoldBudget& budget) {
    const auto rank = value.shape().rank();
    const auto axis = axisOf(node.integer("axis", 0), rank);
    const auto length = value.shape()[axis];
    auto places = indices.integers();
    for (auto& place : places) {
        if (place < -length || place >= length)
            throw Error("index {} does not exist among {}", place, length);
        place = place < 0 ? place + length : place;
    }
    std::vector<std::int64_t> dims(value.shape().begin(), value.shape().end());
    const auto at = dims.begin() + static_cast<std::ptrdiff_t>(axis);
    dims.insert(dims.erase(at), indices.shape().begin(), indices.shape().end());
    const auto strides = stridesOf(value.shape());
    const auto indexStrides = stridesOf(indices.shape());
    const auto indexRank = indices.shape().rank();
    return picked(value, Shape(dims), budget, [&](std::span<const std::int64_t> place) {
        std::int64_t index = 0;
        for (std::size_t i = 0; i < axis; ++i)
            index += place[i] * strides[i];
        std::int64_t which = 0;
        for (std::size_t i = 0; i < indexRank; ++i)
            which += place[axis + i] * indexStrides[i];
        index += places[static_cast<std::size_t>(which)] * strides[axis];
        for (std::size_t i = axis + 1; i < rank; ++i)
            index += place[i + indexRank - 1] * strides[i];
        return index;
    });
}

/// The index replaces the place along the axis.
FoldedValue gatheredElements(const OnnxNode& node, const FoldedValue& value,
                             const FoldedValue& indices, FoldBudget& budget) {
    const auto rank = value.shape().rank();
    const auto axis = axisOf(node.integer("axis", 0), rank);
    if (indices.shape().rank() != rank)
        throw Error("its indices are {} for {}", toString(indices.shape()),
                    toString(value.shape()));
    for (std::size_t i = 0; i < rank; ++i)
        if (i != axis && indices.shape()[i] > value.shape()[i])
            throw Error("its indices are {} for {}", toString(indices.shape()),
                        toString(value.shape()));
    const auto places = indices.integers();
    const auto length = value.shape()[axis];
    const auto strides = stridesOf(value.shape());
    const auto own = stridesOf(indices.shape());
    return picked(value, indices.shape(), budget, [&](std::span<const std::int64_t> place) {
        const auto which =
            std::inner_product(place.begin(), place.end(), own.begin(), std::int64_t{0});
        const auto at = places[static_cast<std::size_t>(which)];
        if (at < -length || at >= length)
            throw Error("index {} does not exist among {}", at, length);
        std::int64_t index = (at < 0 ? at + length : at) * strides[axis];
        for (std::size_t i = 0; i < rank; ++i)
            index += i == axis ? 0 : place[i] * strides[i];
        return index;
    });
}

FoldedValue sliced(const OnnxNode& node, std::int64_t opset, FoldInputs inputs,
                   FoldBudget& budget) {
    const auto& value = *inputs[0];
    auto shape = value.shape();
    const auto strides = stridesOf(shape);
    std::vector<std::int64_t> begins(shape.rank());
    std::vector<std::int64_t> steps(shape.rank(), 1);
    for (const auto& range : slicesOf(node, opset, inputs, value.shape().dims())) {
        begins[range.axis] = range.begin;
        steps[range.axis] = range.step;
        shape[range.axis] = range.length;
    }
    return picked(value, shape, budget, [&](std::span<const std::int64_t> place) {
        std::int64_t index = 0;
        for (std::size_t i = 0; i < place.size(); ++i)
            index += (begins[i] + place[i] * steps[i]) * strides[i];
        return index;
    });
}

FoldedValue repeatedTo(const FoldedValue& value, const Shape& wanted, FoldBudget& budget) {
    const auto rank = std::max(wanted.rank(), value.shape().rank());
    std::vector<std::int64_t> dims(rank, 1);
    std::vector<std::int64_t> strides(rank, 0);
    const auto own = stridesOf(value.shape());
    for (std::size_t i = 0; i < wanted.rank(); ++i)
        dims[rank - 1 - i] = wanted[wanted.rank() - 1 - i];
    for (std::size_t i = 0; i < value.shape().rank(); ++i) {
        const auto from = value.shape().rank() - 1 - i;
        auto& length = dims[rank - 1 - i];
        if (value.shape()[from] == 1)
            continue;
        if (length != 1 && length != value.shape()[from])
            throw Error("{} cannot be repeated to {}", toString(value.shape()), toString(wanted));
        length = value.shape()[from];
        strides[rank - 1 - i] = own[from];
    }
    return picked(value, Shape(dims), budget, [&](std::span<const std::int64_t> place) {
        return std::inner_product(place.begin(), place.end(), strides.begin(), std::int64_t{0});
    });
}

/// To lengths of which one may be the batch, along which the value is the same.
FoldedValue expanded(const FoldedValue& value, const FoldedValue& lengths, FoldBudget& budget) {
    const auto wanted = shapeOnce(lengths);
    for (std::size_t i = 0; i < wanted.rank(); ++i) {
        const auto fromEnd = wanted.rank() - i;
        if (lengths.isPerSample(i) && fromEnd <= value.shape().rank() &&
            value.shape()[value.shape().rank() - fromEnd] != 1)
            throw Error("it repeats {} along an axis of as many rows as there are samples",
                        toString(value.shape()));
    }
    auto made = repeatedTo(value, wanted, budget);
    made.isPerBatch = lengths.dependsOnBatch();
    return made;
}

FoldedValue tiled(const FoldedValue& value, const FoldedValue& repeats, FoldBudget& budget) {
    const auto times = repeats.integers();
    if (times.size() != value.shape().rank())
        throw Error("it repeats {} axes of {}", times.size(), value.shape().rank());
    auto shape = value.shape();
    for (std::size_t axis = 0; axis < times.size(); ++axis) {
        if (times[axis] < 0 || times[axis] > (std::int64_t{1} << 30))
            throw Error("it repeats an axis {} times", times[axis]);
        shape[axis] *= times[axis];
    }
    const auto strides = stridesOf(value.shape());
    return picked(value, shape, budget, [&](std::span<const std::int64_t> place) {
        std::int64_t index = 0;
        for (std::size_t i = 0; i < place.size(); ++i)
            index += place[i] % value.shape()[i] * strides[i];
        return index;
    });
}

/// ScatterND: the value with pieces in the places that indices name, later ones over earlier ones.
FoldedValue scattered(const FoldedValue& value, const FoldedValue& indices,
                      const FoldedValue& updates, FoldBudget& budget) {
    const auto& shape = value.shape();
    const auto& ofIndices = indices.shape();
    if (value.dependsOnBatch() || indices.dependsOnBatch() || updates.dependsOnBatch())
        throw Error("it computes with the number of samples");
    const auto known = ofIndices.rank() == 0 ? 0 : ofIndices[ofIndices.rank() - 1];
    if (known < 1 || std::cmp_greater(known, shape.rank()) ||
        updates.tensor->dtype() != value.tensor->dtype())
        throw Error("it puts {} into {} at {}", toString(updates.shape()), toString(shape),
                    toString(ofIndices));
    std::vector<std::int64_t> wanted(ofIndices.begin(), ofIndices.end() - 1);
    wanted.insert(wanted.end(), shape.begin() + known, shape.end());
    if (updates.shape().dims() != wanted)
        throw Error("it puts {} into {} at {}", toString(updates.shape()), toString(shape),
                    toString(ofIndices));
    budget.take(shape.elements());
    const auto strides = stridesOf(shape);
    const auto places = indices.tensor->to(DType::I64);
    const auto count = ofIndices.elements() / known;
    const auto bytes =
        count == 0 ? 0 : updates.tensor->bytes().size() / static_cast<std::size_t>(count);
    const auto size = sizeOf(value.tensor->dtype());
    auto made = *value.tensor;
    for (std::int64_t piece = 0; piece < count; ++piece) {
        std::int64_t index = 0;
        for (std::int64_t axis = 0; axis < known; ++axis) {
            const auto length = shape[static_cast<std::size_t>(axis)];
            const auto at =
                places.span<std::int64_t>()[static_cast<std::size_t>(piece * known + axis)];
            if (at < -length || at >= length)
                throw Error("index {} does not exist among {}", at, length);
            index += (at < 0 ? at + length : at) * strides[static_cast<std::size_t>(axis)];
        }
        std::copy_n(updates.tensor->bytes().data() + static_cast<std::size_t>(piece) * bytes, bytes,
                    made.bytes().data() + static_cast<std::size_t>(index) * size);
    }
    return {std::make_shared<const Tensor>(std::move(made))};
}

Shape flattenedAt(const OnnxNode& node, const Shape& shape) {
    const auto given = node.integer("axis", 1);
    const auto rank = static_cast<std::int64_t>(shape.rank());
    const auto axis = given < 0 ? given + rank : given;
    if (axis < 0 || axis > rank)
        throw Error("axis {} does not exist among {}", given, rank);
    std::int64_t before = 1;
    for (std::int64_t i = 0; i < axis; ++i)
        before *= shape[static_cast<std::size_t>(i)];
    return {before, before == 0 ? 0 : shape.elements() / before};
}

} // namespace

std::optional<Folded> foldMovement(const OnnxNode& node, std::int64_t opset, FoldInputs inputs,
                                   FoldBudget& budget) {
    const auto& x = *inputs[0];
    const auto input = [&](std::size_t index) {
        return index < inputs.size() ? inputs[index] : nullptr;
    };
    const auto required = [&](std::size_t index) -> const FoldedValue& {
        if (!input(index))
            throw Error("it lacks an input");
        return *input(index);
    };
    if (node.op == "Transpose")
        return Folded{transposed(node, x, budget)};
    if (node.op == "Reshape")
        return Folded{reshapedTo(node, x, required(1))};
    if (node.op == "Flatten")
        return Folded{underShape(x, flattenedAt(node, x.shape()))};
    if (node.op == "Squeeze")
        return Folded{withoutAxes(node, x, input(1))};
    if (node.op == "Unsqueeze")
        return Folded{withAxes(node, x, input(1))};
    if (node.op == "Concat")
        return Folded{joinedAlong(node, inputs, budget)};
    if (node.op == "Gather")
        return Folded{gathered(node, x, required(1), budget)};
    if (node.op == "GatherElements")
        return Folded{gatheredElements(node, x, required(1), budget)};
    if (node.op == "Slice")
        return Folded{sliced(node, opset, inputs, budget)};
    if (node.op == "Expand")
        return Folded{expanded(x, required(1), budget)};
    if (node.op == "ScatterND" && node.text("reduction", "none") == "none")
        return Folded{scattered(x, required(1), required(2), budget)};
    if (node.op == "Tile")
        return Folded{tiled(x, required(1), budget)};
    if (node.op == "Shape") {
        const auto rank = static_cast<std::int64_t>(x.shape().rank());
        const auto bounded = [&](std::int64_t at) {
            return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
        };
        const auto begin = bounded(node.integer("start", 0));
        const auto end = std::max(begin, bounded(node.integer("end", rank)));
        const auto& all = x.shape().dims();
        return Folded{foldedIntegers({all.begin() + begin, all.begin() + end}, {end - begin})};
    }
    if (node.op == "Size")
        return Folded{foldedIntegers({x.tensor->elements()}, {})};
    return {};
}

} // namespace gradwright
