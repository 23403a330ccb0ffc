// SPDX-License-Identifier: GPL-3.0-or-later
//
// Operators that put elements at places that are computed, or take them from there.
#include "engine/onnx/node_builder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace gradwright {
namespace {

using B = NodeBuilder;

constexpr std::int64_t kMostPlaced = std::int64_t{1} << 24; ///< elements of what is compared

std::vector<std::int64_t> stepsOf(const Shape& shape) {
    std::vector<std::int64_t> steps(shape.rank(), 1);
    for (auto axis = shape.rank(); axis-- > 1;)
        steps[axis - 1] = steps[axis] * shape[axis];
    return steps;
}

/// 0, 1, … as real numbers along an axis of [rows, 1, 1].
ValueId numbered(B& b, std::int64_t rows) {
    Tensor numbers(DType::F32, {rows, 1, 1});
    std::iota(numbers.span<float>().begin(), numbers.span<float>().end(), 0.0F);
    return b.constant(std::move(numbers));
}

/// Indices as real numbers, negative ones counted from the back.
ValueId fromFront(B& b, ValueId indices, std::int64_t length) {
    const auto x = b.cast(indices, DType::F32);
    const auto isNegative = b.op(CompareOp{Comparison::Less}, {x, b.scalar(0)});
    return b.where(isNegative, b.unary(UnaryKind::Linear, x, 1, static_cast<double>(length)), x);
}

/// Rows of [rows, rest] where the updates, [count, rest], go to the places, [count]: each row is
/// compared with each place, which needs no op of its own.
ValueId scattered(B& b, ValueId data, std::int64_t rows, std::int64_t rest, ValueId places,
                  ValueId updates, std::int64_t count) {
    if (rows * rest > kMostPlaced || count > kMostPlaced / (rows * rest))
        throw Error("it puts {} values into {} rows of {}; up to 2^24 pairs are compared", count,
                    rows, rest);
    const auto how = b.node().text("reduction", "none");
    const auto isHere = b.op(CompareOp{Comparison::Equal},
                             {b.reshape(places, Dims{1, count, 1}), numbered(b, rows)});
    const auto all = b.reshape(updates, Dims{1, count, rest});
    const auto collect = [&](ReduceKind kind, double otherwise) {
        return b.reduce(kind, b.where(isHere, all, b.scalar(otherwise)), {1}, false);
    };
    constexpr double kMost = std::numeric_limits<float>::max();
    if (how == "add")
        return b.binary(BinaryKind::Add, data, collect(ReduceKind::Sum, 0));
    if (how == "mul")
        return b.binary(BinaryKind::Multiply, data, collect(ReduceKind::Product, 1));
    if (how == "max")
        return b.binary(BinaryKind::Maximum, data, collect(ReduceKind::Maximum, -kMost));
    if (how == "min")
        return b.binary(BinaryKind::Minimum, data, collect(ReduceKind::Minimum, kMost));
    if (how != "none")
        throw Error("it combines values by \"{}\"", how);
    const auto isAny = b.reduce(ReduceKind::Maximum, b.cast(isHere, DType::F32), {1}, false);
    return b.where(b.op(CompareOp{Comparison::Greater}, {isAny, b.scalar(0)}),
                   collect(ReduceKind::Sum, 0), data);
}

/// (data, indices, updates): the index replaces the place along the axis.
void scatterElements(B& b) {
    const auto data = b.shape(0);
    const auto indices = b.shape(1);
    if (indices.rank() != data.rank())
        throw Error("its indices are {} for {}", toString(indices), toString(data));
    const auto axis = B::axisOf(b.node().integer("axis", 0), data.rank());
    if (data.elements() > kMostPlaced || indices.elements() > kMostPlaced)
        throw Error("it puts {} values into {}; up to 2^24 are computed", indices.elements(),
                    data.elements());
    const auto steps = stepsOf(data);
    const auto own = stepsOf(indices);
    Tensor base(DType::F32, indices);
    for (std::int64_t i = 0; i < indices.elements(); ++i) {
        std::int64_t place = 0;
        for (std::size_t each = 0; each < data.rank(); ++each)
            if (each != axis)
                place += i / own[each] % indices[each] * steps[each];
        base.span<float>()[static_cast<std::size_t>(i)] = static_cast<float>(place);
    }
    const auto places = b.binary(BinaryKind::Add,
                                 b.unary(UnaryKind::Linear, fromFront(b, b.in(1), data[axis]),
                                         static_cast<double>(steps[axis])),
                                 b.constant(std::move(base)));
    const auto made = scattered(b, b.reshape(b.real(0), Dims{data.elements(), 1}), data.elements(),
                                1, places, b.real(2), indices.elements());
    b.give(b.cast(b.reshape(made, b.dims(0)), b.type(0)));
}

/// (data, indices, updates): the last axis of the indices names the first axes of the data.
void scatterNd(B& b) {
    const auto data = b.shape(0);
    const auto indices = b.shape(1);
    const auto rank = indices.rank();
    const auto depth = rank == 0 ? 0 : static_cast<std::size_t>(indices[rank - 1]);
    if (depth == 0 || depth > data.rank())
        throw Error("its indices are {} for {}", toString(indices), toString(data));
    if (data.elements() > kMostPlaced)
        throw Error("it puts values into {}; up to 2^24 are computed", data.elements());
    std::int64_t rest = 1;
    for (auto axis = depth; axis < data.rank(); ++axis)
        rest *= data[axis];
    const auto rows = data.elements() / rest;
    const auto count = indices.elements() / indices[rank - 1];
    const auto steps = stepsOf(data);
    const auto list = b.reshape(b.real(1), Dims{count, indices[rank - 1]});
    auto places = b.scalar(0);
    for (std::size_t i = 0; i < depth; ++i) {
        const ResampleOp one{
            {AxisMap{}, {AxisMap::Kind::Shift, 1, static_cast<std::int64_t>(i), 1}}};
        const auto index = fromFront(b, b.op(one, {list}), data[i]);
        places = b.binary(BinaryKind::Add, places,
                          b.unary(UnaryKind::Linear, index, static_cast<double>(steps[i] / rest)));
    }
    const auto made =
        scattered(b, b.reshape(b.real(0), Dims{rows, rest}), rows, rest, places, b.real(2), count);
    b.give(b.cast(b.reshape(made, b.dims(0)), b.type(0)));
}

/// What a known condition chooses along an axis, or of all elements.
void compress(B& b) {
    const auto condition = b.known(1, "condition").to(DType::F32);
    std::vector<std::int64_t> chosen;
    for (std::size_t i = 0; i < condition.span<float>().size(); ++i)
        if (condition.span<float>()[i] != 0)
            chosen.push_back(static_cast<std::int64_t>(i));
    auto x = b.in(0);
    std::size_t axis = 0;
    if (b.node().has("axis"))
        axis = B::axisOf(b.node().integer("axis", 0), b.rank(0));
    else
        x = b.reshape(x, Dims{b.shape(0).elements()});
    const auto length = b.dimsOf(x)[axis];
    if (!chosen.empty() && length.isNumber() && chosen.back() >= length.number())
        throw Error("its condition chooses place {} of {}", chosen.back(), length.number());
    const auto count = static_cast<std::int64_t>(chosen.size());
    const auto places =
        b.constant(Tensor::of<std::int64_t>(Shape{count}, std::span<const std::int64_t>(chosen)));
    b.give(b.op(GatherOp{static_cast<std::int64_t>(axis)}, {x, places}));
}

/// The middle of each axis, or zeros around it.
void centerCropPad(B& b) {
    const auto wanted = b.integers(1, "shape");
    const auto dims = b.dims(0);
    auto axes = b.node().integers("axes");
    if (!b.node().has("axes")) {
        axes.resize(dims.rank());
        std::iota(axes.begin(), axes.end(), 0);
    }
    if (axes.size() != wanted.size())
        throw Error("it names {} axes and {} lengths", axes.size(), wanted.size());
    ResampleOp op{std::vector<AxisMap>(dims.rank())};
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const auto axis = B::axisOf(axes[i], dims.rank());
        if (!dims[axis].isNumber())
            throw Error("the length of its axis {} is not known", axis);
        const auto more = dims[axis].number() - wanted[i];
        op.axes[axis] = {AxisMap::Kind::Shift, wanted[i], more >= 0 ? more / 2 : -(-more / 2), 1};
    }
    const auto type = b.type(0);
    b.give(b.cast(b.op(std::move(op), {b.real(0)}), type));
}

/// (Σ|x|^p)^(1/p) over all positions.
void globalPowerPool(B& b) {
    const auto power = static_cast<double>(b.node().integer("p", 2));
    std::vector<std::int64_t> axes(std::max<std::size_t>(b.rank(0), 2) - 2);
    std::iota(axes.begin(), axes.end(), 2);
    const auto powers =
        b.unary(UnaryKind::Power, b.unary(UnaryKind::Absolute, b.real(0)), 1, 0, power);
    const auto sum = axes.empty() ? powers : b.reduce(ReduceKind::Sum, powers, axes, true);
    b.give(b.unary(UnaryKind::Power, sum, 1, 0, 1 / power));
}

// GridSample

struct GridForm {
    bool alignsCorners = false;
    std::string padding;
};

/// A coordinate from -1 to 1 as a place in an axis, brought into it where the padding says so.
ValueId placeInAxis(B& b, ValueId x, std::int64_t length, const GridForm& form) {
    const auto size = static_cast<double>(length);
    const auto extent = form.alignsCorners ? (size - 1) / 2 : size / 2;
    auto place = b.unary(UnaryKind::Linear, x, extent, (size - 1) / 2);
    if (form.padding == "border")
        return b.unary(UnaryKind::Clip, place, 1, 0, 0, size - 1);
    if (form.padding != "reflection")
        return place;
    const auto low = form.alignsCorners ? 0.0 : -0.5;
    const auto span = form.alignsCorners ? size - 1 : size;
    if (span == 0)
        return b.unary(UnaryKind::Linear, place, 0, 0);
    const auto away = b.unary(UnaryKind::Absolute, b.unary(UnaryKind::Linear, place, 1, -low));
    const auto turns = b.unary(UnaryKind::Floor, b.unary(UnaryKind::Linear, away, 0.5 / span));
    const auto within =
        b.binary(BinaryKind::Subtract, away, b.unary(UnaryKind::Linear, turns, 2 * span));
    const auto back = b.unary(UnaryKind::Linear, within, -1, 2 * span);
    place = b.unary(UnaryKind::Linear, b.binary(BinaryKind::Minimum, within, back), 1, low);
    return b.unary(UnaryKind::Clip, place, 1, 0, 0, size - 1);
}

/// (x [N, C, …], grid [N, …, axes]): values between those of x at places that are computed.
void gridSample(B& b) {
    const auto x = b.shape(0);
    const auto grid = b.shape(1);
    const auto rank = x.rank();
    const auto axes = rank - 2;
    if (rank < 3 || grid.rank() != rank || std::cmp_not_equal(grid[rank - 1], axes))
        throw Error("its grid is {} for {}", toString(grid), toString(x));
    if (x.elements() > kMostPlaced)
        throw Error("it chooses from {} elements; up to 2^24 are computed", x.elements());
    const auto mode = b.node().text("mode", "linear");
    const bool isNearest = mode == "nearest";
    if (!isNearest && mode != "bilinear" && mode != "linear")
        throw Error("it interpolates by \"{}\"", mode);
    const GridForm form{b.node().integer("align_corners", 0) != 0,
                        b.node().text("padding_mode", "zeros")};
    if (form.padding != "zeros" && form.padding != "border" && form.padding != "reflection")
        throw Error("its padding is \"{}\"", form.padding);
    std::vector<std::int64_t> toEnd = {0};
    for (std::size_t axis = 2; axis < rank; ++axis)
        toEnd.push_back(static_cast<std::int64_t>(axis));
    toEnd.push_back(1);
    const auto pixels = b.reshape(b.permute(b.real(0), toEnd), Dims{x.elements() / x[1], x[1]});
    // Per axis of x, which the grid names last to first: the place below, and the share above.
    std::vector<ValueId> below;
    std::vector<ValueId> share;
    for (std::size_t axis = 0; axis < axes; ++axis) {
        ResampleOp one{std::vector<AxisMap>(rank)};
        one.axes[rank - 1] = {AxisMap::Kind::Shift, 1, static_cast<std::int64_t>(axes - 1 - axis),
                              1};
        const auto place = placeInAxis(b, b.op(std::move(one), {b.real(1)}), x[axis + 2], form);
        below.push_back(b.unary(isNearest ? UnaryKind::Round : UnaryKind::Floor, place));
        share.push_back(b.binary(BinaryKind::Subtract, place, below.back()));
    }
    Tensor samples(DType::F32, Shape{x[0]});
    for (std::int64_t i = 0; i < x[0]; ++i)
        samples.span<float>()[static_cast<std::size_t>(i)] =
            static_cast<float>(i * (x.elements() / x[0] / x[1]));
    std::vector<Dim> perSample(rank, Dim(1));
    perSample[0] = x[0];
    const auto first = b.reshape(b.constant(std::move(samples)), Dims(perSample));
    const auto steps = stepsOf(x);
    std::optional<ValueId> sum;
    for (std::size_t corner = 0; corner < (isNearest ? 1U : std::size_t{1} << axes); ++corner) {
        auto place = first;
        std::optional<ValueId> weight;
        for (std::size_t axis = 0; axis < axes; ++axis) {
            const bool isAbove = (corner >> axis & 1U) != 0;
            const auto last = static_cast<double>(x[axis + 2] - 1);
            const auto at = b.unary(UnaryKind::Linear, below[axis], 1, isAbove ? 1 : 0);
            auto own = b.unary(UnaryKind::Inside, at, 1, 0, 0, last);
            if (!isNearest)
                own = b.binary(BinaryKind::Multiply, own,
                               isAbove ? share[axis]
                                       : b.unary(UnaryKind::Linear, share[axis], -1, 1));
            weight = weight ? b.binary(BinaryKind::Multiply, *weight, own) : own;
            place = b.binary(
                BinaryKind::Add, place,
                b.unary(UnaryKind::Clip, at, static_cast<double>(steps[axis + 2]), 0, 0, last));
        }
        std::vector<Dim> places;
        for (std::size_t axis = 0; axis + 1 < rank; ++axis)
            places.emplace_back(grid[axis]);
        const auto found = b.op(
            GatherOp{0}, {pixels, b.cast(b.reshape(place, Dims(std::move(places))), DType::I64)});
        const auto part = b.binary(BinaryKind::Multiply, found, *weight);
        sum = sum ? b.binary(BinaryKind::Add, *sum, part) : part;
    }
    std::vector<std::int64_t> toFront = {0, static_cast<std::int64_t>(rank) - 1};
    for (std::size_t axis = 1; axis + 1 < rank; ++axis)
        toFront.push_back(static_cast<std::int64_t>(axis));
    b.give(b.permute(*sum, toFront));
}

} // namespace

const OnnxMappings& onnxPlacing() {
    static const OnnxMappings all = {
        {"Scatter", scatterElements},     {"ScatterElements", scatterElements},
        {"ScatterND", scatterNd},         {"Compress", compress},
        {"CenterCropPad", centerCropPad}, {"GlobalLpPool", globalPowerPool},
        {"GridSample", gridSample},
    };
    return all;
}

} // namespace gradwright
