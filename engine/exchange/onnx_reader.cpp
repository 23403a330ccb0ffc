// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/lean_model.h"
#include "engine/exchange/onnx_functions.h"
#include "engine/exchange/onnx_model.h"
#include "engine/exchange/onnx_ports.h"
#include "engine/onnx/onnx_tensors.h"
#include "engine/onnx/read_nodes.h"
#include "engine/support/posix_file.h"

#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>
#include <span>

namespace gradwright {
namespace {

class ModelReader {
public:
    ModelReader(const ByteSource& source, const std::filesystem::path& folder,
                const std::function<void()>& look)
        : source_(source)
        , folder_(folder)
        , look_(look) {}

    /// `rawData` of initializers lie in the source and not in the message.
    OnnxModel read(onnx_format::ModelProto& proto,
                   const std::map<std::size_t, LeanModel::Range>& rawData) {
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
        for (int i = 0; i < graph.initializer_size(); ++i) {
            const auto raw = rawData.find(static_cast<std::size_t>(i));
            readInitializer(*graph.mutable_initializer(i),
                            raw == rawData.end() ? nullptr : &raw->second);
        }
        for (const auto& input : graph.input())
            if (!model_.initializers.contains(input.name()))
                model_.inputs.push_back(describedPort(input));
        for (const auto& output : graph.output())
            model_.outputs.push_back(describedPort(output));
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

    void look() const {
        if (look_)
            look_();
    }

    void readPieces(std::uint64_t offset, std::span<std::byte> to) const {
        constexpr std::size_t kPiece = std::size_t{4} << 20;
        while (!to.empty()) {
            const auto piece = to.first(std::min(kPiece, to.size()));
            look();
            source_.read(offset, piece);
            offset += piece.size();
            to = to.subspan(piece.size());
        }
    }

    void readInitializer(onnx_format::TensorProto& proto, const LeanModel::Range* raw) {
        look();
        const auto what = fmt::format("the tensor \"{}\"", proto.name());
        OnnxBytes outside;
        if (raw)
            outside = {raw->length,
                       [this, raw](std::span<std::byte> to) { readPieces(raw->offset, to); }};
        auto tensor = onnxTensor(proto, folder_, what, raw ? &outside : nullptr);
        count(tensor);
        if (!model_.initializers.emplace(proto.name(), std::move(tensor)).second)
            throw Error("there are two tensors called \"{}\"", proto.name());
    }

    void count(const OnnxTensor& tensor) {
        if (tensor.values)
            model_.weightBytes += static_cast<std::int64_t>(tensor.values->bytes().size());
    }

    /// An input or output, which a model has to describe.
    static OnnxPort describedPort(const onnx_format::ValueInfoProto& proto) {
        auto port = onnxPort(proto);
        if (port.type.empty())
            port.type = "no tensor";
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

    const ByteSource& source_;
    std::filesystem::path folder_;
    const std::function<void()>& look_;
    OnnxModel model_;
};

class BytesInMemory final : public ByteSource {
public:
    explicit BytesInMemory(std::string_view bytes)
        : bytes_(bytes) {}
    [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
    void read(std::uint64_t offset, std::span<std::byte> to) const override {
        if (!to.empty())
            std::memcpy(to.data(), bytes_.data() + offset, to.size());
    }

private:
    std::string_view bytes_;
};

class BytesOfFile final : public ByteSource {
public:
    explicit BytesOfFile(const std::filesystem::path& file)
        : file_(file)
        , opened_(openForReading(file))
        , size_(sizeOfFile(opened_.get(), file)) {}
    [[nodiscard]] std::uint64_t size() const override { return size_; }
    void read(std::uint64_t offset, std::span<std::byte> to) const override {
        readAt(opened_.get(), offset, to, file_);
    }

private:
    std::filesystem::path file_;
    UniqueFd opened_;
    std::uint64_t size_;
};

OnnxModel readFrom(const ByteSource& source, const std::filesystem::path& folder,
                   const std::function<void()>& look) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::int32_t>::max();
    if (source.size() > kMost)
        throw Error("it has 2 GiB or more, which Protocol Buffers cannot hold");
    auto lean = leanModelOf(source);
    if (!lean) { // the library judges
        lean.emplace().bytes.resize(static_cast<std::size_t>(source.size()));
        source.read(0, std::as_writable_bytes(std::span(lean->bytes)));
    }
    onnx_format::ModelProto proto;
    google::protobuf::io::CodedInputStream coded(
        reinterpret_cast<const std::uint8_t*>(lean->bytes.data()),
        static_cast<int>(lean->bytes.size()));
    coded.SetRecursionLimit(32); // a type within an attribute within a node within a graph
    if (!proto.ParseFromCodedStream(&coded) || !coded.ConsumedEntireMessage())
        throw Error("it is no ONNX model, or it is damaged");
    lean->bytes = {};
    auto model = ModelReader(source, folder, look).read(proto, lean->rawData);
    model.fileBytes = static_cast<std::size_t>(source.size());
    return model;
}

} // namespace

OnnxModel readOnnx(std::string_view bytes, const std::filesystem::path& folder) {
    return readFrom(BytesInMemory(bytes), folder, {});
}

OnnxModel readOnnxFile(const std::filesystem::path& file, const std::function<void()>& look) {
    try {
        return readFrom(BytesOfFile(file), std::filesystem::absolute(file).parent_path(), look);
    } catch (const Error& error) {
        const std::string message = error.what();
        if (message.find(file.string()) != std::string::npos)
            throw;
        throw Error("{}: {}", file.string(), message);
    }
}

} // namespace gradwright
