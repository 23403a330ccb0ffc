// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/exit_codes.h"
#include "app/cli/lab_session.h"
#include "engine/io/atomic_file.h"
#include "engine/lab/kinds.h"
#include "engine/project/runs.h"
#include "engine/support/json.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace gradwright::cli {
namespace {

namespace fs = std::filesystem;

struct LandscapeOptions {
    LabOptions lab;
    std::vector<std::pair<std::string, std::string>> settings; ///< by key, as typed
    std::string csv;
};

/// Where the experiments of a run's project are: NAME.lab beside its folder NAME.runs.
fs::path labFolderOfRun(const fs::path& run, const Project& project) {
    const auto runs = fs::absolute(run).lexically_normal().parent_path();
    return runs.extension() == ".runs" ? fs::path(runs).replace_extension(".lab")
                                       : labFolder(project, std::nullopt);
}

/// A line per place: x, y, loss; of a loss that is not finite nothing.
std::string csvOf(const Json& data) {
    std::string text = "x,y,loss\n";
    for (std::size_t row = 0; row < data.at("y").size(); ++row)
        for (std::size_t column = 0; column < data.at("x").size(); ++column) {
            const auto& loss = data.at("loss")[row][column];
            text += fmt::format("{},{},{}\n", data.at("x")[column].get<double>(),
                                data.at("y")[row].get<double>(),
                                loss.is_number() ? fmt::format("{}", loss.get<double>()) : "");
        }
    return text;
}

void runLandscape(LandscapeOptions options, int& exitCode) {
    const auto& kind = experimentKind("landscape");
    std::error_code none;
    const bool isRun = fs::is_directory(options.lab.project, none);
    Experiment experiment;
    experiment.kind = kind.key;
    experiment.name = kind.title;
    if (isRun) {
        const auto run = fs::absolute(options.lab.project).lexically_normal();
        experiment.project = projectOfRun(RunDirectory::open(run));
        experiment.settings["run"] = run.string();
        if (options.lab.out.empty())
            options.lab.out = labFolderOfRun(run, experiment.project).string();
    } else {
        experiment.project = projectOf(options.lab);
    }
    for (const auto& [key, value] : options.settings) {
        const bool isPath = key == "toward" || key == "also_toward";
        if (isPath)
            static_cast<void>(RunDirectory::open(value)); // before anything else is done
        assignLabSetting(experiment, key + "=" + (isPath ? fs::absolute(value).string() : value));
    }
    const auto folder = beginExperiment(experiment, options.lab, exitCode);
    if (folder.empty() || exitCode != kDone)
        return;
    const auto report =
        parseJson(readTextFile(ExperimentDirectory::open(folder).reportJson()), "report.json");
    if (!report.at("data").contains("loss"))
        throw Error("the loss could not be measured; {} says why", folder.string());
    if (!options.csv.empty())
        writeFileAtomically(options.csv, csvOf(report.at("data")));
}

} // namespace

void addLandscapeCommand(CLI::App& app, int& exitCode) {
    auto options = std::make_shared<LandscapeOptions>();
    auto* command = app.add_subcommand(
        "landscape", "The cost surface: the loss over a plane through the weights of a run, or of "
                     "a project that is trained first");
    options->lab.addTo(*command);
    command->get_option("project")->description("A run, a project file or template:NAME");
    for (const auto& spec : experimentKind("landscape").params) {
        if (spec.key == "run" || spec.key == "seed") // the run is named, --seed is the training's
            continue;
        auto name = spec.key;
        std::ranges::replace(name, '_', '-');
        command->add_option_function<std::string>(
            "--" + name,
            [options, key = spec.key](const std::string& value) {
                options->settings.emplace_back(key, value);
            },
            spec.doc);
    }
    command->add_option_function<std::string>(
        "--surface-seed",
        [options](const std::string& value) { options->settings.emplace_back("seed", value); },
        "Of directions and samples.");
    command->add_option("--csv", options->csv, "Also write x, y and loss, a line per place");
    command->callback([options, &exitCode] { runLandscape(*options, exitCode); });
}

} // namespace gradwright::cli
