// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/input_rule.h"

#include "engine/support/error.h"

#include <cmath>

namespace gradwright::cuda {
namespace {

InputRule ruleOf(const OpGraph& graph, const Op& op, std::size_t input) {
    const auto lastOf = [&](std::size_t i) {
        const auto& dims = graph.type(op.inputs[i]).dims;
        return dims[dims.rank() - 1].number();
    };
    const bool isIndices = graph.type(op.inputs[input]).element == DType::I32;
    if (const auto* embedding = std::get_if<EmbeddingOp>(&op.attributes))
        return {InputRule::Of::Entries, embedding->vocabulary, op.path};
    if (const auto* oneHot = std::get_if<OneHotOp>(&op.attributes); oneHot && isIndices)
        return {InputRule::Of::Classes, oneHot->classes, op.path};
    const auto* recurrent = std::get_if<RecurrentOp>(&op.attributes);
    if (recurrent && recurrent->lengths && input + 1 == op.inputs.size() && isIndices) {
        const auto& sequence = graph.type(op.inputs[0]).dims;
        return {InputRule::Of::Lengths, sequence[recurrent->timeAxis()].number() + 1, op.path};
    }
    const bool isLoss = std::holds_alternative<SoftmaxCrossEntropyOp>(op.attributes) ||
                        std::holds_alternative<HingeLossOp>(op.attributes);
    if (isLoss && input == 1 && isIndices)
        return {InputRule::Of::Classes, lastOf(0), op.path};
    return {};
}

void requireClasses(const InputRule& rule, std::span<const std::int32_t> indices) {
    for (std::size_t sample = 0; sample < indices.size(); ++sample)
        if (indices[sample] < 0 || indices[sample] >= rule.below)
            throw Error("{}: sample {} of the batch has class {}, but there are {} classes, 0 to "
                        "{}",
                        rule.path, sample, indices[sample], rule.below, rule.below - 1);
}

void requireLengths(const InputRule& rule, std::span<const std::int32_t> lengths) {
    for (std::size_t sample = 0; sample < lengths.size(); ++sample)
        if (lengths[sample] < 0 || lengths[sample] >= rule.below)
            throw Error("{}: sample {} of the batch has the length {}, and the sequence {} steps",
                        rule.path, sample, lengths[sample], rule.below - 1);
}

void requireEntries(const InputRule& rule, std::span<const float> numbers) {
    for (const float number : numbers)
        if (!(number >= 0 && number < static_cast<float>(rule.below) &&
              number == std::floor(number)))
            throw Error("{}: {} is none of the {} entries, 0 to {}", rule.path, number, rule.below,
                        rule.below - 1);
}

} // namespace

InputRule ruleFor(const OpGraph& graph, ValueId input) {
    InputRule strictest;
    for (const auto& use : graph.usesOf(input)) {
        const auto& op = graph.ops()[use.op];
        if (op.isBackward)
            continue;
        auto rule = ruleOf(graph, op, use.input);
        if (rule.of != InputRule::Of::Nothing &&
            (strictest.of == InputRule::Of::Nothing || rule.below < strictest.below))
            strictest = std::move(rule);
    }
    return strictest;
}

void requireRule(const InputRule& rule, const void* numbers, std::size_t count) {
    if (rule.of == InputRule::Of::Classes)
        requireClasses(rule, {static_cast<const std::int32_t*>(numbers), count});
    else if (rule.of == InputRule::Of::Lengths)
        requireLengths(rule, {static_cast<const std::int32_t*>(numbers), count});
    else if (rule.of == InputRule::Of::Entries)
        requireEntries(rule, {static_cast<const float*>(numbers), count});
}

} // namespace gradwright::cuda
