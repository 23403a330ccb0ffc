// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/exit_codes.h"
#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "app/cli/trained_network.h"
#include "engine/backend/compute_threads.h"
#include "engine/exchange/onnx_quantized.h"
#include "engine/io/atomic_file.h"
#include "engine/metrics/quality_json.h"
#include "engine/project/runs.h"
#include "engine/quantization/quantize_trained.h"
#include "engine/support/byte_text.h"
#include "engine/support/json.h"
#include "engine/training/evaluation.h"

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include <memory>

namespace gradwright::cli {
namespace {

struct QuantizeOptions {
    std::string run;
    std::int64_t samples = 1000;
    std::uint64_t seed = 1;
    std::string method = "min-max";
    bool isSigned = false;
    std::vector<std::string> keep;
    double mostLoss = 0.2; ///< points
    std::string file;
    std::string onnx;
    bool json = false;
};

/// In FP32 and in integers, on the test set.
struct TestScores {
    Score before, after;
    std::int64_t bytesBefore = 0, bytesAfter = 0;
};

std::string layersText(const LayerError& layer) {
    return fmt::format("{}", fmt::join(layer.layers, " + "));
}

Json quantizationReport(const QuantizeOptions& options, const QuantizedNetwork& made,
                        const TestScores& scores, std::int64_t samples) {
    const auto key = qualityKey(*scores.before.quality.metric);
    Json layers = Json::array();
    for (const auto& layer : made.layers)
        layers.push_back({{"name", layer.name},
                          {"layers", layer.layers},
                          {"precision", layer.isQuantized ? "int8" : "fp32"},
                          {"error_alone", layer.error}});
    Json report{{"file", options.file},
                {"method", options.method},
                {"calibration_samples", samples},
                {"test",
                 {{"samples", scores.before.samples},
                  {"fp32", {{key, scores.before.quality.value}, {"loss", scores.before.loss}}},
                  {"int8", {{key, scores.after.quality.value}, {"loss", scores.after.loss}}}}},
                {"calibration",
                 {{"fp32", {{key, made.before.quality.value}}},
                  {"int8", {{key, made.after.quality.value}}}}},
                {"weight_bytes", {{"fp32", scores.bytesBefore}, {"int8", scores.bytesAfter}}},
                {"layers", std::move(layers)}};
    if (!options.onnx.empty())
        report["onnx"] = options.onnx;
    return report;
}

void printQuantization(const QuantizeOptions& options, const QuantizedNetwork& made,
                       const TestScores& scores, std::int64_t samples) {
    const auto& metric = *scores.before.quality.metric;
    printLine(fmt::format("Calibrated with {} of the training part ({}).",
                          groupedCount(samples, "sample"), options.method));
    printLine(fmt::format("{} of the test set   FP32 {}, INT8 {} ({})", metric.title,
                          valueText(metric, scores.before.quality.value),
                          valueText(metric, scores.after.quality.value),
                          groupedCount(scores.before.samples, "sample")));
    printLine(fmt::format("Weights   {} → {}\n",
                          bytesText(static_cast<std::size_t>(scores.bytesBefore)),
                          bytesText(static_cast<std::size_t>(scores.bytesAfter))));
    printLine(
        fmt::format("{}  {}  {}", padded("Layer", 44), padded("Computes in", 11), "Error alone"));
    for (const auto& layer : made.layers)
        printLine(fmt::format("{}  {}  {}", padded(layersText(layer), 44),
                              padded(layer.isQuantized ? "INT8" : "FP32", 11),
                              layer.error > 0 ? fmt::format("{:.3f} %", 100 * layer.error) : "–"));
    printLine(fmt::format("\n{} is written.", options.file));
    if (!options.onnx.empty())
        printLine(fmt::format("{} is written as ONNX and answers alike when it is read back.",
                              options.onnx));
}

/// False when stopped.
bool writeOnnx(const QuantizeOptions& options, const RunDirectory& run,
               const QuantizationPlan& plan, const std::stop_token& stop) {
    const auto made = exportQuantizedOnnx(projectOfRun(run), run, plan);
    if (!checkQuantizedOnnx(made, stop))
        return false;
    writeFileAtomically(options.onnx, made.file);
    return true;
}

/// Nothing when stopped.
std::optional<TestScores> testScores(const InferenceModel& before, const InferenceModel& after,
                                     const TrainingGraph& graph, const Dataset& data,
                                     const std::stop_token& stop) {
    if (!data.test || data.test->size() == 0)
        throw Error("the data have no test set to measure the loss of accuracy with");
    const CalibrationData all{data.test, allIndices(*data.test)};
    const auto real = scoreOf(before, graph, all, stop);
    const auto integers = real ? scoreOf(after, graph, all, stop) : std::nullopt;
    if (!integers)
        return {};
    return TestScores{*real, *integers, weightBytes(before), weightBytes(after)};
}

/// False when stopped.
bool quantizeRun(const QuantizeOptions& options, const std::stop_token& stop) {
    const auto run = RunDirectory::open(options.run);
    const TrainedNetwork network(options.run);
    const auto& project = network.project();
    const auto data = network.data();
    setComputeThreads(project.training.threads());
    const auto graph = evaluationGraph(project.network, data.info, project.training);
    auto model = network.model(graph.graph);
    prepareForQuantization(model);
    const auto samples = calibrationData(data, project.data, options.samples, options.seed);
    const QuantizationSettings settings{.method = rangeMethodFromKey(options.method),
                                        .kind = options.isSigned ? ByteKind::Signed
                                                                 : ByteKind::Unsigned,
                                        .keep = options.keep,
                                        .mostLoss = options.mostLoss / 100};
    const auto made = quantizeTrained(model, graph, samples, settings, stop);
    if (!made)
        return false;
    const auto scores = testScores(model, made->model, graph, data, stop);
    if (!scores || (!options.onnx.empty() && !writeOnnx(options, run, made->plan, stop)))
        return false;
    writeQuantizedFile(options.file, run, options.method, made->plan, made->model);
    const auto count = static_cast<std::int64_t>(samples.indices.size());
    if (options.json)
        printJson(quantizationReport(options, *made, *scores, count));
    else
        printQuantization(options, *made, *scores, count);
    return true;
}

void runQuantize(QuantizeOptions& options, int& exitCode) {
    const Interrupt interrupt;
    if (options.file.empty())
        options.file = (std::filesystem::path(options.run) / "int8.safetensors").string();
    if (std::filesystem::path(options.file).extension() != ".safetensors")
        throw UsageError("--output {}: a quantized network is a file NAME.safetensors",
                         options.file);
    if (quantizeRun(options, interrupt.token()))
        return;
    fmt::print(stderr, "Stopped; nothing is written.\n");
    exitCode = kFailed;
}

std::string methodKeys() {
    std::vector<std::string_view> keys;
    for (const auto& info : rangeMethods())
        keys.push_back(info.key);
    return fmt::format("{}", fmt::join(keys, ", "));
}

} // namespace

void addQuantizeCommand(CLI::App& app, int& exitCode) {
    auto options = std::make_shared<QuantizeOptions>();
    auto* command = app.add_subcommand(
        "quantize", "Make a trained network compute in integers of 8 bits: accuracy and size "
                    "before and after, and a file that evaluate, predict, bench and infer take");
    command->add_option("run", options->run, "Folder of a run")->required();
    command
        ->add_option("--calibrate", options->samples,
                     "Samples of the training part that the ranges of values are taken from")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{10'000'000}))
        ->capture_default_str();
    command->add_option("--seed", options->seed, "Which samples these are")->capture_default_str();
    command->add_option("--method", options->method, "How the ranges are found: " + methodKeys())
        ->capture_default_str();
    command->add_flag("--signed", options->isSigned,
                      "Values without zero points: negative ones as signed bytes");
    command->add_option("--keep", options->keep, "Keep a layer, or all of a block, in FP32")
        ->type_name("LAYER");
    command
        ->add_option("--most-loss", options->mostLoss,
                     "Points that the quality may lose on the calibration samples; layers stay in "
                     "FP32 until it loses no more, those of the largest errors first")
        ->check(CLI::Range(0.0, 100.0))
        ->capture_default_str();
    command->add_option("-o,--output", options->file, "The file to write (RUN/int8.safetensors)");
    command->add_option("--onnx", options->onnx,
                        "Write it as an ONNX model with QuantizeLinear and DequantizeLinear, too");
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options, &exitCode] { runQuantize(*options, exitCode); });
}

} // namespace gradwright::cli
