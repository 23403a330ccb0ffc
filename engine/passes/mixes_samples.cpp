// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/mixes_samples.h"

#include <algorithm>

namespace gradwright {
namespace {

/// Whether the batch is an axis of the value.
bool hasBatch(const ValueType& type) {
    return std::ranges::any_of(type.dims, [](const Dim& dim) { return dim.has(kBatchName); });
}

/// Whether the batch is the first axis and in no other.
bool isBatchFirst(const ValueType& type) {
    return type.dims.rank() > 0 && type.dims[0] == Dim::batch() &&
           std::ranges::none_of(type.dims.begin() + 1, type.dims.end(),
                                [](const Dim& dim) { return dim.has(kBatchName); });
}

/// Whether the op works along the first axis of its first input.
bool worksAlongFirst(const OpGraph& graph, const Op& op) {
    const auto rank =
        op.inputs.empty() ? 0 : static_cast<std::int64_t>(graph.type(op.inputs[0]).dims.rank());
    const auto isFirst = [rank](std::int64_t axis) { return axis == 0 || axis == -rank; };
    return std::visit(
        Overloaded{
            [&](const SoftmaxOp& softmax) { return isFirst(softmax.axis); },
            [&](const ConcatOp& join) { return isFirst(join.axis); },
            [&](const SplitOp& split) { return isFirst(split.axis); },
            [&](const ArgMaxOp& best) { return isFirst(best.axis); },
            [&](const TopKOp& top) { return isFirst(top.axis); },
            [&](const GatherOp& gather) {
                return isFirst(gather.axis) && hasBatch(graph.type(op.inputs[0]));
            },
            [&](const ReduceOp& reduce) {
                return reduce.axes.empty() || std::ranges::any_of(reduce.axes, isFirst);
            },
            [](const ResampleOp& resample) { return resample.axes[0].kind != AxisMap::Kind::Keep; },
            [](const auto&) { return false; }},
        op.attributes);
}

bool mixes(const OpGraph& graph, const Op& op) {
    bool readsBatch = false;
    for (const auto input : op.inputs) {
        const auto& type = graph.type(input);
        if (!hasBatch(type))
            continue;
        readsBatch = true;
        if (!isBatchFirst(type))
            return true;
    }
    const bool makesBatch = std::ranges::all_of(
        op.outputs, [&](ValueId output) { return isBatchFirst(graph.type(output)); });
    return readsBatch && (!makesBatch || worksAlongFirst(graph, op));
}

} // namespace

bool mixesSamples(const OpGraph& graph) {
    return std::ranges::any_of(graph.ops(),
                               [&](const Op& op) { return !op.isBackward && mixes(graph, op); });
}

} // namespace gradwright
