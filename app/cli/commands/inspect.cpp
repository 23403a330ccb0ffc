// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/commands/model_differences.h"
#include "app/cli/commands/onnx_models.h"
#include "app/cli/exit_codes.h"
#include "app/cli/naming.h"
#include "app/cli/output.h"
#include "engine/exchange/keras/keras_model.h"
#include "engine/exchange/project_import.h"
#include "engine/graph/analysis.h"
#include "engine/project/project_file.h"
#include "engine/project/start_file.h"
#include "engine/support/byte_text.h"
#include "engine/support/counted.h"
#include "engine/support/json.h"

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include <charconv>
#include <map>
#include <memory>

namespace gradwright::cli {
namespace {

std::string axisText(const OnnxAxis& axis) {
    if (axis.length >= 0)
        return fmt::format("{}", axis.length);
    return axis.name.empty() ? "?" : axis.name;
}

std::string portText(const OnnxPort& port) {
    std::vector<std::string> axes;
    for (const auto& axis : port.axes)
        axes.push_back(axisText(axis));
    return fmt::format("{}  {} {}", port.name, port.type,
                       port.hasShape ? fmt::format("[{}]", fmt::join(axes, ", "))
                                     : std::string("of any shape"));
}

Json portJson(const OnnxPort& port) {
    Json axes = Json::array();
    for (const auto& axis : port.axes)
        axes.push_back(axis.length >= 0    ? Json(axis.length)
                       : axis.name.empty() ? Json()
                                           : Json(axis.name));
    return {{"name", port.name}, {"type", port.type}, {"shape", port.hasShape ? axes : Json()}};
}

std::map<std::string, std::int64_t> operatorsOf(const OnnxModel& model) {
    std::map<std::string, std::int64_t> counts;
    for (const auto& node : model.nodes)
        ++counts[node.domain.empty() ? node.op : node.domain + "." + node.op];
    return counts;
}

/// What opens as a network: the import, or why there is none.
struct Opening {
    OnnxImport import;
    std::string problem;
};

Opening openingOf(const OnnxModel& model, const std::vector<std::string>& lengths) {
    try {
        auto options = importOptionsOf(lengths);
        options.nodes = true;
        return {importOnnx(model, options), {}};
    } catch (const UsageError&) {
        throw;
    } catch (const Error& error) {
        return {{}, error.what()};
    }
}

std::map<std::string, std::int64_t> layersOf(const Network& network) {
    std::map<std::string, std::int64_t> counts;
    for (const auto& [id, node] : network.main.nodes())
        ++counts[node.layerUse()->layer];
    return counts;
}

Json problemsJson(const std::vector<OnnxProblem>& problems) {
    Json list = Json::array();
    for (const auto& problem : problems)
        list.push_back(
            {{"node", problem.node}, {"operator", problem.op}, {"reason", problem.reason}});
    return list;
}

void printWholeRun(const OnnxImport& import) {
    printLine("The model does not keep samples apart: a sample is all that it takes in one run.");
    for (const auto& [node, op, reason] : import.mixing)
        printLine(node.empty() ? reason : fmt::format("{} ({}): {}", node, op, reason));
}

/// How it opens, in sentences.
void printOpening(const OnnxImport& import) {
    const auto nodes = import.kept.size();
    const auto parameters = groupedCount(analyze(import.network).parameters, "parameter");
    const auto layers = counted(import.network.main.nodes().size(), "layer");
    if (nodes == 0) {
        printLine(fmt::format("It opens as {} with {}.", layers, parameters));
        return;
    }
    printLine(fmt::format("It opens as {} with {}; {} of them {} as {}{}", layers, parameters,
                          nodes, nodes == 1 ? "is a node of ONNX" : "are nodes of ONNX",
                          nodes == 1 ? "it is" : "they are", import.isWholeRun ? "." : ":"));
    if (import.isWholeRun)
        printWholeRun(import);
    else
        printLine(problemLines(import.kept));
    if (!import.unable.empty()) {
        printLine("These cannot run:");
        printLine(problemLines(import.unable));
    }
}

Json inspectionJson(const OnnxModel& model, const Opening& opening) {
    Json json = {{"ir_version", model.irVersion},
                 {"opset", model.opset},
                 {"producer", model.producer},
                 {"producer_version", model.producerVersion},
                 {"name", model.name},
                 {"file_bytes", model.fileBytes},
                 {"weight_bytes", model.weightBytes},
                 {"nodes", model.nodes.size()},
                 {"operators", operatorsOf(model)},
                 {"inputs", Json::array()},
                 {"outputs", Json::array()},
                 {"metadata", Json::object()},
                 {"opens", opening.problem.empty() && opening.import.problems.empty()},
                 {"whole_run", opening.import.isWholeRun},
                 {"mixing", problemsJson(opening.import.mixing)},
                 {"onnx_nodes", problemsJson(opening.import.kept)},
                 {"unable", problemsJson(opening.import.unable)},
                 {"problems", problemsJson(opening.import.problems)},
                 {"notes", opening.import.notes}};
    for (const auto& port : model.inputs)
        json["inputs"].push_back(portJson(port));
    for (const auto& port : model.outputs)
        json["outputs"].push_back(portJson(port));
    for (const auto& [domain, version] : model.domains)
        json["domains"][domain] = version;
    for (const auto& [key, value] : model.metadata)
        json["metadata"][key] = value;
    if (!opening.problem.empty())
        json["problems"].push_back({{"node", ""}, {"operator", ""}, {"reason", opening.problem}});
    if (json["opens"] == true) {
        json["layers"] = layersOf(opening.import.network);
        json["parameters"] = analyze(opening.import.network).parameters;
    }
    return json;
}

void printInspection(const OnnxModel& model, const Opening& opening) {
    std::string wrote;
    if (!model.producer.empty())
        wrote = fmt::format(", written by {}{}{}", model.producer,
                            model.producerVersion.empty() ? "" : " ", model.producerVersion);
    printLine(
        fmt::format("ONNX operator set {}, IR version {}{}", model.opset, model.irVersion, wrote));
    printLine(fmt::format("{}, {} of weights", groupedCount(std::ssize(model.nodes), "node"),
                          bytesText(model.weightBytes)));
    for (const auto& port : model.inputs)
        printLine("input   " + portText(port));
    for (const auto& port : model.outputs)
        printLine("output  " + portText(port));
    for (const auto& [op, count] : operatorsOf(model))
        printLine(fmt::format("  {}  {}", padded(op, 28), count));
    if (model.functions > 0)
        printLine(fmt::format("{} of its own, put in place of {}",
                              counted(model.functions, "function"),
                              model.functions == 1 ? "its calls" : "their calls"));
    for (const auto& note : opening.import.notes)
        printLine(note);
    if (!opening.problem.empty()) {
        printLine("It cannot be opened: " + opening.problem);
    } else if (!opening.import.problems.empty()) {
        printLine(fmt::format("It cannot be opened, because of {} of its {}:",
                              opening.import.problems.size(), counted(model.nodes.size(), "node")));
        printLine(problemLines(opening.import.problems));
    } else {
        printOpening(opening.import);
    }
}

} // namespace

OnnxImportOptions importOptionsOf(const std::vector<std::string>& lengths) {
    OnnxImportOptions options;
    for (const auto& each : lengths) {
        const auto sign = each.rfind('=');
        std::int64_t length = 0;
        const auto* const end = each.data() + each.size();
        const auto read = sign == std::string::npos
                              ? std::from_chars_result{each.data(), std::errc::invalid_argument}
                              : std::from_chars(each.data() + sign + 1, end, length);
        if (read.ec != std::errc{} || read.ptr != end || length < 1 || sign == 0)
            throw UsageError("--length takes the name of an axis and a number from 1 on, such as "
                             "height=224, not \"{}\"",
                             each);
        options.lengths[each.substr(0, sign)] = length;
    }
    return options;
}

void makeProjectOfModel(const std::filesystem::path& model, const std::filesystem::path& file,
                        const std::vector<std::string>& lengths, bool force, bool asJson) {
    auto made = naming(model, [&] { return projectFromModel(model, importOptionsOf(lengths)); });
    const auto weights = startWeightsOfFile(file);
    if (!force && std::filesystem::exists(weights))
        throw Error("{} exists already; --force replaces it", weights.string());
    keepStartWeights(made.project, made.weights, weights);
    saveProject(file, made.project);
    const auto layers = made.project.network.main.nodes().size();
    if (asJson) {
        printJson({{"file", file.string()},
                   {"model", model.string()},
                   {"weights", weights.string()},
                   {"layers", layers},
                   {"parameters", analyze(made.project.network).parameters},
                   {"notes", made.notes}});
        return;
    }
    printLine(fmt::format("Wrote {}, {}, and {} weights in {}", file.string(),
                          counted(layers, "layer"), layers == 1 ? "its" : "their",
                          weights.string()));
    for (const auto& note : made.notes)
        printLine(note);
}

void addInspectCommand(CLI::App& app, int&) {
    struct Options {
        std::string file;
        std::string against;
        std::vector<std::string> lengths;
        bool json = false;
    };
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand(
        "inspect", "Tell what an ONNX or Keras model holds and what opens as layers");
    command->add_option("file", options->file, "A model: NAME.onnx, NAME.keras")->required();
    auto* const against =
        command->add_option("--against", options->against,
                            "Another ONNX model: tell what differs in inputs, outputs, nodes and "
                            "constants");
    command
        ->add_option("--length", options->lengths,
                     "Length of an axis that the model only names (height=224), or the value of "
                     "an input of one whole number (rate=16000)")
        ->excludes(against);
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options] {
        if (!options->against.empty())
            return printModelDifferences(options->file, options->against, options->json);
        if (isKerasName(options->file))
            return inspectKeras(options->file, options->lengths, options->json);
        const auto model = readOnnxFile(options->file);
        const auto opening = openingOf(model, options->lengths);
        if (options->json)
            printJson(inspectionJson(model, opening));
        else
            printInspection(model, opening);
    });
}

} // namespace gradwright::cli
