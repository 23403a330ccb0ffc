// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/exit_codes.h"
#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "app/cli/training_options.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "engine/training/calibration.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace gradwright::cli {
namespace {

Json calibrationJson(const Calibration& calibration) {
    Json trials = Json::array();
    for (const auto& trial : calibration.trials) {
        auto json = gradwright::toJson(trial.plan);
        json["samples_per_second"] = trial.samplesPerSecond;
        trials.push_back(std::move(json));
    }
    return {{"best", gradwright::toJson(calibration.best)}, {"trials", std::move(trials)}};
}

void print(const Calibration& calibration, const Project& project) {
    printLine(fmt::format("{}, batch {}, {}", project.name, project.training.batch(),
                          nameOf(project.training.precision())));
    for (const auto& trial : calibration.trials)
        printLine(fmt::format("{}  {:>12} samples/s{}", padded(toString(trial.plan), 24),
                              grouped(std::llround(trial.samplesPerSecond)),
                              trial.plan == calibration.best ? "  ★" : ""));
    printLine("Kept for training this network on this machine whenever the threads are left open.");
}

} // namespace

void addCalibrateCommand(CLI::App& app, int& exitCode) {
    struct Options {
        std::string project;
        bool json = false;
        TrainingOptions training;
    };
    auto options = std::make_shared<Options>();
    auto* command =
        app.add_subcommand("calibrate", "Find the number of threads that trains fastest");
    command->add_option("project", options->project, "A project file or template:NAME")->required();
    options->training.addTo(*command);
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options, &exitCode] {
        const Interrupt interrupt;
        auto project = openProject(options->project);
        options->training.applyTo(project.training, project.data);
        if (project.training.target().isGpu())
            throw UsageError("calibrate finds the processor's number of threads; the device is {}",
                             project.training.target().device);
        const auto training =
            trainingGraph(project.network, openDataset(project.data).info, project.training);
        const auto calibration =
            calibrateAndRemember(training.graph, project.training, interrupt.token());
        if (!calibration) {
            fmt::print(stderr, "Stopped; nothing is kept.\n");
            exitCode = kFailed;
        } else if (options->json) {
            printJson(calibrationJson(*calibration));
        } else {
            print(*calibration, project);
        }
    });
}

} // namespace gradwright::cli
