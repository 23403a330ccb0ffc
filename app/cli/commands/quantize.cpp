// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/exit_codes.h"
#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "engine/backend/compute_threads.h"
#include "engine/exchange/model/model_file.h"
#include "engine/exchange/onnx_quantized.h"
#include "engine/inference/optimized_network.h"
#include "engine/io/atomic_file.h"
#include "engine/metrics/quality_json.h"
#include "engine/passes/quantization/fake_quantization.h"
#include "engine/project/runs.h"
#include "engine/quantization/quantizable_run.h"
#include "engine/quantization/quantized_file.h"
#include "engine/support/byte_text.h"
#include "engine/support/json.h"

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include <memory>
#include <set>

namespace gradwright::cli {
namespace {

constexpr const char* kInt8 = "int8";
constexpr const char* kInt4 = "int4";

struct QuantizeOptions {
    std::string run;
    std::int64_t samples = 1000;
    std::uint64_t seed = 1;
    std::string method = "min-max";
    bool isSigned = false;
    bool equalizes = false;
    bool correctsBiases = false;
    std::vector<std::string> keep;
    double mostLoss = 0.2; ///< points
    std::string file;
    std::string onnx;
    std::string weights{kInt8};
    std::int64_t group = kPackedGroup;
    bool json = false;

    /// Kernels of dense layers in 4 bits, values in FP32.
    [[nodiscard]] bool packs() const { return weights == kInt4; }
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
    Json kernels = Json::array();
    for (const auto& layer : made.layers) {
        if (layer.isQuantized)
            kernels.push_back(layer.name);
        layers.push_back({{"name", layer.name},
                          {"layers", layer.layers},
                          {"precision", layer.isQuantized ? options.weights : "fp32"},
                          {"error_alone", layer.error}});
    }
    const auto& format = options.weights;
    Json report{{"file", options.file},
                {options.packs() ? "group" : "method",
                 options.packs() ? Json(options.group) : Json(options.method)},
                {"calibration_samples", samples},
                {"test",
                 {{"samples", scores.before.samples},
                  {"fp32", {{key, scores.before.quality.value}, {"loss", scores.before.loss}}},
                  {format, {{key, scores.after.quality.value}, {"loss", scores.after.loss}}}}},
                {"calibration",
                 {{"fp32", {{key, made.before.quality.value}}},
                  {format, {{key, made.after.quality.value}}}}},
                {"weight_bytes", {{"fp32", scores.bytesBefore}, {format, scores.bytesAfter}}},
                {"layers", std::move(layers)}};
    if (options.packs())
        report["kernels"] = std::move(kernels);
    if (!options.onnx.empty())
        report["onnx"] = options.onnx;
    return report;
}

/// Accuracy and size of the weights in FP32 and in the other format.
void printScores(std::string_view format, const TestScores& scores) {
    const auto& metric = *scores.before.quality.metric;
    printLine(fmt::format("{} of the test set   FP32 {}, {} {} ({})", metric.title,
                          valueText(metric, scores.before.quality.value), format,
                          valueText(metric, scores.after.quality.value),
                          groupedCount(scores.before.samples, "sample")));
    printLine(fmt::format("Weights   {} → {}",
                          bytesText(static_cast<std::size_t>(scores.bytesBefore)),
                          bytesText(static_cast<std::size_t>(scores.bytesAfter))));
}

void printQuantization(const QuantizeOptions& options, const QuantizedNetwork& made,
                       const TestScores& scores, std::int64_t samples) {
    const auto* const format = options.packs() ? "INT4" : "INT8";
    const auto calibrated = groupedCount(samples, "sample");
    if (options.packs())
        printLine(fmt::format("Kernels of dense layers in 4 bits, {} features to a scale; errors "
                              "over {} of the training part.",
                              options.group, calibrated));
    else
        printLine(fmt::format("Calibrated with {} of the training part ({}).", calibrated,
                              options.method));
    printScores(format, scores);
    printLine("");
    printLine(
        fmt::format("{}  {}  {}", padded("Layer", 44), padded("Computes in", 11), "Error alone"));
    for (const auto& layer : made.layers)
        printLine(fmt::format("{}  {}  {}", padded(layersText(layer), 44),
                              padded(layer.isQuantized ? format : "FP32", 11),
                              layer.error > 0 ? fmt::format("{:.3f} %", 100 * layer.error) : "–"));
    printLine(fmt::format("\n{} is written.", options.file));
    if (!options.onnx.empty())
        printLine(fmt::format("{} is written as ONNX and answers alike when it is read back.",
                              options.onnx));
}

OnnxExport quantizedOnnx(const RunDirectory& run, const QuantizedNetwork& network) {
    auto real = network.real;
    if (network.packedGroup == 0) {
        correctBiases(real, network.plan, network.means);
        return exportQuantizedOnnx(projectOfRun(run), run, network.plan, weightsOf(real));
    }
    std::set<std::string> kernels;
    for (const auto& [name, layer] : network.plan)
        kernels.insert(name);
    return exportPackedOnnx(projectOfRun(run), run, kernels, network.packedGroup, weightsOf(real));
}

/// False when stopped.
bool writeOnnx(const QuantizeOptions& options, const RunDirectory& run,
               const QuantizedNetwork& network, const std::stop_token& stop) {
    const auto made = quantizedOnnx(run, network);
    if (!checkQuantizedOnnx(made, stop))
        return false;
    writeFileAtomically(options.onnx, made.file);
    return true;
}

/// Nothing when stopped.
std::optional<TestScores> testScores(const QuantizableRun& run, const InferenceModel& after,
                                     const std::stop_token& stop) {
    const auto all = run.test();
    const auto real = scoreOf(run.model, run.graph, all, stop);
    const auto integers = real ? scoreOf(after, run.graph, all, stop) : std::nullopt;
    if (!integers)
        return {};
    return TestScores{*real, *integers, weightBytes(run.model), weightBytes(after)};
}

/// False when stopped.
bool writeQuantized(const QuantizeOptions& options, const QuantizableRun& run,
                    const QuantizedNetwork& made, const std::stop_token& stop) {
    if (!options.onnx.empty() && !writeOnnx(options, run.run, made, stop))
        return false;
    if (isModelFile(options.file))
        writeModel(options.file, modelInIntegers(run.run, run.graph, made.model));
    else
        writeQuantizedFile(options.file, run.run, options.method, made.plan, made.model);
    return true;
}

/// False when stopped.
bool quantizeRun(const QuantizeOptions& options, const std::stop_token& stop) {
    const auto run = quantizableRun(RunDirectory::open(options.run));
    setComputeThreads(run.project.training.threads());
    const auto samples = run.calibration(options.samples, options.seed);
    const QuantizationSettings settings{.method = rangeMethodFromKey(options.method),
                                        .kind = options.isSigned ? ByteKind::Signed
                                                                 : ByteKind::Unsigned,
                                        .keep = options.keep,
                                        .mostLoss = options.mostLoss / 100,
                                        .given = run.given,
                                        .equalizes = options.equalizes,
                                        .correctsBiases = options.correctsBiases,
                                        .packedGroup = options.packs() ? options.group : 0};
    const auto made = quantizeTrained(run.model, run.graph, samples, settings, stop);
    if (!made)
        return false;
    const auto scores = testScores(run, made->model, stop);
    if (!scores || !writeQuantized(options, run, *made, stop))
        return false;
    const auto count = static_cast<std::int64_t>(samples.indices.size());
    if (options.json)
        printJson(quantizationReport(options, *made, *scores, count));
    else
        printQuantization(options, *made, *scores, count);
    return true;
}

/// What only makes sense where values are integers, too.
void requireForWeights(const QuantizeOptions& options) {
    if (options.isSigned || options.equalizes || options.correctsBiases)
        throw UsageError("--weights int4 leaves values in FP32 and goes without --signed, "
                         "--equalize and --correct-biases");
    if (!isModelFile(options.file))
        throw UsageError("--output {}: kernels of 4 bits are kept in a file NAME{}", options.file,
                         kModelEnding);
}

void runQuantize(QuantizeOptions& options, int& exitCode) {
    const Interrupt interrupt;
    const bool packs = options.packs();
    if (options.file.empty())
        options.file = (std::filesystem::path(options.run) /
                        (packs ? std::string("int4") + kModelEnding : "int8.safetensors"))
                           .string();
    if (packs)
        requireForWeights(options);
    if (std::filesystem::path(options.file).extension() != ".safetensors" &&
        !isModelFile(options.file))
        throw UsageError("--output {}: a quantized network is a file NAME.safetensors or NAME{}",
                         options.file, kModelEnding);
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
    command->add_flag("--equalize", options->equalizes,
                      "Let the channels between two layers have kernels of one size before ranges "
                      "are found (cross-layer equalization)");
    command->add_flag(
        "--correct-biases", options->correctsBiases,
        "Take what rounding the kernels adds to the mean of a layer's results from its "
        "bias");
    command->add_option("--keep", options->keep, "Keep a layer, or all of a block, in FP32")
        ->type_name("LAYER");
    command
        ->add_option("--most-loss", options->mostLoss,
                     "Points that the quality may lose on the calibration samples; layers stay in "
                     "FP32 until it loses no more, those of the largest errors first")
        ->check(CLI::Range(0.0, 100.0))
        ->capture_default_str();
    command
        ->add_option("--weights", options->weights,
                     "int8: products compute in integers of 8 bits; int4: kernels of dense layers "
                     "are kept in 4 bits, and all is computed in FP32")
        ->check(CLI::IsMember({kInt8, kInt4}))
        ->capture_default_str();
    command
        ->add_option("--group", options->group,
                     "With --weights int4: weights of a unit that share a scale")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 20))
        ->capture_default_str();
    command->add_option("-o,--output", options->file,
                        "The file to write: NAME.safetensors, or NAME.gwmodel, which the "
                        "window opens, too (RUN/int8.safetensors)");
    command->add_option("--onnx", options->onnx,
                        "Write it as an ONNX model (opset 21), too: with QuantizeLinear and "
                        "DequantizeLinear, or with INT4 kernels behind DequantizeLinear");
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options, &exitCode] { runQuantize(*options, exitCode); });
}

} // namespace gradwright::cli
