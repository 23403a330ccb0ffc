// SPDX-License-Identifier: GPL-3.0-or-later
//
// Quantized values, as QuantizeLinear and DequantizeLinear around operators on real numbers: what
// runtimes find and compute in integers.
#include "engine/exchange/onnx_graph.h"

#include <fmt/format.h>

namespace gradwright {
namespace {

Tensor oneReal(float value) {
    return Tensor::of<float>({}, std::span<const float>(&value, 1));
}

/// "…/scale" and "…/zero" of a quantization, for QuantizeLinear and DequantizeLinear.
std::vector<std::string> scaleAndZero(OnnxScope& s, const std::string& label,
                                      const Quantization& how) {
    const auto name = s.op().path + "/" + label;
    const auto zero = oneReal(static_cast<float>(how.zero)).to(how.type);
    return {s.tensor(name + "_scale", oneReal(how.scale)), s.tensor(name + "_zero", zero)};
}

std::string dequantized(OnnxScope& s, const std::string& x, const std::string& label,
                        const Quantization& how) {
    const auto names = scaleAndZero(s, label, how);
    return s.node("DequantizeLinear", {x, names[0], names[1]});
}

/// Whole numbers kept as real ones, stored as `type`, with a scale for each index of `axis`.
std::string dequantizedWeight(OnnxScope& s, const std::string& key, const Tensor& values,
                              DType type, const std::vector<float>& scales, std::int64_t axis) {
    const auto stored = s.tensor(key + "/integers", values.to(type));
    const auto scale = s.tensor(
        key + "/scale", Tensor::of<float>({static_cast<std::int64_t>(scales.size())}, scales));
    return s.node("DequantizeLinear", {stored, scale}, {{"axis", axis}});
}

Tensor transposed(const Tensor& matrix) {
    const auto rows = matrix.shape()[0];
    const auto columns = matrix.shape()[1];
    Tensor turned(DType::F32, {columns, rows});
    const auto from = matrix.span<float>();
    const auto to = turned.span<float>();
    for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t column = 0; column < columns; ++column)
            to[static_cast<std::size_t>(column * rows + row)] =
                from[static_cast<std::size_t>(row * columns + column)];
    return turned;
}

/// The kernel's integers of 4 bits, [units, features].
Tensor unpackedKernel(const PackedDenseOp& op, const Tensor& bytes) {
    Tensor made(DType::F32, {op.units, op.features});
    const auto features = static_cast<std::size_t>(op.features);
    const auto row = static_cast<std::size_t>(op.rowBytes());
    const auto from = bytes.span<float>();
    const auto to = made.span<float>();
    for (std::size_t i = 0; i < to.size(); ++i) {
        const auto f = i % features;
        to[i] = static_cast<float>(unpackedInteger(
            static_cast<std::int8_t>(from[i / features * row + f / 2]), f % 2 == 1));
    }
    return made;
}

/// The kernel in real numbers, as [units, features] or transposed.
std::string unpacked(OnnxScope& s, const PackedDenseOp& op, bool isTransposed) {
    constexpr std::int64_t kFirstOpset = 21;
    if (s.opset() < kFirstOpset)
        s.refuse(fmt::format("weights of 4 bits take operator set {}, not {}; quantize to INT8 for "
                             "that one",
                             kFirstOpset, s.opset()));
    auto integers = unpackedKernel(op, s.weightValues(0));
    auto scales = Tensor::of<float>({op.units, op.groups()}, op.scales);
    std::int64_t axis = 1;
    if (isTransposed) {
        integers = transposed(integers);
        scales = transposed(scales);
        axis = 0;
    }
    const auto& key = s.weightKey(0);
    const auto stored = s.halfBytes(key + "/integers", integers);
    if (op.groups() > 1)
        return s.node("DequantizeLinear", {stored, s.tensor(key + "/scale", scales)},
                      {{"axis", axis}, {"block_size", op.group}});
    return s.node("DequantizeLinear",
                  {stored, s.tensor(key + "/scale", scales.reshaped({op.units}))},
                  {{"axis", 1 - axis}});
}

bool isBytes(const ValueType& type) {
    return type.element == DType::U8 || type.element == DType::I8;
}

/// What trained networks have in integers; ops of other models are written as their nodes.
void requireKnownScale(const OnnxScope& s, std::int64_t block) {
    const auto& graph = s.source();
    const bool isConstant = s.inputs() == 3 && graph.value(s.op().inputs[1]).constant != nullptr &&
                            graph.value(s.op().inputs[2]).constant != nullptr;
    if (!isConstant || block > 0)
        s.refuse("quantized values are not written yet where scales are computed or of blocks");
}

/// Whether an op makes of integers those of the same quantization.
bool movesIntegers(const Op& op) {
    return std::holds_alternative<PoolOp>(op.attributes) ||
           std::holds_alternative<ReshapeOp>(op.attributes) ||
           std::holds_alternative<PermuteOp>(op.attributes) ||
           std::holds_alternative<SplitOp>(op.attributes) ||
           std::holds_alternative<ConcatOp>(op.attributes);
}

/// The names of scale and zero point of integers, found where they are made.
std::vector<std::string> quantizationBehind(OnnxScope& s, ValueId value) {
    auto& graph = s.graph();
    const auto* op = graph.source().producerOf(value);
    while (op && movesIntegers(*op))
        op = graph.source().producerOf(op->inputs[0]);
    if (op)
        if (const auto* made = std::get_if<QuantizedProductOp>(&op->attributes);
            made && made->result)
            return scaleAndZero(s, "x", *made->result);
    if (op)
        if (const auto* made = std::get_if<QuantizedPoolOp>(&op->attributes))
            return scaleAndZero(s, "x", made->result);
    if (!op || !std::holds_alternative<QuantizeOp>(op->attributes) || op->inputs.size() < 3)
        s.refuse("it is not known how its integers were quantized");
    return {graph.nameOf(op->inputs[1]), graph.nameOf(op->inputs[2])};
}

/// The product with its bias, on real numbers.
std::string product(OnnxScope& s, const QuantizedProductOp& op, const std::string& x) {
    std::string bias;
    if (op.hasBias()) {
        std::vector<float> scales;
        for (const float scale : op.scales)
            scales.push_back(op.x.scale * scale);
        bias = dequantizedWeight(s, s.weightKey(1), s.weightValues(1), DType::I32, scales, 0);
    }
    const auto kernel = [&](const std::string& key, const Tensor& values, std::int64_t axis) {
        return dequantizedWeight(s, key, values, DType::I8, op.scales, axis);
    };
    const auto withBias = [&](std::vector<std::string> inputs) {
        if (!bias.empty())
            inputs.push_back(bias);
        return inputs;
    };
    const auto& key = s.weightKey(0);
    if (const auto* conv = std::get_if<ConvOp>(&op.product))
        return s.node("Conv", withBias({x, kernel(key, s.weightValues(0), 0)}),
                      convAttributes(*conv, s.rank() - 2));
    if (s.rank() == 2)
        return s.node("Gemm", withBias({x, kernel(key, s.weightValues(0), 0)}),
                      {{"transB", std::int64_t{1}}});
    const auto y =
        s.node("MatMul", {x, kernel(key + "/transposed", transposed(s.weightValues(0)), 1)});
    return bias.empty() ? y : s.node("Add", {y, bias});
}

} // namespace

void writeOnReals(OnnxScope& s, const std::function<void()>& write) {
    if (!movesIntegers(s.op()) || !isBytes(s.input()))
        return write();
    std::map<ValueId, std::string> integers;
    std::vector<std::string> names;
    for (const auto given : s.op().inputs)
        if (integers.emplace(given, s.graph().nameOf(given)).second) {
            names = quantizationBehind(s, given);
            s.graph().setName(given,
                              s.node("DequantizeLinear", {integers.at(given), names[0], names[1]}));
        }
    write();
    for (const auto& [given, name] : integers)
        s.graph().setName(given, name);
    for (const auto made : s.op().outputs)
        s.graph().setName(made,
                          s.node("QuantizeLinear", {s.graph().nameOf(made), names[0], names[1]}));
}

void writeOnnx(OnnxScope& s, const QuantizeOp& op) {
    requireKnownScale(s, op.block);
    s.result(s.node("QuantizeLinear", s.all(), {{"axis", op.axis}}));
}

void writeOnnx(OnnxScope& s, const DequantizeOp& op) {
    requireKnownScale(s, op.block);
    s.result(s.node("DequantizeLinear", s.all(), {{"axis", op.axis}}));
}

void writeOnnx(OnnxScope& s, const QuantizedProductOp& op) {
    auto y = product(s, op, dequantized(s, s.in(0), "x", op.x));
    if (op.adds)
        y = s.node("Add", {y, op.addend ? dequantized(s, s.in(1), "addend", *op.addend) : s.in(1)});
    y = activated(s, op.activation, y);
    if (op.result) {
        const auto names = scaleAndZero(s, "y", *op.result);
        y = s.node("QuantizeLinear", {y, names[0], names[1]});
    }
    s.result(y);
}

/// The kernel is a constant that runtimes unpack, or that their products take as it is.
void writeOnnx(OnnxScope& s, const PackedDenseOp& op) {
    std::string y;
    if (s.rank() == 2) {
        std::vector<std::string> inputs{s.in(0), unpacked(s, op, false)};
        if (op.bias)
            inputs.push_back(s.weight(1));
        y = s.node("Gemm", inputs, {{"transB", std::int64_t{1}}});
    } else {
        y = s.node("MatMul", {s.in(0), unpacked(s, op, true)});
        if (op.bias)
            y = s.node("Add", {y, s.weight(1)});
    }
    if (op.adds)
        y = s.node("Add", {y, s.in(1)});
    s.result(activated(s, op.activation, y));
}

void writeOnnx(OnnxScope& s, const QuantizedPoolOp& op) {
    auto y = dequantized(s, s.in(), "x", op.x);
    if (op.global)
        y = s.node("Flatten", {s.node("GlobalAveragePool", {y})}, {{"axis", std::int64_t{1}}});
    else
        y = s.node("AveragePool", {y}, poolAttributes(op.pool, s.rank() - 2));
    const auto names = scaleAndZero(s, "y", op.result);
    s.result(s.node("QuantizeLinear", {y, names[0], names[1]}));
}

} // namespace gradwright
