// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/inference_models.h"

#include "app/cli/naming.h"
#include "engine/exchange/model/model_file.h"
#include "engine/exchange/onnx_export.h"
#include "engine/graph/lower.h"
#include "engine/inference/optimized_network.h"
#include "engine/project/runs.h"
#include "engine/project/templates.h"
#include "engine/training/checkpoint.h"
#include "engine/training/objective.h"

#include <filesystem>

namespace gradwright::cli {

OpenedNetwork openModel(const std::string& network) {
    if (isModelFile(network))
        return {answeringModel(readModel(network)), true};
    if (!std::filesystem::is_directory(network)) {
        const auto project = openProject(network);
        return {firstModel(lower(project.network), project.training.seed())};
    }
    const auto run = RunDirectory::open(network);
    const auto project = projectOfRun(run);
    const auto weights = weightsOfRun(run);
    auto graph = inferenceGraph(project.network, dataInfoOfRun(run), project.training);
    return {naming(
        weights, [&] { return inferenceModel(std::move(graph), readCheckpointWeights(weights)); })};
}

std::pair<Project, std::optional<RunDirectory>> trainedProject(const std::string& given) {
    if (std::filesystem::is_directory(given)) {
        auto run = RunDirectory::open(given);
        auto project = projectOfRun(run);
        return {std::move(project), std::move(run)};
    }
    auto project = openProject(given);
    std::optional<RunDirectory> run;
    if (!given.starts_with("template:"))
        run = latestTrainedRun(project, given);
    return {std::move(project), std::move(run)};
}

} // namespace gradwright::cli
