// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/quantization/integer_groups.h"

#include <algorithm>
#include <numeric>

namespace gradwright {
namespace {

/// Whether an op can make of integers integers of the same quantization.
bool movesIntegers(const Op& op) {
    const auto* pool = std::get_if<PoolOp>(&op.attributes);
    return (pool && pool->kind == PoolKind::Max) ||
           std::holds_alternative<ReshapeOp>(op.attributes) ||
           std::holds_alternative<PermuteOp>(op.attributes) ||
           std::holds_alternative<SplitOp>(op.attributes) ||
           std::holds_alternative<ConcatOp>(op.attributes);
}

} // namespace

IntegerGroups::IntegerGroups(const OpGraph& graph, const std::map<ValueId, Quantization>& wanted)
    : group_(graph.values().size())
    , wanted_(graph.values().size())
    , roots_(graph.values().size()) {
    std::iota(group_.begin(), group_.end(), std::size_t{0});
    for (const auto& [value, how] : wanted)
        wanted_[value.index()] = how;
    for (const auto& op : graph.ops())
        if (movesIntegers(op))
            unite(op);
    std::vector<bool> isMade(graph.values().size());
    for (const auto& op : graph.ops())
        for (const auto value : op.outputs)
            isMade[value.index()] = true;
    for (std::uint32_t i = 0; i < group_.size(); ++i)
        if (!isMade[i])
            sources_[group_[i]].push_back(ValueId{i});
    for (const auto& op : graph.ops())
        if (!keeps(op))
            for (const auto value : op.outputs)
                sources_[group_[value.index()]].push_back(value);
    for (std::uint32_t i = 0; i < group_.size(); ++i)
        roots_[i] = sources_.contains(group_[i]) ? sources_[group_[i]].front() : ValueId{i};
}

void IntegerGroups::unite(const Op& op) {
    std::vector<ValueId> members(op.inputs);
    members.insert(members.end(), op.outputs.begin(), op.outputs.end());
    std::optional<Quantization> how;
    for (const auto value : members) {
        const auto& own = wanted_[group_[value.index()]];
        if (own && how && *own != *how)
            return;
        if (own)
            how = own;
    }
    const auto first = group_[members.front().index()];
    for (const auto value : members)
        std::ranges::replace(group_, std::size_t{group_[value.index()]}, first);
    wanted_[first] = how;
}

const std::vector<ValueId>& IntegerGroups::sourcesOf(ValueId value) const {
    return sources_.at(group_[value.index()]);
}

std::optional<Quantization> IntegerGroups::wantedOf(ValueId value) const {
    return wanted_[group_[value.index()]];
}

bool IntegerGroups::keeps(const Op& op) const {
    // Ops that were added since work on values of their own.
    return movesIntegers(op) && op.inputs[0].index() < group_.size() &&
           op.outputs[0].index() < group_.size() &&
           group_[op.inputs[0].index()] == group_[op.outputs[0].index()];
}

} // namespace gradwright
