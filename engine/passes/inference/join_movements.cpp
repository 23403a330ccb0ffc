// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/inference/inference_model.h"

namespace gradwright {
namespace {

/// What one op does that stands for both, or nothing where they are of two kinds.
std::optional<OpAttributes> joined(const OpAttributes& first, const OpAttributes& second) {
    if (std::holds_alternative<ReshapeOp>(first) && std::holds_alternative<ReshapeOp>(second))
        return second;
    const auto* before = std::get_if<PermuteOp>(&first);
    const auto* after = std::get_if<PermuteOp>(&second);
    if (!before || !after)
        return {};
    PermuteOp both;
    for (const auto axis : after->axes)
        both.axes.push_back(before->axes[static_cast<std::size_t>(axis)]);
    return both;
}

} // namespace

/// Two reshapes, or two permutations, that follow each other are one. What then changes nothing is
/// for removeIdle().
void joinMovements(InferenceModel& model, std::vector<Merge>& merges) {
    auto& graph = model.graph;
    for (std::size_t i = 0; i < graph.ops().size(); ++i) {
        const auto op = graph.ops()[i];
        const auto* before = op.inputs.empty() ? nullptr : graph.producerOf(op.inputs[0]);
        if (!before)
            continue;
        const auto both = joined(before->attributes, op.attributes);
        if (!both)
            continue;
        merges.push_back({{before->path, op.path}});
        graph.replace(i, *both, {before->inputs[0]});
    }
}

} // namespace gradwright
