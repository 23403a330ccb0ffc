// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/passes/inference/optimize.h"

namespace gradwright {

/// Runs the passes for inference and leaves ops that other formats have: fused products are taken
/// apart, and nodes of other models that a pass has changed are plain ops. Throws Error for a model
/// that was opened as whole runs.
OptimizationReport optimizeForExchange(InferenceModel& model,
                                       const std::set<std::string>& leftOut = {});

} // namespace gradwright
