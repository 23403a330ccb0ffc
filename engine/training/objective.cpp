// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/objective.h"

#include "engine/graph/lower.h"
#include "engine/layers/onnx_node.h"
#include "engine/passes/mixes_samples.h"
#include "engine/passes/quantization/fake_quantization.h"
#include "engine/support/error.h"
#include "engine/training/batch_advice.h"
#include "engine/training/feeds.h"
#include "engine/training/objective_fixes.h"
#include "engine/training/recipes/losses.h"

#include <algorithm>
#include <iterator>

namespace gradwright {
namespace {

bool isActivation(const OpAttributes& attributes, ActivationKind kind) {
    const auto* op = std::get_if<ActivationOp>(&attributes);
    return op && op->activation.kind == kind;
}

/// Whether the value comes out of the very function that the head applies.
bool endsIn(const OpGraph& graph, ValueId value, Head head) {
    const auto* producer = graph.producerOf(value);
    if (!producer)
        return false;
    switch (head) {
    case Head::None:
        return false;
    case Head::Softmax:
        return producer->attributes == OpAttributes(SoftmaxOp{});
    case Head::Sigmoid:
        return isActivation(producer->attributes, ActivationKind::Sigmoid);
    case Head::Step:
        return isActivation(producer->attributes, ActivationKind::Step);
    }
    return false;
}

/// A loss that takes one number and decides between two classes by its sign.
bool decidesBySign(Head head) {
    return head == Head::Sigmoid || head == Head::Step;
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

/// What prediction reads of an Output: see inferenceGraph(). A single output that is compared with
/// values stands for one of them and not for a class.
ValueId answerOf(OpGraph& graph, ValueId value, Head head, bool hasClasses) {
    const bool single = graph.type(value).sample() == Shape{1};
    if (single && hasClasses && decidesBySign(head)) {
        if (head == Head::Sigmoid && endsIn(graph, value, head))
            value = graph.producerOf(value)->inputs.front();
        // softmax of (0, z) is (σ(-z), σ(z)).
        const AxisMap behindZero{.kind = AxisMap::Kind::Shift, .size = 2, .first = -1};
        value = graph.add(ResampleOp::ofSample({behindZero}), {value}, "probabilities");
        if (head == Head::Sigmoid)
            value = graph.add(SoftmaxOp{}, {value}, "probabilities");
    } else if (head == Head::Softmax && !endsIn(graph, value, head)) {
        const bool sequence = graph.type(value).sample().rank() == 2;
        if (sequence)
            value = graph.add(PermuteOp::ofSample({1, 0}), {value}, "probabilities");
        value = graph.add(SoftmaxOp{}, {value}, "probabilities");
        if (sequence)
            value = graph.add(PermuteOp::ofSample({1, 0}), {value}, "probabilities");
    } else if (head == Head::Sigmoid && !endsIn(graph, value, head)) {
        value = graph.add(ActivationOp{{ActivationKind::Sigmoid}}, {value}, "probabilities");
    }
    return value;
}

class Diagnoser {
public:
    Diagnoser(const Network& network, const Analysis& analysis, const DataInfo& data)
        : network_(network)
        , analysis_(analysis)
        , data_(data) {}

    std::vector<Diagnostic> run(const TrainingSettings& settings) {
        checkInputs();
        checkSamples();
        for (const auto& objective : settings.objectives)
            checkObjective(objective);
        checkPerceptronRule(settings);
        std::ranges::move(batchAdvice(analysis_, settings), std::back_inserter(found_));
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

    /// What mixes samples has no loss of each.
    void checkSamples() {
        for (const auto& [id, node] : network_.main.nodes())
            if (isWholeRun(node.layerUse() ? node.layerUse()->layer : "", node.params)) {
                report(Severity::Error, &node,
                       "This node of ONNX takes all samples of a run together, and training needs "
                       "them one by one. The network predicts and does not train.");
                return;
            }
    }

    /// The rule is only what its name says together with that loss.
    void checkPerceptronRule(const TrainingSettings& settings) {
        if (settings.optimizer.key != "perceptron-rule")
            return;
        for (const auto& objective : settings.objectives)
            if (objective.loss.key != "perceptron-criterion")
                report(Severity::Error, nullptr,
                       fmt::format("The perceptron rule corrects mistakes and needs the perceptron "
                                   "criterion as its loss, not {}.",
                                   loss(objective.loss.key).title));
    }

    void checkInputs() {
        const auto inputs = nodesOfLayer(network_.main, "input");
        if (inputs.empty())
            return report(Severity::Error, nullptr,
                          "Training feeds an Input; the network has none.",
                          inputFix(network_, analysis_, data_));
        if (inputs.size() > 1 || !data_.assignment.empty() || isMixed(data_))
            return checkFeeds(inputs);
        const auto& node = *network_.main.find(inputs.front());
        const auto index = analysis_.indexOf(node.name);
        if (analysis_.nodes[index].state != ShapeState::Known)
            return;
        const auto& shape = analysis_.nodes[index].output;
        if (shape == data_.input)
            return;
        std::vector<Fix> fixes;
        // The pixels of images, a column each.
        if (data_.input.rank() == 1 && shape.rank() == 3 && shape.elements() == data_.input[0])
            fixes.push_back(reshapeFix(network_, node.id, data_.input, shape));
        fixes.push_back({fmt::format("Set the shape to {}", toString(data_.input)),
                         {SetParam{"", node.id, "shape", IntTuple(data_.input.dims())}}});
        report(Severity::Error, &node,
               fmt::format("The data set gives samples of {}; the Input takes {}.",
                           toString(data_.input), toString(shape)),
               std::move(fixes));
    }

    /// Several Inputs, or one that gets a part of the samples.
    void checkFeeds(const std::vector<NodeId>& ids) {
        std::vector<InputNode> inputs;
        std::string names;
        for (const auto id : ids) {
            const auto& name = network_.main.find(id)->name;
            const auto& found = analysis_.nodes[analysis_.indexOf(name)];
            inputs.push_back({name, id, {}});
            if (found.state == ShapeState::Known)
                inputs.back().shape = found.output;
            names += (names.empty() ? "" : ", ") + name;
        }
        if (data_.assignment.empty() && inputs.size() == 1)
            return checkMixture(inputs);
        if (data_.assignment.empty()) {
            auto fix = suggestAssignment(data_, inputs);
            auto fixes = fix ? std::vector<Fix>{*std::move(fix)} : std::vector<Fix>{};
            std::ranges::move(unusedInputFixes(network_, analysis_), std::back_inserter(fixes));
            return report(Severity::Error, nullptr,
                          fmt::format("The network has {} Inputs ({}); assign the data's {} to "
                                      "them.",
                                      inputs.size(), names,
                                      data_.columns.empty() ? "parts" : "columns"),
                          std::move(fixes));
        }
        auto [feeds, problems] = feedsOf(data_, inputs);
        for (auto& problem : problems)
            report(Severity::Error, network_.main.findByName(problem.input),
                   std::move(problem.message), std::move(problem.fixes));
        for (const auto& feed : feeds)
            checkFeed(feed, *std::ranges::find(inputs, feed.input, &InputNode::name));
    }

    /// The only Input without an assignment would get what cannot be joined.
    void checkMixture(const std::vector<InputNode>& inputs) {
        auto data = data_;
        for (const auto& part : columnParts(data))
            data.assignment.inputs[inputs.front().name].push_back(part.name);
        for (auto& problem : feedsOf(data, inputs).problems)
            report(Severity::Error, network_.main.findByName(problem.input),
                   std::move(problem.message), std::move(problem.fixes));
    }

    void checkFeed(const Feed& feed, const InputNode& input) {
        if (!input.shape)
            return;
        const auto& taken = *input.shape;
        // Pixels fill a vector row by row, and an image only as they are.
        if (feed.isImage ? taken == feed.shape || taken == Shape{feed.shape.elements()}
                         : taken.elements() == feed.shape.elements())
            return;
        std::vector<Fix> fixes{{fmt::format("Set the shape to {}", toString(feed.shape)),
                                {SetParam{"", input.id, "shape", IntTuple(feed.shape.dims())}}}};
        if (feed.isImage && feed.parts.size() == 1 && taken.rank() == 3 &&
            (taken[0] == 1 || taken[0] == 3))
            fixes.push_back(
                {fmt::format("Read \"{}\" as {}", feed.parts.front().name, toString(taken)),
                 NetworkEdit{NetworkEdit::Group{}},
                 {},
                 {{feed.parts.front().name, taken}}});
        report(Severity::Error, network_.main.find(input.id),
               fmt::format("What the data give this Input is {}; it takes {}.",
                           toString(feed.shape), toString(taken)),
               std::move(fixes));
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
                          fmt::format("The network has {} Outputs; choose under Objective which of "
                                      "them are trained.",
                                      outputs.size()));
        const auto& def = loss(objective.loss.key);
        if (!data_.hasClasses() && def.target == TargetKind::ClassIndex)
            return report(
                Severity::Error, node,
                fmt::format("{} compares with classes, and the data set gives values ({}); choose "
                            "a loss for values, such as the mean squared error.",
                            def.title, toString(data_.target)));
        if (data_.hasClasses())
            checkClasses(*node, def);
        else
            checkTarget(*node);
        checkSoftmax(*node, objective);
    }

    /// The flat node that feeds flat node `index`.
    [[nodiscard]] std::optional<std::size_t> feeding(std::size_t index) const {
        const auto& inputs = analysis_.flat.nodes[index].inputs;
        return inputs.empty() ? std::nullopt : inputs.front();
    }

    void checkClasses(const Node& output, const LossDef& def) {
        const auto index = analysis_.indexOf(output.name);
        if (analysis_.nodes[index].state != ShapeState::Known)
            return;
        const auto& shape = analysis_.nodes[index].output;
        const auto classes = static_cast<std::int64_t>(data_.classes.size());
        if (data_.target.rank() > 0)
            return checkSequence(output, def);
        if (shape == Shape{classes} && classes > 1)
            return;
        if (shape == Shape{1} && classes == 2) {
            if (decidesBySign(def.head))
                return;
            return report(Severity::Error, &output,
                          fmt::format("{} cannot decide between 2 classes by a single output; the "
                                      "binary cross-entropy can, or 2 outputs.",
                                      def.title),
                          unitsFix(index, classes));
        }
        report(Severity::Error, &output,
               fmt::format("The data set has {} classes; the Output receives {}.", classes,
                           toString(shape)),
               unitsFix(index, classes));
    }

    /// Each step has a class of its own.
    void checkSequence(const Node& output, const LossDef& def) {
        const auto index = analysis_.indexOf(output.name);
        const auto& shape = analysis_.nodes[index].output;
        const auto classes = static_cast<std::int64_t>(data_.classes.size());
        if (shape != Shape{data_.labels(), classes})
            return report(Severity::Error, &output,
                          fmt::format("The data set has {} classes at each of {} steps; the Output "
                                      "receives {}, not {}.",
                                      classes, data_.labels(), toString(shape),
                                      toString(Shape{data_.labels(), classes})),
                          shape.rank() == 2 ? unitsFix(index, classes) : std::vector<Fix>{});
        if (def.head != Head::Softmax || def.target != TargetKind::ClassIndex)
            report(Severity::Error, &output,
                   fmt::format("{} compares one class per sample, and the data set has one at each "
                               "step; the softmax cross-entropy can do that.",
                               def.title));
    }

    void checkTarget(const Node& output) {
        const auto index = analysis_.indexOf(output.name);
        if (analysis_.nodes[index].state != ShapeState::Known)
            return;
        const auto& shape = analysis_.nodes[index].output;
        if (shape == data_.target)
            return;
        report(Severity::Error, &output,
               fmt::format("The data set gives target values of {}; the Output receives {}.",
                           toString(data_.target), toString(shape)),
               data_.target.rank() == 1 ? unitsFix(index, data_.target[0]) : std::vector<Fix>{});
    }

    /// Sets the units of the Dense layer that the Output's size comes from.
    [[nodiscard]] std::vector<Fix> unitsFix(std::size_t output, std::int64_t units) const {
        const auto& shape = analysis_.nodes[output].output;
        for (auto source = feeding(output); source; source = feeding(*source)) {
            const auto& flat = analysis_.flat.nodes[*source];
            if (flat.layer && flat.layer->traits.linear)
                return {{fmt::format("Set units to {}", units),
                         {SetParam{flat.graph, flat.node, "units", units}}}};
            if (analysis_.nodes[*source].output != shape)
                break;
        }
        if (data_.hasClasses() && data_.target.rank() > 0)
            return {}; // a class at each step is no vector
        return denseFixes(network_, analysis_, analysis_.flat.nodes[output].node, units);
    }

    /// A final softmax is the normal picture; one that feeds another softmax is not.
    void checkSoftmax(const Node& output, const Objective& objective) {
        if (loss(objective.loss.key).head != Head::Softmax)
            return;
        int softmaxes = 0;
        for (auto source = feeding(analysis_.indexOf(output.name)); source;
             source = feeding(*source)) {
            const auto* layer = analysis_.flat.nodes[*source].layer;
            if (layer && layer->traits.head)
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

TrainingGraph lossesOf(const Network& network, const DataInfo& data,
                       const TrainingSettings& settings, bool withAnswer) {
    requireValid(settings);
    const auto analysis = analyze(network);
    TrainingGraph training{lower(analysis), {}, {}, {}};
    training.metric = &qualityMetric(data);
    for (const auto& diagnostic : diagnoseTraining(network, analysis, data, settings))
        if (diagnostic.severity == Severity::Error)
            throw Error("The network cannot be trained on this data. {}{}",
                        diagnostic.place.path.empty() ? "" : diagnostic.place.path + ": ",
                        diagnostic.message);
    auto& graph = training.graph;
    if (mixesSamples(graph))
        throw Error("The network cannot be trained: what it computes for one sample depends on "
                    "others of the batch.");
    training.input = feedInputs(graph, data);
    std::vector<NamedValue> outputs;
    for (const auto& objective : settings.objectives) {
        const auto& def = loss(objective.loss.key);
        auto prediction = outputOf(graph, objective);
        if (endsIn(graph, prediction, def.head))
            prediction = graph.producerOf(prediction)->inputs.front();
        const auto name = outputName(graph, objective);
        const auto target = graph.addInput(
            "target:" + name, data.hasClasses() ? ValueType{Shape{data.labels()}, DType::I32}
                                                : ValueType{data.target, DType::F32});
        const auto perSample =
            def.lower(graph, prediction, target, Params(def.params, objective.loss.params), name);
        graph.addLoss(perSample, objective.weight);
        training.targets.push_back(target);
        training.outputs.push_back(prediction);
        outputs.push_back({name, prediction});
    }
    if (withAnswer) {
        const auto& first = settings.objectives.front();
        const auto answer =
            answerOf(graph, outputOf(graph, first), loss(first.loss.key).head, data.hasClasses());
        training.answer = answer;
        if (std::ranges::find(outputs, answer, &NamedValue::value) == outputs.end())
            outputs.push_back({"probabilities", answer});
    }
    graph.setOutputs(std::move(outputs));
    const bool isLogit =
        !data.hasClasses() && loss(settings.objectives.front().loss.key).head == Head::Sigmoid;
    graph.setScore(ScoreSpec{training.outputs.front(), training.targets.front(), isLogit});
    addFakeQuantization(graph, settings.trainedIntegers());
    return training;
}

} // namespace

TrainingGraph trainingGraph(const Network& network, const DataInfo& data,
                            const TrainingSettings& settings) {
    return lossesOf(network, data, settings, false);
}

TrainingGraph evaluationGraph(const Network& network, const DataInfo& data,
                              const TrainingSettings& settings) {
    return lossesOf(network, data, settings, true);
}

void bindBatch(const TrainingGraph& training, const Batch& batch, std::vector<BatchInput>& inputs) {
    inputs.assign({{training.input, batch.input(), batch.scaling}});
    const bool ofClasses = batch.targets.empty();
    for (const auto target : training.targets)
        inputs.push_back({target, ofClasses ? static_cast<const void*>(batch.labels.data())
                                            : static_cast<const void*>(batch.targets.data())});
}

std::vector<Diagnostic> diagnoseTraining(const Network& network, const Analysis& analysis,
                                         const DataInfo& data, const TrainingSettings& settings) {
    return Diagnoser(network, analysis, data).run(settings);
}

OpGraph inferenceGraph(const Network& network, const DataInfo& data,
                       const TrainingSettings& settings) {
    auto graph = lower(network);
    feedInputs(graph, data);
    const auto& objective = settings.objectives.front();
    const auto value = answerOf(graph, outputOf(graph, objective), loss(objective.loss.key).head,
                                data.hasClasses());
    graph.setOutputs({{"probabilities", value}});
    return graph;
}

} // namespace gradwright
