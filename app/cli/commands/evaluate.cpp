// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/exit_codes.h"
#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "app/cli/trained_network.h"
#include "engine/backend/compute_threads.h"
#include "engine/backend/devices.h"
#include "engine/backend/evaluation_batch.h"
#include "engine/exchange/model/model_file.h"
#include "engine/inference/optimized_network.h"
#include "engine/metrics/quality_json.h"
#include "engine/project/runs.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/training/evaluation.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

namespace gradwright::cli {
namespace {

struct EvaluateOptions {
    std::string run;
    std::string split = "test";
    std::size_t topK = 0; ///< 0: not asked for
    bool json = false;
};

/// A metric that was asked for, or one of the catalog.
struct Figure {
    std::string key;
    std::string title;
    double value;
    std::string text;
};

std::vector<Figure> figuresOf(const EvaluateOptions& options, const Outcomes& outcomes) {
    std::vector<Figure> figures;
    for (const auto& [metric, value] : measure(outcomes))
        figures.push_back({metric->key, metric->title, value, valueText(*metric, value)});
    if (options.topK == 0)
        return figures;
    const auto value = topKAccuracy(outcomes, options.topK);
    if (!value)
        throw Error("--top-k {} needs more than {} classes; the network has {}", options.topK,
                    options.topK, outcomes.targets.empty() ? outcomes.elements : 0);
    auto key = fmt::format("top_{}_accuracy", options.topK);
    if (std::ranges::find(figures, key, &Figure::key) == figures.end())
        figures.push_back({std::move(key), fmt::format("Top-{} accuracy", options.topK), *value,
                           valueText(qualityMetric(MetricKind::Classes), *value)});
    return figures;
}

Json evaluationJson(const EvaluateOptions& options, const Score& score,
                    const std::vector<Figure>& figures) {
    Json numbers = Json::object();
    for (const auto& figure : figures)
        numbers[figure.key] = figure.value;
    return {{"samples", score.samples},
            {"loss", score.loss},
            {qualityKey(*score.quality.metric), score.quality.value},
            {"split", options.split},
            {"metrics", std::move(numbers)}};
}

void printReport(const EvaluateOptions& options, const Score& score,
                 const std::vector<Figure>& figures) {
    const auto& [metric, value] = score.quality;
    printLine(fmt::format("{} {} (loss {:.4f}) over {} of the {} set.", metric->title,
                          valueText(*metric, value), score.loss,
                          groupedCount(score.samples, "sample"), options.split));
    for (const auto& figure : figures)
        printLine(fmt::format("  {} {}", padded(figure.title, 26), figure.text));
}

/// What is measured, ready to run.
struct Measured {
    Dataset data;
    DataChoice choice;
    TrainingGraph graph;
    InferenceModel model; ///< the graph with its weights
    ComputeTarget target;
};

Measured measuredRun(const std::string& path) {
    const TrainedNetwork network(path);
    const auto& project = network.project();
    Measured made{network.data(), project.data, {}, {}, network.target()};
    made.graph = evaluationGraph(project.network, made.data.info, project.training);
    setComputeThreads(project.training.threads());
    made.model = network.model(made.graph.graph);
    optimize(made.model);
    made.graph.graph = made.model.graph;
    return made;
}

Measured measuredModel(const std::string& path) {
    auto model = readModel(path);
    if (!model.data)
        throw Error("{} cannot be measured, since its data are not known: {}", path, model.note);
    auto data = dataLike(model.project.data, *model.data, path);
    setComputeThreads(model.project.training.threads());
    InferenceModel optimized{model.evaluation.graph, std::move(model.weights)};
    return {std::move(data), model.project.data, std::move(model.evaluation), std::move(optimized),
            ComputeTarget{.precision = model.precision}};
}

void runEvaluate(const EvaluateOptions& options, int& exitCode) {
    const Interrupt interrupt;
    const auto [data, choice, graph, model, target] =
        isModelFile(options.run) ? measuredModel(options.run) : measuredRun(options.run);
    ProgramCache programs(backendFor(target), model.graph, {.precision = target.precision});
    programs.get(evaluationBatch(model.graph), Mode::Inference);
    writeWeights(*programs.weights(), weightsOf(model));

    const bool useTest = options.split == "test";
    auto split = splitOf(data, choice);
    auto indices = useTest                         ? allIndices(*data.test)
                   : options.split == "validation" ? std::move(split.validation)
                                                   : std::move(split.training);
    if (indices.empty())
        throw Error("{}: the run has no {} samples; it was trained with a validation_fraction of "
                    "{}",
                    options.run, options.split, choice.validationFraction);
    auto evaluation = evaluateWithOutcomes(programs, graph, useTest ? data.test : data.training,
                                           std::move(indices), interrupt.token());
    if (!evaluation) {
        fmt::print(stderr, "Stopped.\n");
        exitCode = kFailed;
        return;
    }
    restoreUnits(evaluation->outcomes, data.info.targetScaling);
    const auto figures = figuresOf(options, evaluation->outcomes);
    if (options.json)
        printJson(evaluationJson(options, evaluation->score, figures));
    else
        printReport(options, evaluation->score, figures);
}

} // namespace

void addEvaluateCommand(CLI::App& app, int& exitCode) {
    auto options = std::make_shared<EvaluateOptions>();
    auto* command = app.add_subcommand(
        "evaluate",
        "Measure a run's best weights, an optimized model or a quantized network, on the processor "
        "whatever trained them");
    command
        ->add_option("run", options->run,
                     "Folder of a run, an optimized model or a quantized network")
        ->required();
    command->add_option("--split", options->split, "test, validation or training")
        ->check(CLI::IsMember({"test", "validation", "training"}));
    command
        ->add_option("--top-k", options->topK,
                     "Also report how often the class is among the K largest outputs")
        ->check(CLI::PositiveNumber);
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options, &exitCode] { runEvaluate(*options, exitCode); });
}

} // namespace gradwright::cli
