// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/run_directory.h"
#include "engine/passes/inference/inference_model.h"
#include "engine/project/project.h"

#include <optional>
#include <string>
#include <utility>

namespace gradwright::cli {

/// What can be told, measured or changed of a network that answers.
struct OpenedNetwork {
    InferenceModel model;
    /// The passes went over it before: it comes from the file that they were written to.
    bool isOptimized = false;
};
/// A run with its weights, an optimized model, or a project or "template:NAME" with the weights
/// that a training would begin with: what can be done is the same. Throws Error where the network
/// cannot run.
OpenedNetwork openModel(const std::string& network);

/// A run's project with the run, or a project with its latest trained run, where it has one.
std::pair<Project, std::optional<RunDirectory>> trainedProject(const std::string& given);

} // namespace gradwright::cli
