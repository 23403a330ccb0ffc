// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/memory.h"

#include "engine/graph/lower.h"
#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {
namespace {

constexpr std::int64_t kBytes = 4;

/// Ops whose output is the memory of their input, or takes its place.
bool sharesMemory(const OpAttributes& attributes) {
    return std::holds_alternative<ReshapeOp>(attributes) ||
           std::holds_alternative<ActivationOp>(attributes);
}

} // namespace

MemoryEstimate estimateTrainingMemory(const OpGraph& graph, std::int64_t batch, std::size_t slots) {
    MemoryEstimate estimate;
    for (const auto& spec : graph.weights()) {
        const auto copies = spec.learns() ? 2 + static_cast<std::int64_t>(slots) : 1;
        estimate.weights += spec.shape.elements() * copies * kBytes;
    }
    // The backward pass walks from the loss to the input and needs, next to the kept activations,
    // the gradients of one op's input and output at a time.
    std::int64_t kept = 0;
    std::int64_t largestPair = 0;
    for (const auto& op : graph.ops()) {
        const auto output = graph.type(op.output).shape.elements();
        std::int64_t inputs = 0;
        for (const auto input : op.inputs)
            inputs += graph.type(input).shape.elements();
        if (!sharesMemory(op.attributes))
            kept += output;
        largestPair = std::max(largestPair, inputs + output);
    }
    estimate.activations = (kept + largestPair) * batch * kBytes;
    return estimate;
}

std::optional<MemoryEstimate> estimateTrainingMemory(const Analysis& analysis,
                                                     const TrainingSettings& settings) {
    try {
        return estimateTrainingMemory(lower(analysis), settings.batch(),
                                      settings.updateRule().allSlots());
    } catch (const Error&) {
        return {};
    }
}

std::int64_t largestBatch(const MemoryEstimate& estimate, std::int64_t batch,
                          std::int64_t available) {
    const auto perSample = estimate.activations / std::max<std::int64_t>(batch, 1);
    const auto left = available - estimate.weights;
    if (left <= 0)
        return 0;
    return perSample > 0 ? left / perSample : batch;
}

} // namespace gradwright
