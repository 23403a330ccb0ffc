// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/program.h"

#include "engine/backend/onednn/lower_batch_norm.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gradwright::onednn {
namespace {

CompilerOptions compilerOptions(const CompileOptions& options, const ProgramRole& role) {
    const bool isTraining = options.mode == Mode::Training;
    return {.trainingMode = isTraining,
            .differentiate = isTraining && !role.forFaults,
            .keepEverything = role.forFaults,
            .slots = options.update ? options.update->allSlots() : 0,
            .bf16 = options.precision == Precision::Bf16,
            .parts = role.parts,
            .part = role.part,
            .stop = options.stop};
}

/// The outputs of a graph without inputs and weights.
std::vector<Tensor> evaluateConstants(const OpGraph& graph, Precision precision) {
    OneDnnProgram program(graph, {.batch = 1, .precision = precision},
                          std::make_shared<OneDnnWeights>(graph.weights()), {.forFaults = true});
    program.forward({}, {}, {});
    std::vector<Tensor> results;
    for (const auto& output : graph.outputs())
        results.push_back(program.read(output.value));
    return results;
}

/// The ops of a program. To find a fault, those of the network as it is.
OpGraph opsOf(const OpGraph& graph, const CompileOptions& options, const ProgramRole& role) {
    if (role.forFaults)
        return graph;
    return programGraph(graph, options.mode, options.passes, [&](const OpGraph& constants) {
        return evaluateConstants(constants, options.precision);
    });
}

bool recomputes(const CompileOptions& options, const ProgramRole& role) {
    return options.recompute && options.mode == Mode::Training && !role.forFaults;
}

/// The compiler's report with what the planned schedule adds to it.
ProgramReport finishedReport(Compiler& compiler, const Schedule& schedule, bool recompute) {
    auto report = std::move(compiler.report);
    report.arenaBytes = schedule.arenaBytes();
    if (!recompute)
        return report;
    const auto& execution = schedule.execution();
    Recomputation again{.parts = execution.parts, .arenaBytesOnce = schedule.arenaBytesOnce()};
    for (std::size_t i = 0; i < report.ops.size(); ++i)
        if (const auto step = compiler.lastSteps[i]; step && execution.runsAgain(*step))
            again.operations += report.ops[i].operations;
    report.recomputation = again;
    return report;
}

} // namespace

ProgramReport planProgram(const OpGraph& graph, const CompileOptions& options,
                          const ProgramRole& role) {
    OneDnnWeights weights(graph.weights(), true);
    Schedule schedule(true);
    const auto ops = opsOf(graph, options, role);
    Compiler compiler(ops, options.batch, compilerOptions(options, role), weights, schedule);
    compiler.run();
    schedule.plan(recomputes(options, role));
    auto report = finishedReport(compiler, schedule, recomputes(options, role));
    report.weightBytes = weights.bytes();
    return report;
}

ProgramReport reportOfBatch(ProgramReport report, std::int64_t samples, std::int64_t batch,
                            std::size_t runs) {
    for (auto* ops : {&report.ops, &report.backward})
        for (auto& op : *ops) {
            op.macs = op.macs / samples * batch;
            op.operations = op.operations / samples * batch;
            op.bytes = op.bytes / sizeOf(samples) * sizeOf(batch);
            op.reorders *= runs;
        }
    report.reorders *= runs;
    if (report.recomputation)
        report.recomputation->operations = report.recomputation->operations / samples * batch;
    return report;
}

void skipSamples(const OpGraph& graph, std::span<const BatchInput> batch, std::int64_t firstSample,
                 std::vector<BatchInput>& rest) {
    rest.clear();
    for (auto input : batch) {
        // Real values and class indices both have four bytes.
        const auto skipped =
            firstSample * graph.type(input.value).sample().elements() * (input.scaling ? 1 : 4);
        if (input.data)
            input.data = static_cast<const std::byte*>(input.data) + skipped;
        rest.push_back(input);
    }
}

OneDnnProgram::OneDnnProgram(const OpGraph& graph, const CompileOptions& options,
                             std::shared_ptr<OneDnnWeights> weights, const ProgramRole& role)
    : graph_(graph)
    , ops_(opsOf(graph, options, role))
    , options_(options)
    , role_(role)
    , weights_(std::move(weights))
    , store_(weights_)
    , inputs_(graph_.inputs().size()) {
    Compiler compiler(ops_, options_.batch, compilerOptions(options_, role), *weights_, schedule_);
    compiler.run();
    schedule_.plan(recomputes(options_, role_), options_.stop);
    readable_ = std::move(compiler.readable);
    statistics_ = std::move(compiler.statistics);
    placeGradients(compiler);
    forms_ = std::move(compiler.forms);
    updater_.emplace(*weights_, std::move(compiler.trained),
                     options_.update ? &*options_.update : nullptr, forms_);
    constants_ = std::move(compiler.constants);
    report_ = finishedReport(compiler, schedule_, recomputes(options_, role_));
    inputCopies_ = std::move(compiler.inputCopies);
    lastSteps_ = std::move(compiler.lastSteps);
}

void OneDnnProgram::placeGradients(Compiler& compiler) {
    gradients_.resize(graph_.weights().size());
    tells_.resize(graph_.weights().size());
    finals_.resize(schedule_.steps());
    for (std::size_t i = 0; i < compiler.trained.size(); ++i) {
        const auto id = compiler.trained[i];
        gradients_[id.index()] = compiler.gradients[i];
        if (const auto step = schedule_.lastUseOf(compiler.gradients[i])) {
            finals_[*step].push_back(id);
            tells_[id.index()] = true;
        }
    }
    gradientSegments_ = std::move(compiler.gradientSegments);
}

std::optional<std::size_t> OneDnnProgram::segmentOf(WeightId id) const {
    const auto found = gradientSegments_.find(id);
    return tellsOf(id) || found == gradientSegments_.end() ? std::nullopt
                                                           : std::optional(found->second);
}

/// Passes on what steps have done.
class OneDnnProgram::Ears final : public StepWatch {
public:
    Ears(const OneDnnProgram& program, TraceEvent::Kind pass, GradientWatch* gradients,
         TraceSink* trace)
        : program_(program)
        , pass_(pass)
        , gradients_(gradients)
        , trace_(trace) {}

    [[nodiscard]] bool hear() const { return gradients_ || trace_; }

    void ran(std::size_t step, Time begin, Time end) override {
        if (gradients_)
            for (const auto id : program_.finals_[step])
                gradients_->isFinal(id);
        if (trace_)
            trace_->add({pass_, program_.schedule_.pathOf(step),
                         static_cast<int>(program_.role_.part), begin, end});
    }

private:
    const OneDnnProgram& program_;
    TraceEvent::Kind pass_;
    GradientWatch* gradients_;
    TraceSink* trace_;
};

void OneDnnProgram::bind(std::span<const BatchInput> inputs) {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
        if (!inputCopies_[i])
            continue;
        const auto& [name, value] = graph_.inputs()[i];
        const auto bound = std::ranges::find(inputs, value, &BatchInput::value);
        if (bound == inputs.end() || !bound->data)
            throw Error("no data is given for the input \"{}\"", name);
        inputs_[i] = *bound;
    }
}

bool OneDnnProgram::forward(std::span<const BatchInput> inputs, StepSeed seed,
                            const std::stop_token& stop) {
    weights_->forms().refresh(forms_);
    for (std::size_t i = 0; i < forwardSegments(); ++i)
        if (!forwardSegment(i, inputs, seed, stop, trace()))
            return false;
    return true;
}

bool OneDnnProgram::isEmpty(Pass pass, std::size_t segment) const {
    const auto& [first, last] = pass == Pass::Forward ? schedule_.forwardSegments()[segment]
                                                      : schedule_.backwardSegments()[segment];
    return first == last;
}

bool OneDnnProgram::forwardSegment(std::size_t number, std::span<const BatchInput> inputs,
                                   StepSeed seed, const std::stop_token& stop, TraceSink* trace) {
    if (number == 0) {
        state_ = State::Compiled;
        bind(inputs);
        seed_ = seed;
    }
    Ears ears(*this, TraceEvent::Kind::Forward, nullptr, trace);
    if (!schedule_.run(schedule_.forwardSegments()[number], context(), stop,
                       ears.hear() ? &ears : nullptr))
        return false;
    if (number + 1 == forwardSegments())
        state_ = State::Forward;
    return true;
}

bool OneDnnProgram::backward(const std::stop_token& stop) {
    if (options_.mode != Mode::Training)
        throw Error("gradients need a program compiled for training");
    for (std::size_t i = 0; i < backwardSegments(); ++i)
        if (!backwardSegment(i, stop, watch(), trace()))
            return false;
    return true;
}

bool OneDnnProgram::backwardSegment(std::size_t number, const std::stop_token& stop,
                                    GradientWatch* watch, TraceSink* trace) {
    if (number == 0) {
        require(State::Forward, "the backward pass");
        state_ = State::Forward;
        squaresKnown_ = false;
    }
    Ears ears(*this, TraceEvent::Kind::Backward, watch, trace);
    if (!schedule_.run(schedule_.backwardSegments()[number], context(), stop,
                       ears.hear() ? &ears : nullptr))
        return false;
    if (number + 1 == backwardSegments())
        state_ = State::Backward;
    return true;
}

void OneDnnProgram::update(double learningRate, std::uint64_t step) {
    if (!options_.update)
        throw Error("the program was compiled without an optimizer");
    require(State::Backward, "the update");
    updater_->update(learningRate, step);
    updateStatistics();
    state_ = State::Forward;
}

void OneDnnProgram::updateStatistics() {
    for (const auto& pending : statistics_) {
        auto& mean = weights_->stored(pending.mean);
        auto& variance = weights_->stored(pending.variance);
        weights_->forms().weightChanged(pending.mean);
        weights_->forms().weightChanged(pending.variance);
        auto* runningMean = reinterpret_cast<float*>(mean.value.data());
        auto* runningVariance = reinterpret_cast<float*>(variance.value.data());
        const auto* batchMean = pending.batchMean->as();
        const auto* batchVariance = pending.batchVariance->as();
        const auto unbiasing =
            pending.meeting ? unbiasingFactor(pending.meeting->count()) : pending.unbiasing;
        for (std::size_t i = 0; i < mean.elements(); ++i) {
            runningMean[i] += pending.momentum * (batchMean[i] - runningMean[i]);
            runningVariance[i] +=
                pending.momentum * (batchVariance[i] * unbiasing - runningVariance[i]);
        }
    }
}

void OneDnnProgram::require(State state, std::string_view what) const {
    if (state_ < state)
        throw Error("{} needs a completed {} pass before it", what,
                    state == State::Forward ? "forward" : "backward");
}

double OneDnnProgram::lossSum() const {
    require(State::Forward, "the loss");
    double sum = 0;
    for (const auto& loss : graph_.losses())
        for (const auto value : readable(loss.perSample))
            sum += loss.weight * static_cast<double>(value);
    return sum;
}

std::span<const float> OneDnnProgram::readable(ValueId value) const {
    require(State::Forward, "reading a value");
    const auto found = std::ranges::find(readable_, value, &Compiler::Readable::value);
    if (found != readable_.end())
        return {found->buffer->as(), found->buffer->bytes() / sizeof(float)};
    if (value.index() < graph_.values().size() && graph_.type(value).element != DType::F32)
        throw Error("{} holds class indices, which are not read back", graph_.value(value).path);
    throw Error("value number {} is neither an output nor a loss of the network", value.value);
}

Tensor OneDnnProgram::read(ValueId value) const {
    const auto values = readable(value);
    return Tensor::of<float>(graph_.type(value).shapeFor(options_.batch), values);
}

void OneDnnProgram::copyOutput(ValueId value, std::span<float> out) const {
    const auto values = readable(value);
    if (out.size() != values.size())
        throw Error("{} has {} numbers, but the buffer holds {}", graph_.value(value).path,
                    values.size(), out.size());
    std::ranges::copy(values, out.begin());
}

std::span<const double> OneDnnProgram::gradientSquares() const {
    require(State::Forward, "reading gradients");
    if (!std::exchange(squaresKnown_, true))
        updater_->measureGradients();
    return updater_->gradientSquares();
}

std::optional<std::string> OneDnnProgram::firstNonFinite() const {
    require(State::Forward, "the search for a NaN");
    // A fused activation may hide what it was given, so the step is repeated without fusions.
    OneDnnProgram repeated(graph_, options_, weights_,
                           {.forFaults = true, .firstSample = role_.firstSample});
    std::vector<BatchInput> inputs;
    for (std::size_t i = 0; i < inputs_.size(); ++i)
        if (inputCopies_[i])
            inputs.push_back({graph_.inputs()[i].value, inputCopies_[i]->as<std::byte>()});
    repeated.forward(inputs, seed_, {});
    std::ranges::sort(repeated.readable_, {}, &Compiler::Readable::value);
    for (const auto& [value, buffer] : repeated.readable_) {
        const std::span values(buffer->as(), buffer->bytes() / sizeof(float));
        if (!std::ranges::all_of(values, [](float v) { return std::isfinite(v); }))
            return graph_.value(value).path;
    }
    return {};
}

std::span<const float> OneDnnProgram::gradient(WeightId id) const {
    const auto* buffer = gradients_[id.index()];
    if (!buffer)
        return {};
    return {buffer->as(), buffer->bytes() / sizeof(float)};
}

ProgramReport OneDnnProgram::report() const {
    auto report = report_;
    report.weightBytes = weights_->bytes();
    report.weightForms = weights_->forms().size();
    report.weightConversions = weights_->forms().conversions();
    return report;
}

void OneDnnProgram::timeOps(bool on) {
    stepSeconds_.assign(on ? schedule_.steps() : 0, 0);
    schedule_.timeSteps(on ? &stepSeconds_ : nullptr);
}

std::vector<double> OneDnnProgram::opSeconds() const {
    if (stepSeconds_.empty())
        return {};
    // The inputs are fetched for the first op, results put in order by the last.
    std::vector<double> seconds(report_.ops.size());
    std::size_t step = 0;
    std::optional<std::size_t> last;
    for (std::size_t op = 0; op < seconds.size(); ++op)
        if (const auto end = lastSteps_[op]) {
            for (; step <= *end; ++step)
                seconds[op] += stepSeconds_[step];
            last = op;
        }
    if (last)
        for (; step < stepSeconds_.size(); ++step)
            seconds[*last] += stepSeconds_[step];
    return seconds;
}

} // namespace gradwright::onednn
