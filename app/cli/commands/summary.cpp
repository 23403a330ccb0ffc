// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/commands/program_report.h"
#include "app/cli/exit_codes.h"
#include "app/cli/output.h"
#include "app/cli/training_options.h"
#include "engine/layers/catalog.h"
#include "engine/project/templates.h"
#include "engine/support/byte_text.h"
#include "engine/support/json.h"
#include "engine/training/batch_advice.h"
#include "engine/training/memory.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace gradwright::cli {
namespace {

std::string shapeText(const NodeAnalysis& node) {
    if (node.state == ShapeState::Known) {
        auto text = toString(node.output);
        for (const auto& shape : node.further)
            text += ", " + toString(shape);
        return text;
    }
    return node.state == ShapeState::Pending ? "?" : "error";
}

void printTable(const Project& project, const Analysis& analysis) {
    std::size_t width = 5;
    for (const auto& node : analysis.flat.nodes)
        width = std::max(width, columnsOf(node.path));
    printLine(fmt::format("{}  {}  {}  {:>12}  {:>15}", padded("Layer", width), padded("Type", 20),
                          padded("Output", 14), "Parameters", "MACs"));
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i) {
        const auto& flat = analysis.flat.nodes[i];
        const auto& node = analysis.nodes[i];
        printLine(
            fmt::format("{}  {}  {}  {:>12}  {:>15}", padded(flat.path, width),
                        padded(flat.layer ? labelOf(*flat.layer, flat.params) : "unknown", 20),
                        padded(shapeText(node), 14), grouped(node.parameters), grouped(node.macs)));
    }
    printLine(fmt::format("\nParameters        {}", grouped(analysis.parameters)));
    printLine(fmt::format("MACs per sample   {}", grouped(analysis.macs)));
    if (const auto memory = planTrainingMemory(project.network, analysis, project.training))
        printLine(fmt::format("Training memory   ≈ {} at batch {}", bytesText(memory->total()),
                              project.training.batch()));
}

Json summaryJson(const Project& project, const Analysis& analysis) {
    Json layers = Json::array();
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i) {
        const auto& flat = analysis.flat.nodes[i];
        const auto& node = analysis.nodes[i];
        layers.push_back(
            {{"id", flat.path},
             {"type", flat.layer ? flat.layer->key : ""},
             {"output_shape",
              node.state == ShapeState::Known ? Json(node.output.dims()) : Json(nullptr)},
             {"parameters", node.parameters},
             {"macs", node.macs}});
        for (const auto& shape : node.further)
            layers.back()["further_output_shapes"].push_back(shape.dims());
    }
    Json json = {{"layers", std::move(layers)},
                 {"total_parameters", analysis.parameters},
                 {"total_macs", analysis.macs}};
    const auto memory = planTrainingMemory(project.network, analysis, project.training);
    json["training_memory_bytes"] = memory ? Json(memory->total()) : Json(nullptr);
    return json;
}

} // namespace

void addSummaryCommand(CLI::App& app, int& exitCode) {
    struct Options {
        std::string project;
        bool json = false;
        bool report = false;
        TrainingOptions training;
    };
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("summary", "Layers, shapes, parameters and cost");
    command->add_option("project", options->project, "A project file or template:NAME")->required();
    command->add_flag(
        "--report", options->report,
        "Also show what training compiles to: each op's implementation, layout, cost");
    options->training.addTo(*command);
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options, &exitCode] {
        auto project = openProject(options->project);
        options->training.applyTo(project.training, project.data);
        const auto analysis = analyze(project.network);
        std::optional<ProgramReport> report;
        if (options->report && !analysis.hasErrors())
            report = compiledReport(project);
        if (options->json) {
            auto json = summaryJson(project, analysis);
            if (report)
                json["report"] = toJson(*report);
            printJson(json);
        } else {
            printTable(project, analysis);
            if (report)
                printReport(project, *report);
        }
        auto diagnostics = analysis.diagnostics;
        for (auto& advice : batchAdvice(analysis, project.training))
            diagnostics.push_back(std::move(advice));
        for (const auto& diagnostic : diagnostics)
            fmt::print(stderr, "{}: {}{}\n",
                       diagnostic.severity == Severity::Error     ? "error"
                       : diagnostic.severity == Severity::Warning ? "warning"
                                                                  : "note",
                       diagnostic.place.path.empty() ? "" : diagnostic.place.path + ": ",
                       diagnostic.message);
        if (analysis.hasErrors())
            exitCode = kFailed;
    });
}

} // namespace gradwright::cli
