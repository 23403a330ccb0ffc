// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/onnx/node_builder.h"

#include <cmath>

namespace gradwright {
namespace {

using B = NodeBuilder;

constexpr std::int64_t kMostExact = std::int64_t{1} << 24; ///< whole numbers in FP32

void gather(B& b) {
    const auto axis = B::axisOf(b.node().integer("axis", 0), b.rank(0));
    b.give(b.op(GatherOp{static_cast<std::int64_t>(axis)}, {b.in(0), b.in(1)}));
}

std::vector<std::int64_t> stridesOf(const Shape& shape) {
    std::vector<std::int64_t> strides(shape.rank(), 1);
    for (auto axis = shape.rank(); axis-- > 1;)
        strides[axis - 1] = strides[axis] * shape[axis];
    return strides;
}

/// Negative ones count from the back.
ValueId countedFromFront(B& b, ValueId indices, std::int64_t length) {
    const auto x = b.cast(indices, DType::F32);
    const auto isNegative = b.op(CompareOp{Comparison::Less}, {x, b.scalar(0)});
    return b.where(isNegative, b.unary(UnaryKind::Linear, x, 1, static_cast<double>(length)), x);
}

void requireExact(const Shape& data) {
    if (data.elements() > kMostExact)
        throw Error("it chooses from {} elements; up to 2^24 are computed", data.elements());
}

/// By places in the data as a list: index · stride along the axis, and its own place along others.
void gatherElements(B& b) {
    const auto data = b.shape(0);
    const auto indices = b.shape(1);
    const auto axis = B::axisOf(b.node().integer("axis", 0), data.rank());
    if (indices.rank() != data.rank())
        throw Error("its indices are {} for {}", toString(indices), toString(data));
    requireExact(data);
    requireExact(indices);
    const auto strides = stridesOf(data);
    const auto own = stridesOf(indices);
    Tensor base(DType::F32, indices);
    for (std::int64_t i = 0; i < indices.elements(); ++i) {
        std::int64_t place = 0;
        for (std::size_t each = 0; each < data.rank(); ++each)
            if (each != axis)
                place += i / own[each] % indices[each] * strides[each];
        base.span<float>()[static_cast<std::size_t>(i)] = static_cast<float>(place);
    }
    auto places = b.unary(UnaryKind::Linear, countedFromFront(b, b.in(1), data[axis]),
                          static_cast<double>(strides[axis]));
    places = b.binary(BinaryKind::Add, places, b.constant(std::move(base)));
    const auto list = b.reshape(b.in(0), Dims{data.elements()});
    b.give(b.op(GatherOp{0}, {list, b.cast(places, DType::I64)}));
}

void gatherNd(B& b) {
    const auto data = b.shape(0);
    const auto indices = b.shape(1);
    const auto batch = static_cast<std::size_t>(b.node().integer("batch_dims", 0));
    const auto rank = indices.rank();
    if (rank == 0 || batch >= std::min(rank, data.rank()))
        throw Error("its indices are {} for {}", toString(indices), toString(data));
    const auto depth = static_cast<std::size_t>(indices[rank - 1]);
    if (batch + depth > data.rank())
        throw Error("its indices name {} axes of {}", depth, toString(data));
    requireExact(data);
    // The data as [chosen places, rest].
    std::int64_t rest = 1;
    for (auto axis = batch + depth; axis < data.rank(); ++axis)
        rest *= data[axis];
    const auto strides = stridesOf(data);
    auto places = b.scalar(0);
    std::vector<Dim> list;
    for (std::size_t axis = 0; axis + 1 < rank; ++axis)
        list.emplace_back(indices[axis]);
    for (std::size_t i = 0; i < depth; ++i) {
        const auto at = static_cast<std::int64_t>(i);
        ResampleOp one{std::vector<AxisMap>(rank)};
        one.axes[rank - 1] = {AxisMap::Kind::Shift, 1, at, 1};
        auto index = b.op(std::move(one), {b.real(1)});
        index = countedFromFront(b, b.reshape(index, Dims(list)), data[batch + i]);
        index = b.unary(UnaryKind::Linear, index,
                        static_cast<double>(strides[batch + i] / std::max<std::int64_t>(rest, 1)));
        places = b.binary(BinaryKind::Add, places, index);
    }
    for (std::size_t axis = 0; axis < batch; ++axis) {
        std::vector<Dim> dims(rank - 1, Dim(1));
        dims[axis] = data[axis];
        Tensor base(DType::F32, {data[axis]});
        for (std::int64_t i = 0; i < data[axis]; ++i)
            base.span<float>()[static_cast<std::size_t>(i)] =
                static_cast<float>(i * strides[axis] / rest);
        places = b.binary(BinaryKind::Add, places,
                          b.reshape(b.constant(std::move(base)), Dims(std::move(dims))));
    }
    const auto x = b.reshape(b.in(0), Dims{data.elements() / rest, rest});
    auto chosen = b.op(GatherOp{0}, {x, b.cast(places, DType::I64)});
    for (auto axis = batch + depth; axis < data.rank(); ++axis)
        list.emplace_back(data[axis]);
    b.give(b.reshape(chosen, Dims(std::move(list))));
}

/// (indices, depth, [off, on]) → on where the place along a new axis is the index.
void oneHot(B& b) {
    const auto depth = static_cast<std::int64_t>(b.number(1, "depth", 1));
    if (depth < 1 || depth > kMostExact)
        throw Error("its depth is {}", depth);
    const auto dims = b.dims(0);
    const auto axis = B::axisOf(b.node().integer("axis", -1), dims.rank() + 1);
    std::vector<Dim> longer(dims.begin(), dims.end());
    longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(axis), Dim(1));
    std::vector<Dim> places(dims.rank() + 1, Dim(1));
    places[axis] = depth;
    Tensor numbers(DType::F32, {depth});
    for (std::int64_t i = 0; i < depth; ++i)
        numbers.span<float>()[static_cast<std::size_t>(i)] = static_cast<float>(i);
    const auto indices = b.reshape(countedFromFront(b, b.in(0), depth), Dims(std::move(longer)));
    const auto all = b.reshape(b.constant(std::move(numbers)), Dims(std::move(places)));
    const auto isHere = b.op(CompareOp{Comparison::Equal}, {indices, all});
    const auto pair = b.ops(SplitOp{0, {1, 1}}, {b.in(2)});
    b.give(b.where(isHere, b.reshape(pair[1], Dims{}), b.reshape(pair[0], Dims{})));
}

void topK(B& b) {
    const auto k = b.opset() >= 10 ? static_cast<std::int64_t>(b.number(1, "number k", 1))
                                   : b.node().integer("k", 1);
    const auto type = b.type(0);
    const auto made = b.ops(
        TopKOp{k, b.node().integer("axis", -1), b.node().integer("largest", 1) == 0}, {b.real(0)});
    b.give(b.cast(made[0], type));
    b.give(made[1]);
}

} // namespace

const OnnxMappings& onnxIndices() {
    static const OnnxMappings all = {
        {"Gather", gather},     {"GatherElements", gatherElements},
        {"GatherND", gatherNd}, {"OneHot", oneHot},
        {"TopK", topK},
    };
    return all;
}

} // namespace gradwright
