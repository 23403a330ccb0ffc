// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/onnx/node_builder.h"
#include "engine/ops/shape_values.h"

#include <limits>
#include <numeric>

namespace gradwright {
namespace {

using B = NodeBuilder;

/// Whether the input is a constant list without entries.
bool isEmpty(const B& b, std::size_t input) {
    return b.has(input) && b.operand(input).constant && b.operand(input).constant->elements() == 0;
}

/// The target as a constant, or as the graph computes it.
void reshape(B& b) {
    const bool allowZero = b.node().integer("allowzero", 0) != 0;
    if (!b.has(1))
        throw Error("it lacks the shape that it gives");
    if (isEmpty(b, 1)) // a number without axes
        return b.give(b.reshape(b.in(0), Dims{}));
    b.give(reshapeTo(b.graph(), b.in(0), b.cast(b.in(1), DType::I64), b.path(), allowZero));
}

void expand(B& b) {
    if (isEmpty(b, 1))
        return b.give(b.in(0));
    b.give(expandTo(b.graph(), b.in(0), b.cast(b.in(1), DType::I64), b.path()));
}

std::vector<std::size_t> axesOfNodeOr(B& b, std::size_t rank, bool& isNamed) {
    const auto named = b.attributeOrInput("axes", 1);
    isNamed = named.has_value();
    std::vector<std::size_t> axes;
    for (const auto axis : named.value_or(std::vector<std::int64_t>{}))
        axes.push_back(B::axisOf(axis, rank));
    return axes;
}

void squeeze(B& b) {
    const auto from = b.dims(0);
    bool isNamed = false;
    const auto axes = axesOfNodeOr(b, from.rank(), isNamed);
    std::vector<Dim> dims;
    for (std::size_t axis = 0; axis < from.rank(); ++axis) {
        const bool isTaken =
            isNamed ? std::ranges::find(axes, axis) != axes.end() : from[axis] == Dim(1);
        if (!isTaken)
            dims.push_back(from[axis]);
        else if (from[axis] != Dim(1))
            throw Error("axis {} of {} is not of length 1", axis, toString(from));
    }
    b.give(b.reshape(b.in(0), Dims(std::move(dims))));
}

void unsqueeze(B& b) {
    const auto from = b.dims(0);
    const auto named = b.attributeOrInput("axes", 1);
    if (!named)
        throw Error("it lacks its axes");
    const auto rank = from.rank() + named->size();
    std::vector<bool> isNew(rank);
    for (const auto axis : *named)
        isNew[B::axisOf(axis, rank)] = true;
    if (std::ranges::count(isNew, true) != static_cast<std::ptrdiff_t>(named->size()))
        throw Error("it names an axis twice");
    std::vector<Dim> dims;
    auto next = from.begin();
    for (std::size_t axis = 0; axis < rank; ++axis)
        dims.push_back(isNew[axis] ? Dim(1) : *next++);
    b.give(b.reshape(b.in(0), Dims(std::move(dims))));
}

void flatten(B& b) {
    const auto from = b.dims(0);
    auto axis = b.node().integer("axis", 1);
    const auto rank = static_cast<std::int64_t>(from.rank());
    axis += axis < 0 ? rank : 0;
    if (axis < 0 || axis > rank)
        throw Error("there is no axis {} of {}", axis, rank);
    const Dims before(std::vector<Dim>(from.begin(), from.begin() + axis));
    const Dims behind(std::vector<Dim>(from.begin() + axis, from.end()));
    b.give(b.reshape(b.in(0), Dims{before.product(), behind.product()}));
}

void transpose(B& b) {
    auto axes = b.node().integers("perm");
    if (axes.empty())
        for (auto axis = static_cast<std::int64_t>(b.rank(0)); axis-- > 0;)
            axes.push_back(axis);
    b.give(b.permute(b.in(0), std::move(axes)));
}

void shapeNode(B& b) {
    b.give(b.op(ShapeOp{b.node().integer("start", 0), b.node().integer("end", ShapeOp{}.end)},
                {b.in(0)}));
}

void size(B& b) {
    const auto dims = b.dims(0);
    const auto product = dims.product();
    if (!product.isNumber())
        throw Error("it counts {}", toString(dims));
    b.give(b.integer(product.number()));
}

void concat(B& b) {
    const auto axis = B::axisOf(b.node().integer("axis", 0), b.rank(0));
    b.give(b.op(ConcatOp{static_cast<std::int64_t>(axis)}, b.all()));
}

void split(B& b) {
    const auto axis = B::axisOf(b.node().integer("axis", 0), b.rank(0));
    const auto length = b.dims(0)[axis];
    if (!length.isNumber())
        throw Error("it splits {}", toString(b.dims(0)));
    auto sizes = b.attributeOrInput("split", 1).value_or(std::vector<std::int64_t>{});
    if (sizes.empty()) {
        const auto parts =
            b.node().integer("num_outputs", static_cast<std::int64_t>(b.node().outputs.size()));
        const auto each = (length.number() + parts - 1) / std::max<std::int64_t>(parts, 1);
        auto left = length.number();
        for (std::int64_t i = 0; i < parts; ++i) {
            sizes.push_back(std::min(each, left));
            left -= sizes.back();
        }
    }
    if (sizes.size() == 1)
        return b.give(b.in(0));
    for (const auto piece :
         b.ops(SplitOp{static_cast<std::int64_t>(axis), std::move(sizes)}, {b.in(0)}))
        b.give(piece);
}

/// Resamples whole numbers as real ones.
ValueId resampled(B& b, ResampleOp op, ValueId x) {
    const auto type = b.graph().type(x).element;
    return b.cast(b.op(std::move(op), {b.cast(x, DType::F32)}), type);
}

void slice(B& b) {
    const bool areInputs = b.opset() >= 10;
    const auto starts = areInputs ? b.integers(1, "starts") : b.node().integers("starts");
    const auto ends = areInputs ? b.integers(2, "ends") : b.node().integers("ends");
    auto axes = areInputs ? (b.has(3) ? b.integers(3, "axes") : std::vector<std::int64_t>{})
                          : b.node().integers("axes");
    if (axes.empty()) {
        axes.resize(starts.size());
        std::iota(axes.begin(), axes.end(), 0);
    }
    const auto steps =
        b.has(4) ? b.integers(4, "steps") : std::vector<std::int64_t>(starts.size(), 1);
    if (ends.size() != starts.size() || axes.size() != starts.size() ||
        steps.size() != starts.size())
        throw Error("its starts, ends, axes and steps differ in number");
    const auto dims = b.dims(0);
    ResampleOp op{std::vector<AxisMap>(dims.rank())};
    bool isAll = true;
    for (std::size_t i = 0; i < starts.size(); ++i) {
        const auto axis = B::axisOf(axes[i], dims.rank());
        if (steps[i] == 0)
            throw Error("its step is 0");
        const bool isWholeAxis = starts[i] == 0 && steps[i] == 1 && ends[i] >= (1LL << 31) - 1;
        if (isWholeAxis)
            continue;
        if (!dims[axis].isNumber())
            throw Error("it cuts axis {} of {}", axis, toString(dims));
        const auto length = dims[axis].number();
        // Backwards the last element is the first place, and the end lies before the first one.
        const bool isBackwards = steps[i] < 0;
        const auto place = [=](std::int64_t at, std::int64_t low, std::int64_t high) {
            return std::clamp<std::int64_t>(at < 0 ? at + length : at, low, high);
        };
        const auto first = place(starts[i], 0, isBackwards ? length - 1 : length);
        const auto end = isBackwards ? (ends[i] < -length ? -1 : place(ends[i], -1, length - 1))
                                     : place(ends[i], 0, length);
        const auto step = std::clamp<std::int64_t>(steps[i], -length - 1, length + 1);
        const auto count = (end - first + step + (isBackwards ? 1 : -1)) / step;
        if (count <= 0)
            throw Error("it takes nothing of axis {}, and values without elements are not computed",
                        axis);
        op.axes[axis] = {AxisMap::Kind::Shift, count, first, step};
        isAll = isAll && count == length && step == 1;
    }
    b.give(isAll ? b.in(0) : resampled(b, std::move(op), b.in(0)));
}

Border borderOf(const std::string& mode) {
    if (mode == "constant")
        return Border::Constant;
    if (mode == "reflect")
        return Border::Reflect;
    if (mode == "edge")
        return Border::Replicate;
    throw Error("it pads by \"{}\", which is not computed", mode);
}

void pad(B& b) {
    const auto border = borderOf(b.node().text("mode", "constant"));
    const auto dims = b.dims(0);
    const auto pads = b.opset() >= 11 ? b.integers(1, "padding") : b.node().integers("pads");
    std::vector<std::int64_t> axes(dims.rank());
    std::iota(axes.begin(), axes.end(), 0);
    if (b.has(3))
        axes = b.integers(3, "axes");
    if (pads.size() != 2 * axes.size())
        throw Error("it has {} pads for {} axes", pads.size(), axes.size());
    ResampleOp op{std::vector<AxisMap>(dims.rank())};
    op.outside = b.number(2, "padding's value", b.node().real("value", 0));
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const auto before = pads[i];
        const auto behind = pads[i + axes.size()];
        const auto axis = B::axisOf(axes[i], dims.rank());
        if (before == 0 && behind == 0)
            continue;
        if (!dims[axis].isNumber())
            throw Error("it pads axis {} of {}", axis, toString(dims));
        op.axes[axis] = {AxisMap::Kind::Shift, dims[axis].number() + before + behind, -before, 1,
                         border};
    }
    b.give(resampled(b, std::move(op), b.in(0)));
}

void constantOfShape(B& b) {
    const auto value = b.node().tensor("value");
    const auto type = value ? value->dtype() : DType::F32;
    if (value && value->elements() != 1)
        throw Error("its value is {}, not one number", toString(value->shape()));
    const auto number = value ? value->to(DType::F64).span<double>()[0] : 0.0;
    if (isEmpty(b, 0))
        return b.give(b.cast(b.scalar(number), type == DType::F64 ? DType::F32 : type));
    b.give(b.cast(fillTo(b.graph(), number, b.cast(b.in(0), DType::I64), b.path()),
                  type == DType::F64 ? DType::F32 : type));
}

/// Each axis repeated: [d] → [1, d] → [r, d] → [r·d].
void tile(B& b) {
    const auto repeats = b.integers(1, "repeats");
    const auto dims = b.dims(0);
    if (repeats.size() != dims.rank())
        throw Error("it has {} repeats for {} axes", repeats.size(), dims.rank());
    std::vector<Dim> single;
    std::vector<Dim> several;
    std::vector<Dim> joined;
    for (std::size_t axis = 0; axis < dims.rank(); ++axis) {
        if (repeats[axis] < 1)
            throw Error("it repeats axis {} {} times", axis, repeats[axis]);
        joined.push_back(dims[axis] * Dim(repeats[axis]));
        if (repeats[axis] == 1) { // the batch stays in front
            single.push_back(dims[axis]);
            several.push_back(dims[axis]);
            continue;
        }
        single.insert(single.end(), {Dim(1), dims[axis]});
        several.insert(several.end(), {Dim(repeats[axis]), dims[axis]});
    }
    const auto x = b.reshape(b.in(0), Dims(std::move(single)));
    b.give(b.reshape(b.op(ExpandOp{Dims(std::move(several))}, {x}), Dims(std::move(joined))));
}

void range(B& b) {
    const auto start = b.number(0, "start", 0);
    const auto limit = b.number(1, "limit", 0);
    const auto delta = b.number(2, "step", 1);
    const auto count = delta == 0 ? 0.0 : std::ceil((limit - start) / delta);
    if (count < 1 || count > 1 << 24)
        throw Error("it makes {} numbers", count);
    Tensor values(DType::F64, {static_cast<std::int64_t>(count)});
    for (std::size_t i = 0; i < values.span<double>().size(); ++i)
        values.span<double>()[i] = start + static_cast<double>(i) * delta;
    b.give(b.constant(values.to(b.known(0, "start").dtype())));
}

/// Of matrices that are made while a graph is built.
void requireSmall(std::int64_t rows, std::int64_t columns) {
    if (Shape{rows, columns}.elements() > 1 << 24)
        throw Error("it makes a matrix of {} × {}; up to 2^24 elements are made", rows, columns);
}

void eyeLike(B& b) {
    const auto shape = b.shape(0);
    if (shape.rank() != 2)
        throw Error("it takes a matrix");
    const auto k = b.node().integer("k", 0);
    requireSmall(shape[0], shape[1]);
    Tensor values(DType::F32, shape);
    for (std::int64_t row = 0; row < shape[0]; ++row)
        if (row + k >= 0 && row + k < shape[1])
            values.span<float>()[static_cast<std::size_t>(row * shape[1] + row + k)] = 1;
    const auto type =
        b.node().has("dtype") ? onnxElementType(b.node().integer("dtype", 1)) : b.type(0);
    b.give(b.constant(values.to(type)));
}

/// What lies above, or below, a diagonal becomes 0.
void trilu(B& b) {
    const auto dims = b.dims(0);
    const auto rank = dims.rank();
    if (rank < 2 || !dims[rank - 1].isNumber() || !dims[rank - 2].isNumber())
        throw Error("it takes matrices; received {}", toString(dims));
    const auto rows = dims[rank - 2].number();
    const auto columns = dims[rank - 1].number();
    const auto k = static_cast<std::int64_t>(b.number(1, "diagonal", 0));
    const bool isUpper = b.node().integer("upper", 1) != 0;
    requireSmall(rows, columns);
    Tensor mask(DType::Bool, {rows, columns});
    for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t column = 0; column < columns; ++column)
            mask.bytes()[static_cast<std::size_t>(row * columns + column)] =
                static_cast<std::byte>((isUpper ? column >= row + k : column <= row + k) ? 1 : 0);
    b.give(b.where(b.constant(std::move(mask)), b.in(0), b.cast(b.scalar(0), b.type(0))));
}

void depthToSpace(B& b) {
    const auto dims = b.dims(0);
    const Dim block(b.node().integer("blocksize", 1));
    if (dims.rank() != 4)
        throw Error("it takes images");
    const auto depth = dims[1].dividedBy(block * block);
    if (!depth)
        throw Error("{} channels make no blocks", toString(Dims{dims[1]}));
    const bool isColumns = b.node().text("mode", "DCR") == "CRD";
    const auto x =
        isColumns
            ? b.permute(b.reshape(b.in(0), Dims{dims[0], *depth, block, block, dims[2], dims[3]}),
                        {0, 1, 4, 2, 5, 3})
            : b.permute(b.reshape(b.in(0), Dims{dims[0], block, block, *depth, dims[2], dims[3]}),
                        {0, 3, 4, 1, 5, 2});
    b.give(b.reshape(x, Dims{dims[0], *depth, dims[2] * block, dims[3] * block}));
}

void spaceToDepth(B& b) {
    const auto dims = b.dims(0);
    const Dim block(b.node().integer("blocksize", 1));
    if (dims.rank() != 4)
        throw Error("it takes images");
    const auto rows = dims[2].dividedBy(block);
    const auto columns = dims[3].dividedBy(block);
    if (!rows || !columns)
        throw Error("{} is not made of blocks", toString(dims));
    const bool isColumns = b.node().text("mode", "DCR") == "CRD";
    const auto x =
        b.permute(b.reshape(b.in(0), Dims{dims[0], dims[1], *rows, block, *columns, block}),
                  isColumns ? std::vector<std::int64_t>{0, 1, 3, 5, 2, 4}
                            : std::vector<std::int64_t>{0, 3, 5, 1, 2, 4});
    b.give(b.reshape(x, Dims{dims[0], block * block * dims[1], *rows, *columns}));
}

void constantNode(B& b) {
    if (const auto value = b.node().tensor("value"))
        return b.give(b.constant(*value));
    if (b.node().has("value_float"))
        return b.give(b.scalar(b.node().real("value_float", 0)));
    if (b.node().has("value_int"))
        return b.give(b.integer(b.node().integer("value_int", 0)));
    if (b.node().has("value_ints")) {
        const auto values = b.node().integers("value_ints");
        const auto count = static_cast<std::int64_t>(values.size());
        return b.give(b.constant(Tensor::of<std::int64_t>({count}, values)));
    }
    if (b.node().has("value_floats")) {
        const auto reals = b.node().reals("value_floats");
        const std::vector<float> values(reals.begin(), reals.end());
        const auto count = static_cast<std::int64_t>(values.size());
        return b.give(b.constant(Tensor::of<float>({count}, values)));
    }
    throw Error("it holds no numbers");
}

} // namespace

const OnnxMappings& onnxShapes() {
    static const OnnxMappings all = {
        {"Reshape", reshape},
        {"Expand", expand},
        {"Squeeze", squeeze},
        {"Unsqueeze", unsqueeze},
        {"Flatten", flatten},
        {"Transpose", transpose},
        {"Shape", shapeNode},
        {"Size", size},
        {"Concat", concat},
        {"Split", split},
        {"Slice", slice},
        {"Pad", pad},
        {"ConstantOfShape", constantOfShape},
        {"Tile", tile},
        {"Range", range},
        {"EyeLike", eyeLike},
        {"Trilu", trilu},
        {"DepthToSpace", depthToSpace},
        {"SpaceToDepth", spaceToDepth},
        {"Constant", constantNode},
    };
    return all;
}

} // namespace gradwright
