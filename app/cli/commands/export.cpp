// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/commands/data_comments.h"
#include "app/cli/naming.h"
#include "app/cli/output.h"
#include "engine/io/atomic_file.h"
#include "engine/io/code_formats.h"
#include "engine/project/runs.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <vector>

namespace gradwright::cli {
namespace {

struct ExportOptions {
    std::string project;
    std::string format = "pytorch";
    std::string file;
    bool force = false;
    bool json = false;
};

/// The run itself, or the latest of the project's; nothing where there is none.
std::optional<RunDirectory> runFor(const std::string& given, const Project* project) {
    if (!project)
        return RunDirectory::open(given);
    if (given.starts_with("template:"))
        return {};
    std::vector<std::filesystem::path> runs;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(runsFolder(*project, given), none))
        if (std::filesystem::exists(entry.path() / "run.json", none))
            runs.push_back(entry.path());
    if (runs.empty())
        return {};
    return RunDirectory::open(*std::ranges::max_element(runs));
}

void runExport(const ExportOptions& options) {
    const auto& format = codeFormat(options.format);
    if (!options.force && std::filesystem::exists(options.file))
        throw Error("{}: the file exists; --force replaces it", options.file);
    const bool isRun = std::filesystem::is_directory(options.project);
    const auto project =
        isRun ? projectOfRun(RunDirectory::open(options.project)) : openProject(options.project);
    naming(options.project, [&] {
        const auto run = runFor(options.project, isRun ? nullptr : &project);
        const auto comments =
            run ? dataComments(dataInfoOfRun(*run), run->path().filename().string()) : "";
        writeFileAtomically(options.file,
                            std::string_view(comments + format.write(project.network)));
    });
    if (options.json)
        printJson({{"file", options.file}, {"format", format.key}});
    else
        printLine(
            fmt::format("{} is written as {} in {}", project.name, format.title, options.file));
}

} // namespace

void addExportCommand(CLI::App& app, int&) {
    auto options = std::make_shared<ExportOptions>();
    auto* command = app.add_subcommand("export", "Write a network as a program for a framework");
    command
        ->add_option("project", options->project,
                     "A project file, template:NAME or the folder of a run")
        ->required();
    command->add_option("-o,--output", options->file, "The file to write")->required();
    std::string known;
    for (const auto& format : codeFormats())
        known += (known.empty() ? "" : ", ") + format.key;
    command->add_option("--format", options->format, known)->capture_default_str();
    command->add_flag("--force", options->force, "Replace the file if it exists");
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options] { runExport(*options); });
}

} // namespace gradwright::cli
