// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/objective.h"

#include "engine/graph/lower.h"
#include "engine/support/error.h"
#include "engine/training/recipes/losses.h"

#include <algorithm>

namespace gradwright {
namespace {

bool isSoftmax(const OpGraph& graph, ValueId value) {
    const auto* producer = graph.producerOf(value);
    return producer && std::holds_alternative<SoftmaxOp>(producer->attributes);
}

ValueId outputOf(const OpGraph& graph, const Objective& objective) {
    if (!objective.output.empty())
        return graph.output(objective.output);
    if (graph.outputs().size() != 1)
        throw Error("the network has {} outputs; an objective must say which one it is for",
                    graph.outputs().size());
    return graph.outputs().front().value;
}

/// The name of the Output node, where the objective leaves it out.
std::string outputName(const OpGraph& graph, const Objective& objective) {
    return objective.output.empty() ? graph.outputs().front().name : objective.output;
}

class Diagnoser {
public:
    Diagnoser(const Network& network, const Analysis& analysis, const DataInfo& data)
        : network_(network)
        , analysis_(analysis)
        , data_(data) {}

    std::vector<Diagnostic> run(const TrainingSettings& settings) {
        checkInputs();
        for (const auto& objective : settings.objectives)
            checkObjective(objective);
        return std::move(found_);
    }

private:
    void report(Severity severity, const Node* node, std::string message,
                std::vector<Fix> fixes = {}) {
        Place place;
        if (node) {
            place.node = node->id;
            place.path = node->name;
        }
        found_.push_back({severity, std::move(place), std::move(message), std::move(fixes)});
    }

    void checkInputs() {
        const auto inputs = nodesOfLayer(network_.main, "input");
        if (inputs.size() != 1)
            return report(
                Severity::Error, nullptr,
                fmt::format("Training feeds one Input; the network has {}.", inputs.size()));
        const auto& node = *network_.main.find(inputs.front());
        const auto index = analysis_.indexOf(node.name);
        if (analysis_.nodes[index].state != ShapeState::Known)
            return;
        const auto& shape = analysis_.nodes[index].output;
        if (shape != data_.input)
            report(Severity::Error, &node,
                   fmt::format("The data set gives samples of {}; the Input takes {}.",
                               toString(data_.input), toString(shape)),
                   {{fmt::format("Set the shape to {}", toString(data_.input)),
                     {SetParam{"", node.id, "shape", IntTuple(data_.input.dims())}}}});
    }

    void checkObjective(const Objective& objective) {
        const auto outputs = nodesOfLayer(network_.main, "output");
        if (outputs.empty())
            return; // the analysis says so
        const Node* node = nullptr;
        for (const auto id : outputs)
            if (objective.output.empty() || network_.main.find(id)->name == objective.output)
                node = network_.main.find(id);
        if (!node)
            return report(
                Severity::Error, nullptr,
                fmt::format("The network has no Output \"{}\" to train.", objective.output));
        if (objective.output.empty() && outputs.size() > 1)
            return report(Severity::Error, nullptr,
                          fmt::format("The network has {} Outputs; the objective must name one.",
                                      outputs.size()));
        checkWidth(*node);
        checkSoftmax(*node, objective);
    }

    /// The flat node that feeds flat node `index`.
    [[nodiscard]] std::optional<std::size_t> feeding(std::size_t index) const {
        const auto& inputs = analysis_.flat.nodes[index].inputs;
        return inputs.empty() ? std::nullopt : inputs.front();
    }

    void checkWidth(const Node& output) {
        const auto index = analysis_.indexOf(output.name);
        if (analysis_.nodes[index].state != ShapeState::Known)
            return;
        const auto& shape = analysis_.nodes[index].output;
        const auto classes = static_cast<std::int64_t>(data_.classes.size());
        if (shape == Shape{classes})
            return;
        std::vector<Fix> fixes;
        for (auto source = feeding(index); source; source = feeding(*source)) {
            const auto& flat = analysis_.flat.nodes[*source];
            if (flat.layer && flat.layer->key == "dense") {
                fixes.push_back({fmt::format("Set units to {}", classes),
                                 {SetParam{flat.graph, flat.node, "units", classes}}});
                break;
            }
            if (analysis_.nodes[*source].output != shape)
                break;
        }
        report(Severity::Error, &output,
               fmt::format("The data set has {} classes; the Output receives {}.", classes,
                           toString(shape)),
               std::move(fixes));
    }

    /// A final softmax is the normal picture; one that feeds another softmax is not.
    void checkSoftmax(const Node& output, const Objective& objective) {
        if (!loss(objective.loss.key).takesLogits)
            return;
        int softmaxes = 0;
        for (auto source = feeding(analysis_.indexOf(output.name)); source;
             source = feeding(*source)) {
            const auto* layer = analysis_.flat.nodes[*source].layer;
            if (layer && layer->key == "softmax")
                ++softmaxes;
        }
        if (softmaxes > 1)
            report(Severity::Warning, &output,
                   fmt::format("{} Softmax layers lie on the way to this Output; each but the last "
                               "squeezes the scores and slows learning.",
                               softmaxes));
    }

    const Network& network_;
    const Analysis& analysis_;
    const DataInfo& data_;
    std::vector<Diagnostic> found_;
};

} // namespace

TrainingGraph trainingGraph(const Network& network, const DataInfo& data,
                            const TrainingSettings& settings) {
    requireValid(settings);
    const auto analysis = analyze(network);
    TrainingGraph training{lower(analysis), {}, {}, {}};
    for (const auto& diagnostic : diagnoseTraining(network, analysis, data, settings))
        if (diagnostic.severity == Severity::Error)
            throw Error("The network cannot be trained on this data. {}{}",
                        diagnostic.place.path.empty() ? "" : diagnostic.place.path + ": ",
                        diagnostic.message);
    auto& graph = training.graph;
    training.input = graph.inputs().front().value;
    std::vector<NamedValue> outputs;
    for (const auto& objective : settings.objectives) {
        const auto& def = loss(objective.loss.key);
        auto prediction = outputOf(graph, objective);
        if (def.takesLogits && isSoftmax(graph, prediction))
            prediction = graph.producerOf(prediction)->inputs.front();
        const auto name = outputName(graph, objective);
        const auto target = graph.addInput("target:" + name, {Shape{1}, ElementType::ClassIndex});
        const auto perSample =
            def.lower(graph, prediction, target, Params(def.params, objective.loss.params), name);
        graph.addLoss(perSample, objective.weight);
        training.targets.push_back(target);
        training.outputs.push_back(prediction);
        outputs.push_back({name, prediction});
    }
    graph.setOutputs(std::move(outputs));
    return training;
}

std::vector<Diagnostic> diagnoseTraining(const Network& network, const Analysis& analysis,
                                         const DataInfo& data, const TrainingSettings& settings) {
    return Diagnoser(network, analysis, data).run(settings);
}

OpGraph inferenceGraph(const Network& network, const TrainingSettings& settings) {
    auto graph = lower(network);
    const auto& objective = settings.objectives.front();
    auto value = outputOf(graph, objective);
    if (loss(objective.loss.key).takesLogits && !isSoftmax(graph, value))
        value = graph.add(SoftmaxOp{}, {value}, "probabilities");
    graph.setOutputs({{"probabilities", value}});
    return graph;
}

} // namespace gradwright
