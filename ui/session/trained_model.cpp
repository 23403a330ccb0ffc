// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/trained_model.h"

#include "engine/ensembles/saved_baseline.h"
#include "engine/inference/readings.h"
#include "engine/project/runs.h"
#include "engine/support/error.h"
#include "engine/training/checkpoint.h"
#include "engine/training/evaluation.h"
#include "engine/training/objective.h"
#include "engine/training/start_weights.h"
#include "ui/session/run_history.h"

#include <algorithm>

namespace gradwright {
namespace {

std::shared_ptr<const Dataset> openedData(const DataChoice& choice, const TrainedModel* opened) {
    return opened && opened->choice == choice ? opened->data : nullptr;
}

std::shared_ptr<const Dataset> dataOf(const DataChoice& choice, const TrainedModel* opened) {
    auto data = openedData(choice, opened);
    return data ? data : std::make_shared<const Dataset>(openDataset(choice));
}

/// ", BF16"; nothing for FP32, which is the usual.
std::string precisionTitle(const TrainingSettings& settings) {
    const auto precision = settings.answerTarget().precision;
    if (precision == Precision::F32)
        return {};
    std::string name(nameOf(precision));
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return ", " + name;
}

} // namespace

TrainedModel openModel(const std::filesystem::path& folder, const TrainedModel* opened) {
    const auto run = RunDirectory::open(folder);
    const auto project = projectOfRun(run);
    const auto history = readHistory(run);
    const auto file = weightsOfRun(run);
    auto data = openedData(project.data, opened);
    if (!data || dataInfoOfRun(run) != data->info)
        data = std::make_shared<const Dataset>(dataOfRun(run));
    const auto* best = history.best();
    std::string title = "newest";
    if (file == run.bestWeights())
        title = best ? fmt::format("best, epoch {}", best->epoch) : "best";
    auto graph = inferenceGraph(project.network, data->info, project.training);
    return {history.name,
            folder,
            title + precisionTitle(project.training),
            project.data,
            std::move(graph),
            std::move(data),
            std::make_shared<const Weights>(readCheckpointWeights(file)),
            project.training.answerTarget()};
}

std::unique_ptr<Predictor> TrainedModel::predictor() const {
    if (answers)
        return std::make_unique<Predictor>(*answers);
    if (optimized)
        return std::make_unique<Predictor>(*optimized, target);
    return std::make_unique<Predictor>(graph, *weights, target);
}

std::optional<Outcomes>
TrainedModel::readTestSet(const std::stop_token& stop,
                          const std::function<void(std::int64_t)>& progress) const {
    if (!noSamples.empty())
        throw Error("{}", noSamples);
    if (answers)
        return readOutcomes(*answers, *data->test, allIndices(*data->test), stop, progress);
    if (optimized)
        return readOutcomes(*optimized, data->test, allIndices(*data->test), stop, progress,
                            target);
    return readAll(graph, *weights, data->test, stop, progress, target);
}

TrainedModel openFittedMethod(const std::filesystem::path& file, const TrainedModel* opened) {
    const auto saved = openBaseline(file);
    auto data = dataOf(saved.project.data, opened);
    if (data->info != saved.info)
        throw Error("{}: the data have changed since {} has learned them", file.string(),
                    saved.method->title);
    TrainedModel model;
    model.name = saved.method->title;
    model.run = file;
    model.weightsTitle = fmt::format("fitted to {} samples", saved.learned);
    model.choice = saved.project.data;
    model.data = std::move(data);
    model.answers = std::make_shared<const SampleAnswers>(saved.answers());
    return model;
}

TrainedModel makeModel(const TrainingJob& job, const std::filesystem::path& run,
                       std::shared_ptr<const Weights> weights, std::int64_t step,
                       const TrainedModel* opened) {
    auto data = dataOf(job.data, opened);
    auto graph = inferenceGraph(job.network, data->info, job.settings);
    return {job.name,
            run,
            fmt::format("newest, step {}{}", step, precisionTitle(job.settings)),
            job.data,
            std::move(graph),
            std::move(data),
            std::move(weights),
            job.settings.answerTarget()};
}

TrainedModel modelAsOpened(const TrainingJob& job, const TrainedModel* opened) {
    auto data = dataOf(job.data, opened);
    auto graph = inferenceGraph(job.network, data->info, job.settings);
    auto weights = startWeightsOf(graph.weights(), job.settings.seed(), job.startWeights);
    return {job.name,
            {},
            "as opened" + precisionTitle(job.settings),
            job.data,
            std::move(graph),
            std::move(data),
            std::make_shared<const Weights>(std::move(weights)),
            job.settings.answerTarget()};
}

} // namespace gradwright
