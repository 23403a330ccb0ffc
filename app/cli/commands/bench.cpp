// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/bench_layers.h"
#include "app/cli/commands/commands.h"
#include "app/cli/commands/inference_models.h"
#include "app/cli/exit_codes.h"
#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "engine/backend/compute_threads.h"
#include "engine/inference/latency.h"
#include "engine/inference/optimized_network.h"
#include "engine/passes/quantization/fake_quantization.h"
#include "engine/passes/quantization/pack_dense.h"
#include "engine/passes/quantization/quantize.h"
#include "engine/support/byte_text.h"
#include "engine/support/json.h"

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>

namespace gradwright::cli {
namespace {

struct BenchOptions {
    std::string network;
    std::vector<std::int64_t> batches; ///< none: those that are usual
    std::vector<std::string> precisions{"fp32"};
    double seconds = 1;
    int threads = 0;
    std::vector<std::string> without;
    bool asTrained = false;
    bool layers = false;
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
constexpr std::string_view kInt4 = "int4";

Precision benchPrecision(const std::string& name) {
    if (name == "fp32" || name == kInt8 || name == kInt4)
        return Precision::F32;
    if (name == "bf16")
        return Precision::Bf16;
    if (name == "fp64")
        return Precision::F64;
    throw UsageError(fmt::format(
        "--precision {}: inference on the processor runs in fp32, bf16, int8, int4 (kernels of "
        "dense layers) or fp64",
        name));
}

/// A network to measure.
struct BenchNetwork {
    std::string title, key;
    InferenceModel model;
    OptimizationReport report{};
};

/// With all layers asked for, before the passes and after.
std::vector<BenchNetwork> networksOf(const BenchOptions& options) {
    auto [model, isOptimized] = openModel(options.network);
    if (isOptimized && (options.asTrained || !options.without.empty()))
        throw UsageError("--as-trained and --without need the network before the passes; {} is "
                         "what they left",
                         options.network);
    std::vector<BenchNetwork> networks;
    if (!isOptimized && (options.asTrained || options.layers))
        networks.push_back({"As trained", "as_trained", model});
    if (options.asTrained)
        return networks;
    OptimizationReport report;
    if (!isOptimized)
        report = optimize(model, {options.without.begin(), options.without.end()});
    networks.push_back({"Optimized", "optimized", std::move(model), std::move(report)});
    return networks;
}

std::unique_ptr<Program> benchProgram(const BenchNetwork& network, const std::string& precision,
                                      std::int64_t batch) {
    const ComputeTarget target{.precision = benchPrecision(precision)};
    auto model = network.model;
    if (precision == kInt8)
        quantize(model, planByStructure(model.graph));
    if (precision == kInt4 && packDense(model, kPackedGroup).empty())
        throw UsageError("--precision int4: {} has no dense layer whose kernel could be in 4 bits",
                         network.title);
    auto program = backendFor(target)->compile(
        model.graph, {.batch = batch, .precision = target.precision}, nullptr);
    writeWeights(*program->weights(), weightsOf(model));
    return program;
}

std::vector<std::int64_t> batchesOf(const BenchOptions& options) {
    if (!options.batches.empty())
        return options.batches;
    return options.layers ? std::vector<std::int64_t>{1} : std::vector<std::int64_t>{1, 8, 128};
}

/// Measures what `measure` does of each network, precision and batch. Returns false when stopped.
bool measureEach(
    const BenchOptions& options,
    const std::function<bool(const BenchNetwork&, const std::string&, Program&)>& measure) {
    for (const auto& precision : options.precisions)
        (void)benchPrecision(precision);
    const auto networks = networksOf(options);
    for (const auto& precision : options.precisions)
        for (const auto batch : batchesOf(options))
            for (const auto& network : networks) {
                const auto program = benchProgram(network, precision, batch);
                if (!measure(network, precision, *program)) {
                    fmt::print(stderr, "Stopped.\n");
                    return false;
                }
            }
    return true;
}

bool benchLayers(const BenchOptions& options, const std::stop_token& stop, int threads) {
    Json list = Json::array();
    if (!measureEach(options, [&](const BenchNetwork& network, const std::string& precision,
                                  Program& program) {
            auto times = measureLayers(program, options.seconds, stop);
            if (!times)
                return false;
            addFoldedParts(times->layers, network.report);
            const MeasuredLayers measured{network.title, network.key, precision, *std::move(times)};
            if (options.json)
                list.push_back(layersJson(measured));
            else
                printLayers(measured);
            return true;
        }))
        return false;
    if (options.json)
        printJson({{"threads", threads}, {"networks", std::move(list)}});
    return true;
}

bool benchWhole(const BenchOptions& options, const std::stop_token& stop, int threads) {
    std::vector<BenchLine> lines;
    if (!measureEach(options, [&](const BenchNetwork& /*network*/, const std::string& precision,
                                  Program& program) {
            const auto latency = measureLatency(program, options.seconds, stop);
            if (latency)
                lines.push_back({precision, *latency});
            return latency.has_value();
        }))
        return false;
    if (options.json)
        printJson(benchJson(lines, threads));
    else
        printBench(lines);
    return true;
}

void runBench(const BenchOptions& options, int& exitCode) {
    const Interrupt interrupt;
    const int threads = setComputeThreads(options.threads);
    const bool isDone = options.layers ? benchLayers(options, interrupt.token(), threads)
                                       : benchWhole(options, interrupt.token(), threads);
    if (!isDone)
        exitCode = kFailed;
}

} // namespace

void addBenchCommand(CLI::App& app, int& exitCode) {
    auto options = std::make_shared<BenchOptions>();
    auto* command = app.add_subcommand(
        "bench", "Measure how fast a network answers: latency, samples per second, memory");
    command
        ->add_option("network", options->network,
                     "A run's folder, an optimized model, a quantized network, a project, or "
                     "template:NAME")
        ->required();
    command->add_option("--batch", options->batches, "Samples at once (1,8,128; of --layers 1)")
        ->delimiter(',')
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{65536}));
    command
        ->add_option("--precision", options->precisions,
                     "fp32, bf16, int8, int4, fp64 (fp32); a quantized network computes in "
                     "integers with fp32")
        ->delimiter(',');
    command->add_option("--seconds", options->seconds, "For each line (1)")
        ->check(CLI::Range(0.0, 3600.0));
    command->add_option("--threads", options->threads, "0: all (0)")->check(CLI::Range(0, 1024));
    command->add_option("--without", options->without, "Leave a pass of optimize out")
        ->type_name("PASS");
    command->add_flag("--as-trained", options->asTrained, "Without the passes of optimize");
    command->add_flag("--layers", options->layers,
                      "What each layer takes, before the passes and after, and what became one");
    command->add_flag("--json", options->json, "Print JSON");
    command->callback([options, &exitCode] { runBench(*options, exitCode); });
}

} // namespace gradwright::cli
