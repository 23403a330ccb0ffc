// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/commands/inference_models.h"
#include "app/cli/exit_codes.h"
#include "app/cli/interrupt.h"
#include "app/cli/naming.h"
#include "app/cli/output.h"
#include "engine/exchange/cpp_writer.h"
#include "engine/exchange/data_program.h"
#include "engine/exchange/model/model_file.h"
#include "engine/exchange/narrow_weights.h"
#include "engine/exchange/onnx_check.h"
#include "engine/exchange/onnx_export.h"
#include "engine/exchange/prepared_program.h"
#include "engine/inference/optimized_network.h"
#include "engine/io/atomic_file.h"
#include "engine/io/code_formats.h"
#include "engine/project/runs.h"
#include "engine/project/templates.h"
#include "engine/quantization/quantized_file.h"
#include "engine/support/json.h"
#include "engine/training/objective.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace gradwright::cli {
namespace {

struct ExportOptions {
    std::string project;
    std::string format = "pytorch";
    std::string file;
    std::int64_t opset = kOnnxOpset;
    std::string weights = "fp32";
    bool optimize = false;
    bool force = false;
    bool json = false;
};

/// A model in place of a program: it holds the weights, too.
constexpr const char* kOnnxFormat = "onnx";

/// A program with the weights, too.
constexpr const char* kCppFormat = "cpp";

std::string knownFormats() {
    std::string known;
    for (const auto& format : codeFormats())
        known += format.key + ", ";
    return fmt::format("{}{}, {}", known, kCppFormat, kOnnxFormat);
}

/// The file of weights beside a program that has more than it embeds.
std::filesystem::path weightsBeside(std::filesystem::path program) {
    return program.replace_extension(".weights");
}

/// What a program is written of: a project, a run, or a file of a network that only answers.
struct ProgramSource {
    std::string name;
    AnsweringNetwork network;
};

ProgramSource programSource(const std::string& given) {
    const auto answering = [](const InferenceModel& model, const DataInfo& data, std::string run) {
        return AnsweringNetwork{model.graph, weightsOf(model), data, std::move(run)};
    };
    if (isModelFile(given)) {
        const auto opened = readModel(given);
        if (!opened.data)
            throw Error("{}: its data are not known: {}", given, opened.note);
        return {opened.project.name,
                answering(answeringModel(opened), *opened.data, opened.run.value_or(""))};
    }
    if (isQuantizedFile(given)) {
        const auto opened = readQuantizedFile(given);
        const auto graph =
            inferenceGraph(opened.project.network, opened.data, opened.project.training);
        return {opened.project.name,
                answering(quantizedModel(graph, opened), opened.data, opened.run)};
    }
    const auto [project, run] = trainedProject(given);
    return {project.name, answeringNetwork(project, run)};
}

void writeCpp(const ExportOptions& options) {
    const auto source = naming(options.project, [&] { return programSource(options.project); });
    const auto& answering = source.network;
    const auto weightsFile = weightsBeside(options.file);
    const auto program = naming(options.project, [&] {
        return cppProgram(answering.graph, answering.weights,
                          {source.name, weightsFile.filename().string(), answering.data});
    });
    const bool isBeside = !program.weights.empty();
    if (isBeside) {
        if (!options.force && std::filesystem::exists(weightsFile))
            throw Error("{}: the file exists; --force replaces it", weightsFile.string());
        writeFileAtomically(weightsFile, std::string_view(program.weights));
    }
    writeFileAtomically(options.file, std::string_view(program.source));
    if (options.json)
        printJson({{"file", options.file},
                   {"format", kCppFormat},
                   {"weights", isBeside ? Json(weightsFile.string()) : Json()},
                   {"run", answering.run ? Json(*answering.run) : Json()}});
    else
        printLine(fmt::format("{} is written as a C++ program in {}, {}{}", source.name,
                              options.file,
                              answering.run ? "with the weights of " + *answering.run
                                            : "untrained, with the weights that training starts "
                                              "with",
                              isBeside ? ", which lie in " + weightsFile.string() : ""));
}

/// Shows how far the check of a model is, in a terminal alone.
std::function<void(double)> checkProgress() {
    if (isatty(fileno(stderr)) == 0)
        return {};
    return [](double share) {
        if (share < 1)
            fmt::print(stderr, "\rChecking {:3.0f} %", 100 * share);
        else
            fmt::print(stderr, "\r{:14}\r", "");
        std::fflush(stderr);
    };
}

Json layersJson(const OnnxExport& made) {
    if (!made.optimization)
        return {};
    return {{"before", made.optimization->before.layers},
            {"after", made.optimization->after.layers}};
}

/// What is said of passes and rounding.
std::string changesOf(const ExportOptions& options, const OnnxExport& made,
                      const OnnxCheck& check) {
    std::string text;
    if (made.optimization)
        text += fmt::format(". The passes for inference left {} of {} layers",
                            made.optimization->after.layers, made.optimization->before.layers);
    if (check.rounding)
        text += fmt::format(". Weights in {} move answers by up to {:.1e}", options.weights,
                            *check.rounding);
    return text;
}

void writeOnnxModel(const ExportOptions& options, int& exitCode) {
    const auto source = trainedProject(options.project);
    const auto& project = source.first;
    const Interrupt interrupt;
    std::optional<OnnxCheck> check;
    const auto made = naming(options.project, [&] {
        auto model = exportOnnx(project, source.second,
                                {.opset = options.opset,
                                 .weights = weightTypeOf(options.weights),
                                 .optimize = options.optimize});
        check = checkOnnx(model, interrupt.token(), checkProgress());
        if (check)
            writeFileAtomically(options.file, std::string_view(model.file));
        return model;
    });
    if (!check) {
        fmt::print(stderr, "gradwright-cli: stopped; nothing is written\n");
        exitCode = kFailed;
        return;
    }
    if (!made.note.empty())
        fmt::print(stderr,
                   "gradwright-cli: inputs and outputs are the network's own, since the data do "
                   "not say what they are: {}\n",
                   made.note);
    if (options.json)
        printJson(
            {{"file", options.file},
             {"format", kOnnxFormat},
             {"opset", options.opset},
             {"checked_samples", check->unchecked.empty() ? kCheckedSamples : 0},
             {"largest_difference", check->unchecked.empty() ? Json(check->difference) : Json()},
             {"weights", options.weights},
             {"rounding_difference", check->rounding ? Json(*check->rounding) : Json()},
             {"layers", layersJson(made)},
             {"run", made.run ? Json(*made.run) : Json()}});
    else
        printLine(fmt::format(
            "{} is written as ONNX in {}, {}. {}", project.name, options.file,
            made.run ? "with the weights of " + *made.run
                     : "untrained, with the weights that training starts with",
            check->unchecked.empty()
                ? fmt::format(
                      "Read back, it answers {} samples alike (largest difference {:.1e}){}",
                      kCheckedSamples, check->difference, changesOf(options, made, *check))
                : "It was not compared, since it does not open as layers:\n" + check->unchecked));
}

void runExport(const ExportOptions& options, int& exitCode) {
    if (options.format != kOnnxFormat && (options.optimize || options.weights != "fp32"))
        throw UsageError("--optimize and --weights are about ONNX models: --format onnx");
    if (!options.force && std::filesystem::exists(options.file))
        throw Error("{}: the file exists; --force replaces it", options.file);
    if (options.format == kOnnxFormat)
        return writeOnnxModel(options, exitCode);
    if (options.format == kCppFormat)
        return writeCpp(options);
    const auto found = std::ranges::find(codeFormats(), options.format, &CodeFormat::key);
    if (found == codeFormats().end())
        throw Error("there is no format \"{}\"; known are {}", options.format, knownFormats());
    const auto& format = *found;
    const bool isRun = std::filesystem::is_directory(options.project);
    const auto project =
        isRun ? projectOfRun(RunDirectory::open(options.project)) : openProject(options.project);
    std::string note;
    naming(options.project, [&] {
        std::string program;
        if (isRun) {
            const auto run = RunDirectory::open(options.project);
            program = withDataProgram(format.write(project.network), format.key, dataInfoOfRun(run),
                                      run.name(), project.network);
        } else {
            const auto file = templateKeyOf(options.project)
                                  ? std::optional<std::filesystem::path>()
                                  : std::optional<std::filesystem::path>(options.project);
            auto made = preparedProgram(format, project, file);
            program = std::move(made.text);
            note = std::move(made.note);
        }
        writeFileAtomically(options.file, std::string_view(program));
    });
    if (!note.empty())
        fmt::print(stderr, "gradwright-cli: {}\n", note);
    if (options.json)
        printJson({{"file", options.file},
                   {"format", format.key},
                   {"note", note.empty() ? Json() : Json(note)}});
    else
        printLine(
            fmt::format("{} is written as {} in {}", project.name, format.title, options.file));
}

} // namespace

void addExportCommand(CLI::App& app, int& exitCode) {
    auto options = std::make_shared<ExportOptions>();
    auto* command =
        app.add_subcommand("export", "Write a network as a program for a framework, "
                                     "or with its weights as a C++ program or an ONNX model");
    command
        ->add_option("project", options->project,
                     "A project file, template:NAME or the folder of a run")
        ->required();
    command->add_option("-o,--output", options->file, "The file to write")->required();
    command->add_option("--format", options->format, knownFormats())->capture_default_str();
    command
        ->add_option("--opset", options->opset,
                     fmt::format("Of ONNX: {}, or {}, which more programs read", kOnnxOpset,
                                 kOldestOnnxOpset))
        ->check(CLI::IsMember({kOnnxOpset, kOldestOnnxOpset}))
        ->capture_default_str();
    command->add_flag("--optimize", options->optimize,
                      "Of ONNX: after the passes for inference, see the command optimize");
    command
        ->add_option("--weights", options->weights,
                     "Of ONNX: fp32, or fp16 or bf16, half as large and rounded")
        ->check(CLI::IsMember({"fp32", "fp16", "bf16"}))
        ->capture_default_str();
    command->add_flag("--force", options->force, "Replace the file if it exists");
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options, &exitCode] { runExport(*options, exitCode); });
}

} // namespace gradwright::cli
