// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_outline.h"

#include "engine/exchange/onnx_attributes.h"
#include "engine/exchange/onnx_ports.h"
#include "engine/onnx/onnx_tensors.h"
#include "engine/onnx/read_nodes.h"
#include "engine/support/error.h"

#include <algorithm>
#include <set>

namespace gradwright {
namespace {

// Fields of the format, by their numbers in onnx/onnx.proto.
constexpr std::uint32_t kOutlinedProducer = 2;
constexpr std::uint32_t kOutlinedGraph = 7;
constexpr std::uint32_t kOutlinedOpset = 8;
constexpr std::uint32_t kOutlinedNodes = 1;
constexpr std::uint32_t kOutlinedName = 2;
constexpr std::uint32_t kOutlinedTensors = 5;
constexpr std::uint32_t kOutlinedInputs = 11;
constexpr std::uint32_t kOutlinedOutputs = 12;
constexpr std::uint32_t kOutlinedValues = 13;

using NamesSeen = std::set<std::string, std::less<>>;

OnnxPort outlinedPort(const WireMessage& info) {
    onnx_format::ValueInfoProto proto;
    if (!proto.ParseFromString(info.bytes()))
        throw Error("the description of \"{}\" is damaged", info.text(1));
    return onnxPort(proto);
}

/// Names that the graphs within a node read and do not have themselves.
void addReadAround(WireMessage& graph, NamesSeen around, std::vector<std::string>& found) {
    for (auto* input : graph.open(kOutlinedInputs))
        around.emplace(input->text(1));
    for (auto* tensor : graph.open(kOutlinedTensors))
        around.emplace(tensor->text(8));
    const auto add = [&](std::string_view name) {
        if (!name.empty() && !around.contains(name) &&
            std::ranges::find(found, name) == found.end())
            found.emplace_back(name);
    };
    for (auto* node : graph.open(kOutlinedNodes)) {
        for (const auto name : node->texts(1))
            add(name);
        for (auto* attribute : node->open(5))
            for (const std::uint32_t number : {6U, 11U})
                for (auto* inner : attribute->open(number))
                    addReadAround(*inner, around, found);
        for (const auto name : node->texts(2))
            around.emplace(name);
    }
    for (auto* output : graph.open(kOutlinedOutputs))
        add(output->text(1));
}

OnnxOutline::Node outlinedNode(WireMessage& message) {
    OnnxOutline::Node node;
    for (const auto name : message.texts(1))
        node.inputs.emplace_back(name);
    for (const auto name : message.texts(2))
        node.outputs.emplace_back(name);
    node.name = message.text(3);
    node.op = message.text(4);
    node.domain = message.text(7);
    if (isOnnxDomain(node.domain))
        node.domain.clear();
    for (auto* attribute : message.open(5)) {
        node.attributes.push_back({std::string(attribute->text(1)), onnxAttributeText(*attribute),
                                   isOnnxAttributeText(*attribute)});
        for (const std::uint32_t number : {6U, 11U})
            for (auto* inner : attribute->open(number))
                addReadAround(*inner, {}, node.captured);
    }
    return node;
}

/// The first output, which no other node makes, unless that is another node's name.
void giveNodeKeys(std::vector<OnnxOutline::Node>& nodes) {
    std::map<std::string_view, int> named;
    for (const auto& node : nodes)
        ++named[node.name];
    for (auto& node : nodes) {
        const auto first = node.outputs.empty() ? std::string() : node.outputs.front();
        if (!first.empty() && (node.name == first ? named[first] == 1 : !named.contains(first)))
            node.key = first;
        else if (!node.name.empty() && named[node.name] == 1)
            node.key = node.name;
    }
}

} // namespace

const std::string& OnnxOutline::Node::title() const {
    return name.empty() && !outputs.empty() ? outputs.front() : name;
}

const OnnxPort* OnnxOutline::portOf(std::string_view value) const {
    const auto found = ports_.find(value);
    return found == ports_.end() ? nullptr : &found->second;
}

const OnnxOutline::Constant* OnnxOutline::constantOf(std::string_view value) const {
    const auto found = constantPlaces_.find(value);
    return found == constantPlaces_.end() ? nullptr : &constants[found->second];
}

void OnnxOutline::index() {
    ports_ = values;
    for (std::size_t i = 0; i < constants.size(); ++i) {
        constantPlaces_.emplace(constants[i].name, i);
        OnnxPort port{constants[i].name, constants[i].type, true, {}};
        for (const auto length : constants[i].lengths)
            port.axes.push_back({length, {}});
        ports_.insert_or_assign(port.name, std::move(port));
    }
    for (const auto* ports : {&outputs, &inputs})
        for (const auto& port : *ports)
            if (!port.type.empty())
                ports_.insert_or_assign(port.name, port);
}

void OnnxOutline::addTypes(const std::map<std::string, OnnxPort, std::less<>>& types) {
    for (const auto& [name, port] : types) {
        const auto found = ports_.find(name);
        if (found == ports_.end())
            ports_.emplace(name, port);
        else if (!found->second.hasShape && found->second.type == port.type)
            found->second = port;
    }
}

std::string onnxShapeText(const OnnxPort& port) {
    if (!port.hasShape)
        return "?";
    if (port.axes.empty())
        return "number";
    std::string text;
    for (const auto& axis : port.axes) {
        if (!text.empty())
            text += "×";
        text += axis.length >= 0 ? fmt::format("{}", axis.length)
                                 : (axis.name.empty() ? std::string("?") : axis.name);
    }
    return text;
}

WireMessage& onlyOnnxGraph(WireMessage& model) {
    if (!model.has(kOutlinedGraph))
        throw Error("it is no ONNX model");
    if (model.open(kOutlinedGraph).size() > 1)
        throw Error("its graph is in several pieces, which are not edited");
    return model.only(kOutlinedGraph);
}

OnnxOutline::Constant onnxConstant(const WireMessage& tensor) {
    // Without its data, which may be large.
    WireMessage head;
    for (const auto& field : tensor.fields())
        if (field.number == 1 || field.number == 2 || field.number == 8 || field.number == 13 ||
            field.number == 14)
            head.fields().push_back(field);
    onnx_format::TensorProto proto;
    if (!proto.ParseFromString(head.bytes()))
        throw Error("the tensor \"{}\" is damaged", tensor.text(8));
    OnnxOutline::Constant constant{
        proto.name(), onnxTypeName(proto.data_type()), {proto.dims().begin(), proto.dims().end()}};
    for (const auto& field : tensor.fields())
        constant.bytes += field.whole.empty() ? field.owned.size() : field.whole.size();
    if (proto.data_location() == 1)
        for (const auto& entry : proto.external_data())
            if (entry.key() == "location")
                constant.file = entry.value();
    return constant;
}

OnnxOutline onnxOutline(WireMessage& model) {
    auto& graph = onlyOnnxGraph(model);
    OnnxOutline outline;
    outline.producer = model.text(kOutlinedProducer);
    outline.graph = graph.text(kOutlinedName);
    for (auto* imported : model.open(kOutlinedOpset))
        if (isOnnxDomain(std::string(imported->text(1))))
            outline.opset = imported->integer(2);
    NamesSeen constants;
    for (auto* tensor : graph.open(kOutlinedTensors)) {
        outline.constants.push_back(onnxConstant(*tensor));
        const auto& made = outline.constants.back();
        constants.insert(made.name);
        if (!made.file.empty() &&
            std::ranges::find(outline.files, made.file) == outline.files.end())
            outline.files.push_back(made.file);
    }
    for (auto* input : graph.open(kOutlinedInputs))
        if (!constants.contains(input->text(1)))
            outline.inputs.push_back(outlinedPort(*input));
    for (auto* output : graph.open(kOutlinedOutputs))
        outline.outputs.push_back(outlinedPort(*output));
    for (auto* info : graph.open(kOutlinedValues)) {
        auto port = outlinedPort(*info);
        auto name = port.name;
        outline.values.insert_or_assign(std::move(name), std::move(port));
    }
    for (auto* node : graph.open(kOutlinedNodes))
        outline.nodes.push_back(outlinedNode(*node));
    giveNodeKeys(outline.nodes);
    outline.index();
    return outline;
}

OnnxPart onnxPart(const OnnxOutline& outline, const std::vector<std::string>& nodes) {
    const auto readsOf = [](const OnnxOutline::Node& node) {
        auto reads = node.inputs;
        reads.insert(reads.end(), node.captured.begin(), node.captured.end());
        return reads;
    };
    std::vector<bool> isKept(outline.nodes.size());
    for (const auto& name : nodes) {
        const auto calledSo = [&](const OnnxOutline::Node& node) { return node.name == name; };
        const auto makesIt = [&](const OnnxOutline::Node& node) {
            return !node.outputs.empty() && node.outputs.front() == name;
        };
        auto found = std::ranges::find_if(outline.nodes, calledSo);
        if (found == outline.nodes.end())
            found = std::ranges::find_if(outline.nodes, makesIt);
        if (found == outline.nodes.end())
            throw Error("the model has no node \"{}\"", name);
        isKept[static_cast<std::size_t>(found - outline.nodes.begin())] = true;
    }
    // Nodes are in an order in which each reads what was made before.
    NamesSeen dependent, readElsewhere, readWithin;
    for (const auto& input : outline.inputs)
        dependent.insert(input.name);
    for (const auto& output : outline.outputs)
        readElsewhere.insert(output.name);
    for (std::size_t i = 0; i < outline.nodes.size(); ++i) {
        const auto& node = outline.nodes[i];
        const auto reads = readsOf(node);
        (isKept[i] ? readWithin : readElsewhere).insert(reads.begin(), reads.end());
        if (std::ranges::any_of(reads, [&](const auto& name) { return dependent.contains(name); }))
            dependent.insert(node.outputs.begin(), node.outputs.end());
    }
    NamesSeen made;
    OnnxPart part;
    std::vector<std::string> unread;
    for (std::size_t i = 0; i < outline.nodes.size(); ++i) {
        if (!isKept[i])
            continue;
        const auto& node = outline.nodes[i];
        for (const auto& name : node.outputs) {
            made.insert(name);
            if (name.empty())
                continue;
            if (readElsewhere.contains(name))
                part.to.push_back(name);
            else if (!readWithin.contains(name))
                unread.push_back(name);
        }
    }
    if (part.to.empty())
        part.to = unread;
    NamesSeen inputs;
    for (const auto& input : outline.inputs)
        inputs.insert(input.name);
    NamesSeen begun;
    for (std::size_t i = 0; i < outline.nodes.size(); ++i)
        if (isKept[i])
            for (const auto& name : readsOf(outline.nodes[i]))
                if (!name.empty() && !made.contains(name) && dependent.contains(name) &&
                    !inputs.contains(name) && begun.insert(name).second)
                    part.from.push_back(name);
    return part;
}

} // namespace gradwright
