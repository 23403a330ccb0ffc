// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/inference/optimize.h"

#include "app/cli/commands/commands.h"
#include "app/cli/commands/inference_models.h"
#include "app/cli/exit_codes.h"
#include "app/cli/interrupt.h"
#include "app/cli/naming.h"
#include "app/cli/output.h"
#include "engine/exchange/model/model_file.h"
#include "engine/metrics/quality_json.h"
#include "engine/passes/eliminate.h"
#include "engine/support/byte_text.h"
#include "engine/support/json.h"

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>

namespace gradwright::cli {
namespace {

struct OptimizeOptions {
    std::string network;
    std::vector<std::string> without;
    std::vector<std::string> outputs; ///< none: all
    std::string file;                 ///< to write; empty: none
    bool force = false;
    Reduction reduction;
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

/// A network after passes and reductions, and what these cost.
struct ReducedNetwork {
    OptimizedModel model;
    std::optional<Score> before{}, after{}; ///< over the test samples, where it was reduced
};

/// Nothing when stopped.
std::optional<ReducedNetwork> optimizedNetwork(const OptimizeOptions& options,
                                               const Interrupt& interrupt) {
    return naming(options.network, [&]() -> std::optional<ReducedNetwork> {
        const auto [project, run] = trainedProject(options.network);
        ModelWish wish{.leftOut = {options.without.begin(), options.without.end()},
                       .reduction = {}};
        auto whole = optimizedModel(project, run, wish, interrupt.token());
        if (!whole || options.reduction.isNone())
            return whole ? std::optional<ReducedNetwork>{{*std::move(whole)}} : std::nullopt;
        wish.reduction = options.reduction;
        auto reduced = optimizedModel(project, run, wish, interrupt.token());
        if (!reduced)
            return {};
        const auto test = openDataset(reduced->project.data, reduced->data->reading).test;
        const auto before = measureModel(*whole, test, allIndices(*test), interrupt.token());
        const auto after = measureModel(*reduced, test, allIndices(*test), interrupt.token());
        if (!before || !after)
            return {};
        return ReducedNetwork{*std::move(reduced), before, after};
    });
}

Json reductionJson(const ReducedNetwork& made) {
    const auto& reduced = *made.model.reduced;
    const auto scoreJson = [](const Score& score) {
        return Json{{"samples", score.samples},
                    {"loss", score.loss},
                    {qualityKey(*score.quality.metric), score.quality.value}};
    };
    return {{"constant_units", reduced.constantUnits},
            {"units", reduced.pruned.units},
            {"units_gone", reduced.pruned.unitsGone},
            {"weights", reduced.pruned.weights},
            {"weights_gone", reduced.pruned.zeros},
            {"before", scoreJson(*made.before)},
            {"after", scoreJson(*made.after)},
            {"operations_before", made.model.before.operations},
            {"operations_after", made.model.after.operations},
            {"weight_bytes_before", made.model.before.weights},
            {"weight_bytes_after", made.model.after.weights}};
}

void printReduction(const ReducedNetwork& made) {
    const auto& reduced = *made.model.reduced;
    const auto& metric = *made.before->quality.metric;
    if (reduced.constantUnits > 0)
        printLine(fmt::format("{} constant and went.",
                              groupedCount(reduced.constantUnits, "unit was", "units were")));
    if (reduced.pruned.units > 0)
        printLine(fmt::format("{} of {} units went, and {} of {} weights with them.",
                              grouped(reduced.pruned.unitsGone), grouped(reduced.pruned.units),
                              grouped(reduced.pruned.zeros), grouped(reduced.pruned.weights)));
    else
        printLine(fmt::format("{} of {} weights are 0. The network is as large and as fast as "
                              "before; --structured takes whole units.",
                              grouped(reduced.pruned.zeros), grouped(reduced.pruned.weights)));
    printLine(fmt::format("{}  {} → {} (loss {:.4f} → {:.4f}) over {}", metric.title,
                          valueText(metric, made.before->quality.value),
                          valueText(metric, made.after->quality.value), made.before->loss,
                          made.after->loss, groupedCount(made.after->samples, "test sample")));
    printLine(
        fmt::format("Operations  {} → {} per sample; weights {} → {}",
                    grouped(made.model.before.operations), grouped(made.model.after.operations),
                    signedBytes(made.model.before.weights), signedBytes(made.model.after.weights)));
}

bool writeOptimized(const OptimizeOptions& options, const Interrupt& interrupt) {
    if (!isModelFile(options.file))
        throw UsageError("--write takes a file that ends in {}, not {}", kModelEnding,
                         options.file);
    if (!options.outputs.empty())
        throw UsageError("--write keeps what predicting and measuring need; --output is for the "
                         "table");
    if (!options.force && std::filesystem::exists(options.file))
        throw Error("{}: the file exists; --force replaces it", options.file);
    const auto made = optimizedNetwork(options, interrupt);
    if (!made)
        return false;
    const auto& model = made->model;
    writeModel(options.file, model);
    if (options.json) {
        Json json = {{"file", options.file},
                     {"run", model.run ? Json(*model.run) : Json()},
                     {"note", model.note},
                     {"layers_before", model.before.layers},
                     {"layers_after", model.after.layers},
                     {"before", sizeJson(model.before)},
                     {"after", sizeJson(model.after)}};
        if (model.reduced)
            json["reduction"] = reductionJson(*made);
        printJson(json);
        return true;
    }
    if (model.reduced)
        printReduction(*made);
    if (!model.note.empty())
        fmt::print(stderr,
                   "gradwright-cli: inputs and outputs are the network's own, since the data do "
                   "not say what they are: {}\n",
                   model.note);
    printLine(fmt::format("{} is written to {}, {}: {} of {} layers, {} of weights. It answers "
                          "random samples as before.",
                          model.project.name, options.file,
                          model.run ? "with the weights of " + *model.run
                                    : "untrained, with the weights that training starts with",
                          model.after.layers, model.before.layers,
                          signedBytes(model.after.weights)));
    return true;
}

/// What a reduction would do and cost, without writing anything.
bool showReduction(const OptimizeOptions& options, const Interrupt& interrupt) {
    const auto made = optimizedNetwork(options, interrupt);
    if (!made)
        return false;
    if (options.json)
        printJson(reductionJson(*made));
    else
        printReduction(*made);
    return true;
}

void runOptimize(const OptimizeOptions& options, int& exitCode) {
    if (options.reduction.structured && options.reduction.prune <= 0)
        throw UsageError("--structured says how to --prune; the share is missing");
    if (!options.file.empty() || !options.reduction.isNone()) {
        const Interrupt interrupt;
        if (!(options.file.empty() ? showReduction(options, interrupt)
                                   : writeOptimized(options, interrupt))) {
            fmt::print(stderr, "Stopped.\n");
            exitCode = kFailed;
        }
        return;
    }
    auto [model, isOptimized] = openModel(options.network);
    if (isOptimized)
        throw Error("{} is what the passes left; there is nothing to do", options.network);
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

void addOptimizeCommand(CLI::App& app, int& exitCode) {
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
    command
        ->add_option("-o,--write", options->file,
                     "Write what is left as a model that predict, evaluate, infer and bench "
                     "open")
        ->type_name("FILE.gwmodel");
    command->add_flag("--force", options->force, "Replace the file if it exists");
    command->add_flag("--json", options->json, "Print JSON");
    command
        ->add_option("--prune", options->reduction.prune,
                     "Set this share of each layer's weights, the smallest, to 0")
        ->check(CLI::Range(0.0, 1.0));
    command->add_flag("--structured", options->reduction.structured,
                      "Prune whole units, with all weights that make and read them");
    command
        ->add_option("--constant-units", options->reduction.calibration,
                     "Take away units that are the same number for so many training samples")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}));
    command->callback([options, &exitCode] { runOptimize(*options, exitCode); });
}

} // namespace gradwright::cli
