// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/update.h"

namespace gradwright::cuda {

/// Where the parts of a step begin among its launches; the forward pass comes first.
struct StepBounds {
    std::size_t backward = 0, norms = 0, update = 0;
};

/// Lists all launches of a step in their order: the ops, after the forward ones what adds up the
/// losses, and in training, with `update`, the norms and, where there is an optimizer, what it
/// does. Throws Error for an op without kernels here.
StepBounds listStep(LaunchList& list, const StepUpdate* update);

/// A training step as it would be launched, with what each launch costs.
struct StepPlan {
    std::vector<PreparedLaunch> launches;
    StepBounds bounds;
    /// Gradients of weights that share a value with another's: copied by the device, between the
    /// launches.
    std::size_t copies = 0;
};

/// `graph`: a training program's, see programGraph(). The device holds the weights for as long as
/// this takes, and nothing else; nothing is launched. Arrays are taken to be read or written as a
/// whole, which counts too much where an op goes through one in pieces (recurrent cells, splits,
/// concatenations). Throws Error as compiling does.
StepPlan planStep(const std::shared_ptr<Device>& device, const OpGraph& graph,
                  const CompileOptions& options);

/// What the arrays of a step move at least, in bytes, whatever launches there are: each value is
/// written once and read once by each op that reads it, reshaped ones excepted, weights are read
/// once by each op, and the update reads and writes weights and slots and reads gradients. Inputs
/// are there already.
std::size_t leastBytes(const OpGraph& graph, const CompileOptions& options);

} // namespace gradwright::cuda
