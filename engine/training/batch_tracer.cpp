// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/batch_tracer.h"

#include "engine/backend/devices.h"
#include "engine/graph/lower.h"
#include "engine/support/byte_text.h"
#include "engine/support/error.h"
#include "engine/training/checkpoint.h"
#include "engine/training/step_group.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

namespace gradwright {
namespace {

constexpr std::string_view kTracedValue = "value ";
constexpr std::string_view kTracedGradient = "gradient ";

std::string traceName(std::string_view kind, ValueId value) {
    return fmt::format("{}{}", kind, value.value);
}

/// The value that a name of traceName() is about, if it is of that kind.
std::optional<ValueId> tracedValue(const std::string& name, std::string_view kind) {
    if (!name.starts_with(kind))
        return {};
    ValueId id;
    const auto* end = name.data() + name.size();
    if (std::from_chars(name.data() + kind.size(), end, id.value).ptr != end)
        return {};
    return id;
}

/// Whether the op hands the gradient of its output on to its inputs as it is.
bool handsOn(const OpGraph& graph, const Op& op, ValueId input) {
    const auto* binary = std::get_if<BinaryOp>(&op.attributes);
    const bool adds = binary && binary->kind == BinaryKind::Add && binary->scale == 1;
    return (adds || std::holds_alternative<AddOp>(op.attributes) ||
            std::holds_alternative<CastOp>(op.attributes)) &&
           graph.type(input) == graph.type(op.output());
}

/// The whole gradients of the values of a graph with its backward pass.
class WholeGradients {
public:
    explicit WholeGradients(const OpGraph& graph)
        : graph_(graph) {
        // The sum of what several readers contribute is made after these.
        for (std::uint32_t i = 0; i < graph.values().size(); ++i)
            if (const auto of = graph.values()[i].gradientOf)
                noted_[*of] = ValueId{i};
    }

    /// Nothing where the objective reaches no learning weight through the value.
    [[nodiscard]] std::optional<ValueId> of(ValueId value) const {
        if (const auto noted = noted_.find(value); noted != noted_.end())
            return noted->second;
        // A gradient that is handed on is noted as that of the value it was made for.
        for (const auto& use : graph_.usesOf(value)) {
            const auto& op = graph_.ops()[use.op];
            if (op.isBackward || !handsOn(graph_, op, value))
                continue;
            if (auto found = of(op.output()))
                return found;
        }
        return {};
    }

private:
    const OpGraph& graph_;
    std::map<ValueId, ValueId> noted_;
};

/// Makes the gradients of all traced values outputs of the program.
constexpr Pass kKeepGradients{
    "keep gradients", [](OpGraph& graph, Mode) {
        std::vector<NamedValue> kept;
        const WholeGradients gradients(graph);
        for (const auto& [name, output] : graph.outputs())
            if (const auto id = tracedValue(name, kTracedValue))
                if (const auto gradient = gradients.of(output))
                    kept.push_back({traceName(kTracedGradient, *id), *gradient});
        for (auto& each : kept)
            graph.addOutput(std::move(each.name), each.value);
    }};

/// The value that an Input's readers get where the data are assigned to several Inputs.
ValueId fedValue(const OpGraph& lowered, const OpGraph& training, ValueId input) {
    const auto& fed = training.inputs();
    if (std::ranges::find(fed, input, &NamedValue::value) != fed.end())
        return input;
    for (const auto& use : lowered.usesOf(input))
        if (const auto place = training.placeOf(lowered.ops()[use.op].id))
            return training.ops()[*place].inputs[use.input];
    return input;
}

std::vector<TracedLayer> tracedLayers(const Network& network, const TrainingGraph& training) {
    const auto analysis = analyze(network);
    NodeValues values;
    const auto lowered = lower(analysis, values);
    std::vector<TracedLayer> layers;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i].empty())
            continue;
        TracedLayer layer{analysis.flat.nodes[i].path, std::move(values[i])};
        for (auto& value : layer.outputs)
            if (!lowered.value(value).source)
                value = fedValue(lowered, training.graph, value);
        layers.push_back(std::move(layer));
    }
    return layers;
}

/// Bytes of all values and gradients of a sample, with the copies that a trace is.
double bytesPerSample(const OpGraph& graph) {
    double elements = 0;
    for (const auto& op : graph.ops())
        for (const auto output : op.outputs)
            elements += static_cast<double>(graph.type(output).shapeFor(1).elements());
    constexpr double kEach = 2 * 2 * sizeof(double);
    return kEach * elements;
}

double bytesOfWeights(const OpGraph& graph, const UpdateRule& rule) {
    double elements = 0;
    for (const auto& spec : graph.weights())
        elements += static_cast<double>(spec.shape.elements());
    // The weight, its gradient as a value and in the store, the slots, and the trace's three.
    return elements * static_cast<double>(sizeof(double) * (6 + rule.allSlots()));
}

void requireSize(double needed, double limit, std::string (*text)(double)) {
    if (needed > limit)
        throw Error("This network is too large to step through: one sample takes {}, and the limit "
                    "is {}. The steps are computed in FP64 with every number kept; a smaller Input "
                    "or fewer layers need less.",
                    text(needed), text(limit));
}

std::string macsText(double macs) {
    return fmt::format("{:.3g} billion multiply-accumulates", macs / 1e9);
}

std::string memoryText(double bytes) {
    return bytesText(static_cast<std::int64_t>(bytes)) + " of memory";
}

} // namespace

const TracedLayer* TracedNetwork::find(std::string_view path) const {
    const auto found = std::ranges::find(layers, path, &TracedLayer::path);
    return found == layers.end() ? nullptr : &*found;
}

double rootMeanSquare(const Tensor& values) {
    if (values.elements() == 0)
        return 0;
    double sum = 0;
    for (const auto each : values.span<double>())
        sum += each * each;
    return std::sqrt(sum / static_cast<double>(values.elements()));
}

BatchTracer::BatchTracer(const TraceJob& job) {
    const auto data = openDataset(job.data);
    auto network = std::make_shared<TracedNetwork>();
    network->training = trainingGraph(job.network, data.info, job.settings);
    network->layers = tracedLayers(job.network, network->training);
    network->settings = job.settings;
    network->data = data.info;
    network_ = std::move(network);
    rule_ = job.settings.updateRule();
    auto split = splitOf(data, job.data);
    const auto available = static_cast<std::int64_t>(split.training.size());
    chooseSamples(available);
    compile();
    readPosition(job, available);
    batcher_ = std::make_unique<Batcher>(data.training, std::move(split.training), samples_,
                                         job.settings.seed());
    batcher_->startEpoch(epoch_);
}

void BatchTracer::chooseSamples(std::int64_t available) {
    const auto& graph = network_->training.graph;
    // Forward, two products for each of these backward, and forward again.
    constexpr double kPasses = 4;
    const double macs = kPasses * static_cast<double>(graph.macs());
    const double fixed = bytesOfWeights(graph, rule_);
    const double bytes = bytesPerSample(graph);
    requireSize(macs, kMostMacs, macsText);
    requireSize(fixed + bytes, kMostBytes, memoryText);
    const auto fits = [&](std::int64_t samples) {
        const auto count = static_cast<double>(samples);
        return count * macs <= kQuickMacs && fixed + count * bytes <= kMostBytes;
    };
    samples_ = std::min(kMostSamples, available);
    while (samples_ > 1 && !fits(samples_))
        --samples_;
}

void BatchTracer::compile() {
    auto graph = network_->training.graph;
    std::vector<bool> kept(graph.values().size());
    std::vector<NamedValue> outputs;
    const auto keep = [&](ValueId id) {
        const auto& value = graph.value(id);
        const bool isPlain = value.type.isReal() && !value.weight && !value.constant;
        if (!isPlain || kept[id.index()])
            return;
        kept[id.index()] = true;
        outputs.push_back({traceName(kTracedValue, id), id});
    };
    for (const auto& op : graph.ops()) {
        for (const auto input : op.inputs)
            keep(input);
        for (const auto output : op.outputs)
            keep(output);
    }
    graph.setOutputs(std::move(outputs));
    CompileOptions options{.batch = samples_,
                           .precision = Precision::F64,
                           .mode = Mode::Training,
                           .update = rule_,
                           .passes = {kKeepGradients}};
    program_ = backendFor({.device = "cpu", .precision = Precision::F64})->compile(graph, options);
}

void BatchTracer::readPosition(const TraceJob& job, std::int64_t trainingSamples) {
    auto& store = *program_->weights();
    const auto& settings = network_->settings;
    if (job.checkpoint.empty()) {
        initializeWeights(store, settings.seed());
        learningRate_ = settings.learningRate() * settings.scheduledFactor(0);
        return;
    }
    TrainingPosition position;
    try {
        if (!job.weightsOnly)
            position = readCheckpoint(job.checkpoint, store, *network_->training.metric, rule_);
    } catch (const Error&) {
        position = {}; // the weights may fit all the same
    }
    if (position.step == 0)
        readCheckpointWeights(job.checkpoint, store);
    const StepGroups groups(settings, trainingSamples);
    const double epochs = static_cast<double>(position.epoch) + groups.shareOfEpoch(position.batch);
    step_ = position.step;
    learningRate_ = settings.learningRate() * position.learningRateFactor *
                    position.plateau.factor * settings.scheduledFactor(epochs);
}

std::optional<BatchTrace> BatchTracer::next(const std::stop_token& stop) {
    const auto* batch = batcher_->next();
    if (!batch || batch->count < samples_) { // a program has one batch size
        batcher_->startEpoch(++epoch_);
        batch = batcher_->next();
    }
    BatchTrace trace;
    trace.network = network_;
    trace.samples = samples_;
    trace.number = ++batch_;
    trace.step = ++step_;
    trace.learningRate = learningRate_;
    trace.labels = batch->labels;
    trace.targets = batch->targets;
    std::vector<BatchInput> inputs;
    bindBatch(network_->training, *batch, inputs);
    const StepSeed seed{network_->settings.seed(), static_cast<std::uint64_t>(step_)};
    const auto mean = [&] { return program_->lossSum() / static_cast<double>(samples_); };
    if (!program_->forward(inputs, seed, stop))
        return {};
    trace.lossBefore = mean();
    readValues(trace);
    if (!program_->backward(stop))
        return {};
    readGradients(trace);
    program_->update(learningRate_, static_cast<std::uint64_t>(step_));
    const auto& store = *program_->weights();
    for (std::uint32_t i = 0; i < trace.weights.size(); ++i)
        if (trace.weights[i].learns())
            trace.weights[i].after = store.read(WeightId{i});
    if (!program_->forward(inputs, seed, stop))
        return {};
    trace.lossAfter = mean();
    return trace;
}

void BatchTracer::readValues(BatchTrace& trace) const {
    const auto& graph = network_->training.graph;
    trace.values.resize(graph.values().size());
    trace.gradients.resize(graph.values().size());
    for (const auto& [name, value] : program_->graph().outputs())
        if (const auto id = tracedValue(name, kTracedValue))
            trace.values[id->index()] = program_->read(value);
    trace.losses.assign(static_cast<std::size_t>(samples_), 0.0);
    for (const auto& loss : program_->graph().losses()) {
        const auto perSample = program_->read(loss.perSample);
        for (std::size_t i = 0; i < trace.losses.size(); ++i)
            trace.losses[i] += loss.weight * perSample.span<double>()[i];
    }
    const auto& store = *program_->weights();
    for (std::uint32_t i = 0; i < graph.weights().size(); ++i)
        trace.weights.push_back({graph.weight(WeightId{i}).key, store.read(WeightId{i}), {}, {}});
}

void BatchTracer::readGradients(BatchTrace& trace) const {
    for (const auto& [name, value] : program_->graph().outputs())
        if (const auto id = tracedValue(name, kTracedGradient))
            trace.gradients[id->index()] = program_->read(value);
    for (const auto& gradient : program_->graph().gradients())
        trace.weights[gradient.weight.index()].gradient =
            program_->weights()->readGradient(gradient.weight);
}

} // namespace gradwright
