// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/inference_models.h"

#include "app/cli/trained_network.h"
#include "engine/exchange/model/model_file.h"
#include "engine/exchange/onnx_export.h"
#include "engine/graph/lower.h"
#include "engine/inference/optimized_network.h"
#include "engine/project/runs.h"
#include "engine/project/templates.h"
#include "engine/training/objective.h"

#include <filesystem>

namespace gradwright::cli {

OpenedNetwork openModel(const std::string& network) {
    if (isModelFile(network))
        return {answeringModel(readModel(network)), true};
    const bool isQuantized = isQuantizedFile(network);
    if (!std::filesystem::is_directory(network) && !isQuantized) {
        const auto project = openProject(network);
        return {firstModel(lower(project.network), project.training.seed())};
    }
    const TrainedNetwork trained(network);
    auto model = trained.model(
        inferenceGraph(trained.project().network, trained.info(), trained.project().training));
    return {std::move(model), isQuantized};
}

std::pair<Project, std::optional<RunDirectory>> trainedProject(const std::string& given) {
    if (std::filesystem::is_directory(given)) {
        auto run = RunDirectory::open(given);
        auto project = projectOfRun(run);
        return {std::move(project), std::move(run)};
    }
    auto project = openProject(given);
    std::optional<RunDirectory> run;
    if (!templateKeyOf(given))
        run = latestTrainedRun(project, given);
    return {std::move(project), std::move(run)};
}

} // namespace gradwright::cli
