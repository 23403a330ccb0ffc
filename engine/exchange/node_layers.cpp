// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/node_layers.h"

#include "engine/exchange/attention_mask.h"
#include "engine/layers/catalog.h"
#include "engine/onnx/node_ops.h"
#include "engine/passes/mixes_samples.h"

#include <algorithm>

namespace gradwright {
namespace {

// Elements of a constant that is kept with its layer.
constexpr std::int64_t kMostInlineReals = 16;
constexpr std::int64_t kMostInlineWhole = 4096;

/// As the engine computes with it.
std::shared_ptr<const Tensor> computable(const std::shared_ptr<const Tensor>& tensor) {
    return tensor->dtype() == DType::F64 ? std::make_shared<const Tensor>(tensor->to(DType::F32))
                                         : tensor;
}

/// Whether the node adds a constant that takes elements out and leaves the others as they are.
bool addsMask(const OnnxNode& node, const std::vector<NodeInput>& inputs) {
    return node.op == "Add" && std::ranges::any_of(inputs, [](const NodeInput& input) {
               return input.constant && isAdditiveMask(*input.constant);
           });
}

} // namespace

NodeLayer nodeLayerOf(const OnnxNode& node, std::int64_t opset,
                      const std::vector<NodeInput>& inputs, bool isWholeRun) {
    using Kind = OnnxOperandSpec::Kind;
    NodeLayer made;
    OnnxNodeSpec spec{node, opset, {}, isWholeRun};
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const auto& input = inputs[i];
        OnnxOperandSpec operand{.name = input.name};
        if (input.port) {
            operand.kind = Kind::Port;
            operand.type = input.type;
            operand.isScalar = input.isScalar;
            made.inputs.push_back(*input.port);
        } else if (input.constant) {
            operand.values = computable(input.constant);
            operand.type = operand.values->dtype();
            const bool isReal = operand.type == DType::F32;
            const auto most = isReal ? kMostInlineReals : kMostInlineWhole;
            const bool isWeight = isReal && isOnnxWeight(node, i);
            operand.kind = Kind::Constant;
            if (isWeight || operand.values->elements() > most) {
                operand.kind = Kind::Weight;
                operand.shape = operand.values->shape();
                const auto names = onnxWeightNames(node, i);
                auto pieces = toOnnxWeights(node, i, operand.values->to(DType::F32));
                for (std::size_t piece = 0; piece < pieces.size(); ++piece)
                    made.weights.emplace_back(names[piece], std::move(pieces[piece]));
                operand.values = nullptr;
            }
        }
        spec.operands.push_back(std::move(operand));
    }
    made.params = paramsOfOnnxNode(spec);
    return made;
}

/// Samples have to stay apart: a model that mixes them is opened as a whole run.
NodeId LayerImport::keep(const OnnxNode& node) {
    std::vector<NodeInput> inputs;
    const auto add = [&](const std::string& name, bool isCaptured) {
        auto& input = inputs.emplace_back();
        if (isCaptured)
            input.name = name;
        if (name.empty())
            return;
        if (isData(name)) {
            const auto& x = data(name);
            if (batchAxis(x) != 0)
                throw Error("the batch is axis {} of its input \"{}\"", batchAxis(x), name);
            input.port = plain(x);
            input.type = data(name).elementType();
            return;
        }
        const auto* value = folded(name);
        if (!value)
            throw Error("it reads \"{}\", which is not computed", name);
        input.constant = value->tensor;
        const bool isTarget = (node.op == "Reshape" || node.op == "Expand") && inputs.size() == 2 &&
                              value->tensor->elements() > 0;
        if (value->isPerBatch)
            throw Error("it computes with the number of samples");
        if (!isTarget && value->dependsOnBatch())
            throw Error("it computes with the number of samples");
        if (!isTarget)
            return;
        // The batch stays the first axis: 0 takes it over, and anything is broadcast from 1.
        auto lengths = value->tensor->to(DType::I64);
        const auto span = lengths.span<std::int64_t>();
        for (std::size_t i = 1; i < span.size(); ++i)
            if (value->isPerSample(i))
                throw Error("it computes with the number of samples");
        if (value->isPerSample(0) || (fixedBatch_ && span[0] == *fixedBatch_)) {
            if (value->isPerSample(0) && span[0] != 1)
                throw Error("it joins the batch with other axes");
            span[0] = node.op == "Reshape" ? 0 : 1;
        }
        input.constant = std::make_shared<const Tensor>(std::move(lengths));
    };
    for (const auto& name : node.inputs)
        add(name, false);
    for (const auto& name : onnxCapturedNames(node))
        add(name, true);
    auto layerOfNode = nodeLayerOf(node, opset(), inputs, false);
    if (addsMask(node, inputs))
        layerOfNode.params.insert_or_assign("frozen", true); // a mask says what is seen
    const auto& def = layer(kOnnxNodeKey);
    std::vector<Shape> shapes;
    for (const auto& input : layerOfNode.inputs)
        shapes.push_back(input.shape);
    const auto ops = opsOfOnnxNode({Params(def.params, layerOfNode.params), shapes});
    if (mixesSamples(ops.graph))
        throw Error("it works along the batch");
    const auto made = addLayer(std::string(kOnnxNodeKey), std::move(layerOfNode.params),
                               layerOfNode.inputs, nameFor(node), std::move(layerOfNode.weights));
    for (std::size_t i = 0; i < std::min(made.size(), node.outputs.size()); ++i) {
        auto output = value(made[i]);
        output.type = ops.graph.type(ops.outputs[i]).element;
        output.isWhole = output.type != DType::F32;
        if (!node.outputs[i].empty())
            set(node.outputs[i], std::move(output));
    }
    return made.front().port.node;
}

} // namespace gradwright
