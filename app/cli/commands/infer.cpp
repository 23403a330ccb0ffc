// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands/commands.h"
#include "app/cli/commands/onnx_models.h"
#include "app/cli/exit_codes.h"
#include "app/cli/interrupt.h"
#include "app/cli/naming.h"
#include "app/cli/output.h"
#include "app/cli/trained_network.h"
#include "engine/exchange/keras/keras_import.h"
#include "engine/exchange/model/model_file.h"
#include "engine/exchange/network_runner.h"
#include "engine/exchange/onnx_export.h"
#include "engine/graph/lower.h"
#include "engine/inference/optimized_network.h"
#include "engine/io/npy.h"
#include "engine/project/runs.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "engine/training/checkpoint.h"
#include "engine/training/objective.h"
#include "engine/training/start_weights.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

namespace gradwright::cli {
namespace {

struct InferOptions {
    std::string model;
    std::vector<std::string> inputs;
    std::vector<std::string> lengths;
    std::string folder;
    bool json = false;
};

using Arrays = std::map<std::string, Tensor, std::less<>>;

constexpr std::int64_t kMostOfSetting = 64; ///< numbers of an input that may be a setting

/// A network ready to run, with the names that its user knows.
struct Runnable {
    OpGraph graph;
    Weights weights;
    std::map<std::string, std::string> inputs{}; ///< the network's by the user's name
    std::vector<std::pair<std::string, std::string>> outputs{}; ///< the network's and the user's
    std::vector<std::string> unread{}; ///< inputs that are constants, or that nothing needs
    std::set<std::string> flat{};      ///< outputs of one number per sample, without an axis
    std::set<std::string> counted{};   ///< outputs whose number of rows values decide
    bool isWholeRun = false;           ///< arrays are one sample each
    RunAs as = RunAs::Optimized;
};

void nameAsDrawn(Runnable& made) {
    for (const auto& input : made.graph.inputs())
        made.inputs.emplace(input.name, input.name);
    for (const auto& output : made.graph.outputs())
        made.outputs.emplace_back(output.name, output.name);
}

/// As it was optimized.
Runnable asWritten(const std::string& file) {
    auto model = answeringModel(readModel(file));
    Runnable made{model.graph, weightsOf(model)};
    made.as = RunAs::Given;
    nameAsDrawn(made);
    return made;
}

Runnable asDrawn(const Project& project, const std::optional<RunDirectory>& run) {
    Runnable made{lower(project.network), {}};
    made.weights =
        run ? readCheckpointWeights(weightsOfRun(*run))
            : startWeightsOf(made.graph.weights(), project.training.seed(), project.startWeights);
    nameAsDrawn(made);
    return made;
}

/// What the arrays say of axes that the model only names.
void addLengths(OnnxImportOptions& to, const OnnxModel& model, const Arrays& arrays) {
    for (const auto& port : model.inputs) {
        const auto found = arrays.find(port.name);
        if (found == arrays.end() || found->second.shape().rank() != port.axes.size())
            continue;
        for (std::size_t axis = 0; axis < port.axes.size(); ++axis) {
            const auto length = found->second.shape()[axis];
            to.lengths.try_emplace(fmt::format("{}:{}", port.name, axis), length);
            if (const auto& name = port.axes[axis].name; !name.empty())
                to.lengths.try_emplace(name, length);
        }
    }
}

/// Small inputs of whole numbers, on which shapes and branches may depend.
Arrays settingsOf(const OnnxModel& model, const Arrays& arrays) {
    Arrays settings;
    for (const auto& port : model.inputs) {
        const auto found = arrays.find(port.name);
        const bool isReal = port.type.find("float") != std::string::npos;
        if (found != arrays.end() && !isReal && found->second.elements() <= kMostOfSetting)
            settings.emplace(port.name, found->second);
    }
    return settings;
}

/// Inputs on which shapes or branches depend are taken as constants.
OnnxImport importedFor(const OnnxModel& model, OnnxImportOptions options, const Arrays& arrays) {
    options.nodes = true;
    addLengths(options, model, arrays);
    auto fixed = options;
    fixed.constants = settingsOf(model, arrays);
    OnnxImport import;
    try {
        import = importOnnx(model, options);
    } catch (const OnnxLengthMissing&) {
        if (fixed.constants.empty())
            throw;
        import = importOnnx(model, fixed);
    }
    if (!import.problems.empty() || !import.unable.empty()) {
        if (!fixed.constants.empty())
            if (auto other = importOnnx(model, fixed);
                other.problems.empty() &&
                other.unable.size() < std::max<std::size_t>(import.unable.size(), 1))
                import = std::move(other);
    }
    if (!import.problems.empty())
        throw OnnxNodesRefused(std::move(import.problems));
    if (!import.unable.empty())
        throw Error("{} of the model cannot run:\n{}",
                    import.unable.size() == 1 ? std::string("One node")
                                              : fmt::format("{} nodes", import.unable.size()),
                    problemLines(import.unable));
    return import;
}

Runnable ofModel(const InferOptions& options, const Arrays& arrays) {
    const auto model = readOnnxFile(options.model);
    auto import = importedFor(model, importOptionsOf(options.lengths), arrays);
    Runnable made{lower(import.network), std::move(import.weights)};
    for (const auto& [node, name] : import.inputs)
        if (std::ranges::find(made.graph.inputs(), node, &NamedValue::name) !=
            made.graph.inputs().end())
            made.inputs.emplace(name, node);
    for (const auto& port : model.inputs)
        if (!made.inputs.contains(port.name))
            made.unread.push_back(port.name);
    made.outputs = std::move(import.outputs);
    made.flat = std::move(import.flatOutputs);
    made.counted = std::move(import.countedOutputs);
    made.isWholeRun = import.isWholeRun;
    return made;
}

Runnable ofKeras(const InferOptions& options) {
    const auto model = readKerasFile(options.model);
    auto import = importKeras(model, importOptionsOf(options.lengths));
    if (!import.problems.empty())
        throw OnnxNodesRefused(std::move(import.problems), "layer");
    Runnable made{lower(import.network), std::move(import.weights)};
    for (const auto& [node, name] : import.inputs)
        made.inputs.emplace(name, node);
    made.outputs = std::move(import.outputs);
    return made;
}

/// Samples of its data in, answers out.
Runnable ofQuantized(const std::string& file) {
    const TrainedNetwork network(file);
    auto model = network.model(
        inferenceGraph(network.project().network, network.info(), network.project().training));
    Runnable made{std::move(model.graph), {}};
    for (std::size_t i = 0; i < model.weights.size(); ++i)
        made.weights.values.emplace_back(made.graph.weights()[i].key, model.weights[i]);
    for (const auto& input : made.graph.inputs())
        made.inputs.emplace(input.name, input.name);
    for (const auto& output : made.graph.outputs())
        made.outputs.emplace_back(output.name, output.name);
    return made;
}

Runnable opened(const InferOptions& options, const Arrays& arrays) {
    if (isQuantizedFile(options.model))
        return ofQuantized(options.model);
    if (isOnnxName(options.model))
        return naming(options.model, [&] { return ofModel(options, arrays); });
    if (isKerasName(options.model))
        return naming(options.model, [&] { return ofKeras(options); });
    if (isModelFile(options.model))
        return asWritten(options.model);
    if (std::filesystem::is_directory(options.model)) {
        const auto run = RunDirectory::open(options.model);
        return asDrawn(projectOfRun(run), run);
    }
    const auto project = openProject(options.model);
    std::optional<RunDirectory> run;
    if (!templateKeyOf(options.model))
        run = latestTrainedRun(project, options.model);
    if (run && projectOfRun(*run).network != project.network)
        throw Error("{}: the network has been changed since its latest training ({}); name the run "
                    "to use its network",
                    options.model, run->name());
    return asDrawn(project, run);
}

Arrays readArrays(const InferOptions& options) {
    Arrays arrays;
    for (const auto& each : options.inputs) {
        // A name may hold the sign, a file's name less likely.
        const auto sign = each.find('=');
        if (sign == std::string::npos || sign == 0 || sign + 1 == each.size())
            throw UsageError("--input takes NAME=FILE.npy, not \"{}\"", each);
        const auto name = each.substr(0, sign);
        if (!arrays.emplace(name, readNpy(each.substr(sign + 1))).second)
            throw UsageError("--input names \"{}\" twice", name);
    }
    return arrays;
}

NamedTensors inputsOf(const InferOptions& options, const Runnable& model, Arrays arrays) {
    NamedTensors inputs;
    for (auto& [name, values] : arrays) {
        const auto found = model.inputs.find(name);
        if (found == model.inputs.end()) {
            if (std::ranges::find(model.unread, name) != model.unread.end())
                continue;
            std::string known;
            for (const auto& [other, node] : model.inputs)
                known += (known.empty() ? "" : ", ") + other;
            throw Error("{} has no input \"{}\"; there are {}", options.model, name, known);
        }
        if (model.isWholeRun)
            values = values.reshaped(values.shape().rank() == 0 ? Shape{1, 1}
                                                                : values.shape().withBatch(1));
        inputs.emplace(found->second, std::move(values));
    }
    return inputs;
}

/// The output's name as one of a file.
std::filesystem::path fileOf(const std::filesystem::path& folder, std::string name) {
    std::ranges::replace(name, '/', '_');
    std::ranges::replace(name, ':', '_');
    return folder / (name + ".npy");
}

void runInfer(const InferOptions& options, int& exitCode) {
    const Interrupt interrupt;
    auto arrays = readArrays(options);
    const auto model = opened(options, arrays);
    const auto inputs = inputsOf(options, model, std::move(arrays));
    std::set<std::filesystem::path> files;
    for (const auto& [node, name] : model.outputs)
        if (!files.insert(fileOf(options.folder, name)).second)
            throw Error("two outputs would be written to {}",
                        fileOf(options.folder, name).string());
    NetworkRunner runner(model.graph, model.weights, {}, model.as);
    const auto made = naming(options.model, [&] { return runner.run(inputs, interrupt.token()); });
    if (made.empty()) {
        fmt::print(stderr, "gradwright-cli: stopped; nothing is written\n");
        exitCode = kFailed;
        return;
    }
    std::filesystem::create_directories(options.folder);
    Json list = Json::array();
    for (const auto& [node, name] : model.outputs) {
        auto values = made.at(node);
        if (model.isWholeRun)
            values = values.reshaped(
                Shape(std::vector<std::int64_t>(values.shape().begin() + 1, values.shape().end())));
        if (model.flat.contains(name))
            values = values.reshaped({values.shape()[0]});
        if (model.counted.contains(name))
            values = usedRows(values);
        const auto file = fileOf(options.folder, name);
        writeNpy(file, values);
        if (options.json)
            list.push_back(
                {{"output", name}, {"file", file.string()}, {"shape", values.shape().dims()}});
        else
            printLine(fmt::format("{}: {} in {}", name, toString(values.shape()), file.string()));
    }
    if (options.json)
        printJson({{"model", options.model}, {"outputs", list}});
}

} // namespace

void addInferCommand(CLI::App& app, int& exitCode) {
    auto options = std::make_shared<InferOptions>();
    auto* command = app.add_subcommand(
        "infer", "Run a network as it is drawn on arrays, with the weights that it has");
    command
        ->add_option("model", options->model,
                     "An ONNX model, an optimized model, the folder of a run, a quantized network, "
                     "a project (with the "
                     "weights of its "
                     "latest run or those that it starts with) or template:NAME")
        ->required();
    command
        ->add_option("--input", options->inputs,
                     "NAME=FILE.npy: a NumPy array of samples for an input, as the network takes "
                     "them; once for each input")
        ->required();
    command->add_option("--output", options->folder, "The folder for NAME.npy of each output")
        ->required();
    command->add_option("--length", options->lengths,
                        "Length of an axis that an ONNX model only names: height=224");
    command->add_flag("--json", options->json, "One JSON document on standard output");
    command->callback([options, &exitCode] { runInfer(*options, exitCode); });
}

} // namespace gradwright::cli
