// SPDX-License-Identifier: GPL-3.0-or-later
//
// Nodes of other models, written back as they were.
#include "engine/exchange/onnx_graph.h"
#include "engine/layers/onnx_node.h"
#include "engine/onnx/node_ops.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>

namespace gradwright {
namespace {

using onnx_format::AttributeProto;

/// Operators whose attributes or inputs have another form since an operator set, by the standard's
/// history of schemas from 7 to 28; and those that are younger than the oldest set that is written.
constexpr std::array<std::pair<std::string_view, std::int64_t>, 46> kChanges = {{
    {"BatchNormalization", 9},
    {"Clip", 11},
    {"DFT", 20},
    {"Dropout", 12},
    {"GridSample", 20},
    {"GroupNormalization", 21},
    {"GroupNormalization", 18},
    {"Hardmax", 13},
    {"LogSoftmax", 13},
    {"Pad", 11},
    {"ReduceL1", 18},
    {"ReduceL2", 18},
    {"ReduceLogSum", 18},
    {"ReduceLogSumExp", 18},
    {"ReduceMax", 18},
    {"ReduceMean", 18},
    {"ReduceMin", 18},
    {"ReduceProd", 18},
    {"ReduceSum", 13},
    {"ReduceSumSquare", 18},
    {"Resize", 11},
    {"Scan", 9},
    {"Slice", 10},
    {"Softmax", 13},
    {"Split", 13},
    {"Split", 18},
    {"Squeeze", 13},
    {"TopK", 10},
    {"Unsqueeze", 13},
    {"Upsample", 9},
    {"Upsample", 10},
    {"Mish", 18},
    {"BitwiseAnd", 18},
    {"BitwiseNot", 18},
    {"BitwiseOr", 18},
    {"BitwiseXor", 18},
    {"CenterCropPad", 18},
    {"Col2Im", 18},
    {"Gelu", 20},
    {"AffineGrid", 20},
    {"RegexFullMatch", 20},
    {"RMSNormalization", 23},
    {"Attention", 23},
    {"RotaryEmbedding", 23},
    {"Swish", 24},
    {"TensorScatter", 24},
}};

void requireSameForm(const OnnxNodeSpec& spec, std::int64_t opset, const std::string& path) {
    const auto from = std::min(spec.opset, opset);
    const auto to = std::max(spec.opset, opset);
    if (!spec.node.domain.empty())
        throw Error("{} cannot be written as ONNX: its operator belongs to {}, which only the "
                    "model that it comes from imports",
                    path, spec.node.domain);
    for (const auto& [op, since] : kChanges)
        if (op == spec.node.op && since > from && since <= to)
            throw Error("{} cannot be written as ONNX: {} has another form in operator set {} than "
                        "in {}, which it comes from",
                        path, op, opset, spec.opset);
}

void setTensor(onnx_format::TensorProto& proto, const Tensor& values) {
    for (const auto length : values.shape())
        proto.add_dims(length);
    proto.set_data_type(onnxNumberOf(values.dtype()));
    proto.set_raw_data(values.bytes().data(), values.bytes().size());
}

void setAttributeOf(AttributeProto& proto, const std::string& name,
                    const OnnxAttributeValue& value) {
    const auto setType = [&](AttributeProto::AttributeType type) {
        proto.set_name(name);
        proto.set_type(type);
    };
    std::visit(Overloaded{[&](const OnnxUnread& unread) {
                              if (!proto.ParseFromString(unread.bytes))
                                  throw Error("the attribute \"{}\" is damaged", name);
                          },
                          [&](std::int64_t number) {
                              setType(AttributeProto::INT);
                              proto.set_i(number);
                          },
                          [&](double number) {
                              setType(AttributeProto::FLOAT);
                              proto.set_f(static_cast<float>(number));
                          },
                          [&](const std::string& text) {
                              setType(AttributeProto::STRING);
                              proto.set_s(text);
                          },
                          [&](const std::vector<std::int64_t>& list) {
                              setType(AttributeProto::INTS);
                              proto.mutable_ints()->Add(list.begin(), list.end());
                          },
                          [&](const std::vector<double>& list) {
                              setType(AttributeProto::FLOATS);
                              for (const double each : list)
                                  proto.add_floats(static_cast<float>(each));
                          },
                          [&](const std::vector<std::string>& list) {
                              setType(AttributeProto::STRINGS);
                              for (const auto& each : list)
                                  proto.add_strings(each);
                          },
                          [&](const OnnxTensor& tensor) {
                              setType(AttributeProto::TENSOR);
                              setTensor(*proto.mutable_t(), *tensor.values);
                          }},
               value);
}

} // namespace

/// Graphs within the node read it by that name.
void OnnxGraph::addCaptured(const std::string& name, const std::string& value) {
    if (!taken_.insert(name).second)
        throw Error("\"{}\", which a graph within a node reads, is called like another value",
                    name);
    auto& node = *graph_.add_node();
    paths_.push_back(name);
    node.set_op_type("Identity");
    node.add_input(value);
    node.add_output(name);
    renamed_[name] = name;
}

void OnnxGraph::addOrigin(const Origin& origin) {
    using Kind = OnnxOperandSpec::Kind;
    const auto spec = onnxNodeFromText(origin.what);
    requireSameForm(spec, opset_, origin.path);
    std::vector<std::string> inputs;
    std::size_t next = 0;
    for (std::size_t i = 0; i < spec.operands.size(); ++i) {
        const auto& operand = spec.operands[i];
        std::string name;
        if (operand.kind == Kind::Port) {
            const auto value = origin.inputs.at(next++);
            name = nameOf(value);
            types_.emplace(value, operand.type);
            if (spec.isWholeRun)
                wholeRuns_.insert(value);
            if (operand.isScalar)
                scalars_.insert(value);
        } else if (operand.kind == Kind::Constant) {
            name = addTensor(fmt::format("{}/input{}", origin.path, i + 1), *operand.values,
                             operand.values->shape());
        } else if (operand.kind == Kind::Weight) {
            std::vector<Tensor> pieces;
            const auto keys = onnxWeightNames(spec.node, i);
            for (const auto& key : keys) {
                const auto path = fmt::format("{}/{}", origin.path, key);
                const auto* values = weights_.find(path);
                if (!values)
                    throw Error("the weights lack {}", path);
                pieces.push_back(values->to(DType::F32));
            }
            const auto path = fmt::format("{}/{}", origin.path, keys.front());
            taken_.erase(path); // kept for it
            name = addWeights(path,
                              fromOnnxWeights(spec.node, i, operand.shape, pieces).to(operand.type),
                              operand.shape);
        }
        if (operand.name.empty())
            inputs.push_back(name);
        else
            addCaptured(operand.name, name);
    }
    const auto index = graph_.node_size();
    auto& node = *graph_.add_node();
    paths_.push_back(origin.path);
    node.set_op_type(spec.node.op);
    for (const auto& input : inputs)
        node.add_input(input);
    for (const auto& [name, value] : spec.node.attributes)
        setAttributeOf(*node.add_attribute(), name, value);
    for (std::size_t i = 0; i < origin.outputs.size(); ++i) {
        node.add_output(fmt::format("\n{}.{}", index, i));
        names_.try_emplace(origin.outputs[i], node.output(static_cast<int>(i)));
        if (spec.isWholeRun)
            wholeRuns_.insert(origin.outputs[i]);
    }
}

} // namespace gradwright
