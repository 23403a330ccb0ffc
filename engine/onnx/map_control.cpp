// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/onnx/node_builder.h"
#include "engine/ops/control_flow.h"

#include <set>

namespace gradwright {
namespace {

using B = NodeBuilder;
using Scope = std::map<std::string, OnnxOperand, std::less<>>;

void addFreeNames(const OnnxBody& body, std::set<std::string, std::less<>> known,
                  std::vector<std::string>& names) {
    for (const auto& input : body.inputs)
        known.insert(input.name);
    for (const auto& [name, tensor] : body.constants)
        known.insert(name);
    const auto read = [&](const std::string& name) {
        if (!name.empty() && !known.contains(name) && std::ranges::find(names, name) == names.end())
            names.push_back(name);
    };
    for (const auto& node : body.nodes) {
        for (const auto& name : node.inputs)
            read(name);
        for (const auto& [key, value] : node.attributes)
            if (const auto inner = node.body(key))
                addFreeNames(*inner, known, names);
        for (const auto& name : node.outputs)
            known.insert(name);
    }
    for (const auto& output : body.outputs)
        read(output.name);
}

/// A graph within a node as a graph of ops: its inputs, then what it reads from around it.
struct BodyGraph {
    OpGraph ops;
    std::vector<ValueId> captured; ///< of the graph around it
};

const OnnxBody& bodyOf(const B& b, std::string_view attribute) {
    const auto body = b.node().body(attribute);
    if (!body)
        throw Error("it lacks its graph \"{}\"", attribute);
    return *body;
}

std::vector<ValueId> runNodes(OpGraph& graph, const OnnxBody& body, Scope scope, const B& b) {
    for (const auto& [name, tensor] : body.constants) {
        if (!tensor.values)
            throw Error("{}", tensor.problem);
        scope[name] = {tensor.values};
    }
    const auto find = [&](const std::string& name) {
        const auto found = scope.find(name);
        if (found == scope.end())
            throw Error("its graph reads \"{}\", which nothing makes", name);
        return found->second;
    };
    for (const auto& node : body.nodes) {
        std::vector<OnnxOperand> operands;
        for (const auto& name : node.inputs)
            operands.push_back(name.empty() ? OnnxOperand{} : find(name));
        const auto names = onnxCapturedNames(node);
        for (const auto& name : names)
            operands.push_back(find(name));
        if (node.op == "Constant" && node.domain.empty())
            if (auto values = node.tensor("value")) {
                scope[node.outputs.at(0)] = {std::move(values)};
                continue;
            }
        std::vector<ValueId> made;
        try {
            if (node.op == "NonMaxSuppression" && node.domain.empty())
                throw Error("the number of rows that it makes depends on values, and only an "
                            "output of the model may have such a number");
            made = addOnnxNode(graph, node, b.opset(), operands, b.path(), names);
        } catch (const Error& error) {
            throw Error("within it, {}: {}", node.title(), error.what());
        }
        for (std::size_t i = 0; i < std::min(made.size(), node.outputs.size()); ++i)
            scope[node.outputs[i]] = {{}, made[i]};
    }
    std::vector<ValueId> outputs;
    for (const auto& output : body.outputs) {
        const auto operand = find(output.name);
        outputs.push_back(operand.value      ? *operand.value
                          : operand.constant ? graph.addConstant(*operand.constant, b.path())
                                             : graph.weightValue(operand.weights.front()));
    }
    return outputs;
}

BodyGraph graphOf(B& b, const OnnxBody& body, const Types& inputs) {
    if (body.inputs.size() != inputs.size())
        throw Error("its graph takes {} inputs and gets {}", body.inputs.size(), inputs.size());
    BodyGraph made;
    Scope scope;
    for (std::size_t i = 0; i < inputs.size(); ++i)
        scope[body.inputs[i].name] = {{}, made.ops.addInput(body.inputs[i].name, inputs[i])};
    std::vector<std::string> names;
    addFreeNames(body, {}, names);
    const auto around = b.captured();
    for (const auto& name : names) {
        const auto found = around.find(name);
        if (found == around.end())
            throw Error("its graph reads \"{}\", which nothing makes", name);
        if (found->second.constant) {
            scope[name] = found->second;
            continue;
        }
        const auto value = found->second.value ? *found->second.value
                                               : b.graph().weightValue(found->second.weights.at(0));
        made.captured.push_back(value);
        scope[name] = {{}, made.ops.addInput(name, b.graph().type(value))};
    }
    for (const auto value : runNodes(made.ops, body, std::move(scope), b))
        made.ops.addOutput(fmt::format("output{}", made.ops.outputs().size()), value);
    return made;
}

ValueId asTruth(B& b, ValueId value) {
    const auto truth = b.cast(value, DType::Bool);
    return b.dimsOf(truth).rank() == 0 ? truth : b.reshape(truth, Dims{});
}

void ifNode(B& b) {
    if (b.isKnown(0)) {
        const bool holds = b.number(0, "condition", 0) != 0;
        const auto& body = bodyOf(b, holds ? "then_branch" : "else_branch");
        for (const auto value : runNodes(b.graph(), body, b.captured(), b))
            b.give(value);
        return;
    }
    const auto then = graphOf(b, bodyOf(b, "then_branch"), {});
    const auto otherwise = graphOf(b, bodyOf(b, "else_branch"), {});
    for (const auto value :
         ifElse(b.graph(), b.cast(b.in(0), DType::Bool), {then.ops, then.captured},
                {otherwise.ops, otherwise.captured}, b.path()))
        b.give(value);
}

void giveAll(B& b, const LoopResults& results) {
    for (const auto* values : {&results.carried, &results.scanned})
        for (const auto value : *values)
            b.give(value);
}

void loopNode(B& b) {
    Types types{ValueType::of(Dims{}, DType::I64), ValueType::of(Dims{}, DType::Bool)};
    std::vector<ValueId> carried;
    for (std::size_t i = 2; i < b.count(); ++i) {
        carried.push_back(b.in(i));
        types.push_back(b.graph().type(carried.back()));
    }
    if (!b.has(0))
        throw Error("it has no number of iterations, and loops are unrolled");
    const auto trips = b.integers(0, "number of iterations");
    const auto body = graphOf(b, bodyOf(b, "body"), types);
    Loop what{body.ops, trips.at(0), std::move(carried), body.captured};
    if (b.has(1))
        what.condition = asTruth(b, b.in(1));
    giveAll(b, loop(b.graph(), what, b.path()));
}

/// Without its first axis, which is a batch of one, or with it.
ValueId batchless(B& b, ValueId value) {
    const auto dims = b.dimsOf(value);
    if (dims.rank() == 0 || dims[0] != Dim(1))
        throw Error("it scans several samples");
    return b.reshape(value, Dims(std::vector<Dim>(dims.begin() + 1, dims.end())));
}

ValueId batched(B& b, ValueId value) {
    const auto dims = b.dimsOf(value);
    std::vector<Dim> longer{1};
    longer.insert(longer.end(), dims.begin(), dims.end());
    return b.reshape(value, Dims(std::move(longer)));
}

void scanNode(B& b) {
    const auto& node = b.node();
    for (const auto* attribute : {"scan_input_directions", "scan_output_directions", "directions",
                                  "scan_input_axes", "scan_output_axes"})
        for (const auto value : node.integers(attribute))
            if (value != 0)
                throw Error("it scans backwards or along another axis than the first");
    // Until version 9 the lengths come first, and everything has a batch.
    const bool hasBatch = b.opset() < 9;
    if (hasBatch && b.has(0))
        throw Error("its sequences have lengths of their own");
    std::vector<ValueId> inputs;
    for (std::size_t i = hasBatch ? 1 : 0; i < b.count(); ++i)
        inputs.push_back(hasBatch ? batchless(b, b.in(i)) : b.in(i));
    const auto sequences = static_cast<std::ptrdiff_t>(node.integer("num_scan_inputs", 1));
    if (sequences < 1 || sequences > static_cast<std::ptrdiff_t>(inputs.size()))
        throw Error("it has {} inputs for {} sequences", inputs.size(), sequences);
    Types types;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        auto type = b.graph().type(inputs[i]);
        if (static_cast<std::ptrdiff_t>(i) >=
            static_cast<std::ptrdiff_t>(inputs.size()) - sequences) {
            if (type.dims.rank() == 0)
                throw Error("a sequence is a single number");
            type.dims = Dims(std::vector<Dim>(type.dims.begin() + 1, type.dims.end()));
        }
        types.push_back(std::move(type));
    }
    const auto body = graphOf(b, bodyOf(b, "body"), types);
    const Scan what{body.ops,
                    {inputs.begin(), inputs.end() - sequences},
                    {inputs.end() - sequences, inputs.end()},
                    body.captured};
    auto results = scan(b.graph(), what, b.path());
    for (auto* values : {&results.carried, &results.scanned})
        for (auto& value : *values)
            value = hasBatch ? batched(b, value) : value;
    giveAll(b, results);
}

} // namespace

std::vector<std::string> onnxCapturedNames(const OnnxNode& node) {
    std::vector<std::string> names;
    for (const auto& [key, value] : node.attributes)
        if (const auto body = node.body(key))
            addFreeNames(*body, {}, names);
    return names;
}

const OnnxMappings& onnxControl() {
    static const OnnxMappings all = {{"If", ifNode}, {"Loop", loopNode}, {"Scan", scanNode}};
    return all;
}

} // namespace gradwright
