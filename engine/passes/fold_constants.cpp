// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/fold_constants.h"

#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {
namespace {

bool isRandom(const Op& op) {
    return std::holds_alternative<DropoutOp>(op.attributes) ||
           std::holds_alternative<GaussianNoiseOp>(op.attributes);
}

bool isNumbered(const ValueType& type) {
    return std::ranges::all_of(type.dims, &Dim::isNumber);
}

/// Elements of all values, whose lengths are numbers.
std::int64_t elementsOf(const OpGraph& graph, const std::vector<ValueId>& values) {
    std::int64_t sum = 0;
    for (const auto value : values)
        sum += graph.type(value).elementsPerSample();
    return sum;
}

/// Whether the results take no more memory than what they are made of, or little.
bool isSmall(const OpGraph& graph, const Op& op) {
    return elementsOf(graph, op.outputs) <=
           std::max(kMostFoldedElements, elementsOf(graph, op.inputs));
}

/// Whether the op's results are known before any batch.
bool isKnown(const OpGraph& graph, const Op& op) {
    const auto isConstant = [&](ValueId id) { return graph.value(id).constant != nullptr; };
    const auto isResultNumbered = [&](ValueId id) { return isNumbered(graph.type(id)); };
    return !op.isBackward && !isRandom(op) && op.weights.empty() &&
           std::ranges::all_of(op.inputs, isConstant) &&
           std::ranges::all_of(op.outputs, isResultNumbered);
}

/// What a ShapeOp gives, where no length is a name: whatever its input holds, and exact.
std::optional<Tensor> shapeOf(const OpGraph& graph, const Op& op) {
    const auto* shape = std::get_if<ShapeOp>(&op.attributes);
    if (!shape)
        return {};
    const auto lengths = shape->lengthsOf(graph.type(op.inputs[0]).dims);
    std::vector<std::int64_t> numbers;
    for (const auto& length : lengths) {
        if (!length.isNumber())
            return {};
        numbers.push_back(length.number());
    }
    return Tensor::of<std::int64_t>({static_cast<std::int64_t>(numbers.size())}, numbers);
}

/// The op alone, on its constants.
OpGraph alone(const OpGraph& graph, const Op& op) {
    OpGraph single;
    std::vector<ValueId> inputs;
    for (const auto input : op.inputs) {
        const auto& value = graph.value(input);
        auto copy = single.addConstant(*value.constant, value.path);
        if (value.type.element != single.type(copy).element) // a truth value that was folded before
            copy = single.add(CastOp{value.type.element}, {copy}, value.path);
        inputs.push_back(copy);
    }
    for (const auto output :
         single.insert(single.ops().size(), op.attributes, std::move(inputs), op.path))
        single.addOutput(op.path, output);
    return single;
}

} // namespace

std::size_t foldConstants(OpGraph& graph, const EvaluateConstants& evaluate) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < graph.ops().size(); ++i) {
        const auto op = graph.ops()[i];
        if (auto shape = shapeOf(graph, op); shape && graph.value(op.output()).source) {
            graph.setConstant(op.output(), std::move(*shape));
            ++count;
            continue;
        }
        if (!isKnown(graph, op) || !isSmall(graph, op))
            continue;
        auto results = evaluate(alone(graph, op));
        if (results.size() != op.outputs.size())
            throw Error("{} at {} has {} outputs, and {} were computed", nameOf(op.attributes),
                        op.path, op.outputs.size(), results.size());
        for (std::size_t output = 0; output < results.size(); ++output)
            graph.setConstant(op.outputs[output], std::move(results[output]));
        ++count;
    }
    return count;
}

} // namespace gradwright
