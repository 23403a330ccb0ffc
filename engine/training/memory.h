// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/analysis.h"
#include "engine/ops/op_graph.h"
#include "engine/training/settings.h"

#include <cstdint>
#include <optional>

namespace gradwright {

/// What training a network is expected to need, in bytes, before anything is compiled.
struct MemoryEstimate {
    std::int64_t weights = 0;     ///< with gradients and optimizer slots
    std::int64_t activations = 0; ///< kept for the backward pass, and the largest gradients
    /// Batches loaded ahead, evaluation and the look at activities between epochs, and a copy of
    /// the largest weight, which filling it and writing it to a checkpoint take.
    std::int64_t around = 0;
    [[nodiscard]] std::int64_t total() const { return weights + activations + around; }
};

/// In FP32 at a batch size, for an optimizer with `slots` tensors of state a weight.
MemoryEstimate estimateTrainingMemory(const OpGraph& graph, std::int64_t batch, std::size_t slots);
/// The same with the batch size and the optimizer of a project, and with what is around; nothing
/// for a network that cannot run yet.
std::optional<MemoryEstimate> estimateTrainingMemory(const Analysis& analysis,
                                                     const TrainingSettings& settings);

/// The same, as the engine plans it: what compiling would take, in fractions of a second for small
/// networks, in about a second for the largest.
std::optional<MemoryEstimate> planTrainingMemory(const Network& network, const Analysis& analysis,
                                                 const TrainingSettings& settings);

/// The warning that a training would need more than `available` bytes, with the batch that fits as
/// its fix; nothing where it does not, or is not known yet.
std::optional<Diagnostic> memoryProblem(const Analysis& analysis, const TrainingSettings& settings,
                                        std::int64_t available);

/// The largest batch that fits in so many bytes where `estimate` was made for `batch` samples; 0
/// when the weights alone do not fit.
std::int64_t largestBatch(const MemoryEstimate& estimate, std::int64_t batch,
                          std::int64_t available);

} // namespace gradwright
