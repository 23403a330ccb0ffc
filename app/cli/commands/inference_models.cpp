// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/inference_models.h"

#include "app/cli/trained_network.h"
#include "engine/graph/lower.h"
#include "engine/inference/optimized_network.h"
#include "engine/project/templates.h"
#include "engine/training/objective.h"

#include <filesystem>

namespace gradwright::cli {

InferenceModel openModel(const std::string& network) {
    if (!std::filesystem::is_directory(network) && !isQuantizedFile(network)) {
        const auto project = openProject(network);
        return firstModel(lower(project.network), project.training.seed());
    }
    const TrainedNetwork trained(network);
    return trained.model(
        inferenceGraph(trained.project().network, trained.info(), trained.project().training));
}

} // namespace gradwright::cli
