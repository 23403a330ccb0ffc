// SPDX-License-Identifier: GPL-3.0-or-later
//
// Convolutions, dense layers and pooling.
#include "engine/exchange/onnx_graph.h"

namespace gradwright {
namespace {

std::vector<std::int64_t> firstOf(const Extents& extents, std::size_t axes) {
    return {extents.begin(), extents.begin() + static_cast<std::ptrdiff_t>(axes)};
}

/// All begins, then all ends.
std::vector<std::int64_t> padsOf(const Padding& padding, std::size_t axes) {
    std::vector<std::int64_t> pads;
    for (std::size_t axis = 0; axis < axes; ++axis)
        pads.push_back(padding.before(axis));
    for (std::size_t axis = 0; axis < axes; ++axis)
        pads.push_back(padding.after(axis));
    return pads;
}

/// The axes behind batch and channels.
std::size_t positionsOf(const OnnxScope& s) {
    return s.rank() - 2;
}

template <class Op>
OnnxAttributes attributesOf(const Op& op, std::size_t axes) {
    return {{"kernel_shape", firstOf(op.kernel, axes)},
            {"strides", firstOf(op.stride, axes)},
            {"dilations", firstOf(op.dilation, axes)},
            {"pads", padsOf(op.padding, axes)},
            {"group", op.groups}};
}

std::vector<std::string> withWeights(OnnxScope& s) {
    auto inputs = s.all();
    for (std::size_t i = 0; i < s.weights(); ++i)
        inputs.push_back(s.weight(i));
    return inputs;
}

} // namespace

OnnxAttributes convAttributes(const ConvOp& op, std::size_t axes) {
    return attributesOf(op, axes);
}

OnnxAttributes poolAttributes(const PoolOp& op, std::size_t axes) {
    OnnxAttributes attributes{{"kernel_shape", firstOf(op.kernel, axes)},
                              {"strides", firstOf(op.stride, axes)},
                              {"pads", padsOf(op.padding, axes)}};
    if (op.kind == PoolKind::Average)
        attributes.push_back({"count_include_pad", std::int64_t{op.countPadding}});
    return attributes;
}

void writeOnnx(OnnxScope& s, const ConvOp& op) {
    s.result(s.node("Conv", withWeights(s), attributesOf(op, positionsOf(s))));
}

void writeOnnx(OnnxScope& s, const ConvTransposeOp& op) {
    const auto axes = positionsOf(s);
    auto attributes = attributesOf(op, axes);
    std::vector<std::int64_t> further;
    for (std::size_t axis = 0; axis < axes; ++axis) {
        if (op.outputPadding.before(axis) != 0)
            s.refuse("ONNX's transposed convolution has output padding only at the end");
        further.push_back(op.outputPadding.after(axis));
    }
    attributes.push_back({"output_padding", std::move(further)});
    s.result(s.node("ConvTranspose", withWeights(s), attributes));
}

/// A vector through Gemm, whose weight lies as ours; else MatMul, which works on the last axis of
/// any number of them and takes the weight transposed.
void writeOnnx(OnnxScope& s, const DenseOp& op) {
    if (s.rank() == 2)
        return s.result(s.node("Gemm", withWeights(s), {{"transB", std::int64_t{1}}}));
    const auto kernel = s.weightValues(0);
    const auto rows = kernel.shape()[0];
    const auto columns = kernel.shape()[1];
    Tensor turned(DType::F32, {columns, rows});
    const auto from = kernel.span<float>();
    const auto to = turned.span<float>();
    for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t column = 0; column < columns; ++column)
            to[static_cast<std::size_t>(column * rows + row)] =
                from[static_cast<std::size_t>(row * columns + column)];
    auto y = s.node("MatMul", {s.in(), s.weightTensor(s.weightKey(0) + "/transposed", turned)});
    if (op.bias)
        y = s.node("Add", {y, s.weight(1)});
    s.result(y);
}

/// The padding holds what the last window hangs over, too, so that ceil_mode is never needed:
/// runtimes differ in it.
void writeOnnx(OnnxScope& s, const PoolOp& op) {
    s.result(s.node(op.kind == PoolKind::Max ? "MaxPool" : "AveragePool", {s.in()},
                    poolAttributes(op, positionsOf(s))));
}

void writeOnnx(OnnxScope& s, const GlobalAveragePoolOp& /*op*/) {
    const auto pooled = s.node("GlobalAveragePool", {s.in()});
    s.result(s.node("Flatten", {pooled}, {{"axis", std::int64_t{1}}}));
}

} // namespace gradwright
