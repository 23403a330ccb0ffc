// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a training could gain from more GPUs and nodes, predicted from data sheets.
#include "app/cli/commands/commands.h"
#include "app/cli/exit_codes.h"
#include "app/cli/output.h"
#include "engine/graph/analysis.h"
#include "engine/project/templates.h"
#include "engine/rates/clusters.h"
#include "engine/support/json.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace gradwright::cli {
namespace {

struct ScalingOptions {
    std::string project;
    std::string on = "dgx-a100";
    std::string precision = "bf16";
    std::int64_t batch = 32;
    int wireBytes = 4;
    int utilization = 40; ///< percent
    int nodes = 64;
    bool json = false;
};

Precision precisionOf(const std::string& name) {
    for (const auto each : {Precision::F32, Precision::Tf32, Precision::F16, Precision::Bf16})
        if (nameOf(each) == name)
            return each;
    throw UsageError("--precision: \"{}\" must be fp32, tf32, fp16 or bf16", name);
}

ScalingLoad loadOf(const ScalingOptions& options) {
    const auto project = openProject(options.project);
    const auto analysis = analyze(project.network);
    if (analysis.hasErrors() || analysis.macs == 0)
        throw Error("{}: the network must be complete to be predicted", options.project);
    ScalingLoad load;
    load.macs = analysis.macs;
    load.parameters = analysis.parameters;
    load.batch = options.batch;
    load.precision = precisionOf(options.precision);
    load.wireBytes = options.wireBytes;
    load.utilization = options.utilization / 100.0;
    return load;
}

/// 1, 2, 4 … GPUs of one node, then 2, 4 … nodes.
std::vector<std::pair<int, int>> sizesOf(const Cluster& cluster, int nodes) {
    std::vector<std::pair<int, int>> sizes;
    for (int gpus = 1; gpus <= cluster.gpus; gpus *= 2)
        sizes.emplace_back(1, gpus);
    for (int count = 2; count <= nodes; count *= 2)
        sizes.emplace_back(count, cluster.gpus);
    return sizes;
}

std::string timeText(double seconds) {
    return seconds < 1e-3 ? fmt::format("{:.0f} µs", 1e6 * seconds)
                          : fmt::format("{:.2f} ms", 1e3 * seconds);
}

void runScaling(const ScalingOptions& options) {
    const auto& nodes = cluster(options.on);
    const auto load = loadOf(options);
    std::vector<std::pair<int, ScalingForecast>> rows;
    for (const auto& [count, gpus] : sizesOf(nodes, options.nodes))
        rows.emplace_back(count, predictScaling(nodes, count, gpus, load));
    if (options.json) {
        auto list = Json::array();
        for (const auto& [count, row] : rows)
            list.push_back({{"nodes", count},
                            {"gpus", row.gpus},
                            {"compute_seconds", row.compute},
                            {"communication_seconds", row.communication},
                            {"step_seconds", row.step},
                            {"samples_per_second", row.samplesPerSecond},
                            {"efficiency", row.efficiency}});
        printJson({{"cluster", nodes.key},
                   {"source", nodes.source},
                   {"predicted", true},
                   {"utilization", load.utilization},
                   {"latency_seconds", load.latency},
                   {"rows", std::move(list)}});
        return;
    }
    printLine(fmt::format("Predicted, not measured: {} of {} in {}, {} per GPU and step, {} "
                          "% of the peak, {} bytes per gradient on the wire.",
                          nodes.name, nodes.card, options.precision,
                          groupedCount(options.batch, "sample"), options.utilization,
                          options.wireBytes));
    printLine("nodes   GPUs     compute         sum        step     samples/s   efficiency");
    for (const auto& [count, row] : rows)
        printLine(fmt::format(
            "{:>5}  {:>5}  {:>10}  {:>10}  {:>10}  {:>12}  {:>9.1f} %", count, row.gpus,
            timeText(row.compute), timeText(row.communication), timeText(row.step),
            grouped(static_cast<std::int64_t>(row.samplesPerSecond)), 100 * row.efficiency));
}

} // namespace

void addScalingCommand(CLI::App& app, int&) {
    auto options = std::make_shared<ScalingOptions>();
    auto* command = app.add_subcommand(
        "scaling", "Predict what more GPUs and nodes would bring, from their data sheets");
    command->add_option("project", options->project, "A project file or template:NAME")->required();
    command->add_option("--on", options->on, "dgx-1-p100, dgx-1, dgx-2, dgx-a100 or dgx-h100")
        ->capture_default_str();
    command->add_option("--batch", options->batch, "Samples of each GPU per step")
        ->check(CLI::Range(1, 1 << 20))
        ->capture_default_str();
    command->add_option("--precision", options->precision, "fp32, tf32, fp16 or bf16")
        ->capture_default_str();
    command->add_option("--wire-bytes", options->wireBytes, "Of a gradient's element: 4 or 2")
        ->check(CLI::IsMember({4, 2}))
        ->capture_default_str();
    command
        ->add_option("--utilization", options->utilization, "Percent of the peak that is reached")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    command->add_option("--nodes", options->nodes, "The most nodes")
        ->check(CLI::Range(1, 65536))
        ->capture_default_str();
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options] { runScaling(*options); });
}

} // namespace gradwright::cli
