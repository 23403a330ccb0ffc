// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/onnx/node_builder.h"

#include <cmath>
#include <numeric>

namespace gradwright {
namespace {

using B = NodeBuilder;

/// How a window moves over the axes behind the channels.
struct Window {
    std::vector<std::int64_t> kernel, stride, dilation;
    std::vector<std::int64_t> before, after; ///< padding

    [[nodiscard]] Padding padding() const {
        std::vector<std::int64_t> sides;
        for (std::size_t axis = 0; axis < before.size(); ++axis)
            sides.insert(sides.end(), {before[axis], after[axis]});
        return Padding(sides);
    }
    [[nodiscard]] std::int64_t reach(std::size_t axis) const {
        return (kernel[axis] - 1) * dilation[axis] + 1;
    }
};

std::vector<std::int64_t> lengthsOf(const std::vector<std::int64_t>& given, std::size_t axes,
                                    std::string_view what) {
    if (given.empty())
        return std::vector<std::int64_t>(axes, 1);
    if (given.size() != axes)
        throw Error("it has {} {} for {} axes", given.size(), what, axes);
    return given;
}

/// The lengths behind the channels.
std::vector<std::int64_t> positionsOf(B& b) {
    const auto dims = b.dims(0);
    if (dims.rank() < 3 || dims.rank() > 5)
        throw Error("it takes channels with one to three axes behind them; received {}",
                    toString(dims));
    std::vector<std::int64_t> positions;
    for (std::size_t axis = 2; axis < dims.rank(); ++axis)
        positions.push_back(dims[axis].number());
    return positions;
}

Window windowOf(B& b, std::vector<std::int64_t> kernel) {
    const auto positions = positionsOf(b);
    const auto axes = positions.size();
    const auto& node = b.node();
    if (kernel.size() != axes)
        throw Error("its kernel has {} axes and not {}", kernel.size(), axes);
    Window window{std::move(kernel),
                  lengthsOf(node.integers("strides"), axes, "strides"),
                  lengthsOf(node.integers("dilations"), axes, "dilations"),
                  {},
                  {}};
    window.before.assign(axes, 0);
    window.after.assign(axes, 0);
    const auto mode = node.text("auto_pad", "NOTSET");
    if (mode == "NOTSET") {
        // All begins, then all ends.
        const auto pads = node.integers("pads");
        if (!pads.empty() && pads.size() != 2 * axes)
            throw Error("it has {} pads for {} axes", pads.size(), axes);
        for (std::size_t axis = 0; axis < axes && !pads.empty(); ++axis) {
            window.before[axis] = pads[axis];
            window.after[axis] = pads[axis + axes];
        }
    } else if (mode != "VALID") {
        for (std::size_t axis = 0; axis < axes; ++axis) {
            const auto stride = window.stride[axis];
            const auto out = (positions[axis] + stride - 1) / stride;
            const auto total = std::max<std::int64_t>(0, (out - 1) * stride + window.reach(axis) -
                                                             positions[axis]);
            const auto half = total / 2;
            window.before[axis] = mode == "SAME_LOWER" ? total - half : half;
            window.after[axis] = total - window.before[axis];
        }
    }
    return window;
}

std::vector<std::int64_t> behindChannels(const Shape& kernel) {
    if (kernel.rank() < 3)
        throw Error("its kernel is {}", toString(kernel));
    return {kernel.begin() + 2, kernel.end()};
}

/// The kernel and bias as weights.
std::vector<WeightId> kernelOf(B& b) {
    std::vector<WeightId> weights;
    for (const std::size_t input : {std::size_t{1}, std::size_t{2}}) {
        if (!b.has(input))
            continue;
        const auto& given = b.operand(input).weights;
        if (given.size() != 1)
            throw Error("its {} is no constant, and no op takes it as a value",
                        input == 1 ? "kernel" : "bias");
        weights.push_back(given.front());
    }
    if (weights.empty())
        throw Error("it lacks its kernel");
    return weights;
}

void convolution(B& b) {
    const auto weights = kernelOf(b);
    const auto shape = b.graph().weight(weights[0]).shape;
    const auto window = windowOf(b, behindChannels(shape));
    const ConvOp op{.outChannels = shape[0],
                    .kernel = Extents(window.kernel),
                    .stride = Extents(window.stride),
                    .dilation = Extents(window.dilation),
                    .padding = window.padding(),
                    .groups = b.node().integer("group", 1),
                    .bias = weights.size() > 1};
    b.give(b.perSample(b.real(0), [&](ValueId x) { return b.op(op, {x}, weights); }));
}

void transposedConvolution(B& b) {
    const auto weights = kernelOf(b);
    const auto shape = b.graph().weight(weights[0]).shape;
    auto window = windowOf(b, behindChannels(shape));
    const auto positions = positionsOf(b);
    const auto axes = positions.size();
    const auto extra = b.node().has("output_padding") ? b.node().integers("output_padding")
                                                      : std::vector<std::int64_t>(axes, 0);
    const auto wanted = b.node().integers("output_shape");
    const auto mode = b.node().text("auto_pad", "NOTSET");
    const bool isSame = mode == "SAME_UPPER" || mode == "SAME_LOWER";
    Padding added{};
    for (std::size_t axis = 0; axis < axes; ++axis) {
        added.after(axis) = extra.at(axis);
        if (wanted.empty() && !isSame)
            continue;
        const auto target = wanted.empty() ? positions[axis] * window.stride[axis]
                                           : wanted.at(wanted.size() - axes + axis);
        const auto total = (positions[axis] - 1) * window.stride[axis] + extra.at(axis) +
                           window.reach(axis) - target;
        const auto half = std::max<std::int64_t>(total, 0) / 2;
        window.before[axis] = mode == "SAME_UPPER" ? half : std::max<std::int64_t>(total, 0) - half;
        window.after[axis] = std::max<std::int64_t>(total, 0) - window.before[axis];
        added.after(axis) += std::max<std::int64_t>(-total, 0);
    }
    const auto groups = b.node().integer("group", 1);
    const ConvTransposeOp op{.outChannels = shape[1] * groups,
                             .kernel = Extents(window.kernel),
                             .stride = Extents(window.stride),
                             .dilation = Extents(window.dilation),
                             .padding = window.padding(),
                             .outputPadding = added,
                             .groups = groups,
                             .bias = weights.size() > 1};
    b.give(b.perSample(b.real(0), [&](ValueId x) { return b.op(op, {x}, weights); }));
}

/// Lengths rounded up: a last window that begins in the input or in the padding before it, but not
/// in that behind it.
void roundUp(Window& window, const std::vector<std::int64_t>& positions) {
    for (std::size_t axis = 0; axis < positions.size(); ++axis) {
        const auto padded = positions[axis] + window.before[axis] + window.after[axis];
        const auto stride = window.stride[axis];
        const auto free = padded - window.reach(axis);
        if (free < 0)
            continue;
        auto last = (free + stride - 1) / stride;
        if (last * stride >= positions[axis] + window.before[axis])
            --last;
        window.after[axis] += std::max<std::int64_t>(0, last * stride - free);
    }
}

void requirePlain(const Window& window) {
    for (std::size_t axis = 0; axis < window.kernel.size(); ++axis)
        if (window.dilation[axis] != 1)
            throw Error("its window is dilated, which no op pools");
}

void pool(B& b, PoolKind kind) {
    if (b.hasOutput(1))
        throw Error("it also gives the places of the maxima, which no op does");
    auto window = windowOf(b, b.node().integers("kernel_shape"));
    requirePlain(window);
    const bool counts = b.node().integer("count_include_pad", 0) != 0;
    if (b.node().integer("ceil_mode", 0) != 0) {
        const auto before = window.after;
        roundUp(window, positionsOf(b));
        if (counts && kind == PoolKind::Average && before != window.after)
            throw Error("it counts padding and rounds up, which no op does");
    }
    const PoolOp op{.kind = kind,
                    .kernel = Extents(window.kernel),
                    .stride = Extents(window.stride),
                    .padding = window.padding(),
                    .countPadding = counts};
    const auto type = b.type(0);
    b.give(b.cast(b.perSample(b.real(0), [&](ValueId x) { return b.op(op, {x}); }), type));
}

/// (Σ |x|^p)^(1/p) over the window.
void powerPool(B& b) {
    const auto p = static_cast<double>(b.node().integer("p", 2));
    auto window = windowOf(b, b.node().integers("kernel_shape"));
    requirePlain(window);
    if (b.node().integer("ceil_mode", 0) != 0)
        roundUp(window, positionsOf(b));
    const PoolOp op{.kind = PoolKind::Average,
                    .kernel = Extents(window.kernel),
                    .stride = Extents(window.stride),
                    .padding = window.padding(),
                    .countPadding = true};
    const auto powers = b.unary(UnaryKind::Power, b.unary(UnaryKind::Absolute, b.real(0)), 1, 0, p);
    const auto means = b.perSample(powers, [&](ValueId x) { return b.op(op, {x}); });
    const auto sums =
        b.unary(UnaryKind::Linear, means, static_cast<double>(Extents(window.kernel).product()));
    b.give(b.unary(UnaryKind::Power, sums, 1, 0, 1 / p));
}

template <ReduceKind kind>
void globalPool(B& b) {
    std::vector<std::int64_t> axes(std::max<std::size_t>(b.rank(0), 2) - 2);
    std::iota(axes.begin(), axes.end(), 2);
    b.give(axes.empty() ? b.in(0) : b.reduce(kind, b.real(0), axes, true));
}

ConvIntegerOp integerConvolution(B& b, std::size_t kernel) {
    const auto window = windowOf(b, behindChannels(b.shape(kernel)));
    return {.stride = Extents(window.stride),
            .dilation = Extents(window.dilation),
            .padding = window.padding(),
            .groups = b.node().integer("group", 1)};
}

void convInteger(B& b) {
    auto op = integerConvolution(b, 1);
    op.zeroOfX = b.has(2);
    op.zeroOfKernel = b.has(3);
    b.give(b.op(op, b.all()));
}

/// (x, scale, zero, w, scale, zero, scale of y, zero of y, bias): the exact sums, scaled.
void qLinearConv(B& b) {
    auto op = integerConvolution(b, 3);
    op.zeroOfX = true;
    op.zeroOfKernel = true;
    auto sums = b.cast(b.op(op, {b.in(0), b.in(3), b.in(2), b.in(5)}), DType::F32);
    std::vector<Dim> perChannel(b.rank(0), Dim(1));
    const auto channels = b.dimsOf(sums)[1];
    perChannel[1] = channels;
    if (b.has(8))
        sums = b.binary(BinaryKind::Add, sums, b.reshape(b.real(8), Dims(perChannel)));
    auto scale = b.binary(BinaryKind::Multiply, b.real(1), b.real(4));
    if (b.dimsOf(scale).product() == channels)
        scale = b.reshape(scale, Dims(perChannel));
    b.give(b.op(QuantizeOp{b.type(7), 1, 0},
                {b.binary(BinaryKind::Multiply, sums, scale), b.in(6), b.in(7)}));
}

} // namespace

const OnnxMappings& onnxWindows() {
    static const OnnxMappings all = {
        {"Conv", convolution},
        {"ConvTranspose", transposedConvolution},
        {"MaxPool", [](B& b) { pool(b, PoolKind::Max); }},
        {"AveragePool", [](B& b) { pool(b, PoolKind::Average); }},
        {"LpPool", powerPool},
        {"GlobalAveragePool", globalPool<ReduceKind::Mean>},
        {"GlobalMaxPool", globalPool<ReduceKind::Maximum>},
        {"ConvInteger", convInteger},
        {"QLinearConv", qLinearConv},
    };
    return all;
}

} // namespace gradwright
