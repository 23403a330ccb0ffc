// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_edit.h"

#include "engine/exchange/onnx_attributes.h"
#include "engine/exchange/onnx_model.h"
#include "engine/exchange/onnx_opsets.h"
#include "engine/exchange/onnx_outline.h"
#include "engine/exchange/onnx_types.h"
#include "engine/io/atomic_file.h"
#include "engine/support/error.h"

#include <algorithm>
#include <functional>
#include <set>

namespace gradwright {

namespace {

// Fields of the format, by their numbers in onnx/onnx.proto.
constexpr std::uint32_t kNode = 1; // of a graph
constexpr std::uint32_t kInitializer = 5;
constexpr std::uint32_t kInput = 11;
constexpr std::uint32_t kOutput = 12;
constexpr std::uint32_t kValueInfo = 13;
constexpr std::uint32_t kNodeInput = 1; // of a node
constexpr std::uint32_t kNodeOutput = 2;
constexpr std::uint32_t kNodeName = 3;
constexpr std::uint32_t kOperator = 4;
constexpr std::uint32_t kAttribute = 5;
constexpr std::uint32_t kSubgraph = 6; // of an attribute
constexpr std::uint32_t kSubgraphs = 11;
constexpr std::uint32_t kInfoName = 1; // of a value's description
constexpr std::uint32_t kInfoType = 2;
constexpr std::uint32_t kTensorType = 1; // of a type
constexpr std::uint32_t kShape = 2;      // of a tensor's type
constexpr std::uint32_t kDim = 1;        // of a shape
constexpr std::uint32_t kDimValue = 1;
constexpr std::uint32_t kDimParam = 2;
constexpr std::uint32_t kTensorName = 8; // of a tensor

using NameSet = std::set<std::string, std::less<>>;

class Editor {
public:
    explicit Editor(WireMessage& model)
        : model_(model)
        , graph_(&onlyOnnxGraph(model)) {}

    void run(const OnnxEdits& edits) {
        for (const auto& [from, to] : edits.renames)
            rename(from, to);
        for (const auto& [from, to] : edits.renamedAxes)
            renameAxis(from, to);
        for (const auto& name : edits.removedNodes)
            removeNode(name);
        for (const auto& [name, op] : edits.operators)
            WireMessage::open(*nodeCalled(name)).setText(kOperator, op);
        for (const auto& [name, attribute, value] : edits.attributes)
            setOnnxAttribute(WireMessage::open(*nodeCalled(name)), attribute, value);
        if (!edits.keptNodes.empty()) {
            const auto [from, to] = onnxPart(onnxOutline(model_), edits.keptNodes);
            cut(from, to);
        }
        if (!edits.from.empty() || !edits.to.empty())
            cut(edits.from, edits.to);
        for (const auto& name : edits.outputs)
            addOutput(name);
        for (const auto& [name, length] : edits.fixed)
            fix(name, length);
        for (const auto& [place, name] : edits.freed)
            free(place, name);
        for (const auto& [name, values] : edits.constants)
            replaceConstant(name, values);
        if (edits.opset)
            convertOnnxOpset(model_, *edits.opset);
    }

private:
    using Fields = std::list<WireMessage::Field>;

    Fields::iterator nodeCalled(const std::string& name) {
        auto found = graph_->fields().end();
        for (auto field = graph_->fields().begin(); field != graph_->fields().end(); ++field) {
            if (field->number != kNode)
                continue;
            const auto& node = WireMessage::open(*field);
            const auto outputs = node.texts(kNodeOutput);
            if (node.text(kNodeName) == name)
                return field;
            if (!outputs.empty() && outputs.front() == name)
                found = field;
        }
        if (found == graph_->fields().end())
            throw Error("the model has no node \"{}\"", name);
        return found;
    }

    /// What the graph itself makes or is given.
    NameSet valuesOf(WireMessage& graph) const {
        NameSet names;
        for (auto* input : graph.open(kInput))
            names.emplace(input->text(kInfoName));
        for (auto* tensor : graph.open(kInitializer))
            names.emplace(tensor->text(kTensorName));
        for (auto* node : graph.open(kNode))
            for (const auto name : node->texts(kNodeOutput))
                if (!name.empty())
                    names.emplace(name);
        return names;
    }

    void requireValue(const std::string& name) {
        if (!valuesOf(*graph_).contains(name))
            throw Error("the model has no value \"{}\"", name);
    }

    static void renameIn(WireMessage& message, std::uint32_t number, const std::string& from,
                         const std::string& to) {
        for (auto& field : message.fields())
            if (field.number == number &&
                (field.whole.empty() ? std::string_view(field.owned) : field.bytes) == from)
                WireMessage::setText(field, to);
    }

    /// Graphs within nodes read values of those around them, unless they have their own.
    void renameWithin(WireMessage& graph, const std::string& from, const std::string& to,
                      bool isOutermost) {
        if (!isOutermost && valuesOf(graph).contains(from))
            return;
        for (const auto number : {kInput, kOutput, kValueInfo})
            for (auto* info : graph.open(number))
                renameIn(*info, kInfoName, from, to);
        for (auto* tensor : graph.open(kInitializer))
            renameIn(*tensor, kTensorName, from, to);
        for (auto* node : graph.open(kNode)) {
            renameIn(*node, kNodeInput, from, to);
            renameIn(*node, kNodeOutput, from, to);
            for (auto* attribute : node->open(kAttribute))
                for (const auto number : {kSubgraph, kSubgraphs})
                    for (auto* inner : attribute->open(number))
                        renameWithin(*inner, from, to, false);
        }
    }

    void rename(const std::string& from, const std::string& to) {
        requireValue(from);
        if (to.empty())
            throw Error("\"{}\" needs a name", from);
        if (valuesOf(*graph_).contains(to))
            throw Error("there is a value \"{}\" already", to);
        renameWithin(*graph_, from, to, true);
    }

    void removeNode(const std::string& name) {
        const auto field = nodeCalled(name);
        auto& node = WireMessage::open(*field);
        const auto inputs = node.texts(kNodeInput);
        const auto outputs = node.texts(kNodeOutput);
        if (inputs.empty() || inputs.front().empty())
            throw Error("the node \"{}\" reads nothing that could take its place", name);
        const std::string source(inputs.front());
        std::vector<std::string> made;
        for (const auto output : outputs)
            if (!output.empty())
                made.emplace_back(output);
        for (std::size_t i = 1; i < made.size(); ++i)
            if (isRead(made[i]))
                throw Error("output {} of the node \"{}\" is read, and nothing takes its place",
                            i + 1, name);
        for (auto* output : graph_->open(kOutput))
            if (!made.empty() && output->text(kInfoName) == made.front())
                throw Error("the node \"{}\" makes the output \"{}\"; cut the model before it with "
                            "--to {}",
                            name, made.front(), source);
        graph_->fields().erase(field);
        dropDescriptions({made.begin(), made.end()});
        if (!made.empty())
            renameReaders(*graph_, made.front(), source);
    }

    void renameReaders(WireMessage& graph, const std::string& from, const std::string& to) {
        for (auto* node : graph.open(kNode)) {
            renameIn(*node, kNodeInput, from, to);
            for (auto* attribute : node->open(kAttribute))
                for (const auto number : {kSubgraph, kSubgraphs})
                    for (auto* inner : attribute->open(number))
                        if (!valuesOf(*inner).contains(from))
                            renameReaders(*inner, from, to);
        }
        if (&graph != graph_)
            for (auto* output : graph.open(kOutput))
                renameIn(*output, kInfoName, from, to);
    }

    void readsOf(WireMessage& node, NameSet& names) const {
        for (const auto name : node.texts(kNodeInput))
            if (!name.empty())
                names.emplace(name);
        for (auto* attribute : node.open(kAttribute))
            for (const auto number : {kSubgraph, kSubgraphs})
                for (auto* inner : attribute->open(number)) {
                    for (auto* each : inner->open(kNode))
                        readsOf(*each, names);
                    for (auto* output : inner->open(kOutput))
                        names.emplace(output->text(kInfoName));
                }
    }

    bool isRead(const std::string& name) {
        for (auto* output : graph_->open(kOutput))
            if (output->text(kInfoName) == name)
                return true;
        NameSet names;
        for (auto* node : graph_->open(kNode))
            readsOf(*node, names);
        return names.contains(name);
    }

    void dropDescriptions(const NameSet& gone) {
        graph_->fields().remove_if([&](WireMessage::Field& field) {
            return field.number == kValueInfo &&
                   gone.contains(WireMessage::open(field).text(kInfoName));
        });
    }

    /// The description of a value, for the inputs or outputs: as the model has it, or as the ops
    /// tell it; empty where they do not either.
    std::string descriptionOf(const std::string& name) {
        for (const auto number : {kInput, kOutput, kValueInfo})
            for (auto& field : graph_->fields())
                if (field.number == number) {
                    const auto& info = WireMessage::open(field);
                    if (info.text(kInfoName) == name && info.has(kInfoType))
                        return info.bytes();
                }
        if (!types_)
            types_ = inferOnnxTypes(model_, onnxOutline(model_));
        const auto found = types_->find(name);
        return found == types_->end() ? std::string() : onnxDescription(found->second);
    }

    /// At least its name.
    std::string descriptionOrName(const std::string& name) {
        auto bytes = descriptionOf(name);
        if (bytes.empty()) {
            WireMessage info;
            info.addText(kInfoName, name);
            bytes = info.bytes();
        }
        return bytes;
    }

    void addOutput(const std::string& name) {
        requireValue(name);
        for (auto* output : graph_->open(kOutput))
            if (output->text(kInfoName) == name)
                throw Error("\"{}\" is an output already", name);
        graph_->addText(kOutput, descriptionOrName(name));
        dropDescriptions({name});
    }

    void cut(const std::vector<std::string>& from, const std::vector<std::string>& to) {
        for (const auto* names : {&from, &to})
            for (const auto& name : *names)
                requireValue(name);
        NameSet ends;
        if (to.empty())
            for (auto* output : graph_->open(kOutput))
                ends.emplace(output->text(kInfoName));
        ends.insert(to.begin(), to.end());
        const NameSet begins(from.begin(), from.end());
        // Backwards: the nodes that the ends need, up to where the part begins.
        NameSet open = ends;
        std::set<const WireMessage*> kept;
        auto nodes = graph_->open(kNode);
        for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
            const auto outputs = (*node)->texts(kNodeOutput);
            if (std::ranges::none_of(outputs, [&](std::string_view name) {
                    return open.contains(name) && !begins.contains(name);
                }))
                continue;
            kept.insert(*node);
            readsOf(**node, open);
        }
        std::vector<std::string> inputs;
        for (const auto& name : from) {
            if (!open.contains(name))
                throw Error("nothing between the ends reads \"{}\"", name);
            inputs.push_back(descriptionOrRefuse(name));
        }
        std::vector<std::string> outputs;
        for (const auto& name : to)
            outputs.push_back(descriptionOrName(name));
        NameSet made;
        for (auto* node : nodes)
            if (kept.contains(node))
                for (const auto name : node->texts(kNodeOutput))
                    made.emplace(name);
        graph_->fields().remove_if([&](WireMessage::Field& field) {
            switch (field.number) {
            case kNode:
                return !kept.contains(&WireMessage::open(field));
            case kInitializer:
                return !open.contains(WireMessage::open(field).text(kTensorName));
            case kInput:
                return !open.contains(WireMessage::open(field).text(kInfoName)) ||
                       begins.contains(WireMessage::open(field).text(kInfoName));
            case kOutput:
                return !to.empty();
            case kValueInfo: {
                const auto name = WireMessage::open(field).text(kInfoName);
                return !made.contains(name) || begins.contains(name) || ends.contains(name);
            }
            default:
                return false;
            }
        });
        for (auto& bytes : inputs)
            graph_->addText(kInput, std::move(bytes));
        for (auto& bytes : outputs)
            graph_->addText(kOutput, std::move(bytes));
    }

    std::string descriptionOrRefuse(const std::string& name) {
        auto bytes = descriptionOf(name);
        if (bytes.empty())
            throw Error(
                "the model does not say of which type \"{}\" is, and it cannot be computed, "
                "so that it cannot become an input; run a shape inference on the model "
                "first",
                name);
        return bytes;
    }

    /// Calls `visit` with each axis of a description.
    static void eachAxis(WireMessage& info, const std::function<void(WireMessage&)>& visit) {
        for (auto* type : info.open(kInfoType))
            for (auto* tensor : type->open(kTensorType))
                for (auto* shape : tensor->open(kShape))
                    for (auto* dim : shape->open(kDim))
                        visit(*dim);
    }

    void renameAxis(const std::string& from, const std::string& to) {
        if (to.empty())
            throw Error("the axis \"{}\" needs a name", from);
        bool isFound = false;
        for (const auto number : {kInput, kOutput, kValueInfo})
            for (auto* info : graph_->open(number))
                eachAxis(*info, [&](WireMessage& dim) {
                    if (dim.text(kDimParam) != from)
                        return;
                    isFound = true;
                    dim.setText(kDimParam, to);
                });
        if (!isFound)
            throw Error("no axis of the model is called \"{}\"", from);
    }

    void fix(const std::string& name, std::int64_t length) {
        bool isFound = false;
        for (const auto number : {kInput, kOutput, kValueInfo})
            for (auto* info : graph_->open(number))
                eachAxis(*info, [&](WireMessage& dim) {
                    if (dim.text(kDimParam) != name)
                        return;
                    isFound = true;
                    dim.remove(kDimParam);
                    dim.setInteger(kDimValue, length);
                });
        const auto colon = name.rfind(':');
        if (!isFound && colon != std::string::npos)
            isFound = changeAxis(name, [&](WireMessage& dim) {
                dim.remove(kDimParam);
                dim.setInteger(kDimValue, length);
            });
        if (!isFound)
            throw Error("no axis of the model is called \"{}\"", name);
    }

    void free(const std::string& place, const std::string& name) {
        if (!changeAxis(place, [&](WireMessage& dim) {
                dim.remove(kDimValue);
                if (name.empty())
                    dim.remove(kDimParam);
                else
                    dim.setText(kDimParam, name);
            }))
            throw Error("the model has no axis \"{}\"; axes are called like \"x:0\"", place);
    }

    /// Of "x:0": axis 0 of the input or output x.
    bool changeAxis(const std::string& place, const std::function<void(WireMessage&)>& change) {
        const auto colon = place.rfind(':');
        if (colon == std::string::npos)
            return false;
        bool isFound = false;
        for (const auto number : {kInput, kOutput})
            for (auto* info : graph_->open(number)) {
                if (info->text(kInfoName) != place.substr(0, colon))
                    continue;
                std::size_t axis = 0;
                eachAxis(*info, [&](WireMessage& dim) {
                    if (fmt::format("{}", axis++) != place.substr(colon + 1))
                        return;
                    change(dim);
                    isFound = true;
                });
            }
        return isFound;
    }

    void replaceConstant(const std::string& name, const Tensor& values) {
        for (auto* tensor : graph_->open(kInitializer)) {
            if (tensor->text(kTensorName) != name)
                continue;
            replaceOnnxTensor(*tensor, name, values);
            return;
        }
        throw Error("the model has no constant \"{}\"", name);
    }

    WireMessage& model_;
    WireMessage* graph_;
    std::optional<OnnxTypes> types_{}; ///< once they are asked for
};

} // namespace

bool OnnxEdits::isNothing() const {
    return renames.empty() && renamedAxes.empty() && removedNodes.empty() && operators.empty() &&
           attributes.empty() && keptNodes.empty() && from.empty() && to.empty() &&
           outputs.empty() && fixed.empty() && freed.empty() && constants.empty() && !opset;
}

std::string editOnnx(std::string_view bytes, const OnnxEdits& edits) {
    auto model = WireMessage::parse(bytes);
    editOnnx(model, edits);
    return model.bytes();
}

void editOnnx(WireMessage& model, const OnnxEdits& edits) {
    Editor(model).run(edits);
}

std::optional<OnnxWritten> writeEditedOnnx(std::string_view bytes,
                                           const std::filesystem::path& from,
                                           const std::filesystem::path& to,
                                           const std::stop_token& stop) {
    OnnxWritten written;
    {
        const auto model = readOnnx(bytes, std::filesystem::absolute(from).parent_path());
        written.nodes = model.nodes.size();
    }
    if (stop.stop_requested())
        return {};
    auto message = WireMessage::parse(bytes);
    for (const auto& file : onnxOutline(message).files)
        if (!std::filesystem::exists(std::filesystem::absolute(to).parent_path() / file))
            written.missing.push_back(file);
    if (stop.stop_requested())
        return {};
    writeFileAtomically(to, bytes);
    return written;
}

} // namespace gradwright
