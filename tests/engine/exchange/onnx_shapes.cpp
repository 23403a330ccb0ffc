// SPDX-License-Identifier: GPL-3.0-or-later
//
// The operators of ONNX that move elements, sum over axes and choose among elements.
#include "tests/engine/exchange/onnx_evaluator.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace gradwright::test {
namespace {

using Arrays = std::vector<OnnxArray>;
using Place = std::vector<std::int64_t>;

/// An array of that shape whose elements are the input's at the places that `from` gives.
template <class F>
OnnxArray taken(const OnnxArray& x, std::vector<std::int64_t> shape, F from) {
    OnnxArray y(std::move(shape));
    std::size_t next = 0;
    forEachPlace(y.shape,
                 [&](const Place& place) { y.data[next++] = broadcastAt(x, from(place)); });
    return y;
}

Arrays transpose(const OnnxNode& node) {
    const auto perm = node.list("perm");
    std::vector<std::int64_t> shape;
    for (const auto axis : perm)
        shape.push_back(node.x().shape.at(static_cast<std::size_t>(axis)));
    return {taken(node.x(), shape, [&](const Place& place) {
        Place from(place.size());
        for (std::size_t i = 0; i < perm.size(); ++i)
            from[static_cast<std::size_t>(perm[i])] = place[i];
        return from;
    })};
}

Arrays reshape(const OnnxNode& node) {
    auto shape = node.inputs[1].integers();
    std::int64_t known = 1;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] == 0)
            shape[i] = node.x().shape.at(i);
        known *= shape[i] == -1 ? 1 : shape[i];
    }
    for (auto& length : shape)
        length = length == -1 ? OnnxArray::count(node.x().shape) / known : length;
    if (OnnxArray::count(shape) != OnnxArray::count(node.x().shape))
        throw std::runtime_error("a reshape changes the number of elements");
    auto y = node.x();
    y.shape = shape;
    return {std::move(y)};
}

Arrays flatten(const OnnxNode& node) {
    const auto axis = static_cast<std::ptrdiff_t>(node.axis(node.integer("axis", 1)));
    auto y = node.x();
    const auto rows = OnnxArray::count({y.shape.begin(), y.shape.begin() + axis});
    y.shape = {rows, OnnxArray::count(y.shape) / rows};
    return {std::move(y)};
}

Arrays unsqueeze(const OnnxNode& node) {
    auto y = node.x();
    auto axes = node.inputs.at(1).integers();
    const auto rank = y.rank() + static_cast<std::int64_t>(axes.size());
    for (auto& axis : axes)
        axis = axis < 0 ? axis + rank : axis;
    std::ranges::sort(axes);
    for (const auto axis : axes)
        y.shape.insert(y.shape.begin() + axis, 1);
    return {std::move(y)};
}

Arrays squeeze(const OnnxNode& node) {
    auto axes = node.inputs[1].integers();
    std::ranges::sort(axes, std::greater<>());
    auto y = node.x();
    for (const auto axis : axes) {
        if (y.shape.at(static_cast<std::size_t>(axis)) != 1)
            throw std::runtime_error("an axis is squeezed that is longer than 1");
        y.shape.erase(y.shape.begin() + axis);
    }
    return {std::move(y)};
}

Arrays concat(const OnnxNode& node) {
    const auto axis = node.axis(node.integer("axis"));
    auto shape = node.x().shape;
    shape[axis] = 0;
    for (const auto& input : node.inputs)
        shape[axis] += input.shape[axis];
    OnnxArray y(shape);
    std::size_t next = 0;
    forEachPlace(shape, [&](const Place& place) {
        auto from = place;
        std::size_t which = 0;
        while (from[axis] >= node.inputs[which].shape[axis])
            from[axis] -= node.inputs[which++].shape[axis];
        y.data[next++] = broadcastAt(node.inputs[which], from);
    });
    return {std::move(y)};
}

Arrays split(const OnnxNode& node) {
    const auto axis = node.axis(node.integer("axis", 0));
    Arrays pieces;
    std::int64_t first = 0;
    for (const auto size : node.inputs.at(1).integers()) {
        auto shape = node.x().shape;
        shape[axis] = size;
        pieces.push_back(taken(node.x(), shape, [&](Place place) {
            place[axis] += first;
            return place;
        }));
        first += size;
    }
    if (first != node.x().shape[axis])
        throw std::runtime_error("the pieces of a split do not add up");
    return pieces;
}

Arrays slice(const OnnxNode& node) {
    const auto starts = node.inputs.at(1).integers();
    const auto ends = node.inputs.at(2).integers();
    const auto axes = node.inputs.at(3).integers();
    const auto steps = node.inputs.at(4).integers();
    auto shape = node.x().shape;
    Place first(shape.size(), 0);
    Place step(shape.size(), 1);
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const auto axis = static_cast<std::size_t>(axes[i]);
        const auto length = shape[axis];
        const auto absolute = [&](std::int64_t at) { return at < 0 ? at + length : at; };
        step[axis] = steps[i];
        if (steps[i] > 0) {
            first[axis] = std::clamp<std::int64_t>(absolute(starts[i]), 0, length);
            const auto end = std::clamp<std::int64_t>(absolute(ends[i]), 0, length);
            shape[axis] = (end - first[axis] + steps[i] - 1) / steps[i];
        } else {
            first[axis] = std::clamp<std::int64_t>(absolute(starts[i]), 0, length - 1);
            const auto end = std::clamp<std::int64_t>(absolute(ends[i]), -1, length - 1);
            shape[axis] = (first[axis] - end - steps[i] - 1) / -steps[i];
        }
    }
    return {taken(node.x(), shape, [&](Place place) {
        for (std::size_t axis = 0; axis < place.size(); ++axis)
            place[axis] = first[axis] + place[axis] * step[axis];
        return place;
    })};
}

Arrays pad(const OnnxNode& node) {
    const auto pads = node.inputs.at(1).integers();
    const auto mode = node.text("mode", "constant");
    const auto rank = node.x().shape.size();
    auto shape = node.x().shape;
    for (std::size_t axis = 0; axis < rank; ++axis)
        shape[axis] += pads.at(axis) + pads.at(rank + axis);
    OnnxArray y(shape);
    std::size_t next = 0;
    forEachPlace(shape, [&](Place place) {
        bool isOutside = false;
        for (std::size_t axis = 0; axis < rank; ++axis) {
            const auto last = node.x().shape[axis] - 1;
            auto& at = place[axis];
            at -= pads[axis];
            if (mode == "constant")
                isOutside = isOutside || at < 0 || at > last;
            else if (mode == "edge")
                at = std::clamp<std::int64_t>(at, 0, last);
            else // reflect
                at = at < 0 ? -at : at > last ? 2 * last - at : at;
        }
        y.data[next++] =
            isOutside ? (node.has(2) ? node.inputs[2].data[0] : 0.0) : broadcastAt(node.x(), place);
    });
    return {std::move(y)};
}

/// The index replaces the place along the axis.
Arrays gatherElements(const OnnxNode& node) {
    const auto axis = node.axis(node.integer("axis", 0));
    const auto& indices = node.inputs.at(1);
    return {taken(node.x(), indices.shape, [&](Place place) {
        const auto index = static_cast<std::int64_t>(broadcastAt(indices, place));
        place[axis] = index < 0 ? index + node.x().shape[axis] : index;
        return place;
    })};
}

Arrays expand(const OnnxNode& node) {
    const auto shape = broadcastShapeOf({node.x(), OnnxArray(node.inputs.at(1).integers())});
    return {taken(node.x(), shape, [](const Place& place) { return place; })};
}

Arrays gather(const OnnxNode& node) {
    const auto axis = node.axis(node.integer("axis", 0));
    const auto& data = node.x();
    const auto& indices = node.inputs.at(1);
    auto shape = data.shape;
    shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
    shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis), indices.shape.begin(),
                 indices.shape.end());
    return {taken(data, shape, [&](const Place& place) {
        const auto begin = place.begin() + static_cast<std::ptrdiff_t>(axis);
        const auto end = begin + indices.rank();
        auto index = static_cast<std::int64_t>(broadcastAt(indices, Place(begin, end)));
        index += index < 0 ? data.shape[axis] : 0;
        if (index < 0 || index >= data.shape[axis])
            throw std::runtime_error("an index is out of range");
        Place from(place.begin(), begin);
        from.push_back(index);
        from.insert(from.end(), end, place.end());
        return from;
    })};
}

/// The position of an element along an axis in the input, as Resize computes it.
double placeIn(const OnnxNode& node, std::int64_t at, double scale) {
    const auto mode = node.text("coordinate_transformation_mode", "half_pixel");
    if (mode == "asymmetric")
        return static_cast<double>(at) / scale;
    if (mode == "half_pixel")
        return (static_cast<double>(at) + 0.5) / scale - 0.5;
    throw std::runtime_error("another way of resizing");
}

Arrays resize(const OnnxNode& node) {
    const auto& scales = node.inputs.at(2).data;
    auto y = node.x();
    for (std::size_t axis = 0; axis < scales.size(); ++axis) {
        const auto x = y;
        const auto in = x.shape[axis];
        auto shape = x.shape;
        shape[axis] = static_cast<std::int64_t>(std::floor(static_cast<double>(in) * scales[axis]));
        const auto element = [&](Place place, std::int64_t at) {
            place[axis] = std::clamp<std::int64_t>(at, 0, in - 1);
            return broadcastAt(x, place);
        };
        y = OnnxArray(shape);
        std::size_t next = 0;
        forEachPlace(shape, [&](const Place& place) {
            const double at = placeIn(node, place[axis], scales[axis]);
            const auto low = static_cast<std::int64_t>(std::floor(at));
            if (node.text("mode", "nearest") == "linear") {
                const double share = at - std::floor(at);
                y.data[next++] =
                    (1 - share) * element(place, low) + share * element(place, low + 1);
            } else if (node.text("nearest_mode", "round_prefer_floor") == "floor") {
                y.data[next++] = element(place, low);
            } else {
                throw std::runtime_error("another way of rounding");
            }
        });
    }
    return {std::move(y)};
}

/// The axes that are reduced: all where none is given.
std::vector<bool> reducedAxes(const OnnxNode& node, bool isInput) {
    std::vector<std::int64_t> axes;
    if (isInput && node.find("axes"))
        throw std::runtime_error("the axes are an input by now");
    if (isInput && node.has(1))
        axes = node.inputs[1].integers();
    else if (!isInput && node.find("axes"))
        axes = node.list("axes");
    std::vector<bool> reduced(node.x().shape.size(), axes.empty());
    for (const auto axis : axes)
        reduced[node.axis(axis)] = true;
    return reduced;
}

template <class Start, class F>
Arrays reduce(const OnnxNode& node, Start start, F f, bool isSum = false) {
    const auto reduced = reducedAxes(node, isSum || node.opset >= 18);
    auto kept = node.x().shape;
    for (std::size_t axis = 0; axis < kept.size(); ++axis)
        kept[axis] = reduced[axis] ? 1 : kept[axis];
    OnnxArray y(kept);
    std::ranges::fill(y.data, start);
    std::size_t next = 0;
    forEachPlace(node.x().shape, [&](const Place& place) {
        std::int64_t index = 0;
        for (std::size_t axis = 0; axis < kept.size(); ++axis)
            index = index * kept[axis] + (reduced[axis] ? 0 : place[axis]);
        auto& value = y.data[static_cast<std::size_t>(index)];
        value = f(value, node.x().data[next++]);
    });
    if (node.integer("keepdims", 1) == 0) {
        y.shape.clear();
        for (std::size_t axis = 0; axis < kept.size(); ++axis)
            if (!reduced[axis])
                y.shape.push_back(kept[axis]);
    }
    return {std::move(y)};
}

Arrays reduceMean(const OnnxNode& node) {
    auto y = reduce(node, 0.0, std::plus<>());
    const auto count = node.x().data.size() / y[0].data.size();
    for (auto& value : y[0].data)
        value /= static_cast<double>(count);
    return y;
}

Arrays reduceNorm(const OnnxNode& node) {
    auto y = reduce(node, 0.0, [](double sum, double x) { return sum + x * x; });
    for (auto& value : y[0].data)
        value = std::sqrt(value);
    return y;
}

/// The best along an axis, in order, and where they were.
Arrays best(const OnnxNode& node, std::size_t axis, std::int64_t k, bool isLargest) {
    auto shape = node.x().shape;
    const auto length = shape[axis];
    shape[axis] = k;
    OnnxArray values(shape);
    OnnxArray indices(shape);
    std::size_t next = 0;
    forEachPlace(shape, [&](const Place& place) {
        std::vector<std::pair<double, std::int64_t>> all;
        for (std::int64_t i = 0; i < length; ++i) {
            auto from = place;
            from[axis] = i;
            all.emplace_back((isLargest ? -1 : 1) * broadcastAt(node.x(), from), i);
        }
        std::ranges::sort(all);
        const auto& [value, index] = all[static_cast<std::size_t>(place[axis])];
        values.data[next] = (isLargest ? -1 : 1) * value;
        indices.data[next++] = static_cast<double>(index);
    });
    return {std::move(values), std::move(indices)};
}

Arrays argBest(const OnnxNode& node, bool isLargest) {
    const auto axis = node.axis(node.integer("axis", 0));
    auto indices = best(node, axis, 1, isLargest)[1];
    if (node.integer("keepdims", 1) == 0)
        indices.shape.erase(indices.shape.begin() + static_cast<std::ptrdiff_t>(axis));
    return {std::move(indices)};
}

Arrays topK(const OnnxNode& node) {
    return best(node, node.axis(node.integer("axis", -1)), node.inputs.at(1).integers()[0],
                node.integer("largest", 1) != 0);
}

} // namespace

void addShapeOperators(OnnxOperators& all) {
    all["Transpose"] = transpose;
    all["Reshape"] = reshape;
    all["Flatten"] = flatten;
    all["Squeeze"] = squeeze;
    all["Unsqueeze"] = unsqueeze;
    all["Shape"] = [](const OnnxNode& n) {
        const auto begin = n.integer("start", 0);
        const auto end = std::min(n.integer("end", n.x().rank()), n.x().rank());
        OnnxArray y({end - begin});
        std::copy(n.x().shape.begin() + begin, n.x().shape.begin() + end, y.data.begin());
        return Arrays{std::move(y)};
    };
    all["Concat"] = concat;
    all["Split"] = split;
    all["Slice"] = slice;
    all["Pad"] = pad;
    all["Expand"] = expand;
    all["Gather"] = gather;
    all["GatherElements"] = gatherElements;
    all["Resize"] = resize;
    all["ReduceSum"] = [](const OnnxNode& n) { return reduce(n, 0.0, std::plus<>(), true); };
    all["ReduceProd"] = [](const OnnxNode& n) { return reduce(n, 1.0, std::multiplies<>()); };
    all["ReduceMax"] = [](const OnnxNode& n) {
        return reduce(n, -HUGE_VAL, [](double a, double b) { return std::max(a, b); });
    };
    all["ReduceMin"] = [](const OnnxNode& n) {
        return reduce(n, HUGE_VAL, [](double a, double b) { return std::min(a, b); });
    };
    all["ReduceMean"] = reduceMean;
    all["ReduceL2"] = reduceNorm;
    all["ArgMax"] = [](const OnnxNode& n) { return argBest(n, true); };
    all["ArgMin"] = [](const OnnxNode& n) { return argBest(n, false); };
    all["TopK"] = topK;
}

} // namespace gradwright::test
