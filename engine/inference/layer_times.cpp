// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/inference/layer_times.h"

#include "engine/inference/noise_inputs.h"
#include "engine/support/error.h"

#include <algorithm>
#include <chrono>

namespace gradwright {
namespace {

constexpr std::size_t kFewestTimedRuns = 3;

double medianOf(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

/// Finds the ops of a graph by what a report says of them, each once.
class ReportedOps {
public:
    explicit ReportedOps(const OpGraph& graph)
        : graph_(graph)
        , isTaken_(graph.ops().size()) {}

    /// Its place; nothing for what a backend made of several ops.
    std::optional<std::size_t> take(const OpReport& report) {
        for (std::size_t i = 0; i < isTaken_.size(); ++i) {
            const auto& op = graph_.ops()[i];
            if (isTaken_[i] || op.path != report.path || nameOf(op.attributes) != report.op)
                continue;
            isTaken_[i] = true;
            return i;
        }
        return {};
    }
    /// The reported op that does the work of that one: the next one towards the inputs.
    [[nodiscard]] std::optional<std::size_t> workerOf(std::size_t place) const {
        while (!isTaken_[place]) {
            const auto& op = graph_.ops()[place];
            const auto producer =
                op.inputs.empty() ? std::nullopt : graph_.producerPlace(op.inputs[0]);
            if (!producer)
                return {};
            place = *producer;
        }
        return place;
    }
    [[nodiscard]] bool isTaken(std::size_t place) const { return isTaken_[place]; }

private:
    const OpGraph& graph_;
    std::vector<bool> isTaken_;
};

LayerTime layerOf(const OpGraph& graph, const Op& op, std::int64_t batch) {
    LayerTime layer{.path = op.path, .parts = {op.path}, .op = std::string(nameOf(op.attributes))};
    if (const auto* fused = std::get_if<FusedProductOp>(&op.attributes)) {
        layer.parts = fused->parts; // a layer with an activation is two of them
        layer.parts.erase(std::unique(layer.parts.begin(), layer.parts.end()), layer.parts.end());
    }
    layer.operations = batch * graph.operationsOf(op);
    for (const auto id : op.weights)
        layer.weights +=
            static_cast<std::size_t>(graph.weight(id).shape.elements()) * sizeof(float);
    for (const auto output : op.outputs)
        layer.results +=
            static_cast<std::size_t>(graph.type(output).shapeFor(batch).elements()) * sizeof(float);
    return layer;
}

std::vector<LayerTime> layersOf(const Program& program, const ProgramReport& report) {
    const auto& graph = program.graph();
    ReportedOps ops(graph);
    std::vector<LayerTime> layers;
    std::vector<std::optional<std::size_t>> layerAt(graph.ops().size());
    for (const auto& entry : report.ops) {
        auto& layer = layers.emplace_back(LayerTime{.path = entry.path, .parts = {entry.path}});
        if (const auto place = ops.take(entry)) {
            layerAt[*place] = layers.size() - 1;
            layer = layerOf(graph, graph.ops()[*place], program.options().batch);
        }
        layer.op = entry.op;
        layer.implementation = entry.implementation;
        layer.operations = entry.operations;
    }
    for (std::size_t i = 0; i < graph.ops().size(); ++i) {
        if (ops.isTaken(i))
            continue;
        const auto worker = ops.workerOf(i);
        if (!worker || !layerAt[*worker])
            continue;
        auto& parts = layers[*layerAt[*worker]].parts;
        if (std::ranges::find(parts, graph.ops()[i].path) == parts.end())
            parts.push_back(graph.ops()[i].path);
    }
    return layers;
}

} // namespace

std::vector<LayerTime> layersOf(const OpGraph& graph, std::int64_t batch) {
    std::vector<LayerTime> layers;
    for (const auto& op : graph.ops())
        layers.push_back(layerOf(graph, op, batch));
    return layers;
}

void addFoldedParts(std::vector<LayerTime>& layers, const OptimizationReport& report) {
    const auto folds = std::ranges::find(report.passes, "fold-normalization", &PassReport::key);
    if (folds == report.passes.end())
        return;
    for (auto& layer : layers)
        for (const auto& merge : folds->merges) {
            const auto found = std::ranges::find_first_of(layer.parts, merge.layers);
            if (found == layer.parts.end())
                continue;
            auto at = found - layer.parts.begin();
            for (const auto& part : merge.layers)
                std::erase(layer.parts, part);
            at = std::min(at, std::ssize(layer.parts));
            layer.parts.insert(layer.parts.begin() + at, merge.layers.begin(), merge.layers.end());
        }
}

std::optional<LayerTimes> measureLayers(Program& program, double seconds,
                                        const std::stop_token& stop) {
    using Clock = std::chrono::steady_clock;
    const NoiseInputs noise(program);
    if (!program.forward(noise.bound(), {}, stop))
        return {};
    const auto report = program.report();
    std::vector<std::vector<double>> times(report.ops.size());
    std::size_t runs = 0;
    const auto begin = Clock::now();
    while (runs < kFewestTimedRuns ||
           std::chrono::duration<double>(Clock::now() - begin).count() < seconds) {
        program.timeOps(true);
        const bool isDone = program.forward(noise.bound(), {}, stop);
        const auto each = program.opSeconds();
        program.timeOps(false);
        if (!isDone)
            return {};
        if (each.size() != times.size())
            throw Error("this engine does not measure its ops one by one");
        for (std::size_t i = 0; i < each.size(); ++i)
            times[i].push_back(each[i]);
        ++runs;
    }
    LayerTimes made{.batch = program.options().batch,
                    .runs = runs,
                    .weights = report.weightBytes,
                    .activations = report.arenaBytes,
                    .layers = layersOf(program, report)};
    for (std::size_t i = 0; i < times.size(); ++i)
        made.sum += made.layers[i].median = medianOf(std::move(times[i]));
    if (made.sum > 0)
        for (auto& layer : made.layers)
            layer.share = layer.median / made.sum;
    return made;
}

} // namespace gradwright
