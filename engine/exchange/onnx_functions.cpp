// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_functions.h"

#include "engine/support/error.h"

#include <map>
#include <set>
#include <string>
#include <tuple>

namespace gradwright {
namespace {

using onnx_format::AttributeProto;
using onnx_format::FunctionProto;
using onnx_format::GraphProto;
using onnx_format::NodeProto;

constexpr std::size_t kMostInlinedNodes = 1'000'000;
constexpr int kMostNested = 16;

using Key = std::tuple<std::string, std::string, std::string>;
using NameMap = std::map<std::string, std::string>;
using Attributes = std::map<std::string, const AttributeProto*>;

class Inliner {
public:
    explicit Inliner(const onnx_format::ModelProto& model) {
        for (const auto& function : model.functions())
            functions_.emplace(Key{function.domain(), function.name(), function.overload()},
                               &function);
    }

    void expand(GraphProto& graph) {
        if (!callsAny(graph.node()))
            return;
        google::protobuf::RepeatedPtrField<NodeProto> nodes;
        nodes.Swap(graph.mutable_node());
        for (auto& node : nodes)
            add(std::move(node), *graph.mutable_node());
    }

private:
    using Nodes = google::protobuf::RepeatedPtrField<NodeProto>;

    const FunctionProto* functionOf(const NodeProto& node) const {
        const auto found = functions_.find(Key{node.domain(), node.op_type(), node.overload()});
        return found == functions_.end() ? nullptr : found->second;
    }

    bool callsAny(const Nodes& nodes) const {
        for (const auto& node : nodes) {
            if (functionOf(node))
                return true;
            for (const auto& attribute : node.attribute())
                if (attribute.has_g() && callsAny(attribute.g().node()))
                    return true;
        }
        return false;
    }

    void add(NodeProto node, Nodes& to) {
        const auto* function = functionOf(node);
        if (!function) {
            for (auto& attribute : *node.mutable_attribute())
                if (attribute.has_g())
                    expand(*attribute.mutable_g());
            if (++made_ > kMostInlinedNodes)
                throw Error("its functions make more than {} nodes", kMostInlinedNodes);
            *to.Add() = std::move(node);
            return;
        }
        const auto title =
            fmt::format("the function {} of {}", function->name(), function->domain());
        if (++depth_ > kMostNested)
            throw Error("{} calls itself, or functions are nested more than {} deep", title,
                        kMostNested);
        if (node.input_size() > function->input_size() ||
            node.output_size() > function->output_size())
            throw Error("{} takes {} inputs and makes {} outputs, and is called with {} and {}",
                        title, function->input_size(), function->output_size(), node.input_size(),
                        node.output_size());
        NameMap names;
        for (int i = 0; i < function->input_size(); ++i)
            names[function->input(i)] = i < node.input_size() ? node.input(i) : "";
        for (int i = 0; i < node.output_size(); ++i)
            if (!node.output(i).empty())
                names[function->output(i)] = node.output(i);
        Attributes attributes;
        for (const auto& each : function->attribute_proto())
            attributes[each.name()] = &each;
        for (const auto& each : node.attribute())
            attributes[each.name()] = &each;
        const auto prefix =
            (node.name().empty() && node.output_size() > 0 ? node.output(0) : node.name()) + "/";
        for (auto inner : function->node()) {
            rename(inner, names, prefix);
            resolve(inner, attributes);
            add(std::move(inner), to);
        }
        --depth_;
    }

    /// A value that the function makes itself gets the prefix.
    static std::string renamed(const std::string& name, NameMap& names, const std::string& prefix) {
        if (name.empty())
            return name;
        return names.try_emplace(name, prefix + name).first->second;
    }

    static void rename(NodeProto& node, NameMap& names, const std::string& prefix) {
        if (!node.name().empty())
            node.set_name(prefix + node.name());
        for (auto& name : *node.mutable_input())
            name = renamed(name, names, prefix);
        for (auto& name : *node.mutable_output())
            name = renamed(name, names, prefix);
        for (auto& attribute : *node.mutable_attribute())
            if (attribute.has_g())
                renameGraph(*attribute.mutable_g(), names, prefix);
    }

    /// Names of the graph itself hide those around it.
    static void renameGraph(GraphProto& graph, NameMap names, const std::string& prefix) {
        for (auto& input : *graph.mutable_input())
            names[input.name()] = input.name();
        for (auto& tensor : *graph.mutable_initializer())
            names[tensor.name()] = tensor.name();
        for (auto& node : *graph.mutable_node())
            rename(node, names, prefix);
        for (auto& output : *graph.mutable_output())
            output.set_name(renamed(output.name(), names, prefix));
    }

    /// Attributes that name one of the function become what the call gives for it.
    static void resolve(NodeProto& node, const Attributes& attributes) {
        google::protobuf::RepeatedPtrField<AttributeProto> kept;
        for (auto& attribute : *node.mutable_attribute()) {
            if (attribute.has_g())
                for (auto& inner : *attribute.mutable_g()->mutable_node())
                    resolve(inner, attributes);
            if (attribute.ref_attr_name().empty()) {
                *kept.Add() = std::move(attribute);
                continue;
            }
            const auto found = attributes.find(attribute.ref_attr_name());
            if (found == attributes.end())
                continue; // left out by the call
            auto& made = *kept.Add();
            made = *found->second;
            made.set_name(attribute.name());
        }
        node.mutable_attribute()->Swap(&kept);
    }

    std::map<Key, const FunctionProto*> functions_;
    std::size_t made_ = 0;
    int depth_ = 0;
};

} // namespace

void inlineOnnxFunctions(onnx_format::ModelProto& model) {
    if (model.functions_size() > 0)
        Inliner(model).expand(*model.mutable_graph());
}

} // namespace gradwright
