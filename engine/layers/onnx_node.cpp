// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/onnx_node.h"

#include "engine/layers/shared_params.h"
#include "engine/onnx/node_builder.h"
#include "engine/onnx/node_ops.h"
#include "engine/support/json.h"

#include <algorithm>

namespace gradwright {

namespace layers {
LayerDef onnxNode();
}

namespace {

constexpr std::int64_t kMostOutputs = 64;

using Kind = OnnxOperandSpec::Kind;

bool keepsRows(const OnnxNodeSpec& spec) {
    return spec.node.domain.empty() && (spec.node.op == "Cast" || spec.node.op == "Identity");
}

/// Whether values decide how many rows of the value count: the others are -1, so that nothing can
/// be computed with it.
bool hasUnusedRows(const OpGraph& graph, ValueId value) {
    for (const auto& origin : graph.origins()) {
        if (std::ranges::find(origin.outputs, value) == origin.outputs.end())
            continue;
        const auto spec = onnxNodeFromText(origin.what);
        if (spec.node.domain.empty() && spec.node.op == "NonMaxSuppression")
            return true;
        // A node that changes nothing gives on the value that it reads, which another one has made.
        if (std::ranges::find(origin.inputs, value) != origin.inputs.end())
            continue;
        return keepsRows(spec) && !origin.inputs.empty() &&
               hasUnusedRows(graph, origin.inputs.front());
    }
    return false;
}

std::vector<ValueId> lowerNode(LowerContext& context) {
    const auto spec = onnxNodeFrom(context.params());
    auto& graph = context.graph();
    if (!keepsRows(spec))
        for (const auto input : context.inputs())
            if (hasUnusedRows(graph, input))
                throw Error("the number of rows that it reads depends on values, and only an "
                            "output of the network may have such a number");
    const auto& path = context.path();
    std::vector<OnnxOperand> operands;
    std::vector<std::string> captured;
    std::size_t next = 0;
    for (std::size_t i = 0; i < spec.operands.size(); ++i) {
        const auto& given = spec.operands[i];
        OnnxOperand operand;
        if (given.kind == Kind::Constant) {
            operand.constant = given.values;
        } else if (given.kind == Kind::Port) {
            if (next >= context.inputs().size())
                throw Error("it reads more inputs than are linked");
            auto value = context.inputs()[next++];
            if (spec.isWholeRun)
                value = ofFirstSample(graph, value, path);
            if (given.isScalar)
                value = graph.add(ReshapeOp{Dims{}}, {value}, path);
            if (graph.type(value).element != given.type)
                value = graph.add(CastOp{given.type}, {value}, path);
            operand.value = value;
        } else if (given.kind == Kind::Weight) {
            const auto names = onnxWeightNames(spec.node, i);
            const auto shapes = onnxWeightShapes(spec.node, i, given.shape);
            const bool isReal = given.type == DType::F32;
            for (std::size_t piece = 0; piece < names.size(); ++piece)
                operand.weights.push_back(
                    context.weight(names[piece], shapes[piece], {}, {}, isReal));
            if (!isReal) {
                operand.value = graph.add(CastOp{given.type},
                                          {graph.weightValue(operand.weights.front())}, path);
                operand.weights.clear();
            }
        }
        if (!given.name.empty())
            captured.push_back(given.name);
        operands.push_back(std::move(operand));
    }
    if (next != context.inputs().size())
        throw Error("it reads {} inputs, and {} are linked", next, context.inputs().size());
    auto made = addOnnxNode(graph, spec.node, spec.opset, operands, path, captured);
    if (spec.isWholeRun)
        for (auto& value : made)
            value = forEachSample(graph, value, path);
    return made;
}

std::vector<Shape> shapesOfOnnxNode(const InferContext& context) {
    const auto made = opsOfOnnxNode(context);
    std::vector<Shape> shapes;
    for (const auto value : made.outputs)
        shapes.push_back(made.graph.type(value).sample());
    return shapes;
}

Inferred inferOnnxNode(const InferContext& context) {
    try {
        return shapesOfOnnxNode(context).at(0);
    } catch (const Error& error) {
        return LayerProblem{fmt::format("The ONNX node {} cannot run: {}.",
                                        context.params.text("operator"), error.what()),
                            "",
                            {}};
    }
}

std::size_t countOutputs(const ParamValues& values) {
    const auto found = values.find("outputs");
    const auto* count = found == values.end() ? nullptr : std::get_if<std::int64_t>(&found->second);
    return static_cast<std::size_t>(count ? std::clamp<std::int64_t>(*count, 1, kMostOutputs) : 1);
}

/// The parameters as a text, by which the node is written back.
std::string textOf(const OnnxNodeSpec& spec) {
    return toJson(paramsOfOnnxNode(spec)).dump();
}

ValueId lowerOnnxNode(LowerContext& context) {
    auto made = lowerNode(context);
    context.graph().addOrigin(
        {context.path(), textOf(onnxNodeFrom(context.params())), context.inputs(), made});
    return context.give(made);
}

PyTorchCode pytorchOnnxNode(const CodeContext& context) {
    throw Error("{}: a node of ONNX ({}) has no counterpart in PyTorch", context.name(),
                context.params().text("operator"));
}

std::string kerasOnnxNode(const CodeContext& context) {
    throw Error("{}: a node of ONNX ({}) has no counterpart in Keras", context.name(),
                context.params().text("operator"));
}

std::string labelOnnxNode(const Params& params) {
    return params.text("operator");
}

} // namespace

ParamValues paramsOfOnnxNode(const OnnxNodeSpec& spec) {
    // Refuses names that are no texts.
    static_cast<void>(toText(
        std::map<std::string, OnnxAttributeValue, std::less<>>{{spec.node.op, spec.node.domain}}));
    return {
        {"operator", spec.node.op},
        {"domain", spec.node.domain},
        {"opset", spec.opset},
        {"attributes", toText(spec.node.attributes)},
        {"inputs", toText(spec.operands)},
        {"outputs", static_cast<std::int64_t>(std::max<std::size_t>(spec.node.outputs.size(), 1))},
        {"whole_run", spec.isWholeRun}};
}

OnnxNodeSpec onnxNodeFrom(const Params& params) {
    OnnxNodeSpec spec;
    spec.node.op = params.text("operator");
    spec.node.domain = params.text("domain");
    spec.opset = params.integer("opset");
    spec.node.attributes = onnxAttributesFromText(params.text("attributes"));
    spec.operands = onnxOperandsFromText(params.text("inputs"));
    spec.isWholeRun = params.boolean("whole_run");
    for (const auto& operand : spec.operands)
        if (operand.name.empty())
            spec.node.inputs.push_back(operand.kind == Kind::LeftOut ? "" : "x");
    for (std::int64_t i = 1; i <= params.integer("outputs"); ++i)
        spec.node.outputs.push_back(fmt::format("{}", i));
    return spec;
}

OnnxNodeOps opsOfOnnxNode(const InferContext& context) {
    OnnxNodeOps made;
    std::vector<ValueId> inputs;
    for (const auto& shape : context.inputs)
        inputs.push_back(made.graph.addInput("x", {shape}));
    LowerContext lowering(made.graph, context.params, std::move(inputs), "layer");
    made.outputs = lowerNode(lowering);
    return made;
}

bool isWholeRun(std::string_view layer, const ParamValues& params) {
    const auto found = layer == kOnnxNodeKey ? params.find("whole_run") : params.end();
    const auto* value = found == params.end() ? nullptr : std::get_if<bool>(&found->second);
    return value && *value;
}

OnnxNodeSpec onnxNodeFromText(std::string_view text) {
    static const auto def = layers::onnxNode();
    const auto params = paramsFromJson(parseJson(text, "a node"), def.params, "a node");
    return onnxNodeFrom(Params(def.params, params));
}

namespace layers {

LayerDef onnxNode() {
    return {
        .key = std::string(kOnnxNodeKey),
        .title = "ONNX node",
        .category = Category::Shape,
        .doc = "A node of an ONNX model that no other layer stands for, with its attributes "
               "and constants as the model has them. It is written back as it was.",
        .source = "ONNX operators, https://onnx.ai/onnx/operators",
        .minInputs = 0,
        .maxInputs = kMostOutputs,
        .several = {countOutputs, shapesOfOnnxNode},
        .hasWeights = true,
        .params = {textParam("operator", "Operator", "Identity", "Its name in ONNX."),
                   textParam("domain", "Domain", "",
                             "Whose operator it is; empty: one of ONNX's own."),
                   intParam("opset", "Operator set", 21, kFirstReadOpset, kLastReadOpset,
                            "The version of ONNX's operators that it follows."),
                   textParam("attributes", "Attributes", "",
                             "Its attributes as JSON, such as {\"axis\": 1}."),
                   textParam("inputs", "Inputs", "[\"float32\"]",
                             "What it reads, in order, as JSON: null for an input that is left "
                             "out, a type for one with a link, objects for weights and "
                             "constants."),
                   intParam("outputs", "Outputs", 1, 1, kMostOutputs, "How many values it makes."),
                   boolParam("whole_run", "Samples are whole runs", false,
                             "Each sample is all that the model takes in one run, with the "
                             "batch among its axes. Such networks predict and do not train.")},
        .infer = inferOnnxNode,
        .lower = lowerOnnxNode,
        .pytorch = pytorchOnnxNode,
        .keras = kerasOnnxNode,
        .kerasWeights = {.usual = true},
        .label = labelOnnxNode};
}

} // namespace layers
} // namespace gradwright
