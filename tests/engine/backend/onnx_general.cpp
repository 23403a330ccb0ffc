// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/dynamic_quantization.h"
#include "engine/ops/shape_values.h"
#include "engine/support/error.h"
#include "tests/engine/backend/onnx_builder.h"

#include <cstring>
#include <fstream>
#include <limits>
#include <numeric>

namespace gradwright::test {
namespace {

template <class Message>
Message parsed(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    Message message;
    if (!stream || !message.ParseFromIstream(&stream))
        throw Error("{} cannot be read", file.string());
    return message;
}

DType dtypeOfOnnx(int type) {
    switch (type) {
    case onnx::TensorProto::FLOAT:
        return DType::F32;
    case onnx::TensorProto::INT64:
        return DType::I64;
    case onnx::TensorProto::INT32:
        return DType::I32;
    case onnx::TensorProto::INT8:
        return DType::I8;
    case onnx::TensorProto::UINT8:
        return DType::U8;
    case onnx::TensorProto::BOOL:
        return DType::Bool;
    default:
        throw Skip{"it is about other types than F32, I32, I64, I8, U8 and truth values"};
    }
}

Tensor tensorOf(const std::filesystem::path& file) {
    onnx::TensorProto proto;
    try {
        proto = parsed<onnx::TensorProto>(file);
    } catch (const Error&) {
        throw Skip{"an input is no tensor"};
    }
    Tensor tensor(dtypeOfOnnx(proto.data_type()),
                  Shape(std::vector<std::int64_t>(proto.dims().begin(), proto.dims().end())));
    requireThat(tensor.elements() > 0, "a tensor is empty");
    requireThat(proto.raw_data().size() == tensor.bytes().size(), "its data are not raw");
    std::memcpy(tensor.bytes().data(), proto.raw_data().data(), tensor.bytes().size());
    return tensor;
}

using B = GeneralBuilder;

void unary(B& b, const UnaryOp& op) {
    requireThat(b.tensor(0).dtype() == DType::F32, "it is about integers");
    b.finish(b.add(op, {b.in(0)}));
}

/// Combines two or more inputs, one after the other.
void binary(B& b, BinaryKind kind, double scale = 1) {
    for (std::size_t i = 0; i < b.count(); ++i)
        requireThat(b.tensor(i).dtype() == DType::F32, "it is about integers");
    auto value = b.in(0);
    if (b.count() == 1)
        value = b.add(UnaryOp{}, {value});
    for (std::size_t i = 1; i < b.count(); ++i)
        value = b.add(BinaryOp{kind, i + 1 == b.count() ? scale : 1}, {value, b.in(i)});
    b.finish(value);
}

void compare(B& b, Comparison comparison) {
    b.finish(b.add(CompareOp{comparison}, {b.in(0), b.in(1)}));
}

void logic(B& b, LogicKind kind) {
    std::vector<ValueId> inputs;
    for (std::size_t i = 0; i < b.count(); ++i)
        inputs.push_back(b.in(i));
    b.finish(b.add(LogicOp{kind}, std::move(inputs)));
}

void reduce(B& b, ReduceKind kind) {
    requireThat(b.tensor(0).dtype() == DType::F32, "it is about integers");
    auto axes = b.integers("axes");
    if (b.has(1))
        axes = b.integers(1);
    const bool keep = b.integer("keepdims", 1) != 0;
    if (axes.empty() && b.integer("noop_with_empty_axes", 0) != 0)
        return b.finish(b.add(UnaryOp{}, {b.in(0)}));
    b.finish(b.add(ReduceOp{kind, std::move(axes), keep}, {b.in(0)}));
}

void best(B& b, bool minimum) {
    requireThat(b.integer("select_last_index", 0) == 0, "it asks for the last of equal ones");
    b.finish(
        b.add(ArgMaxOp{b.integer("axis", 0), b.integer("keepdims", 1) != 0, minimum}, {b.in(0)}));
}

void clip(B& b) {
    const auto bound = [&](std::size_t index, double defaultValue) {
        return b.has(index) ? static_cast<double>(b.tensor(index).to(DType::F32).span<float>()[0])
                            : defaultValue;
    };
    constexpr double most = std::numeric_limits<float>::max();
    unary(b, {UnaryKind::Clip, 1, 0, bound(1, -most), bound(2, most)});
}

void gemm(B& b) {
    auto y = b.add(MatMulOp{b.integer("transA", 0) != 0, b.integer("transB", 0) != 0},
                   {b.in(0), b.in(1)});
    y = b.add(UnaryOp{UnaryKind::Linear, b.real("alpha", 1)}, {y});
    if (b.has(2)) {
        const auto c = b.add(UnaryOp{UnaryKind::Linear, b.real("beta", 1)}, {b.in(2)});
        y = b.add(BinaryOp{BinaryKind::Add}, {y, c});
    }
    b.finish(y);
}

void transpose(B& b) {
    auto axes = b.integers("perm");
    for (auto axis = b.rank(); axes.size() < static_cast<std::size_t>(b.rank());)
        axes.push_back(--axis);
    b.finish(b.add(PermuteOp{std::move(axes)}, {b.in(0)}));
}

void reshape(B& b) {
    auto dims = b.integers(1);
    const auto& from = b.tensor(0).shape();
    std::int64_t known = 1;
    for (std::size_t i = 0; i < dims.size(); ++i) {
        if (dims[i] == 0 && b.integer("allowzero", 0) == 0)
            dims[i] = from[i];
        requireThat(dims[i] != 0, "a tensor is empty");
        known *= dims[i] == -1 ? 1 : dims[i];
    }
    for (auto& dim : dims)
        dim = dim == -1 ? from.elements() / known : dim;
    b.reshaped(Shape(std::move(dims)));
}

void squeeze(B& b, bool adds) {
    const auto& from = b.tensor(0).shape();
    auto axes = b.has(1) ? b.integers(1) : b.integers("axes");
    const auto rank = static_cast<std::int64_t>(from.rank() + (adds ? axes.size() : 0));
    for (auto& axis : axes)
        axis += axis < 0 ? rank : 0;
    std::vector<std::int64_t> dims;
    auto next = from.begin();
    for (std::int64_t axis = 0; axis < rank; ++axis) {
        const bool isNamed = std::ranges::find(axes, axis) != axes.end();
        if (adds)
            dims.push_back(isNamed ? 1 : *next++);
        else if (const auto length = *next++; !isNamed && (!axes.empty() || length != 1))
            dims.push_back(length);
    }
    b.reshaped(Shape(std::move(dims)));
}

void flatten(B& b) {
    auto axis = b.integer("axis", 1);
    axis += axis < 0 ? b.rank() : 0;
    const auto& from = b.tensor(0).shape();
    std::int64_t rows = 1;
    for (std::int64_t i = 0; i < axis; ++i)
        rows *= from[static_cast<std::size_t>(i)];
    b.reshaped({rows, from.elements() / rows});
}

void expand(B& b) {
    const auto shape = Shape(b.integers(1));
    const Types both{ValueType::of(Dims::of(b.tensor(0).shape())), ValueType::of(Dims::of(shape))};
    b.finish(b.add(ExpandOp{broadcastDims("expand", both)}, {b.in(0)}));
}

void split(B& b) {
    auto axis = b.integer("axis", 0);
    const auto length =
        b.tensor(0).shape()[static_cast<std::size_t>(axis + (axis < 0 ? b.rank() : 0))];
    auto sizes = b.has(1) ? b.integers(1)
                          : std::vector<std::int64_t>(static_cast<std::size_t>(b.outputs()),
                                                      length / b.outputs());
    requireThat(std::ranges::all_of(sizes, [](auto size) { return size > 0; }), "a piece is empty");
    b.finishAll(SplitOp{axis, std::move(sizes)}, {b.in(0)});
}

void slice(B& b) {
    const auto starts = b.integers(1);
    const auto ends = b.integers(2);
    auto axes = b.has(3) ? b.integers(3) : std::vector<std::int64_t>{};
    for (std::int64_t axis = 0; axes.size() < starts.size(); ++axis)
        axes.push_back(axis);
    const auto steps = b.has(4) ? b.integers(4) : std::vector<std::int64_t>(starts.size(), 1);
    ResampleOp op{std::vector<AxisMap>(static_cast<std::size_t>(b.rank()))};
    for (std::size_t i = 0; i < starts.size(); ++i) {
        const auto axis = static_cast<std::size_t>(axes[i] + (axes[i] < 0 ? b.rank() : 0));
        const auto length = b.tensor(0).shape()[axis];
        // Backwards the last element is the first place, and the end lies before the first one.
        const bool isBackwards = steps[i] < 0;
        const auto place = [=](std::int64_t at, std::int64_t low, std::int64_t high) {
            return std::clamp<std::int64_t>(at < 0 ? at + length : at, low, high);
        };
        const auto first = place(starts[i], 0, isBackwards ? length - 1 : length);
        const auto end = isBackwards ? place(ends[i], -1, length - 1) : place(ends[i], 0, length);
        const auto size = (end - first + steps[i] + (isBackwards ? 1 : -1)) / steps[i];
        requireThat(size > 0, "a tensor is empty");
        op.axes[axis] = {AxisMap::Kind::Shift, size, first, steps[i]};
    }
    b.finish(b.add(std::move(op), {b.in(0)}));
}

void pad(B& b) {
    const auto mode = b.text("mode", "constant");
    const auto pads = b.integers(1);
    const auto border = mode == "reflect" ? Border::Reflect
                        : mode == "edge"  ? Border::Replicate
                                          : Border::Constant;
    ResampleOp op;
    if (b.has(2))
        op.outside = static_cast<double>(b.tensor(2).span<float>()[0]);
    for (std::size_t axis = 0; axis < pads.size() / 2; ++axis) {
        const auto behind = pads[axis + pads.size() / 2];
        const auto length = b.tensor(0).shape()[axis];
        op.axes.push_back(
            {AxisMap::Kind::Shift, length + pads[axis] + behind, -pads[axis], 1, border});
    }
    auto x = b.in(0);
    if (b.tensor(0).dtype() != DType::F32)
        x = b.add(CastOp{DType::F32}, {x});
    b.finish(b.add(std::move(op), {x}));
}

void cast(B& b) {
    b.finish(b.add(CastOp{dtypeOfOnnx(static_cast<int>(b.integer("to", 1)))}, {b.in(0)}));
}

void topK(B& b) {
    requireThat(b.integer("sorted", 1) != 0, "its results have no order");
    b.finishAll(TopKOp{b.integers(1)[0], b.integer("axis", -1), b.integer("largest", 1) == 0},
                {b.in(0)});
}

void concat(B& b) {
    std::vector<ValueId> inputs;
    for (std::size_t i = 0; i < b.count(); ++i)
        inputs.push_back(b.in(i));
    b.finish(b.add(ConcatOp{b.integer("axis", 0)}, std::move(inputs)));
}

void dynamicQuantizeLinear(B& b) {
    const auto made = dynamicQuantize(b.graph(), b.in(0), "dynamic");
    for (const auto value : {made.integers, made.scale, made.zeroPoint})
        b.finish(value);
}

void convInteger(B& b) {
    requireThat(b.text("auto_pad", "NOTSET") == "NOTSET", "it asks for padding by name");
    ConvIntegerOp op{
        .groups = b.integer("group", 1), .zeroOfX = b.has(2), .zeroOfKernel = b.has(3)};
    if (const auto strides = b.integers("strides"); !strides.empty())
        op.stride = Extents(strides);
    if (const auto dilations = b.integers("dilations"); !dilations.empty())
        op.dilation = Extents(dilations);
    // All begins, then all ends.
    const auto pads = b.integers("pads");
    std::vector<std::int64_t> sides;
    for (std::size_t axis = 0; axis < pads.size() / 2; ++axis)
        sides.insert(sides.end(), {pads[axis], pads[axis + pads.size() / 2]});
    op.padding = Padding(sides);
    b.finish(b.add(op, b.all()));
}

void size(B& b) {
    const auto lengths = b.add(CastOp{DType::F32}, {b.add(ShapeOp{}, {b.in(0)})});
    b.finish(b.add(CastOp{DType::I64}, {b.add(ReduceOp{ReduceKind::Product}, {lengths})}));
}

void constantOfShape(B& b) {
    const auto& value = b.tensorOf("value");
    const auto filled = fillTo(
        b.graph(), static_cast<double>(value.to(DType::F32).span<float>()[0]), b.in(0), "fill");
    b.finish(b.add(CastOp{value.dtype()}, {filled}));
}

using Operators = std::map<std::string, void (*)(B&)>;

const Operators& operators() {
    static const Operators all = {
        {"Neg",
         [](B& b) {
             unary(b, {UnaryKind::Linear, -1});
         }},
        {"Exp", [](B& b) { unary(b, {UnaryKind::Exponential}); }},
        {"Log", [](B& b) { unary(b, {UnaryKind::Logarithm}); }},
        {"Sqrt", [](B& b) { unary(b, {UnaryKind::SquareRoot}); }},
        {"Reciprocal", [](B& b) { unary(b, {UnaryKind::Reciprocal}); }},
        {"Abs", [](B& b) { unary(b, {UnaryKind::Absolute}); }},
        {"Sign", [](B& b) { unary(b, {UnaryKind::Sign}); }},
        {"Floor", [](B& b) { unary(b, {UnaryKind::Floor}); }},
        {"Ceil", [](B& b) { unary(b, {UnaryKind::Ceiling}); }},
        {"Round", [](B& b) { unary(b, {UnaryKind::Round}); }},
        {"Sin", [](B& b) { unary(b, {UnaryKind::Sine}); }},
        {"Cos", [](B& b) { unary(b, {UnaryKind::Cosine}); }},
        {"Erf", [](B& b) { unary(b, {UnaryKind::ErrorFunction}); }},
        {"Clip", clip},
        {"Add", [](B& b) { binary(b, BinaryKind::Add); }},
        {"Sum", [](B& b) { binary(b, BinaryKind::Add); }},
        {"Mean", [](B& b) { binary(b, BinaryKind::Add, 1.0 / static_cast<double>(b.count())); }},
        {"Sub", [](B& b) { binary(b, BinaryKind::Subtract); }},
        {"Mul", [](B& b) { binary(b, BinaryKind::Multiply); }},
        {"Div", [](B& b) { binary(b, BinaryKind::Divide); }},
        {"Pow", [](B& b) { binary(b, BinaryKind::Power); }},
        {"Max", [](B& b) { binary(b, BinaryKind::Maximum); }},
        {"Min", [](B& b) { binary(b, BinaryKind::Minimum); }},
        {"Equal", [](B& b) { compare(b, Comparison::Equal); }},
        {"Less", [](B& b) { compare(b, Comparison::Less); }},
        {"LessOrEqual", [](B& b) { compare(b, Comparison::LessOrEqual); }},
        {"Greater", [](B& b) { compare(b, Comparison::Greater); }},
        {"GreaterOrEqual", [](B& b) { compare(b, Comparison::GreaterOrEqual); }},
        {"And", [](B& b) { logic(b, LogicKind::And); }},
        {"Or", [](B& b) { logic(b, LogicKind::Or); }},
        {"Xor", [](B& b) { logic(b, LogicKind::Xor); }},
        {"Not", [](B& b) { logic(b, LogicKind::Not); }},
        {"Where",
         [](B& b) {
             b.finish(b.add(WhereOp{}, {b.in(0), b.in(1), b.in(2)}));
         }},
        {"Cast", cast},
        {"MatMul",
         [](B& b) {
             b.finish(b.add(MatMulOp{}, {b.in(0), b.in(1)}));
         }},
        {"Gemm", gemm},
        {"ReduceSum", [](B& b) { reduce(b, ReduceKind::Sum); }},
        {"ReduceMean", [](B& b) { reduce(b, ReduceKind::Mean); }},
        {"ReduceMax", [](B& b) { reduce(b, ReduceKind::Maximum); }},
        {"ReduceMin", [](B& b) { reduce(b, ReduceKind::Minimum); }},
        {"ReduceProd", [](B& b) { reduce(b, ReduceKind::Product); }},
        {"ReduceL2", [](B& b) { reduce(b, ReduceKind::Norm); }},
        {"ArgMax", [](B& b) { best(b, false); }},
        {"ArgMin", [](B& b) { best(b, true); }},
        {"TopK", topK},
        {"Gather",
         [](B& b) {
             b.finish(b.add(GatherOp{b.integer("axis", 0)}, {b.in(0), b.in(1)}));
         }},
        {"Softmax",
         [](B& b) {
             b.finish(b.add(SoftmaxOp{false, b.integer("axis", -1)}, {b.in(0)}));
         }},
        {"LogSoftmax",
         [](B& b) {
             b.finish(b.add(SoftmaxOp{true, b.integer("axis", -1)}, {b.in(0)}));
         }},
        {"Transpose", transpose},
        {"Reshape", reshape},
        {"Squeeze", [](B& b) { squeeze(b, false); }},
        {"Unsqueeze", [](B& b) { squeeze(b, true); }},
        {"Flatten", flatten},
        {"Expand", expand},
        {"Split", split},
        {"Slice", slice},
        {"Pad", pad},
        {"Concat", concat},
        {"QuantizeLinear",
         [](B& b) {
             const auto to = b.has(2) ? b.tensor(2).dtype() : DType::U8;
             b.finish(b.add(QuantizeOp{to, b.integer("axis", 1)}, b.all()));
         }},
        {"DequantizeLinear",
         [](B& b) { b.finish(b.add(DequantizeOp{b.integer("axis", 1)}, b.all())); }},
        {"DynamicQuantizeLinear", dynamicQuantizeLinear},
        {"MatMulInteger",
         [](B& b) {
             b.finish(b.add(MatMulIntegerOp{b.has(2), b.has(3)}, b.all()));
         }},
        {"ConvInteger", convInteger},
        {"If", buildIf},
        {"Loop", buildLoop},
        {"Scan", buildScan},
        {"Identity", [](B& b) { b.finish(b.in(0)); }},
        {"Shape",
         [](B& b) {
             b.finish(
                 b.add(ShapeOp{b.integer("start", 0), b.integer("end", ShapeOp{}.end)}, {b.in(0)}));
         }},
        {"Size", size},
        {"ConstantOfShape", constantOfShape},
        {"RNN", [](B& b) { buildRecurrent(b, CellKind::Simple); }},
        {"LSTM", [](B& b) { buildRecurrent(b, CellKind::Lstm); }},
        {"GRU", [](B& b) { buildRecurrent(b, CellKind::Gru); }},
    };
    return all;
}

} // namespace

Tensor GeneralBuilder::tensorOf(const std::string& name) const {
    const auto found = attributes_.find(name);
    return found == attributes_.end() ? Tensor(DType::F32, {1}) : constantOf(found->second.t());
}

OnnxGeneralTest GeneralBuilder::build() {
    operators().at(node_.op_type())(*this);
    return std::move(test_);
}

std::optional<std::variant<OnnxGeneralTest, OnnxGeneralSkip>>
loadOnnxGeneralTest(const std::filesystem::path& folder) {
    const auto model = parsed<onnx::ModelProto>(folder / "model.onnx");
    if (model.graph().node_size() != 1 || !operators().count(model.graph().node(0).op_type()))
        return {};
    const auto& node = model.graph().node(0);
    const auto data = folder / "test_data_set_0";
    try {
        for (const auto& values : {model.graph().input(), model.graph().output()})
            for (const auto& value : values)
                requireThat(value.type().has_tensor_type(),
                            "it is about other values than tensors");
        std::map<std::string, Tensor> tensors;
        for (int i = 0; i < model.graph().input_size(); ++i)
            tensors.emplace(model.graph().input(i).name(),
                            tensorOf(data / fmt::format("input_{}.pb", i)));
        auto test = GeneralBuilder(node, std::move(tensors)).build();
        for (int i = 0; i < model.graph().output_size(); ++i)
            test.expected.push_back(tensorOf(data / fmt::format("output_{}.pb", i)).to(DType::F32));
        return test;
    } catch (const Skip& skip) {
        return OnnxGeneralSkip{skip.reason};
    } catch (const Error& error) {
        return OnnxGeneralSkip{error.what(), true};
    }
}

} // namespace gradwright::test
