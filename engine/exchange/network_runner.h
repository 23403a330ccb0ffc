// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/devices.h"
#include "engine/backend/program_cache.h"
#include "engine/backend/weights.h"
#include "engine/passes/inference/inference_model.h"

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

namespace gradwright {

/// A named array per input or output, [samples, …].
using NamedTensors = std::map<std::string, Tensor>;

/// Whether the passes for inference go over a graph before it runs.
enum class RunAs { Optimized, Given };

/// Computes the outputs of a graph for any number of samples, as inference does.
class NetworkRunner {
public:
    /// Throws Error when a weight is missing or the target cannot compute an op.
    NetworkRunner(OpGraph graph, const Weights& weights, const ComputeTarget& target = {},
                  RunAs as = RunAs::Optimized);

    struct Port {
        std::string name;
        Shape sample; ///< without the batch
    };
    [[nodiscard]] const std::vector<Port>& inputs() const { return inputs_; }
    [[nodiscard]] const std::vector<Port>& outputs() const { return outputs_; }
    /// What runs.
    [[nodiscard]] const OpGraph& graph() const { return programs_.graph(); }

    /// The outputs in F32. Inputs may be of any type of number. `progress` is called with the
    /// number of samples done. Throws Error for an input that is missing, unknown or of another
    /// shape, and where they differ in the number of samples; returns nothing when stopped.
    NamedTensors run(const NamedTensors& inputs, const std::stop_token& stop = {},
                     const std::function<void(std::int64_t)>& progress = {});

private:
    NetworkRunner(InferenceModel model, const ComputeTarget& target);

    ProgramCache programs_;
    std::vector<Port> inputs_, outputs_;
    std::int64_t batch_ = 32; ///< samples at a time; one where the graph mixes them
};

} // namespace gradwright
