// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_opsets.h"

#include "engine/layers/onnx_node.h"
#include "engine/onnx/onnx_tensors.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>
#include <set>
#include <span>

namespace gradwright {

static_assert(std::endian::native == std::endian::little, "ONNX's raw data are little-endian");

namespace {

// Fields of the format, by their numbers in onnx/onnx.proto.
constexpr std::uint32_t kModelGraph = 7;
constexpr std::uint32_t kModelOpset = 8;
constexpr std::uint32_t kOpsetDomain = 1;
constexpr std::uint32_t kOpsetVersion = 2;
constexpr std::uint32_t kGraphNode = 1;
constexpr std::uint32_t kGraphTensor = 5;
constexpr std::uint32_t kReads = 1; // of a node
constexpr std::uint32_t kMakes = 2;
constexpr std::uint32_t kNodeTitle = 3;
constexpr std::uint32_t kNodeKind = 4;
constexpr std::uint32_t kNodeAttribute = 5;
constexpr std::uint32_t kNodeDomain = 7;
constexpr std::uint32_t kAttributeName = 1;
constexpr std::uint32_t kAttributeInt = 3;
constexpr std::uint32_t kAttributeText = 4;
constexpr std::uint32_t kAttributeGraph = 6;
constexpr std::uint32_t kAttributeType = 20;

constexpr std::int64_t kTypeInt = 2;

/// An attribute that has become an input.
struct Moved {
    std::string_view op;
    std::int64_t since;
    std::string_view attribute;
    std::size_t input;
};

constexpr std::array<Moved, 24> kMoved = {{
    {"Squeeze", 13, "axes", 1},
    {"Unsqueeze", 13, "axes", 1},
    {"ReduceSum", 13, "axes", 1},
    {"ReduceL1", 18, "axes", 1},
    {"ReduceL2", 18, "axes", 1},
    {"ReduceLogSum", 18, "axes", 1},
    {"ReduceLogSumExp", 18, "axes", 1},
    {"ReduceMax", 18, "axes", 1},
    {"ReduceMean", 18, "axes", 1},
    {"ReduceMin", 18, "axes", 1},
    {"ReduceProd", 18, "axes", 1},
    {"ReduceSumSquare", 18, "axes", 1},
    {"Split", 13, "split", 1},
    {"Clip", 11, "min", 1},
    {"Clip", 11, "max", 2},
    {"Pad", 11, "pads", 1},
    {"Pad", 11, "value", 2},
    {"Slice", 10, "starts", 1},
    {"Slice", 10, "ends", 2},
    {"Slice", 10, "axes", 3},
    {"TopK", 10, "k", 1},
    {"Dropout", 12, "ratio", 1},
    {"Upsample", 9, "scales", 1},
    {"DFT", 20, "axis", 2},
}};

/// Operators whose meaning changes in a way that depends on shapes or is not written.
constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> kOther = {{
    {"GroupNormalization", 21},
    {"Scan", 9},
    {"Upsample", 10},
    {"Resize", 11},
}};

class Converter {
public:
    Converter(std::int64_t from, std::int64_t to)
        : from_(from)
        , to_(to) {}

    void convert(WireMessage& graph) {
        for (auto* tensor : graph.open(kGraphTensor))
            taken_.emplace(tensor->text(8));
        for (auto* node : graph.open(kGraphNode))
            for (const auto name : node->texts(kMakes))
                taken_.emplace(name);
        for (auto* node : graph.open(kGraphNode)) {
            const auto domain = node->text(kNodeDomain);
            if (domain.empty() || domain == "ai.onnx")
                convertNode(graph, *node);
            for (auto* attribute : node->open(kNodeAttribute))
                for (auto* inner : attribute->open(kAttributeGraph))
                    convert(*inner);
        }
    }

private:
    [[nodiscard]] bool passes(std::int64_t since) const { return from_ < since && since <= to_; }

    static std::string titleOf(const WireMessage& node) {
        const auto outputs = node.texts(kMakes);
        const auto name = node.text(kNodeTitle);
        return fmt::format("{} ({})", name.empty() && !outputs.empty() ? outputs.front() : name,
                           node.text(kNodeKind));
    }

    static WireMessage* attributeOf(WireMessage& node, std::string_view name) {
        for (auto* attribute : node.open(kNodeAttribute))
            if (attribute->text(kAttributeName) == name)
                return attribute;
        return nullptr;
    }

    static void dropAttribute(WireMessage& node, std::string_view name) {
        node.fields().remove_if([&](WireMessage::Field& field) {
            return field.number == kNodeAttribute &&
                   WireMessage::open(field).text(kAttributeName) == name;
        });
    }

    static void setInteger(WireMessage& node, std::string_view name, std::int64_t value) {
        dropAttribute(node, name);
        auto& attribute = node.add(kNodeAttribute);
        attribute.addText(kAttributeName, std::string(name));
        attribute.setInteger(kAttributeInt, value);
        attribute.setInteger(kAttributeType, kTypeInt);
    }

    void convertNode(WireMessage& graph, WireMessage& node) {
        const std::string op(node.text(kNodeKind));
        const auto title = titleOf(node);
        for (const auto& [kind, since] : kOther)
            if (op == kind && passes(since))
                throw Error("{} has another form from operator set {} on, which is not written",
                            title, since);
        if (op == "Softmax" || op == "LogSoftmax" || op == "Hardmax")
            convertSoftmax(node, title);
        if (op == "BatchNormalization" && passes(9))
            if (auto* spatial = attributeOf(node, "spatial")) {
                if (spatial->integer(kAttributeInt, 1) == 0)
                    throw Error("{} has statistics for each place, which operator set 9 lacks",
                                title);
                dropAttribute(node, "spatial");
            }
        if (op == "GridSample" && passes(20))
            if (auto* mode = attributeOf(node, "mode")) {
                const auto text = mode->text(kAttributeText);
                if (text == "bilinear" || text == "bicubic")
                    mode->setText(kAttributeText, std::string(text.substr(2)));
            }
        for (const auto& moved : kMoved)
            if (op == moved.op && passes(moved.since))
                move(graph, node, moved);
        const bool lacksSizes = node.texts(kReads).size() < 2 && !attributeOf(node, "num_outputs");
        if (op == "Split" && passes(18) && lacksSizes)
            setInteger(node, "num_outputs", static_cast<std::int64_t>(node.texts(kMakes).size()));
    }

    /// Until operator set 13 the axes behind the named one are joined with it.
    void convertSoftmax(WireMessage& node, const std::string& title) const {
        if (!passes(13))
            return;
        auto* axis = attributeOf(node, "axis");
        if (axis && axis->integer(kAttributeInt) == -1)
            return;
        throw Error("{} works along all axes from the {} on, and from operator set 13 on along one "
                    "alone: name the last axis as -1 first",
                    title, axis ? fmt::format("{}th", axis->integer(kAttributeInt)) : "first");
    }

    void move(WireMessage& graph, WireMessage& node, const Moved& moved) {
        auto* attribute = attributeOf(node, moved.attribute);
        if (!attribute)
            return;
        onnx_format::AttributeProto proto;
        if (!proto.ParseFromString(attribute->bytes()))
            throw Error("{}: its attribute \"{}\" is damaged", titleOf(node), moved.attribute);
        onnx_format::TensorProto tensor;
        if (proto.ints_size() > 0) {
            tensor.add_dims(proto.ints_size());
            tensor.set_data_type(onnxNumberOf(DType::I64));
            *tensor.mutable_int64_data() = proto.ints();
        } else if (proto.floats_size() > 0) {
            tensor.add_dims(proto.floats_size());
            tensor.set_data_type(onnxNumberOf(DType::F32));
            *tensor.mutable_float_data() = proto.floats();
        } else if (proto.has_f()) {
            tensor.set_data_type(onnxNumberOf(DType::F32));
            tensor.add_float_data(proto.f());
        } else {
            if (moved.op == "TopK")
                tensor.add_dims(1);
            tensor.set_data_type(onnxNumberOf(DType::I64));
            tensor.add_int64_data(proto.i());
        }
        const auto outputs = node.texts(kMakes);
        const std::string base(outputs.empty() ? "node" : outputs.front());
        auto name = fmt::format("{}/{}", base, moved.attribute);
        for (int i = 2; !taken_.insert(name).second; ++i)
            name = fmt::format("{}/{}_{}", base, moved.attribute, i);
        tensor.set_name(name);
        graph.addText(kGraphTensor, tensor.SerializeAsString());
        while (node.texts(kReads).size() < moved.input)
            node.addText(kReads, {});
        if (node.texts(kReads).size() > moved.input)
            throw Error("{} has both an attribute and an input for \"{}\"", titleOf(node),
                        moved.attribute);
        node.addText(kReads, name);
        dropAttribute(node, moved.attribute);
    }

    std::int64_t from_, to_;
    std::set<std::string, std::less<>> taken_;
};

} // namespace

void convertOnnxOpset(WireMessage& model, std::int64_t opset) {
    if (opset < kFirstReadOpset || opset > kLastReadOpset)
        throw Error("there are operator sets {} to {}, not {}", kFirstReadOpset, kLastReadOpset,
                    opset);
    for (auto* imported : model.open(kModelOpset)) {
        const auto domain = imported->text(kOpsetDomain);
        if (!domain.empty() && domain != "ai.onnx")
            continue;
        const auto from = imported->integer(kOpsetVersion);
        if (opset < from)
            throw Error("the model has operator set {}; it can be brought to a later one, not to "
                        "{}",
                        from, opset);
        Converter(from, opset).convert(model.only(kModelGraph));
        imported->setInteger(kOpsetVersion, opset);
        return;
    }
    throw Error("the model uses no operators of ONNX's own");
}

void replaceOnnxTensor(WireMessage& tensor, const std::string& name, const Tensor& values) {
    // Its shape and type, without its data.
    WireMessage head;
    for (const auto& field : tensor.fields())
        if (field.number == 1 || field.number == 2)
            head.fields().push_back(field);
    onnx_format::TensorProto proto;
    if (!proto.ParseFromString(head.bytes()))
        throw Error("the constant \"{}\" is damaged", name);
    const Shape shape(std::vector<std::int64_t>(proto.dims().begin(), proto.dims().end()));
    if (values.shape() != shape)
        throw Error("the constant \"{}\" is {}; the given values are {}", name, toString(shape),
                    toString(values.shape()));
    std::optional<DType> type;
    for (const auto each :
         {DType::F32, DType::F64, DType::I64, DType::I32, DType::I8, DType::U8, DType::Bool})
        if (onnxNumberOf(each) == proto.data_type())
            type = each;
    if (!type)
        throw Error("the constant \"{}\" holds {}, which is not written", name,
                    onnxTypeName(proto.data_type()));
    const auto made = values.to(*type);
    const auto back = made.to(DType::F64);
    const auto wanted = values.to(DType::F64);
    const bool isReal = *type == DType::F32 || *type == DType::F64;
    for (std::size_t i = 0; !isReal && i < wanted.span<double>().size(); ++i)
        if (back.span<double>()[i] != wanted.span<double>()[i])
            throw Error("the constant \"{}\" holds {}, which {} is not", name,
                        onnxTypeName(proto.data_type()), wanted.span<double>()[i]);
    // Data in any of the forms that a tensor may have them in.
    for (const std::uint32_t number : {4U, 5U, 6U, 7U, 9U, 10U, 11U, 13U, 14U})
        tensor.remove(number);
    const auto bytes = made.bytes();
    tensor.addText(9, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

} // namespace gradwright
