// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_graph.h"

#include "engine/exchange/narrow_weights.h"
#include "engine/support/error.h"

#include <algorithm>
#include <bit>

namespace gradwright {

static_assert(std::endian::native == std::endian::little, "ONNX's raw data are little-endian");

namespace {

using onnx_format::AttributeProto;

void setAttribute(AttributeProto& proto, const OnnxAttribute& attribute) {
    proto.set_name(std::string(attribute.name));
    std::visit(Overloaded{[&](std::int64_t value) {
                              proto.set_type(AttributeProto::INT);
                              proto.set_i(value);
                          },
                          [&](double value) {
                              proto.set_type(AttributeProto::FLOAT);
                              proto.set_f(static_cast<float>(value));
                          },
                          [&](const std::string& value) {
                              proto.set_type(AttributeProto::STRING);
                              proto.set_s(value);
                          },
                          [&](const std::vector<std::int64_t>& values) {
                              proto.set_type(AttributeProto::INTS);
                              for (const auto value : values)
                                  proto.add_ints(value);
                          },
                          [&](const std::vector<std::string>& values) {
                              proto.set_type(AttributeProto::STRINGS);
                              for (const auto& value : values)
                                  proto.add_strings(value);
                          }},
               attribute.value);
}

} // namespace

OnnxGraph::OnnxGraph(const OpGraph& graph, const std::vector<bool>& isNeeded,
                     const Weights& weights, std::int64_t opset, DType weightType)
    : source_(graph)
    , weights_(weights)
    , opset_(opset)
    , weightType_(weightType) {
    for (const auto& weight : graph.weights())
        taken_.insert(weight.key);
    for (const auto& [name, value] : graph.inputs()) {
        auto uses = graph.usesOf(value);
        std::erase_if(uses, [&](const Use& use) { return !isNeeded[use.op]; });
        const auto isOutput =
            std::ranges::find(graph.outputs(), value, &NamedValue::value) != graph.outputs().end();
        if (uses.empty() && !isOutput)
            continue;
        inputs_.push_back({unique(name), value});
        names_[value] = inputs_.back().name;
        if (!isOutput && std::ranges::all_of(uses, [&](const Use& use) {
                return std::holds_alternative<EmbeddingOp>(graph.ops()[use.op].attributes);
            }))
            wholeInputs_.insert(value);
    }
}

std::string OnnxGraph::unique(const std::string& name) {
    auto found = name;
    for (int i = 2; !taken_.insert(found).second; ++i)
        found = fmt::format("{}_{}", name, i);
    return found;
}

const std::string& OnnxGraph::nameOf(ValueId value) {
    const auto& from = source_.value(value);
    if (const auto found = names_.find(value); found != names_.end())
        return found->second;
    if (from.weight)
        return names_[value] = addWeight(*from.weight, source_.weight(*from.weight).shape);
    if (from.constant)
        return names_[value] =
                   addTensor(from.path + "/constant", *from.constant, from.constant->shape());
    throw Error("{}: a value that nothing makes cannot be written", from.path);
}

Tensor OnnxGraph::weightValues(WeightId id) const {
    const auto& spec = source_.weight(id);
    const auto* values = weights_.find(spec.key);
    if (!values)
        throw Error("the weights lack {}", spec.key);
    if (values->shape() != spec.shape)
        throw Error("{} is {} in the weights and {} in the network", spec.key,
                    toString(values->shape()), toString(spec.shape));
    return values->dtype() == DType::F32 ? *values : values->to(DType::F32);
}

std::string OnnxGraph::addTensor(std::string name, const Tensor& values, const Shape& shape) {
    auto& proto = *graph_.add_initializer();
    proto.set_name(unique(name));
    for (const auto length : shape)
        proto.add_dims(length);
    proto.set_data_type(onnxNumberOf(values.dtype()));
    proto.set_raw_data(values.bytes().data(), values.bytes().size());
    return proto.name();
}

std::string OnnxGraph::addHalfBytes(std::string name, const Tensor& values, const Shape& shape) {
    constexpr std::int32_t kInt4 = 22;
    const auto numbers = values.span<float>();
    std::string bytes((numbers.size() + 1) / 2, '\0');
    for (std::size_t i = 0; i < numbers.size(); ++i) { // the first one of two in the low half
        const auto half = static_cast<unsigned>(static_cast<int>(numbers[i])) & 15U;
        const auto byte = static_cast<unsigned char>(bytes[i / 2]);
        bytes[i / 2] = static_cast<char>(byte | (i % 2 == 0 ? half : half << 4));
    }
    auto& proto = *graph_.add_initializer();
    proto.set_name(unique(name));
    for (const auto length : shape)
        proto.add_dims(length);
    proto.set_data_type(kInt4);
    proto.set_raw_data(std::move(bytes));
    return proto.name();
}

std::string OnnxGraph::addWeight(WeightId id, const Shape& shape) {
    auto& name = weightNames_[{static_cast<std::uint32_t>(id.index()), shape.dims()}];
    if (!name.empty())
        return name;
    const auto& spec = source_.weight(id);
    if (shape == spec.shape)
        taken_.erase(spec.key); // kept for it
    return name = addWeights(spec.key, weightValues(id), shape);
}

std::string OnnxGraph::addWeights(const std::string& name, const Tensor& values,
                                  const Shape& shape) {
    if (weightType_ == DType::F32 || values.dtype() != DType::F32)
        return addTensor(name, values, shape);
    const auto kept = addTensor(fmt::format("{}/{}", name, keyOfWeightType(weightType_)),
                                narrowed(values, weightType_, name), shape);
    return addNode("Cast", {kept}, {{"to", std::int64_t{onnxNumberOf(DType::F32)}}}, 1, name)
        .front();
}

std::vector<std::string> OnnxGraph::addNode(std::string_view type,
                                            const std::vector<std::string>& inputs,
                                            const OnnxAttributes& attributes, std::size_t outputs,
                                            const std::string& path) {
    const auto index = graph_.node_size();
    auto& node = *graph_.add_node();
    paths_.push_back(path);
    node.set_op_type(std::string(type));
    for (const auto& input : inputs)
        node.add_input(input);
    for (const auto& attribute : attributes)
        setAttribute(*node.add_attribute(), attribute);
    std::vector<std::string> made;
    for (std::size_t i = 0; i < outputs; ++i) {
        // No name of a layer begins like that.
        made.push_back(fmt::format("\n{}.{}", index, i));
        node.add_output(made.back());
    }
    return made;
}

/// An output that is an input, a weight or another output as well gets a node of its own.
void OnnxGraph::nameOutputs() {
    for (const auto& [name, value] : source_.outputs()) {
        auto made = nameOf(value);
        if (made.front() != '\n' || renamed_.contains(made))
            made = addNode("Identity", {made}, {}, 1, source_.value(value).path).front();
        renamed_[made] = unique(name);
        outputs_.push_back({renamed_[made], value});
    }
}

void OnnxGraph::nameNodes() {
    std::map<std::string, int> counts;
    std::map<std::string, int> last;
    for (int i = 0; i < graph_.node_size(); ++i) {
        const auto& path = paths_[static_cast<std::size_t>(i)];
        ++counts[path];
        last[path] = i;
    }
    std::set<std::string> names;
    for (int i = 0; i < graph_.node_size(); ++i) {
        auto& node = *graph_.mutable_node(i);
        const auto& path = paths_[static_cast<std::size_t>(i)];
        const auto wanted = counts[path] == 1 ? path : path + "/" + node.op_type();
        auto name = wanted;
        for (int next = 2; !names.insert(name).second; ++next)
            name = fmt::format("{}_{}", wanted, next);
        node.set_name(name);
        for (int j = 0; j < node.output_size(); ++j) {
            auto& final = renamed_[node.output(j)];
            if (!final.empty())
                continue;
            const auto& base = last[path] == i ? path : name;
            final = unique(node.output_size() == 1 ? base : fmt::format("{}/{}", base, j + 1));
        }
    }
    for (auto& node : *graph_.mutable_node()) {
        for (auto& name : *node.mutable_input())
            if (const auto found = renamed_.find(name); found != renamed_.end())
                name = found->second;
        for (auto& name : *node.mutable_output())
            name = renamed_.at(name);
    }
}

void OnnxGraph::describe(onnx_format::ValueInfoProto& info, const std::string& name,
                         ValueId value) const {
    const auto& type = source_.type(value);
    info.set_name(name);
    auto& tensor = *info.mutable_type()->mutable_tensor_type();
    const auto given = types_.find(value);
    tensor.set_elem_type(wholeInputs_.contains(value) ? onnxNumberOf(DType::I64)
                         : given != types_.end()      ? onnxNumberOf(given->second)
                                                      : onnxNumberOf(type.element));
    auto& shape = *tensor.mutable_shape();
    if (scalars_.contains(value))
        return;
    const std::size_t first = wholeRuns_.contains(value) ? 1 : 0;
    for (std::size_t axis = first; axis < type.dims.rank(); ++axis) {
        const auto& dim = type.dims[axis];
        if (dim.isNumber())
            shape.add_dim()->set_dim_value(dim.number());
        else
            shape.add_dim()->set_dim_param(toString(dim));
    }
}

void OnnxGraph::writeValueTypes() {
    for (const auto& [name, value] : inputs_)
        describe(*graph_.add_input(), name, value);
    std::set<std::string> described;
    for (const auto& [name, value] : outputs_) {
        describe(*graph_.add_output(), name, value);
        described.insert(name);
    }
    for (const auto& [value, made] : names_) {
        const auto found = renamed_.find(made);
        if (found != renamed_.end() && described.insert(found->second).second)
            describe(*graph_.add_value_info(), found->second, value);
    }
}

onnx_format::GraphProto OnnxGraph::finish() {
    nameOutputs();
    nameNodes();
    writeValueTypes();
    return std::move(graph_);
}

std::vector<std::string> OnnxScope::all() {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < inputs(); ++i)
        names.push_back(in(i));
    return names;
}

std::string OnnxScope::weight(std::size_t index) {
    return weight(index, graph_.source().weight(op_.weights[index]).shape);
}

std::string OnnxScope::weight(std::size_t index, const Shape& shape) {
    return graph_.addWeight(op_.weights[index], shape);
}

std::string OnnxScope::sampleCount() {
    for (const auto& [name, value] : source().inputs())
        if (graph_.isNamed(value) && source().type(value).isPerSample())
            return node("Shape", {graph_.nameOf(value)},
                        {{"start", std::int64_t{0}}, {"end", std::int64_t{1}}});
    refuse("a value is repeated for each sample, and no input tells how many there are");
}

std::string OnnxScope::integers(std::string_view label, const std::vector<std::int64_t>& values) {
    const Shape shape{static_cast<std::int64_t>(values.size())};
    return graph_.addTensor(fmt::format("{}/{}", op_.path, label),
                            Tensor::of<std::int64_t>(shape, values), shape);
}

std::string OnnxScope::number(std::string_view label, double value) {
    return numbers(label, {}, {value});
}

std::string OnnxScope::numbers(std::string_view label, const Shape& shape,
                               const std::vector<double>& values) {
    const std::vector<float> rounded(values.begin(), values.end());
    return graph_.addTensor(fmt::format("{}/{}", op_.path, label),
                            Tensor::of<float>(shape, rounded), shape);
}

std::string OnnxScope::reshape(const std::string& x, const Dims& from, const Dims& to) {
    std::vector<std::int64_t> shape;
    bool isLeft = false;
    for (std::size_t axis = 0; axis < to.rank(); ++axis) {
        if (to[axis].isNumber()) {
            shape.push_back(to[axis].number());
        } else if (axis < from.rank() && from[axis] == to[axis]) {
            shape.push_back(0); // as it is
        } else if (!isLeft) {
            shape.push_back(-1); // what is left
            isLeft = true;
        } else {
            refuse(fmt::format("ONNX cannot reshape {} to {} without knowing the lengths",
                               toString(from), toString(to)));
        }
    }
    return node("Reshape", {x, integers("shape", shape)});
}

std::string OnnxScope::mean(const std::string& x, const std::vector<std::int64_t>& axes) {
    if (opset() < 18)
        return node("ReduceMean", {x}, {{"axes", axes}, {"keepdims", std::int64_t{1}}});
    return node("ReduceMean", {x, integers("axes", axes)}, {{"keepdims", std::int64_t{1}}});
}

void OnnxScope::refuse(std::string_view reason) const {
    throw Error("{} cannot be written as ONNX: {}", op_.path, reason);
}

} // namespace gradwright
