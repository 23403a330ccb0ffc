// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/inference/optimize.h"

#include "app/cli/commands/commands.h"
#include "app/cli/commands/inference_models.h"
#include "app/cli/output.h"
#include "engine/passes/eliminate.h"
#include "engine/support/byte_text.h"
#include "engine/support/json.h"

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include <memory>

namespace gradwright::cli {
namespace {

struct OptimizeOptions {
    std::string network;
    std::vector<std::string> without;
    std::vector<std::string> outputs; ///< none: all
    bool report = false;
    bool json = false;
};

const InferencePass& passOf(const std::string& key) {
    for (const auto& pass : inferencePasses())
        if (pass.key == key)
            return pass;
    throw Error("no pass is called \"{}\"", key);
}

Json sizeJson(const NetworkSize& size) {
    return {{"operations", size.operations}, {"bytes", size.bytes}, {"weight_bytes", size.weights}};
}

Json optimizationJson(const OptimizationReport& report) {
    Json passes = Json::array();
    for (const auto& pass : report.passes) {
        Json merges = Json::array();
        for (const auto& merge : pass.merges)
            merges.push_back(merge.layers);
        passes.push_back({{"name", pass.key},
                          {"merged", pass.merges.size()},
                          {"saved_layers", pass.saved.layers},
                          {"saved_operations", pass.saved.operations},
                          {"saved_bytes", pass.saved.bytes},
                          {"layers", std::move(merges)}});
    }
    return {{"layers_before", report.before.layers},
            {"layers_after", report.after.layers},
            {"passes", std::move(passes)},
            {"before", sizeJson(report.before)},
            {"after", sizeJson(report.after)}};
}

std::string signedBytes(std::int64_t bytes) {
    const auto size = bytesText(static_cast<std::size_t>(bytes < 0 ? -bytes : bytes));
    return bytes < 0 ? "-" + size : size;
}

void printOptimization(const OptimizationReport& report, bool withLayers) {
    const auto& [before, after, passes] = report;
    printLine(fmt::format("{}  {:>6}  {:>12}  {:>16}  {:>12}", padded("Pass", 24), "Places",
                          "Layers saved", "Operations saved", "Bytes saved"));
    for (const auto& pass : passes) {
        printLine(fmt::format("{}  {:>6}  {:>12}  {:>16}  {:>12}",
                              padded(std::string(passOf(pass.key).title), 24), pass.merges.size(),
                              pass.saved.layers, grouped(pass.saved.operations),
                              signedBytes(pass.saved.bytes)));
        if (withLayers)
            for (const auto& merge : pass.merges)
                printLine(fmt::format("    {}", fmt::join(merge.layers, " + ")));
    }
    printLine(fmt::format("\nLayers                  {} → {}", report.before.layers,
                          report.after.layers));
    printLine(fmt::format("Operations per sample   {} → {}", grouped(before.operations),
                          grouped(after.operations)));
    printLine(fmt::format("Read and written        {} → {} per sample", signedBytes(before.bytes),
                          signedBytes(after.bytes)));
    printLine(fmt::format("Weights                 {} → {}", signedBytes(before.weights),
                          signedBytes(after.weights)));
}

void runOptimize(const OptimizeOptions& options) {
    auto model = openModel(options.network);
    std::vector<NamedValue> wanted;
    for (const auto& name : options.outputs)
        wanted.push_back({name, model.graph.output(name)});
    if (!wanted.empty())
        model.graph.setOutputs(std::move(wanted));
    eliminateDead(model.graph);
    const auto report = optimize(model, {options.without.begin(), options.without.end()});
    if (options.json)
        printJson(optimizationJson(report));
    else
        printOptimization(report, options.report);
}

} // namespace

void addOptimizeCommand(CLI::App& app, int& /*exitCode*/) {
    auto options = std::make_shared<OptimizeOptions>();
    auto* command = app.add_subcommand(
        "optimize", "Show what the passes for inference make of a network: layers, operations and "
                    "bytes before and after");
    command->add_option("network", options->network, "A run's folder, a project, or template:NAME")
        ->required();
    command->add_flag("--report", options->report, "Name the layers that became one");
    command->add_option("--without", options->without, "Leave a pass out, by its name in the JSON")
        ->type_name("PASS");
    command->add_option("--output", options->outputs,
                        "Only what this output needs: an auxiliary classifier is for training");
    command->add_flag("--json", options->json, "Print JSON");
    command->callback([options] { runOptimize(*options); });
}

} // namespace gradwright::cli
