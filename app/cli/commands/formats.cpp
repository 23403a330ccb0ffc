// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/commands/inference_models.h"
#include "app/cli/exit_codes.h"
#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "engine/inference/format_trials.h"
#include "engine/metrics/quality_json.h"
#include "engine/passes/inference/optimize.h"
#include "engine/project/runs.h"
#include "engine/support/byte_text.h"
#include "engine/support/json.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

namespace gradwright::cli {
namespace {

struct FormatsOptions {
    std::string run;
    FormatWish wish{.samples = 256};
    bool layers = false;
    bool json = false;
};

Json finiteJson(double value) {
    return std::isfinite(value) ? Json(value) : Json();
}

Json trialsJson(const std::vector<FormatTrial>& trials, std::int64_t samples) {
    Json list = Json::array();
    for (const auto& trial : trials) {
        Json layers = Json::array();
        for (const auto& layer : trial.layers)
            layers.push_back({{"layer", layer.path},
                              {"op", layer.op},
                              {"largest_error", finiteJson(layer.largest)},
                              {"mean_error", finiteJson(layer.mean)},
                              {"largest_result", finiteJson(layer.scale)}});
        const auto summary = summaryOf(trial);
        Json entry = {{"format", trial.format->key},
                      {"weights_only", trial.weightsOnly},
                      {"simulated", trial.isSimulated},
                      {"weight_bytes", trial.weightBytes},
                      {"seconds", trial.seconds ? Json(*trial.seconds) : Json()},
                      {"largest_error", finiteJson(summary.largest)},
                      {"mean_error", finiteJson(summary.mean)},
                      {"layers", std::move(layers)}};
        if (trial.quality)
            entry[qualityKey(*trial.quality->metric)] = trial.quality->value;
        list.push_back(std::move(entry));
    }
    return {{"samples", samples}, {"formats", std::move(list)}};
}

std::string errorText(double value) {
    return std::isfinite(value) ? fmt::format("{:.2e}", value) : "not finite";
}

void printTrials(const std::vector<FormatTrial>& trials, bool withLayers) {
    const auto quality = [](const FormatTrial& trial) {
        return trial.quality ? valueText(*trial.quality->metric, trial.quality->value)
                             : std::string("-");
    };
    const auto& first = trials.front().quality;
    printLine(fmt::format("{:9}  {:>10}  {:>13}  {:>10}  {:>10}  {:>12}  {}", "Format",
                          first ? first->metric->title : "Quality", "Largest error", "Mean error",
                          "Weights", "One sample", "How"));
    for (const auto& trial : trials) {
        const auto summary = summaryOf(trial);
        printLine(fmt::format("{:9}  {:>10}  {:>13}  {:>10}  {:>10}  {:>12}  {}",
                              trial.format->title, quality(trial), errorText(summary.largest),
                              errorText(summary.mean), bytesText(trial.weightBytes),
                              trial.seconds ? fmt::format("{:.3f} ms", 1e3 * *trial.seconds) : "-",
                              !trial.isSimulated  ? "computed"
                              : trial.weightsOnly ? "simulated by rounding weights alone"
                                                  : "simulated by rounding weights and results"));
        if (withLayers)
            for (const auto& layer : trial.layers)
                printLine(fmt::format("    {} ({})  largest {}, mean {}, of results up to {:.4g}",
                                      layer.path, layer.op, errorText(layer.largest),
                                      errorText(layer.mean), layer.scale));
    }
    printLine("\nErrors are those of the layers' results against FP64, over all samples. FP8 and "
              "integers have scales.");
}

void runFormats(const FormatsOptions& options, int& exitCode) {
    const Interrupt interrupt;
    auto [model, isOptimized] = openModel(options.run);
    if (isOptimized)
        throw Error("formats needs the run: layers that became one have no results of their own");
    optimize(model, {"fuse-products", "merge-siblings"}); // layers stay what people know
    const auto data = dataOfRun(RunDirectory::open(options.run));
    const bool isTerminal = isatty(fileno(stderr)) != 0 && !options.json;
    const auto trials =
        tryFormats(model, data.test, options.wish, interrupt.token(), [&](double share) {
            if (isTerminal)
                fmt::print(stderr, "\rTrying formats {:3.0f} %", 100 * share);
        });
    if (isTerminal)
        fmt::print(stderr, "\r{:22}\r", "");
    if (!trials) {
        fmt::print(stderr, "Stopped.\n");
        exitCode = kFailed;
        return;
    }
    const auto samples = std::min(options.wish.samples, data.test->size());
    if (options.json)
        printJson(trialsJson(*trials, samples));
    else
        printTrials(*trials, options.layers);
}

} // namespace

void addFormatsCommand(CLI::App& app, int& exitCode) {
    auto options = std::make_shared<FormatsOptions>();
    auto* command = app.add_subcommand(
        "formats", "Try a run's network in every number format, from FP64 to INT4: accuracy, "
                   "errors of the layers, size, time");
    command->add_option("run", options->run, "Folder of a run")->required();
    command->add_option("--samples", options->wish.samples, "Of the test set, at most (256)")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}));
    command->add_option("--seconds", options->wish.seconds, "Of measuring each format (0.3)")
        ->check(CLI::Range(0.0, 3600.0));
    command->add_flag("--layers", options->layers, "Tell the errors of each layer");
    command->add_flag("--json", options->json, "Print JSON");
    command->callback([options, &exitCode] { runFormats(*options, exitCode); });
}

} // namespace gradwright::cli
