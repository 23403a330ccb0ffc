// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/onnx/node_ops.h"

#include "engine/onnx/node_builder.h"

#include <array>

namespace gradwright {
namespace {

OnnxMapping mappingOf(std::string_view domain, std::string_view op) {
    if (!domain.empty())
        return nullptr;
    const std::array<const OnnxMappings*, 13> families = {
        &onnxElements(),    &onnxActivations(), &onnxShapes(),         &onnxIndices(),
        &onnxProducts(),    &onnxWindows(),     &onnxNormalizations(), &onnxResizing(),
        &onnxRecurrences(), &onnxControl(),     &onnxAttention(),      &onnxPlacing(),
        &onnxSelection()};
    for (const auto* family : families)
        if (const auto found = family->find(op); found != family->end())
            return found->second;
    return nullptr;
}

} // namespace

bool isOnnxOperatorKnown(std::string_view domain, std::string_view op) {
    return mappingOf(domain, op) != nullptr;
}

std::vector<ValueId> addOnnxNode(OpGraph& graph, const OnnxNode& node, std::int64_t opset,
                                 std::span<const OnnxOperand> operands, const std::string& path,
                                 std::span<const std::string> captured) {
    const auto mapping = mappingOf(node.domain, node.op);
    if (!mapping)
        throw Error("no op computes {}{}", node.op,
                    node.domain.empty() ? "" : " of " + node.domain);
    NodeBuilder builder(graph, node, opset, operands, path, captured);
    mapping(builder);
    auto made = builder.take();
    auto wanted = node.outputs.size();
    while (wanted > 0 && node.outputs[wanted - 1].empty())
        --wanted;
    if (made.size() < wanted)
        throw Error("its output {} is not computed", made.size() + 1);
    made.resize(std::max<std::size_t>(wanted, 1));
    for (const auto value : made)
        for (const auto& dim : graph.type(value).dims)
            if (dim.factor() == 0)
                throw Error("it makes {}, and values without elements are not computed",
                            toString(graph.type(value).dims));
    return made;
}

} // namespace gradwright
