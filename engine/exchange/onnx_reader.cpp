// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/fold_values.h"
#include "engine/exchange/onnx_model.h"
#include "engine/exchange/onnx_tensors.h"
#include "engine/io/atomic_file.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <limits>
#include <set>

namespace gradwright {
namespace {

using onnx_format::AttributeProto;

bool isOwnDomain(const std::string& domain) {
    return domain.empty() || domain == "ai.onnx";
}

/// Models made before attributes had a type carry one value.
AttributeProto::AttributeType attributeType(const AttributeProto& proto) {
    if (proto.has_type() && proto.type() != AttributeProto::UNDEFINED)
        return proto.type();
    if (proto.has_t())
        return AttributeProto::TENSOR;
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

class ModelReader {
public:
    explicit ModelReader(const std::filesystem::path& folder)
        : folder_(folder) {}

    OnnxModel read(onnx_format::ModelProto& proto) {
        if (!proto.has_graph() || proto.opset_import_size() == 0)
            throw Error("it is no ONNX model");
        model_.irVersion = proto.ir_version();
        model_.producer = proto.producer_name();
        model_.producerVersion = proto.producer_version();
        model_.description = proto.doc_string();
        model_.functions = static_cast<std::size_t>(proto.functions_size());
        for (const auto& entry : proto.metadata_props())
            model_.metadata.emplace_back(entry.key(), entry.value());
        readOpsets(proto);
        auto& graph = *proto.mutable_graph();
        model_.name = graph.name();
        for (auto& tensor : *graph.mutable_initializer())
            readInitializer(tensor);
        for (const auto& input : graph.input())
            if (!model_.initializers.contains(input.name()))
                model_.inputs.push_back(readPort(input));
        for (const auto& output : graph.output())
            model_.outputs.push_back(readPort(output));
        for (auto& node : *graph.mutable_node())
            readNode(node);
        checkOrder();
        return std::move(model_);
    }

private:
    void readOpsets(const onnx_format::ModelProto& proto) {
        for (const auto& imported : proto.opset_import()) {
            if (isOwnDomain(imported.domain()))
                model_.opset = imported.version();
            else
                model_.domains.emplace_back(imported.domain(), imported.version());
        }
        if (model_.opset == 0)
            throw Error("it uses no operators of ONNX's own, but {}",
                        model_.domains.empty() ? "none" : model_.domains.front().first);
        if (model_.opset < kFirstReadOpset || model_.opset > kLastReadOpset)
            throw Error("it needs operator set {} of ONNX; those from {} to {} are read",
                        model_.opset, kFirstReadOpset, kLastReadOpset);
    }

    void readInitializer(onnx_format::TensorProto& proto) {
        auto tensor = onnxTensor(proto, folder_, fmt::format("the tensor \"{}\"", proto.name()));
        count(tensor);
        if (!model_.initializers.emplace(proto.name(), std::move(tensor)).second)
            throw Error("there are two tensors called \"{}\"", proto.name());
    }

    void count(const OnnxTensor& tensor) {
        if (tensor.values)
            model_.weightBytes += static_cast<std::int64_t>(tensor.values->bytes().size());
    }

    static OnnxPort readPort(const onnx_format::ValueInfoProto& proto) {
        OnnxPort port{proto.name(), "no tensor", false, {}};
        if (!proto.type().has_tensor_type())
            return port;
        const auto& tensor = proto.type().tensor_type();
        port.type = onnxTypeName(tensor.elem_type());
        port.hasShape = tensor.has_shape();
        for (const auto& dim : tensor.shape().dim()) {
            OnnxAxis axis;
            if (dim.has_dim_value())
                axis.length = dim.dim_value();
            else
                axis.name = dim.dim_param();
            port.axes.push_back(std::move(axis));
        }
        return port;
    }

    void readNode(onnx_format::NodeProto& proto) {
        OnnxNode node;
        node.name = proto.name();
        node.op = proto.op_type();
        node.domain = isOwnDomain(proto.domain()) ? std::string() : proto.domain();
        node.inputs.assign(proto.input().begin(), proto.input().end());
        node.outputs.assign(proto.output().begin(), proto.output().end());
        for (auto& attribute : *proto.mutable_attribute())
            node.attributes.insert_or_assign(attribute.name(), readAttribute(node, attribute));
        model_.nodes.push_back(std::move(node));
    }

    OnnxAttributeValue readAttribute(const OnnxNode& node, AttributeProto& proto) {
        switch (attributeType(proto)) {
        case AttributeProto::FLOAT:
            return shortest(proto.f());
        case AttributeProto::INT:
            return std::int64_t{proto.i()};
        case AttributeProto::STRING:
            return proto.s();
        case AttributeProto::TENSOR: {
            auto tensor =
                onnxTensor(*proto.mutable_t(), folder_,
                           fmt::format("{}: its attribute \"{}\"", node.title(), proto.name()));
            count(tensor);
            return tensor;
        }
        case AttributeProto::FLOATS:
            return std::vector<double>(proto.floats().begin(), proto.floats().end());
        case AttributeProto::INTS:
            return std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end());
        case AttributeProto::STRINGS:
            return std::vector<std::string>(proto.strings().begin(), proto.strings().end());
        case AttributeProto::GRAPH:
        case AttributeProto::UNDEFINED:
            break;
        }
        return OnnxUnread{};
    }

    void checkOrder() const {
        std::set<std::string_view> known;
        for (const auto& [name, tensor] : model_.initializers)
            known.insert(name);
        for (const auto& input : model_.inputs)
            if (!known.insert(input.name).second)
                throw Error("there are two inputs called \"{}\"", input.name);
        for (const auto& node : model_.nodes) {
            for (const auto& name : node.inputs)
                if (!name.empty() && !known.contains(name))
                    throw Error("{} reads \"{}\", which nothing makes before it", node.title(),
                                name);
            for (const auto& name : node.outputs)
                if (!name.empty() && !known.insert(name).second)
                    throw Error("{} makes \"{}\", which is there already", node.title(), name);
        }
        for (const auto& output : model_.outputs)
            if (!known.contains(output.name))
                throw Error("nothing makes the output \"{}\"", output.name);
    }

    std::filesystem::path folder_;
    OnnxModel model_;
};

} // namespace

OnnxModel readOnnx(std::string_view bytes, const std::filesystem::path& folder) {
    if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
        throw Error("it has 2 GiB or more, which Protocol Buffers cannot hold");
    onnx_format::ModelProto proto;
    google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
    google::protobuf::io::CodedInputStream coded(&stream);
    coded.SetRecursionLimit(32); // a type within an attribute within a node within a graph
    if (!proto.ParseFromCodedStream(&coded) || !coded.ConsumedEntireMessage())
        throw Error("it is no ONNX model, or it is damaged");
    auto model = ModelReader(folder).read(proto);
    model.fileBytes = bytes.size();
    return model;
}

OnnxModel readOnnxFile(const std::filesystem::path& file) {
    try {
        const auto bytes = readFile(file, std::numeric_limits<std::int32_t>::max());
        return readOnnx({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                        std::filesystem::absolute(file).parent_path());
    } catch (const Error& error) {
        const std::string message = error.what();
        if (message.find(file.string()) != std::string::npos)
            throw;
        throw Error("{}: {}", file.string(), message);
    }
}

} // namespace gradwright
