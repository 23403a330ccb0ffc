// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/passes/inference/inference_model.h"

#include <string>

namespace gradwright::cli {

/// A run with its weights, or a project or "template:NAME" with those that a training would begin
/// with: what can be done is the same. Throws Error where the network cannot run.
InferenceModel openModel(const std::string& network);

} // namespace gradwright::cli
