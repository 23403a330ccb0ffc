// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/exit_codes.h"
#include "app/cli/interrupt.h"
#include "app/cli/naming.h"
#include "app/cli/output.h"
#include "engine/backend/compute_threads.h"
#include "engine/backend/devices.h"
#include "engine/project/runs.h"
#include "engine/training/checkpoint.h"
#include "engine/training/evaluation.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace gradwright::cli {
namespace {

struct Options {
    std::string run;
    std::string split = "test";
    bool json = false;
};

void runEvaluate(const Options& options, int& exitCode) {
    const Interrupt interrupt;
    const auto run = RunDirectory::open(options.run);
    const auto project = projectOfRun(run);
    const auto weightsFile = weightsOfRun(run);
    const auto data = openDataset(project.data);
    const auto training = trainingGraph(project.network, data.info, project.training);
    setComputeThreads(project.training.threads());
    const auto precision = project.training.precision();
    ProgramCache programs(backendFor(precision), training.graph, precision);
    programs.get(1, Mode::Inference);
    naming(weightsFile,
           [&] { writeWeights(*programs.weights(), readCheckpointWeights(weightsFile)); });

    const bool useTest = options.split == "test";
    auto split = splitOf(data, project.data);
    auto indices = useTest                         ? allIndices(*data.test)
                   : options.split == "validation" ? std::move(split.validation)
                                                   : std::move(split.training);
    if (indices.empty())
        throw Error("{}: the run has no {} samples; it was trained with a validation_fraction of "
                    "{}",
                    options.run, options.split, project.data.validationFraction);
    const auto score = evaluate(programs, training, useTest ? data.test : data.training,
                                std::move(indices), interrupt.token());
    if (!score) {
        fmt::print(stderr, "Stopped.\n");
        exitCode = kFailed;
        return;
    }
    if (options.json)
        printJson({{"samples", score->samples},
                   {"loss", score->loss},
                   {"accuracy", score->accuracy},
                   {"split", options.split}});
    else
        printLine(fmt::format("Accuracy {:.2f} % (loss {:.4f}) over {} images of the {} set.",
                              100 * score->accuracy, score->loss, grouped(score->samples),
                              options.split));
}

} // namespace

void addEvaluateCommand(CLI::App& app, int& exitCode) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("evaluate", "Measure a run's best weights");
    command->add_option("run", options->run, "Folder of a run")->required();
    command->add_option("--split", options->split, "test, validation or training")
        ->check(CLI::IsMember({"test", "validation", "training"}));
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options, &exitCode] { runEvaluate(*options, exitCode); });
}

} // namespace gradwright::cli
