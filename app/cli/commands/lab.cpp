// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/lab_session.h"
#include "app/cli/output.h"
#include "engine/lab/kinds.h"
#include "engine/project/templates.h"
#include "engine/support/error.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

namespace gradwright::cli {
namespace {

namespace fs = std::filesystem;

Json paramJson(const ParamSpec& spec) {
    Json json = {{"key", spec.key}, {"default", toJson(spec.defaultValue)}, {"doc", spec.doc}};
    if (!spec.choices.empty()) {
        json["choices"] = Json::array();
        for (const auto& choice : spec.choices)
            json["choices"].push_back(choice.key);
    }
    return json;
}

void addKinds(CLI::App& lab) {
    auto json = std::make_shared<bool>(false);
    auto* command = lab.add_subcommand("kinds", "List the kinds of experiments");
    command->add_flag("--json", *json, "One JSON document on standard output");
    command->callback([json] {
        Json all = Json::array();
        for (const auto& kind : experimentKinds()) {
            Json params = Json::array();
            for (const auto& spec : kind.params)
                params.push_back(paramJson(spec));
            all.push_back({{"key", kind.key},
                           {"title", kind.title},
                           {"doc", kind.doc},
                           {"settings", std::move(params)}});
        }
        if (*json)
            return printJson({{"kinds", std::move(all)}});
        for (const auto& kind : experimentKinds()) {
            printLine(fmt::format("{}  {}", padded(kind.key, 14), kind.title));
            printLine("    " + kind.doc);
            for (const auto& spec : kind.params)
                printLine(
                    fmt::format("    {}={}  {}", spec.key, toString(spec.defaultValue), spec.doc));
        }
    });
}

void addRun(CLI::App& lab, int& exitCode) {
    struct Options {
        std::string kind;
        LabOptions lab;
        std::vector<std::string> settings;
    };
    auto options = std::make_shared<Options>();
    auto* command = lab.add_subcommand("run", "Do an experiment on a project");
    command->add_option("kind", options->kind, "One of \"lab kinds\"")->required();
    options->lab.addTo(*command);
    command
        ->add_option("--with", options->settings,
                     "A setting of the experiment, as key=value; may be repeated")
        ->expected(1)
        ->take_all();
    command->callback([options, &exitCode] {
        const auto& kind = experimentKind(options->kind);
        Experiment experiment{kind.key, projectOf(options->lab), {}, kind.title};
        for (const auto& assignment : options->settings)
            assignLabSetting(experiment, assignment);
        beginExperiment(experiment, options->lab, exitCode);
    });
}

void addAgain(CLI::App& lab, int& exitCode) {
    auto resumed = std::make_shared<LabOptions>();
    auto* resume = lab.add_subcommand("resume", "Do what is left of an experiment");
    resume->add_option("experiment", resumed->project, "Its folder")->required();
    resumed->addJobsTo(*resume);
    resume->add_flag("--quiet", resumed->quiet, "No progress");
    resume->add_flag("--json", resumed->json, "One JSON document on standard output");
    resume->callback([resumed, &exitCode] {
        doExperiment(ExperimentDirectory::open(resumed->project), *resumed, exitCode);
    });

    auto repeated = std::make_shared<LabOptions>();
    auto* repeat =
        lab.add_subcommand("repeat", "Do an experiment once more, from its experiment.json");
    repeat->add_option("experiment", repeated->project, "Its folder or its experiment.json")
        ->required();
    repeat->add_option(
        "--out", repeated->out,
        "Folder in which the new experiment's folder is made; else beside the other");
    repeat->add_flag("--plan", repeated->planOnly, "Say what would be done, and do nothing");
    repeated->addJobsTo(*repeat);
    repeat->add_flag("--quiet", repeated->quiet, "No progress");
    repeat->add_flag("--json", repeated->json, "One JSON document on standard output");
    repeat->callback([repeated, &exitCode] {
        const fs::path file = repeated->project;
        auto experiment = loadExperiment(file);
        std::error_code missing;
        const bool isFolder = fs::is_directory(file, missing);
        if (isFolder || file.filename() == "experiment.json") // a copy elsewhere has no trials
            experiment.beside = ExperimentDirectory::open(file).beside();
        if (repeated->out.empty()) {
            std::error_code none;
            const auto folder =
                fs::absolute(fs::is_directory(file, none) ? file : file.parent_path());
            repeated->out = fs::weakly_canonical(folder, none).parent_path().string();
        }
        beginExperiment(experiment, *repeated, exitCode);
    });
}

void addLook(CLI::App& lab) {
    struct Options {
        std::string path;
        bool json = false;
    };
    auto shown = std::make_shared<Options>();
    auto* report = lab.add_subcommand("report", "What an experiment has found so far");
    report->add_option("experiment", shown->path, "Its folder")->required();
    report->add_flag("--json", shown->json, "One JSON document on standard output");
    report->callback(
        [shown] { printExperiment(ExperimentDirectory::open(shown->path), shown->json); });

    struct Adopted {
        std::string path, file;
    };
    auto adopted = std::make_shared<Adopted>();
    auto* adopt =
        lab.add_subcommand("adopt", "Write a copy of an experiment's project with what was found");
    adopt->add_option("experiment", adopted->path, "Its folder")->required();
    adopt->add_option("file", adopted->file, "The new project file")->required();
    adopt->callback(
        [adopted] { adoptInto(adopted->file, ExperimentDirectory::open(adopted->path)); });

    auto listed = std::make_shared<Options>();
    auto* list = lab.add_subcommand("list", "List the experiments of a project, newest first");
    list->add_option("path", listed->path, "A project file or a folder of experiments")->required();
    list->add_flag("--json", listed->json, "One JSON document on standard output");
    list->callback([listed] {
        std::error_code none;
        const fs::path path = listed->path;
        if (!fs::exists(path, none))
            throw Error("{}: there is no such file or folder", path.string());
        auto found = fs::is_directory(path, none) ? ExperimentDirectory::list(path)
                                                  : experimentsOf(openProject(path.string()), path);
        Json all = Json::array();
        for (auto directory = found.rbegin(); directory != found.rend(); ++directory) {
            const auto experiment = directory->read();
            const auto trials = directory->results().size();
            const auto state = nameOf(directory->state());
            all.push_back({{"folder", directory->path().string()},
                           {"kind", experiment.kind},
                           {"name", experiment.name},
                           {"state", state},
                           {"trials", trials}});
            if (!listed->json)
                printLine(fmt::format("{}  {}  {:>5} trials  {}", padded(experiment.name, 28),
                                      padded(state, 8), trials, directory->path().string()));
        }
        if (listed->json)
            printJson({{"experiments", std::move(all)}});
    });
}

} // namespace

void addLabCommand(CLI::App& app, int& exitCode) {
    auto* lab = app.add_subcommand("lab", "Experiments: a question, a plan, a report");
    lab->require_subcommand(1);
    addKinds(*lab);
    addRun(*lab, exitCode);
    addAgain(*lab, exitCode);
    addLook(*lab);
}

} // namespace gradwright::cli
