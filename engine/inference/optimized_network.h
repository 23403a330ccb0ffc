// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/devices.h"
#include "engine/backend/program_cache.h"
#include "engine/backend/weights.h"
#include "engine/passes/inference/optimize.h"

#include <optional>

namespace gradwright {

/// The graph with its weights, as `dtype`, F32 or F64. Throws Error naming the first weight that is
/// missing or has another shape.
InferenceModel inferenceModel(OpGraph graph, const Weights& weights, DType dtype = DType::F32);
/// The graph with the weights that a training would begin with.
InferenceModel firstModel(OpGraph graph, std::uint64_t seed);
/// The weights of a model, by key.
Weights weightsOf(const InferenceModel& model);

/// A trained network as it is used: the passes for inference have gone over it, and programs run
/// what is left. Inputs and outputs keep the numbers of their values. Used by one thread at a time.
class OptimizedNetwork {
public:
    /// `graph` is for inference. `target` is what the weights were trained on, `usualBatch` the
    /// number of samples that its weights are laid out for. Throws Error when the weights are
    /// another network's or the target cannot compute an op.
    OptimizedNetwork(OpGraph graph, const Weights& weights, const ComputeTarget& target = {},
                     std::int64_t usualBatch = 1);

    /// Of a model that the passes have gone over before, with the weights that it has.
    explicit OptimizedNetwork(InferenceModel optimized, const ComputeTarget& target = {},
                              std::int64_t usualBatch = 1);

    /// Takes other weights of the same network. Throws Error where the passes came before.
    void setWeights(const Weights& weights);

    /// For so many samples at once.
    Program& program(std::int64_t batch) { return programs_->get(batch, Mode::Inference); }
    /// As it was given.
    [[nodiscard]] const OpGraph& graph() const { return graph_; }
    [[nodiscard]] const OptimizationReport& report() const { return report_; }

private:
    void run(InferenceModel model);

    OpGraph graph_;
    bool isGiven_ = false; ///< optimized before
    ComputeTarget target_;
    std::int64_t usualBatch_;
    std::optional<ProgramCache> programs_;
    OptimizationReport report_;
};

} // namespace gradwright
