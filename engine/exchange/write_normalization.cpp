// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_graph.h"

#include <numeric>

namespace gradwright {
namespace {

/// [C, 1, …], which broadcasts along the positions: axes are aligned at the last one.
Shape perChannelShape(const OnnxScope& s, std::int64_t channels) {
    std::vector<std::int64_t> shape(s.rank() - 1, 1);
    shape[0] = channels;
    return Shape(std::move(shape));
}

std::int64_t channelsOf(const OnnxScope& s) {
    return s.input().dims[1].number();
}

std::string scaledAndShifted(OnnxScope& s, const NormalizeOp& op, std::string y) {
    std::size_t next = 0;
    const auto weight = [&] {
        const auto index = next++;
        return op.perChannel ? s.weight(index, perChannelShape(s, channelsOf(s))) : s.weight(index);
    };
    if (op.scale)
        y = s.node("Mul", {y, weight()});
    if (op.shift)
        y = s.node("Add", {y, weight()});
    return y;
}

std::string constantPerChannel(OnnxScope& s, std::string_view label, std::int64_t length,
                               double value) {
    return s.numbers(label, {length}, std::vector<double>(static_cast<std::size_t>(length), value));
}

/// The batch, the groups and what each holds.
Dims groupedDims(const OnnxScope& s, std::int64_t groups) {
    const auto elements = s.input().sample().elements();
    return {s.input().dims[0], groups, elements / groups};
}

/// x / sqrt(mean of x² + epsilon).
std::string rootMeanSquare(OnnxScope& s, const NormalizeOp& op) {
    auto x = s.in();
    const bool isGrouped = op.groups > 1;
    if (isGrouped)
        x = s.reshape(x, s.input().dims, groupedDims(s, op.groups));
    std::vector<std::int64_t> axes(isGrouped ? 1 : s.rank() - static_cast<std::size_t>(op.axis));
    std::iota(axes.begin(), axes.end(), isGrouped ? 2 : op.axis);
    const auto square = s.mean(s.node("Mul", {x, x}), axes);
    const auto root = s.node("Sqrt", {s.node("Add", {square, s.number("epsilon", op.epsilon)})});
    auto y = s.node("Div", {x, root});
    return isGrouped ? s.reshape(y, groupedDims(s, op.groups), s.input().dims) : y;
}

/// Statistics over groups of channels, of which there may be one.
void writeGrouped(OnnxScope& s, const NormalizeOp& op) {
    const auto channels = channelsOf(s);
    const auto hasPositions = s.rank() > 2;
    const auto perChannel = [&](std::size_t index, bool isThere, std::string_view label,
                                double otherwise) {
        return isThere ? s.weight(index) : constantPerChannel(s, label, channels, otherwise);
    };
    const bool fits = op.perChannel || (!op.scale && !op.shift);
    if (fits && hasPositions && op.groups == channels)
        return s.result(s.node("InstanceNormalization",
                               {s.in(), perChannel(0, op.scale, "scale", 1),
                                perChannel(op.scale ? 1 : 0, op.shift, "shift", 0)},
                               {{"epsilon", op.epsilon}}));
    // Before opset 21 scale and shift were those of a group.
    if (fits && hasPositions && s.opset() >= 21)
        return s.result(s.node("GroupNormalization",
                               {s.in(), perChannel(0, op.scale, "scale", 1),
                                perChannel(op.scale ? 1 : 0, op.shift, "shift", 0)},
                               {{"epsilon", op.epsilon}, {"num_groups", op.groups}}));
    const auto grouped = groupedDims(s, op.groups);
    const auto y = s.node("InstanceNormalization",
                          {s.reshape(s.in(), s.input().dims, grouped),
                           constantPerChannel(s, "ones", op.groups, 1),
                           constantPerChannel(s, "zeros", op.groups, 0)},
                          {{"epsilon", op.epsilon}});
    s.result(scaledAndShifted(s, op, s.reshape(y, grouped, s.input().dims)));
}

} // namespace

void writeOnnx(OnnxScope& s, const BatchNormOp& op) {
    s.result(s.node("BatchNormalization",
                    {s.in(), s.weight(0), s.weight(1), s.weight(2), s.weight(3)},
                    {{"epsilon", op.epsilon}}));
}

void writeOnnx(OnnxScope& s, const NormalizeOp& op) {
    if (!op.centre)
        return s.result(scaledAndShifted(s, op, rootMeanSquare(s, op)));
    const auto sample = s.input().sample();
    const Shape shape(std::vector<std::int64_t>(
        sample.begin() + static_cast<std::ptrdiff_t>(op.axis - 1), sample.end()));
    if (shape.elements() == op.groups) {
        // The mean of one value is that value. Runtimes round it and divide by sqrt(epsilon).
        const auto zeros = s.node("Sub", {s.in(), s.in()});
        return s.result(scaledAndShifted(s, op, zeros));
    }
    if (op.groups > 1 || op.perChannel)
        return writeGrouped(s, op);
    std::vector<std::string> inputs{s.in()};
    inputs.push_back(
        op.scale ? s.weight(0)
                 : s.numbers("scale", shape,
                             std::vector<double>(static_cast<std::size_t>(shape.elements()), 1)));
    if (op.shift)
        inputs.push_back(s.weight(op.scale ? 1 : 0));
    s.result(s.node("LayerNormalization", inputs, {{"axis", op.axis}, {"epsilon", op.epsilon}}));
}

/// LRN where it says the same everywhere; windows of even size and other than images are written
/// out: runtimes refuse the one and differ in the other.
void writeOnnx(OnnxScope& s, const LocalResponseNormOp& op) {
    const auto x = s.in();
    if (op.size % 2 == 1 && s.rank() == 4)
        return s.result(
            s.node("LRN", {x},
                   {{"alpha", op.alpha}, {"beta", op.beta}, {"bias", op.k}, {"size", op.size}}));
    const auto channels = channelsOf(s);
    const Dims image{s.input().dims[0], 1, channels, s.input().sample().elements() / channels};
    const auto square = s.reshape(s.node("Mul", {x, x}), s.input().dims, image);
    const auto before = op.size / 2; // (size - 1) / 2, rounded up
    const auto mean =
        s.node("AveragePool", {square},
               {{"kernel_shape", std::vector<std::int64_t>{op.size, 1}},
                {"strides", std::vector<std::int64_t>{1, 1}},
                {"pads", std::vector<std::int64_t>{before, 0, op.size - 1 - before, 0}},
                {"count_include_pad", std::int64_t{1}}});
    auto sum = s.node("Mul", {s.reshape(mean, image, s.input().dims), s.number("alpha", op.alpha)});
    sum = s.node("Add", {sum, s.number("k", op.k)});
    s.result(s.node("Div", {x, s.node("Pow", {sum, s.number("beta", op.beta)})}));
}

} // namespace gradwright
