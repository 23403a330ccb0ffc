// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/lab_session.h"

#include "app/cli/exit_codes.h"
#include "app/cli/interrupt.h"
#include "app/cli/lab_progress.h"
#include "app/cli/output.h"
#include "engine/lab/kinds.h"
#include "engine/lab/recommendation.h"
#include "engine/lab/run_experiment.h"
#include "engine/project/project_file.h"
#include "engine/project/templates.h"

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include <algorithm>

namespace gradwright::cli {
namespace {

void printTable(const ReportTable& table) {
    std::vector<std::size_t> widths;
    for (const auto& column : table.columns)
        widths.push_back(columnsOf(column));
    for (const auto& row : table.rows)
        for (std::size_t i = 0; i < std::min(row.size(), widths.size()); ++i)
            widths[i] = std::max(widths[i], columnsOf(row[i]));
    const auto printRow = [&](const std::vector<std::string>& cells) {
        std::string line;
        for (std::size_t i = 0; i < std::min(cells.size(), widths.size()); ++i)
            line += padded(cells[i], widths[i] + 2);
        printLine(line.substr(0, line.find_last_not_of(' ') + 1));
    };
    printLine("");
    if (!table.title.empty())
        printLine(table.title);
    printRow(table.columns);
    for (const auto& row : table.rows)
        printRow(row);
}

Report reportOf(const ExperimentDirectory& directory) {
    const auto experiment = directory.read();
    return experimentKind(experiment.kind).make(experiment)->report(directory.results());
}

} // namespace

void LabOptions::addTo(CLI::App& command) {
    command.add_option("project", project, "A project file or template:NAME")->required();
    training.addTo(command);
    command.add_option("--out", out, "Folder in which the experiment's folder is made");
    command.add_flag("--plan", planOnly, "Say what would be done, and do nothing");
    addJobsTo(command);
    command.add_flag("--quiet", quiet, "No progress");
    command.add_flag("--json", json, "One JSON document on standard output");
}

void LabOptions::addJobsTo(CLI::App& command) {
    command
        .add_option("--jobs", jobs,
                    "So many trials at a time, where none depends on another and no speed is "
                    "measured; each takes the threads of --threads")
        ->check(CLI::Range(1, kMostJobs));
}

Project projectOf(const LabOptions& options) {
    auto project = openProject(options.project);
    options.training.applyTo(project.training, project.data);
    return project;
}

std::filesystem::path beginExperiment(Experiment experiment, const LabOptions& options,
                                      int& exitCode) {
    if (options.jobs > 0)
        experiment.jobs = options.jobs;
    const auto& kind = experimentKind(experiment.kind);
    for (const auto& problem : validate(kind.params, experiment.settings))
        throw UsageError("{}: {}", problem.param, problem.message);
    const auto procedure = kind.make(experiment);
    try {
        requireJobs(experiment, *procedure, experiment.jobs);
    } catch (const Error& error) {
        throw UsageError("--jobs: {}", error.what());
    }
    const auto plan = procedure->plan();
    if (options.planOnly) {
        if (options.json)
            printJson({{"kind", experiment.kind},
                       {"trials", plan.trials},
                       {"epochs", plan.epochs},
                       {"steps", plan.steps}});
        else
            for (const auto& step : plan.steps)
                printLine(step);
        return {};
    }
    const auto file = templateKeyOf(options.project)
                          ? std::nullopt
                          : std::optional(std::filesystem::path(options.project));
    const auto folder = options.out.empty() ? labFolder(experiment.project, file)
                                            : std::filesystem::path(options.out);
    const auto directory = ExperimentDirectory::create(folder, experiment, plan);
    if (!options.quiet)
        for (const auto& step : plan.steps)
            fmt::print(options.json ? stderr : stdout, "{}\n", step);
    doExperiment(directory, options, exitCode);
    return directory.path();
}

void doExperiment(const ExperimentDirectory& directory, const LabOptions& options, int& exitCode) {
    const Interrupt interrupt;
    auto outcome = ExperimentOutcome::Finished;
    {
        LabProgress progress(options.quiet ? nullptr : options.json ? stderr : stdout);
        outcome = runExperiment(directory, progress.sink(), interrupt.token(), options.jobs);
    }
    if (outcome == ExperimentOutcome::Stopped) {
        fmt::print(stderr, "Stopped. Resume with: gradwright-cli lab resume {}\n",
                   directory.path().string());
        exitCode = kFailed;
    }
    if (options.json || !options.quiet)
        printExperiment(directory, options.json);
}

void printExperiment(const ExperimentDirectory& directory, bool json) {
    const auto report = reportOf(directory);
    if (json) {
        auto document = toJson(report);
        document["experiment"] = directory.path().string();
        document["state"] = nameOf(directory.state());
        Json trials = Json::array();
        for (const auto& result : directory.results())
            trials.push_back(toJson(result));
        document["trials"] = std::move(trials);
        printJson(document);
        return;
    }
    for (const auto& table : report.tables)
        printTable(table);
    printLine("");
    for (const auto& paragraph : report.paragraphs)
        printLine(paragraph);
    printLine(fmt::format("Experiment {}", directory.path().string()));
}

void assignLabSetting(Experiment& experiment, const std::string& assignment) {
    const auto option = "--with " + assignment;
    const auto equals = assignment.find('=');
    if (equals == std::string::npos)
        throw UsageError("{}: expected key=value", option);
    assignLabSetting(experiment, assignment.substr(0, equals), assignment.substr(equals + 1),
                     option);
}

void assignLabSetting(Experiment& experiment, const std::string& key, const std::string& text,
                      const std::string& option) {
    const auto& params = experimentKind(experiment.kind).params;
    const auto* spec = findParamToRead(params, key);
    if (!spec) {
        std::vector<std::string_view> keys;
        for (const auto& known : params)
            keys.emplace_back(known.key);
        throw UsageError("{}: there is no \"{}\"; known are {}", option, key,
                         fmt::join(keys, ", "));
    }
    std::optional<std::string> why;
    try {
        auto value = paramFromText(*spec, text);
        why = whyInvalid(*spec, value);
        if (!why)
            experiment.settings.insert_or_assign(spec->key, std::move(value));
    } catch (const Error& error) {
        why = error.what();
    }
    if (why)
        throw UsageError("{}: {}", option, *why);
}

void requireNewFile(const std::string& file) {
    std::error_code none;
    if (!file.empty() && std::filesystem::exists(file, none))
        throw Error("{} exists already; choose another name", file);
}

void adoptInto(const std::string& file, const ExperimentDirectory& directory) {
    requireNewFile(file);
    const auto experiment = directory.read();
    const auto found =
        experimentKind(experiment.kind).make(experiment)->recommendation(directory.results());
    if (!found)
        throw Error("{}: has found nothing that a project could adopt", directory.path().string());
    auto project = experiment.project;
    apply(project, editOf(project, *found));
    project.uuid = newProject().uuid; // a project of its own
    saveProject(file, project);
    std::string settings;
    for (const auto& [key, text] : found->settings)
        settings += fmt::format("{}{}={}", settings.empty() ? "" : ", ", key, text);
    fmt::print(stderr, "Wrote {} with {}\n", file, settings);
}

} // namespace gradwright::cli
