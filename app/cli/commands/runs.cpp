// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/runs.h"

#include "app/cli/commands/commands.h"
#include "app/cli/exit_codes.h"
#include "app/cli/output.h"
#include "engine/metrics/metric.h"
#include "engine/project/run_label.h"
#include "engine/project/unsaved_networks.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gradwright::cli {
namespace {

namespace fs = std::filesystem;

bool isRun(const fs::path& path) {
    std::error_code none;
    return fs::is_regular_file(path / "run.json", none);
}

/// The runs of a project file or in a folder of runs, newest first; of a run itself.
std::vector<RunDirectory> runsAt(const fs::path& path) {
    std::error_code none;
    if (!fs::exists(path, none))
        throw Error("{}: there is no such file or folder", path.string());
    if (isRun(path))
        return {RunDirectory::open(path)};
    auto runs = RunDirectory::list(fs::is_directory(path, none) ? path : runsFolderOf(path));
    std::ranges::reverse(runs);
    return runs;
}

std::string stateOf(const RunSummary& run) {
    if (run.locked)
        return "training";
    return run.finished ? "finished" : "stopped";
}

/// Its note, or nothing where the label cannot be read.
std::string noteOf(const RunDirectory& run) {
    try {
        return labelOf(run).note;
    } catch (const Error&) {
        return {};
    }
}

Json runJson(const RunDirectory& run) {
    const auto summary = summarize(run);
    Json json = {{"folder", run.path().string()}, {"name", summary.name},
                 {"note", noteOf(run)},           {"state", stateOf(summary)},
                 {"epochs", summary.epochs},      {"bytes", summary.bytes}};
    if (summary.best)
        json["best_" + summary.best->metric->key] = summary.best->value;
    return json;
}

void printRun(const RunDirectory& run) {
    constexpr std::size_t kNameColumns = 24;
    const auto summary = summarize(run);
    const auto best =
        summary.best ? valueText(*summary.best->metric, summary.best->value) : std::string("-");
    printLine(fmt::format("{}  {}  {}  {:>4} epochs  {}", padded(run.name(), 36),
                          padded(summary.name, kNameColumns), padded(stateOf(summary), 8),
                          summary.epochs, best));
    if (const auto note = noteOf(run); !note.empty())
        printLine("    " + note);
}

} // namespace

void addRunsCommand(CLI::App& app, int&) {
    struct Options {
        std::string path;
        std::optional<std::string> name;
        std::optional<std::string> note;
        bool json = false;
    };
    auto options = std::make_shared<Options>();
    auto* const command = app.add_subcommand("runs", "List runs, name them and take notes on them");
    command->add_option("path", options->path, "A project file, a folder of runs, or a run")
        ->required();
    command->add_option("--name", options->name, "Name the run; empty: as it was recorded");
    command->add_option("--note", options->note, "A note on the run; empty: none");
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options] {
        const auto runs = runsAt(options->path);
        if (options->name || options->note) {
            if (!isRun(options->path))
                throw UsageError("--name and --note are for one run; {} is none", options->path);
            auto label = labelOf(runs.front());
            label.name = options->name.value_or(label.name);
            label.note = options->note.value_or(label.note);
            writeLabel(runs.front(), std::move(label));
        }
        if (!options->json) {
            for (const auto& run : runs)
                printRun(run);
            return;
        }
        Json all = Json::array();
        for (const auto& run : runs)
            all.push_back(runJson(run));
        printJson({{"runs", std::move(all)}});
    });
}

} // namespace gradwright::cli
