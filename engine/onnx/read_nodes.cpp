// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/onnx/read_nodes.h"

#include "engine/onnx/onnx_tensors.h"

namespace gradwright {
namespace {

using onnx_format::AttributeProto;

/// Models made before attributes had a type carry one value.
AttributeProto::AttributeType attributeType(const AttributeProto& proto) {
    if (proto.has_type() && proto.type() != AttributeProto::UNDEFINED)
        return proto.type();
    if (proto.has_t())
        return AttributeProto::TENSOR;
    if (proto.has_g())
        return AttributeProto::GRAPH;
    if (proto.has_i())
        return AttributeProto::INT;
    if (proto.has_f())
        return AttributeProto::FLOAT;
    if (proto.has_s())
        return AttributeProto::STRING;
    if (proto.floats_size() > 0)
        return AttributeProto::FLOATS;
    if (proto.strings_size() > 0)
        return AttributeProto::STRINGS;
    return proto.ints_size() > 0 ? AttributeProto::INTS : AttributeProto::UNDEFINED;
}

/// Attributes of a graph within a node are kept with the attribute that holds the graph.
OnnxNode readNode(onnx_format::NodeProto& proto, const std::filesystem::path& folder,
                  bool isOutermost);

std::shared_ptr<const OnnxBody> readBody(onnx_format::GraphProto& proto,
                                         const std::filesystem::path& folder) {
    auto body = std::make_shared<OnnxBody>();
    for (auto& tensor : *proto.mutable_initializer())
        body->constants.emplace(
            tensor.name(),
            onnxTensor(tensor, folder, fmt::format("the tensor \"{}\"", tensor.name())));
    for (const auto& input : proto.input())
        if (!body->constants.contains(input.name()))
            body->inputs.push_back(readOnnxPort(input));
    for (const auto& output : proto.output())
        body->outputs.push_back(readOnnxPort(output));
    for (auto& node : *proto.mutable_node())
        body->nodes.push_back(readNode(node, folder, false));
    return body;
}

OnnxAttributeValue readAttribute(const OnnxNode& node, AttributeProto& proto,
                                 const std::filesystem::path& folder, bool isOutermost) {
    switch (attributeType(proto)) {
    case AttributeProto::FLOAT:
        return shortest(proto.f());
    case AttributeProto::INT:
        return std::int64_t{proto.i()};
    case AttributeProto::STRING:
        return proto.s();
    case AttributeProto::TENSOR:
        return onnxTensor(*proto.mutable_t(), folder,
                          fmt::format("{}: its attribute \"{}\"", node.title(), proto.name()));
    case AttributeProto::FLOATS: {
        std::vector<double> reals;
        for (const auto value : proto.floats())
            reals.push_back(shortest(value));
        return reals;
    }
    case AttributeProto::INTS:
        return std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end());
    case AttributeProto::STRINGS:
        return std::vector<std::string>(proto.strings().begin(), proto.strings().end());
    case AttributeProto::GRAPH: {
        OnnxUnread unread;
        if (isOutermost)
            unread.bytes = proto.SerializeAsString();
        unread.body = readBody(*proto.mutable_g(), folder);
        return unread;
    }
    case AttributeProto::UNDEFINED:
        break;
    }
    return OnnxUnread{isOutermost ? proto.SerializeAsString() : std::string(), nullptr};
}

OnnxNode readNode(onnx_format::NodeProto& proto, const std::filesystem::path& folder,
                  bool isOutermost) {
    OnnxNode node;
    node.name = proto.name();
    node.op = proto.op_type();
    node.domain = isOnnxDomain(proto.domain()) ? std::string() : proto.domain();
    node.inputs.assign(proto.input().begin(), proto.input().end());
    node.outputs.assign(proto.output().begin(), proto.output().end());
    for (auto& attribute : *proto.mutable_attribute())
        node.attributes.insert_or_assign(attribute.name(),
                                         readAttribute(node, attribute, folder, isOutermost));
    return node;
}

} // namespace

bool isOnnxDomain(const std::string& domain) {
    return domain.empty() || domain == "ai.onnx";
}

OnnxNode readOnnxNode(onnx_format::NodeProto& proto, const std::filesystem::path& folder) {
    return readNode(proto, folder, true);
}

OnnxBody::Port readOnnxPort(const onnx_format::ValueInfoProto& proto) {
    OnnxBody::Port port{proto.name(), "no tensor", {}, false};
    if (!proto.type().has_tensor_type())
        return port;
    const auto& tensor = proto.type().tensor_type();
    port.type = onnxTypeName(tensor.elem_type());
    port.hasShape = tensor.has_shape();
    for (const auto& dim : tensor.shape().dim())
        port.axes.push_back(dim.has_dim_value() ? dim.dim_value() : -1);
    return port;
}

OnnxUnread readOnnxAttribute(std::string bytes) {
    AttributeProto proto;
    if (!proto.ParseFromString(bytes))
        throw Error("the bytes of an attribute are damaged");
    OnnxUnread unread;
    if (attributeType(proto) == AttributeProto::GRAPH)
        unread.body = readBody(*proto.mutable_g(), {});
    unread.bytes = std::move(bytes);
    return unread;
}

} // namespace gradwright
