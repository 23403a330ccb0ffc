// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_export.h"

#include "engine/data/data_info_json.h"
#include "engine/exchange/data_lines.h"
#include "engine/exchange/narrow_weights.h"
#include "engine/exchange/optimized_graph.h"
#include "engine/graph/lower.h"
#include "engine/inference/optimized_network.h"
#include "engine/project/runs.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/support/version.h"
#include "engine/training/checkpoint.h"
#include "engine/training/objective.h"
#include "engine/training/start_weights.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

/// Gives values in the target's units, as prediction does.
void restoreTargets(OpGraph& graph, const DataInfo& info) {
    auto value = graph.outputs().front().value;
    const auto sample = graph.type(value).sample();
    const auto count = static_cast<std::size_t>(sample.elements());
    const auto isPlain = [](const Scaling& scaling) {
        return scaling.mean == 0 && scaling.deviation == 1;
    };
    if (info.hasClasses() || std::ranges::all_of(info.targetScaling, isPlain))
        return;
    std::vector<float> factors(count, 1);
    std::vector<float> means(count, 0);
    for (std::size_t i = 0; i < std::min(count, info.targetScaling.size()); ++i) {
        factors[i] = static_cast<float>(info.targetScaling[i].deviation);
        means[i] = static_cast<float>(info.targetScaling[i].mean);
    }
    const std::string path = "units";
    const auto factor = graph.addConstant(Tensor::of<float>(sample, factors), path + "/deviation");
    const auto mean = graph.addConstant(Tensor::of<float>(sample, means), path + "/mean");
    value = graph.add(BinaryOp{BinaryKind::Multiply}, {value, factor}, path);
    value = graph.add(BinaryOp{BinaryKind::Add}, {value, mean}, path);
    graph.setOutputs({{"values", value}});
}

OpGraph answeringGraph(const Network& network, const DataInfo& info,
                       const TrainingSettings& settings) {
    auto graph = inferenceGraph(network, info, settings);
    if (!info.hasClasses())
        graph.setOutputs({{"values", graph.outputs().front().value}});
    restoreTargets(graph, info);
    return graph;
}

void describeData(OnnxOptions& options, const DataInfo& info) {
    if (info.hasClasses())
        options.metadata.emplace_back("classes", Json(info.classes).dump());
    if (!info.targetNames.empty())
        options.metadata.emplace_back("targets", Json(info.targetNames).dump());
    if (const auto lines = inputLines(info); !lines.empty())
        options.metadata.emplace_back("preparation", fmt::format("{}", fmt::join(lines, "\n")));
    options.metadata.emplace_back("gradwright.data", toJson(info).dump());
}

} // namespace

std::optional<RunDirectory> latestTrainedRun(const Project& project,
                                             const std::optional<std::filesystem::path>& file) {
    auto runs = RunDirectory::list(runsFolder(project, file));
    std::erase_if(runs, [](const RunDirectory& run) {
        return !std::filesystem::exists(run.bestWeights()) &&
               !std::filesystem::exists(run.lastWeights());
    });
    if (runs.empty())
        return {};
    return std::move(runs.back());
}

AnsweringNetwork answeringNetwork(const Project& project, const std::optional<RunDirectory>& run) {
    AnsweringNetwork made;
    if (run) {
        made.run = run->name();
        const auto trained = projectOfRun(*run);
        if (trained.network != project.network)
            throw Error("The network has been changed since its latest training ({}), so that it "
                        "has no weights. Train it again, or undo the changes.",
                        *made.run);
        made.data = dataInfoOfRun(*run);
        made.graph = answeringGraph(project.network, *made.data, trained.training);
        made.weights = readCheckpointWeights(weightsOfRun(*run));
        return made;
    }
    try {
        auto info = openDataset(project.data).info;
        made.graph = answeringGraph(project.network, info, project.training);
        made.data = std::move(info);
    } catch (const Error& error) {
        made.note = error.what();
        made.graph = lower(project.network);
    }
    made.weights =
        startWeightsOf(made.graph.weights(), project.training.seed(), project.startWeights);
    return made;
}

OnnxOptions onnxOptions(const Project& project, const AnsweringNetwork& answering,
                        std::int64_t opset) {
    OnnxOptions options{opset, DType::F32, project.name, project.description, {}};
    options.metadata.emplace_back("gradwright.version", kVersion);
    if (answering.run)
        options.metadata.emplace_back("gradwright.run", *answering.run);
    if (answering.data)
        describeData(options, *answering.data);
    return options;
}

OnnxExport exportOnnx(const Project& project, const std::optional<RunDirectory>& run,
                      const OnnxWish& wish) {
    auto answering = answeringNetwork(project, run);
    auto options = onnxOptions(project, answering, wish.opset);
    options.weights = wish.weights;
    OnnxExport made;
    made.run = std::move(answering.run);
    made.note = std::move(answering.note);
    made.graph = std::move(answering.graph);
    made.weights = std::move(answering.weights);
    WeightedGraph written{made.graph, made.weights};
    if (wish.optimize) {
        auto model = inferenceModel(made.graph, made.weights);
        made.optimization = optimizeForExchange(model);
        written = {model.graph, weightsOf(model)};
    }
    made.file = onnxFile(written.graph, written.weights, options);
    if (wish.weights != DType::F32) {
        made.exact = WeightedGraph{std::move(made.graph), std::move(made.weights)};
        made.weights = roundedWeights(written.weights, wish.weights);
        made.graph = std::move(written.graph);
    }
    return made;
}

} // namespace gradwright
