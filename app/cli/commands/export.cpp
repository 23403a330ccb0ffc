// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/naming.h"
#include "app/cli/output.h"
#include "engine/io/atomic_file.h"
#include "engine/io/code_formats.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <memory>

namespace gradwright::cli {
namespace {

struct ExportOptions {
    std::string project;
    std::string format = "pytorch";
    std::string file;
    bool force = false;
    bool json = false;
};

void runExport(const ExportOptions& options) {
    const auto& format = codeFormat(options.format);
    if (!options.force && std::filesystem::exists(options.file))
        throw Error("{}: the file exists; --force replaces it", options.file);
    const auto project = openProject(options.project);
    naming(options.project, [&] {
        writeFileAtomically(options.file, std::string_view(format.write(project.network)));
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
    command->add_option("project", options->project, "A project file or template:NAME")->required();
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
