// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/commands/inference_models.h"
#include "app/cli/exit_codes.h"
#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "engine/backend/compute_threads.h"
#include "engine/inference/latency.h"
#include "engine/inference/optimized_network.h"
#include "engine/passes/quantization/quantize.h"
#include "engine/support/byte_text.h"
#include "engine/support/json.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace gradwright::cli {
namespace {

struct BenchOptions {
    std::string network;
    std::vector<std::int64_t> batches{1, 8, 128};
    std::vector<std::string> precisions{"fp32"};
    double seconds = 1;
    int threads = 0;
    std::vector<std::string> without;
    bool asTrained = false;
    bool json = false;
};

struct BenchLine {
    std::string precision;
    Latency latency;
};

Json benchJson(const std::vector<BenchLine>& lines, int threads) {
    Json measured = Json::array();
    for (const auto& [precision, latency] : lines)
        measured.push_back({{"precision", precision},
                            {"batch", latency.batch},
                            {"runs", latency.runs},
                            {"median_seconds", latency.median},
                            {"p90_seconds", latency.p90},
                            {"p99_seconds", latency.p99},
                            {"samples_per_second", latency.samplesPerSecond()},
                            {"bytes", latency.bytes}});
    return {{"threads", threads}, {"measured", std::move(measured)}};
}

std::string milliseconds(double seconds) {
    return fmt::format("{:.3f} ms", 1e3 * seconds);
}

void printBench(const std::vector<BenchLine>& lines) {
    printLine(fmt::format("{:9}  {:>5}  {:>12}  {:>12}  {:>12}  {:>12}  {:>12}", "Precision",
                          "Batch", "Median", "90 %", "99 %", "Samples/s", "Memory"));
    for (const auto& [precision, latency] : lines)
        printLine(fmt::format(
            "{:9}  {:>5}  {:>12}  {:>12}  {:>12}  {:>12}  {:>12}", precision, latency.batch,
            milliseconds(latency.median), milliseconds(latency.p90), milliseconds(latency.p99),
            fmt::format("{:.1f}", latency.samplesPerSecond()), bytesText(latency.bytes)));
}

constexpr std::string_view kInt8 = "int8";

Precision benchPrecision(const std::string& name) {
    if (name == "fp32" || name == kInt8)
        return Precision::F32;
    if (name == "bf16")
        return Precision::Bf16;
    if (name == "fp64")
        return Precision::F64;
    throw UsageError(fmt::format(
        "--precision {}: inference on the processor runs in fp32, bf16, int8 or fp64", name));
}

void runBench(const BenchOptions& options, int& exitCode) {
    const Interrupt interrupt;
    const int threads = setComputeThreads(options.threads);
    std::vector<BenchLine> lines;
    for (const auto& precision : options.precisions) {
        const ComputeTarget target{.precision = benchPrecision(precision)};
        auto model = openModel(options.network);
        if (!options.asTrained)
            optimize(model, {options.without.begin(), options.without.end()});
        if (precision == kInt8)
            quantize(model, planByStructure(model.graph));
        const auto backend = backendFor(target);
        for (const auto batch : options.batches) {
            const auto program = backend->compile(
                model.graph, {.batch = batch, .precision = target.precision}, nullptr);
            writeWeights(*program->weights(), weightsOf(model));
            const auto latency = measureLatency(*program, options.seconds, interrupt.token());
            if (!latency) {
                fmt::print(stderr, "Stopped.\n");
                exitCode = kFailed;
                return;
            }
            lines.push_back({precision, *latency});
        }
    }
    if (options.json)
        printJson(benchJson(lines, threads));
    else
        printBench(lines);
}

} // namespace

void addBenchCommand(CLI::App& app, int& exitCode) {
    auto options = std::make_shared<BenchOptions>();
    auto* command = app.add_subcommand(
        "bench", "Measure how fast a network answers: latency, samples per second, memory");
    command
        ->add_option("network", options->network,
                     "A run's folder, a quantized network, a project, or template:NAME")
        ->required();
    command->add_option("--batch", options->batches, "Samples at once (1,8,128)")
        ->delimiter(',')
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{65536}));
    command
        ->add_option("--precision", options->precisions,
                     "fp32, bf16, int8, fp64 (fp32); a quantized network computes in "
                     "integers with fp32")
        ->delimiter(',');
    command->add_option("--seconds", options->seconds, "For each line (1)")
        ->check(CLI::Range(0.0, 3600.0));
    command->add_option("--threads", options->threads, "0: all (0)")->check(CLI::Range(0, 1024));
    command->add_option("--without", options->without, "Leave a pass of optimize out")
        ->type_name("PASS");
    command->add_flag("--as-trained", options->asTrained, "Without the passes of optimize");
    command->add_flag("--json", options->json, "Print JSON");
    command->callback([options, &exitCode] { runBench(*options, exitCode); });
}

} // namespace gradwright::cli
