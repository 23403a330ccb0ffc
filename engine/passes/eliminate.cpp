// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/eliminate.h"

#include <algorithm>

namespace gradwright {
namespace {

/// Whether the op's first output always equals its first input.
bool isIdentity(const OpGraph& graph, const Op& op, bool forInference) {
    return std::visit(
        Overloaded{
            [&](const ReshapeOp& reshape) { return reshape.dims == graph.type(op.inputs[0]).dims; },
            [](const PermuteOp& permute) { return std::ranges::is_sorted(permute.axes); },
            [](const ActivationOp& activation) {
                return activation.activation.kind == ActivationKind::Identity;
            },
            [&](const ConcatOp&) { return op.inputs.size() == 1; },
            [](const SplitOp& split) { return split.sizes.size() == 1; },
            [](const ResampleOp& resample) {
                return std::ranges::all_of(resample.axes, [](const AxisMap& map) {
                    return map.kind == AxisMap::Kind::Keep;
                });
            },
            [&](const DropoutOp&) { return forInference; },
            [&](const GaussianNoiseOp&) { return forInference; },
            [](const auto&) { return false; },
        },
        op.attributes);
}

/// Whether the graph names what it makes: its results keep their numbers.
bool isRequested(const OpGraph& graph, const Op& op) {
    return std::ranges::any_of(op.outputs, [&](ValueId id) { return graph.isResult(id); });
}

} // namespace

std::size_t eliminateDead(OpGraph& graph) {
    std::vector<ValueId> results = graph.lossValues();
    for (const auto& output : graph.outputs())
        results.push_back(output.value);
    for (const auto& gradient : graph.gradients())
        results.push_back(gradient.value);
    auto dead = graph.opsBehind(results);
    dead.flip();
    graph.remove(dead);
    return static_cast<std::size_t>(std::ranges::count(dead, true));
}

std::size_t eliminateIdentities(OpGraph& graph, bool forInference) {
    std::vector<bool> gone(graph.ops().size());
    for (std::size_t i = 0; i < graph.ops().size(); ++i) {
        const auto op = graph.ops()[i];
        if (!isIdentity(graph, op, forInference) || isRequested(graph, op))
            continue;
        graph.replaceUses(op.output(), op.inputs[0]);
        gone[i] = true;
    }
    graph.remove(gone);
    return static_cast<std::size_t>(std::ranges::count(gone, true));
}

} // namespace gradwright
