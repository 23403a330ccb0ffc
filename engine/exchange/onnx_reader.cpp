// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_functions.h"
#include "engine/exchange/onnx_model.h"
#include "engine/onnx/onnx_tensors.h"
#include "engine/onnx/read_nodes.h"
#include "engine/support/posix_file.h"
#include "engine/support/system_memory.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <limits>
#include <set>

namespace gradwright {
namespace {

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
        inlineOnnxFunctions(proto);
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
            countOf(model_.nodes.emplace_back(readOnnxNode(node, folder_)));
        checkOrder();
        return std::move(model_);
    }

private:
    void readOpsets(const onnx_format::ModelProto& proto) {
        for (const auto& imported : proto.opset_import()) {
            if (isOnnxDomain(imported.domain()))
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
        freed_.add(tensor.values ? tensor.values->bytes().size() : 0); // of the message
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

    void countOf(const OnnxNode& node) {
        for (const auto& [name, value] : node.attributes)
            if (const auto* tensor = std::get_if<OnnxTensor>(&value))
                count(*tensor);
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
    FreedMemory freed_;
};

OnnxModel readFrom(google::protobuf::io::ZeroCopyInputStream& stream, std::size_t size,
                   const std::filesystem::path& folder) {
    if (size > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
        throw Error("it has 2 GiB or more, which Protocol Buffers cannot hold");
    onnx_format::ModelProto proto;
    google::protobuf::io::CodedInputStream coded(&stream);
    coded.SetRecursionLimit(32); // a type within an attribute within a node within a graph
    if (!proto.ParseFromCodedStream(&coded) || !coded.ConsumedEntireMessage())
        throw Error("it is no ONNX model, or it is damaged");
    auto model = ModelReader(folder).read(proto);
    model.fileBytes = size;
    return model;
}

} // namespace

OnnxModel readOnnx(std::string_view bytes, const std::filesystem::path& folder) {
    constexpr auto most = static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
    google::protobuf::io::ArrayInputStream stream(bytes.data(),
                                                  static_cast<int>(std::min(bytes.size(), most)));
    return readFrom(stream, bytes.size(), folder);
}

OnnxModel readOnnxFile(const std::filesystem::path& file) {
    try {
        // From the file itself, so that its bytes are in memory once.
        const auto opened = openForReading(file);
        google::protobuf::io::FileInputStream stream(opened.get());
        return readFrom(stream, sizeOfFile(opened.get(), file),
                        std::filesystem::absolute(file).parent_path());
    } catch (const Error& error) {
        const std::string message = error.what();
        if (message.find(file.string()) != std::string::npos)
            throw;
        throw Error("{}: {}", file.string(), message);
    }
}

} // namespace gradwright
