// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/exit_codes.h"
#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "app/cli/run_predictor.h"
#include "app/cli/training_options.h"
#include "app/cli/training_session.h"
#include "engine/project/runs.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "engine/support/resources.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

namespace gradwright::cli {
namespace {

std::vector<std::filesystem::path> sampleDrawings() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(resourcePath("samples"))) {
        const auto extension = entry.path().extension();
        if (extension == ".png" || extension == ".jpg" || extension == ".jpeg")
            files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

void runDemo(const TrainingOptions& options, int& exitCode) {
    const Interrupt interrupt;
    auto project = openTemplate("lenet-5");
    options.applyTo(project.training, project.data);
    printLine(project.description + "\n");
    const auto result =
        train(trainingJob(project, userDataFolder() / "demo.runs"), stdout, interrupt.token());
    if (result.failure)
        throw Error(result.failure->message);
    if (!result.finished) {
        fmt::print(stderr, "Stopped. Resume with: gradwright-cli train --resume {}\n",
                   result.run.string());
        exitCode = kFailed;
        return;
    }
    printLine(fmt::format("\nTest {} over {} that it has never seen.\n",
                          toString(result.finished->test.quality),
                          groupedCount(result.finished->test.samples, "image")));
    RunPredictor reader(result.run);
    for (const auto& file : sampleDrawings()) {
        const auto reading = reader.read(file);
        printLine(fmt::format("{}  reads {}  ({:.1f} %)", padded(file.filename().string(), 32),
                              reading.className, 100 * reading.prediction.probability));
    }
    printLine(
        fmt::format("\nTry your own: gradwright-cli predict {} IMAGE...", result.run.string()));
}

} // namespace

void addDemoCommand(CLI::App& app, int& exitCode) {
    auto options = std::make_shared<TrainingOptions>();
    auto* command =
        app.add_subcommand("demo", "Train LeNet-5 on MNIST, then read the bundled drawings");
    options->addTo(*command);
    command->callback([options, &exitCode] { runDemo(*options, exitCode); });
}

} // namespace gradwright::cli
