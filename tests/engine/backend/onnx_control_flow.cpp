// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/control_flow.h"
#include "tests/engine/backend/onnx_builder.h"

#include <cstring>

namespace gradwright::test {
namespace {

ValueType typeOf(const onnx::ValueInfoProto& info) {
    requireThat(info.type().has_tensor_type(), "its body is about sequences");
    std::vector<Dim> dims;
    for (const auto& dim : info.type().tensor_type().shape().dim())
        dims.emplace_back(dim.dim_value());
    const auto type = info.type().tensor_type().elem_type();
    return ValueType::of(Dims(std::move(dims)), type == onnx::TensorProto::FLOAT  ? DType::F32
                                                : type == onnx::TensorProto::BOOL ? DType::Bool
                                                                                  : DType::I64);
}

/// The bodies of the node tests, which are made of few operators.
class Body {
public:
    explicit Body(const onnx::GraphProto& proto) {
        for (const auto& input : proto.input())
            values_[input.name()] = graph.addInput(input.name(), typeOf(input));
        for (const auto& node : proto.node())
            values_[node.output(0)] = made(node);
        for (const auto& output : proto.output())
            graph.addOutput(output.name(), values_.at(output.name()));
    }

    OpGraph graph;

private:
    ValueId in(const onnx::NodeProto& node, int index) const {
        return values_.at(node.input(index));
    }

    ValueId made(const onnx::NodeProto& node) {
        const auto& type = node.op_type();
        const auto add = [&](OpAttributes op, std::vector<ValueId> inputs) {
            return graph.add(std::move(op), std::move(inputs), type);
        };
        if (type == "Identity")
            return in(node, 0);
        if (type == "Constant")
            return graph.addConstant(constantOf(node.attribute(0).t()), node.output(0));
        if (type == "Unsqueeze") {
            const auto& dims = graph.type(in(node, 0)).dims;
            std::vector<Dim> longer{1};
            longer.insert(longer.end(), dims.begin(), dims.end());
            return add(ReshapeOp{Dims(std::move(longer))}, {in(node, 0)});
        }
        // The only slices are of one element, from where the iteration says.
        if (type == "Slice")
            return add(GatherOp{0}, {in(node, 0), in(node, 1)});
        requireThat(type == "Add", "its body has an operator that is not known here");
        const auto element = graph.type(in(node, 0)).element;
        const auto a = add(CastOp{DType::F32}, {in(node, 0)});
        const auto b = add(CastOp{DType::F32}, {in(node, 1)});
        return add(CastOp{element}, {add(BinaryOp{}, {a, b})});
    }

    std::map<std::string, ValueId> values_;
};

void finishAll(GeneralBuilder& b, const LoopResults& results) {
    for (const auto& values : {results.carried, results.scanned})
        for (const auto value : values)
            b.finish(value);
}

/// Without its first axis, which is a batch of one, or with it.
ValueId batchless(GeneralBuilder& b, ValueId value) {
    const auto dims = b.graph().type(value).dims;
    requireThat(dims[0] == Dim(1), "it has several samples");
    return b.add(ReshapeOp{Dims(std::vector<Dim>(dims.begin() + 1, dims.end()))}, {value});
}
ValueId batched(GeneralBuilder& b, ValueId value) {
    const auto dims = b.graph().type(value).dims;
    std::vector<Dim> longer{1};
    longer.insert(longer.end(), dims.begin(), dims.end());
    return b.add(ReshapeOp{Dims(std::move(longer))}, {value});
}

} // namespace

Tensor constantOf(const onnx::TensorProto& proto) {
    const Shape shape(std::vector<std::int64_t>(proto.dims().begin(), proto.dims().end()));
    const auto type = proto.data_type();
    Tensor tensor(type == onnx::TensorProto::FLOAT   ? DType::F32
                  : type == onnx::TensorProto::INT32 ? DType::I32
                                                     : DType::I64,
                  shape);
    if (!proto.raw_data().empty())
        std::memcpy(tensor.bytes().data(), proto.raw_data().data(), tensor.bytes().size());
    else if (type == onnx::TensorProto::FLOAT)
        std::copy(proto.float_data().begin(), proto.float_data().end(),
                  tensor.span<float>().begin());
    else if (type == onnx::TensorProto::INT32)
        std::copy(proto.int32_data().begin(), proto.int32_data().end(),
                  tensor.span<std::int32_t>().begin());
    else
        std::copy(proto.int64_data().begin(), proto.int64_data().end(),
                  tensor.span<std::int64_t>().begin());
    return tensor;
}

void buildIf(GeneralBuilder& b) {
    const Body then(b.graphOf("then_branch"));
    const Body otherwise(b.graphOf("else_branch"));
    for (const auto value :
         ifElse(b.graph(), b.in(0), {then.graph, {}}, {otherwise.graph, {}}, "if"))
        b.finish(value);
}

void buildLoop(GeneralBuilder& b) {
    const Body body(b.graphOf("body"));
    Loop what{body.graph, b.integers(0)[0], {}, {}, b.in(1)};
    for (std::size_t i = 2; i < b.count(); ++i)
        what.carried.push_back(b.in(i));
    finishAll(b, loop(b.graph(), what, "loop"));
}

void buildScan(GeneralBuilder& b) {
    const Body body(b.graphOf("body"));
    // Until version 9 the lengths come first, and everything has a batch.
    const bool hasBatch = !b.has(0);
    std::vector<ValueId> inputs;
    for (std::size_t i = hasBatch ? 1 : 0; i < b.count(); ++i)
        inputs.push_back(hasBatch ? batchless(b, b.in(i)) : b.in(i));
    const auto sequences = static_cast<std::ptrdiff_t>(b.integer("num_scan_inputs", 1));
    const Scan what{body.graph,
                    {inputs.begin(), inputs.end() - sequences},
                    {inputs.end() - sequences, inputs.end()}};
    auto results = scan(b.graph(), what, "scan");
    for (auto* values : {&results.carried, &results.scanned})
        for (auto& value : *values)
            value = hasBatch ? batched(b, value) : value;
    finishAll(b, results);
}

} // namespace gradwright::test
