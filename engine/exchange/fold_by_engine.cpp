// SPDX-License-Identifier: GPL-3.0-or-later
//
// Constants that the engine computes as it computes values.
#include "engine/backend/backend.h"
#include "engine/exchange/fold_values.h"
#include "engine/onnx/node_ops.h"

#include <algorithm>

namespace gradwright {
namespace {

constexpr std::int64_t kMostComputed = 1 << 16; ///< elements of one constant
constexpr std::int64_t kExactInFp32 = std::int64_t{1} << 24;

bool isExact(const Tensor& tensor) {
    if (tensor.dtype() != DType::I64 && tensor.dtype() != DType::I32)
        return true;
    const auto values = tensor.to(DType::I64);
    return std::ranges::all_of(values.span<std::int64_t>(), [](std::int64_t value) {
        return value >= -kExactInFp32 && value <= kExactInFp32;
    });
}

} // namespace

std::optional<FoldedOutputs> foldByEngine(const OnnxNode& node, std::int64_t opset,
                                          std::span<const FoldedValue* const> inputs) {
    // How many rows are chosen is decided by values, and the ops make as many as there can be.
    if (node.op == "NonMaxSuppression" || !onnxCapturedNames(node).empty())
        return {};
    std::vector<OnnxOperand> operands;
    for (const auto* input : inputs) {
        auto& operand = operands.emplace_back();
        if (!input)
            continue;
        if (input->dependsOnBatch() || input->isPerBatch)
            return {};
        operand.constant = input->tensor;
        if (operand.constant->dtype() == DType::F64)
            operand.constant = std::make_shared<const Tensor>(operand.constant->to(DType::F32));
        if (operand.constant->elements() > kMostComputed || !isExact(*operand.constant))
            return {};
    }
    try {
        OpGraph graph;
        const auto made = addOnnxNode(graph, node, opset, operands, "constant");
        for (const auto& value : graph.values())
            if (value.type.dims.product().factor() > kMostComputed)
                return {};
        for (std::size_t i = 0; i < made.size(); ++i)
            graph.addOutput(fmt::format("{}", i), made[i]);
        const auto program = makeReferenceBackend()->compile(graph, {.batch = 1});
        if (!program->forward({}))
            return {};
        FoldedOutputs outputs;
        for (const auto value : made)
            outputs.push_back({std::make_shared<const Tensor>(
                program->read(value).to(graph.type(value).element))});
        return outputs;
    } catch (const Error&) {
        return {}; // the node stays one
    }
}

} // namespace gradwright
