// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/program.h"

#include "engine/backend/cuda/kernels/element.h"
#include "engine/backend/memory/value_outline.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace gradwright::cuda {
namespace {

bool isFed(const Value& value) {
    return !value.source && !value.weight && !value.constant;
}

std::size_t resultBytes(const OpGraph& graph) {
    return sizeof(StepSums) + graph.weights().size() * sizeof(double);
}

/// `launches`: those of the passes, without the update.
ProgramReport reportOf(const OpGraph& graph, const CompileOptions& options, const LaunchList& list,
                       std::span<const PreparedLaunch> launches, const ProgramLayout& layout) {
    ProgramReport report;
    std::vector<std::string> kernels(graph.ops().size() + 1);
    for (const auto& launch : launches) {
        auto& names = kernels[launch.op];
        const std::string name = launch.kernel + std::strlen("gw_");
        if (!names.ends_with(name))
            names += (names.empty() ? "" : ", ") + name;
    }
    for (std::size_t i = 0; i < graph.ops().size(); ++i) {
        const auto& op = graph.ops()[i];
        OpReport entry;
        entry.path = op.path;
        entry.op = nameOf(op.attributes);
        entry.implementation = "cuda: " + kernels[i];
        entry.layout = "row-major";
        entry.macs = options.batch * macsOf(op.attributes, graph.inputTypes(op));
        entry.operations = options.batch * graph.operationsOf(op);
        entry.bytes =
            static_cast<std::size_t>(options.batch * graph.elementsAround(op)) * sizeof(float);
        (op.isBackward ? report.backward : report.ops).push_back(std::move(entry));
    }
    report.arenaBytes = layout.arena.bytes + layout.constantBytes + list.scratchBytes +
                        list.stateBytes + list.tableBytes;
    report.weightBytes = CudaWeights::bytesFor(graph.weights(), options);
    return report;
}

} // namespace

ProgramLayout::ProgramLayout(const OpGraph& graph, const CompileOptions& options)
    : gradients(graph.values().size()) {
    auto outline = valueOutline(graph, options.batch, sizeof(float));
    // Gradients are made where they are kept.
    for (const auto& [weight, value] : graph.gradients()) {
        auto& kept = gradients[value.index()];
        if (kept || !graph.value(value).source)
            continue;
        kept = weight;
        outline.bytes[value.index()] = 0;
    }
    arena = planArena(outline, runOnce(outline));
    for (std::uint32_t i = 0; i < graph.values().size(); ++i)
        if (const auto& value = graph.values()[i]; value.constant) {
            constants.emplace(ValueId{i}, constantBytes);
            constantBytes += alignedBytes(
                static_cast<std::size_t>(value.constant->shape().elements()) * sizeof(float));
        }
}

ProgramReport planOf(const OpGraph& graph, const CompileOptions& options) {
    const ProgramLayout layout(graph, options);
    const auto nowhere = ProgramMemory::nowhere(graph);
    LaunchList list{graph, options, nowhere};
    lowerAll(list);
    return reportOf(graph, options, list, list.launches, layout);
}

CudaProgram::CudaProgram(std::shared_ptr<Device> device, OpGraph graph,
                         const CompileOptions& options, std::shared_ptr<CudaWeights> weights)
    : device_(std::move(device))
    , graph_(std::move(graph))
    , options_(options)
    , weights_(std::move(weights))
    , store_(weights_)
    , layout_(graph_, options_)
    , stream_(device_)
    , scalars_(device_, sizeof(StepScalars))
    , results_(device_, resultBytes(graph_))
    , hostScalars_(device_, sizeof(StepScalars))
    , hostResults_(device_, resultBytes(graph_))
    , list_{graph_, options_, memory_}
    , squares_(graph_.weights().size()) {
    // Once without memory, to know how much it takes.
    memory_ = ProgramMemory::nowhere(graph_);
    LaunchList sizes{graph_, options_, memory_};
    lowerAll(sizes);
    arena_ = Memory(device_, layout_.arena.bytes);
    constants_ = Memory(device_, layout_.constantBytes);
    scratch_ = Memory(device_, sizes.scratchBytes);
    state_ = Memory(device_, sizes.stateBytes);
    tables_ = Memory(device_, sizes.tableBytes);
    placeValues();
    listInputs();
    stream_.clear(results_.address(), results_.bytes());

    if (options_.mode == Mode::Training)
        update_.emplace(device_, graph_, options_, *weights_);
    bounds_ = listStep(list_, update_ ? &*update_ : nullptr);
    for (const auto& [offset, bytes] : list_.tables)
        stream_.copyIn(tables_.address() + offset, bytes.data(), bytes.size());
    stream_.synchronize();
    if (moves())
        hostRules_ = Pinned(device_, update_->rulesFor(0, 1).size());
    if (const auto& score = graph_.score())
        hostScored_ = Pinned(device_, sizeOf(score->output) * sizeof(float));

    const auto end = list_.launches.size();
    forwardWork_ = record(0, bounds_.backward);
    if (options_.mode == Mode::Training) {
        backwardWork_ = record(bounds_.backward, bounds_.update);
        stepWork_ = record(0, end);
    }
    if (moves())
        updateWork_ = record(bounds_.update, end);
}

void CudaProgram::placeValues() {
    memory_.scratch = scratch_.address();
    memory_.state = state_.address();
    memory_.tables = tables_.address();
    memory_.scalars = scalars_.address();
    memory_.sums = results_.address();
    memory_.lossScale = weights_->lossScaleOnDevice();
    for (std::uint32_t i = 0; i < memory_.weights.size(); ++i)
        memory_.weights[i] = weights_->value(WeightId{i});
    for (std::uint32_t i = 0; i < memory_.values.size(); ++i) {
        const auto& value = graph_.values()[i];
        auto& address = memory_.values[i];
        if (value.weight)
            address = weights_->value(*value.weight);
        else if (value.constant)
            address = constants_.address() + layout_.constants.at(ValueId{i});
        else if (const auto weight = layout_.gradients[i])
            address = weights_->gradient(*weight);
        else
            address = arena_.address() + layout_.arena.offsets[i];
        if (value.constant) {
            const auto numbers = value.constant->to(DType::F32);
            stream_.copyIn(address, numbers.span<float>().data(), numbers.bytes().size());
            stream_.synchronize();
        }
    }
    for (const auto& [weight, value] : graph_.gradients())
        if (layout_.gradients[value.index()] != weight)
            copiedGradients_.emplace_back(weight, value);
}

void CudaProgram::listInputs() {
    std::vector<bool> isNeeded(graph_.values().size());
    for (const auto value : graph_.lossValues())
        isNeeded[value.index()] = true;
    for (const auto& [name, value] : graph_.outputs())
        isNeeded[value.index()] = true;
    for (const auto& op : graph_.ops())
        for (const auto value : op.inputs)
            isNeeded[value.index()] = true;
    std::size_t bytes = 0;
    for (const auto& [name, value] : graph_.inputs()) {
        if (!isNeeded[value.index()])
            continue;
        auto& input = fed_.emplace_back(
            FedInput{.name = name, .value = value, .size = sizeOf(value), .staging = bytes});
        bytes += alignedBytes(input.size * sizeof(float));
        input.rule = ruleFor(graph_, value);
    }
    staging_ = Memory(device_, bytes);
    hostInputs_ = Pinned(device_, bytes);
}

RecordedWork CudaProgram::record(std::size_t from, std::size_t to) {
    return stream_.record([&] {
        if (from == 0)
            stream_.clear(memory_.sums, sizeof(StepSums));
        for (auto i = from; i < to; ++i) {
            if (i == bounds_.norms)
                for (const auto& [weight, value] : copiedGradients_)
                    stream_.copy(weights_->gradient(weight), memory_.values[value.index()],
                                 sizeOf(value) * sizeof(float));
            launch(list_.launches[i]);
        }
    });
}

void CudaProgram::launch(const PreparedLaunch& prepared) const {
    std::vector<void*> arguments;
    for (const auto offset : prepared.offsets)
        arguments.push_back(const_cast<std::byte*>(prepared.values.data()) + offset);
    const auto what = prepared.op < graph_.ops().size()
                          ? fmt::format("{} ({})", graph_.ops()[prepared.op].path, prepared.kernel)
                          : std::string(prepared.kernel);
    stream_.launch(device_->function(prepared.family, prepared.kernel), prepared.launch, arguments,
                   what);
}

std::size_t CudaProgram::sizeOf(ValueId value) const {
    return static_cast<std::size_t>(graph_.type(value).shapeFor(options_.batch).elements());
}

void CudaProgram::bind(std::span<const BatchInput> inputs) {
    for (auto& input : fed_) {
        const auto bound = std::ranges::find(inputs, input.value, &BatchInput::value);
        if (bound == inputs.end() || !bound->data)
            throw Error("no data is given for the input \"{}\"", input.name);
        if (bound->scaling) {
            bindScaled(input, *bound);
            continue;
        }
        requireRule(input.rule, bound->data, input.size);
        const auto bytes = input.size * sizeof(float); // of real numbers as of indices
        std::memcpy(hostInputs_.data() + input.staging, bound->data, bytes);
        stream_.copyIn(memory_.values[input.value.index()], hostInputs_.data() + input.staging,
                       bytes);
    }
}

void CudaProgram::bindScaled(FedInput& input, const BatchInput& bound) {
    const auto& scaling = *bound.scaling;
    const auto channels = scaling.factors.size();
    if (input.scaling != scaling) {
        auto table = scaling.factors;
        table.insert(table.end(), scaling.offsets.begin(), scaling.offsets.end());
        input.factors = Memory(device_, table.size() * sizeof(float));
        stream_.copyIn(input.factors.address(), table.data(), input.factors.bytes());
        stream_.synchronize();
        input.scaling = scaling;
    }
    std::memcpy(hostInputs_.data() + input.staging, bound.data, input.size);
    const auto at = staging_.address() + input.staging;
    stream_.copyIn(at, hostInputs_.data() + input.staging, input.size);
    const auto sample = graph_.type(input.value).sample();
    LaunchList list{graph_, options_, memory_};
    const auto* factors = reinterpret_cast<const float*>(input.factors.address());
    list.addOfNone(kernel::scaleBytes, Lowering::forElements(input.size),
                   reinterpret_cast<const std::uint8_t*>(at), factors, factors + channels,
                   reinterpret_cast<float*>(memory_.values[input.value.index()]),
                   static_cast<std::uint64_t>(input.size),
                   static_cast<std::uint64_t>(sample.elements() / sample[0]),
                   static_cast<std::uint32_t>(channels));
    launch(list.launches[0]);
}

void CudaProgram::sendScalars(const StepSeed& seed, double learningRate) {
    const StepScalars scalars{seed.seed, seed.step, learningRate};
    std::memcpy(hostScalars_.data(), &scalars, sizeof(scalars));
    stream_.copyIn(scalars_.address(), hostScalars_.data(), sizeof(scalars));
}

void CudaProgram::sendRules(double learningRate, std::uint64_t step) {
    const auto rules = update_->rulesFor(learningRate, step);
    if (rules.empty())
        return;
    std::memcpy(hostRules_.data(), rules.data(), rules.size());
    stream_.copyIn(update_->rulesOnDevice(), hostRules_.data(), rules.size());
}

void CudaProgram::fetchResults() {
    stream_.copyOut(hostResults_.data(), results_.address(), results_.bytes());
}

void CudaProgram::takeResults() {
    std::memcpy(&sums_, hostResults_.data(), sizeof(sums_));
    const auto* squares = hostResults_.data() + sizeof(sums_);
    std::copy_n(squares, squares_.size() * sizeof(double),
                std::as_writable_bytes(std::span(squares_)).begin());
    if (sums_.badIndex > 0)
        throw Error("{}: an index is outside of what it picks from",
                    graph_.ops()[static_cast<std::size_t>(sums_.badIndex) - 1].path);
}

void CudaProgram::submit(const StepRequest& step) {
    device_->use();
    submitted_.reset();
    isScoreFetched_ = false;
    reached_ = State::Compiled;
    const bool learns = options_.mode == Mode::Training;
    bind(step.inputs);
    sendScalars(step.seed, step.learningRate);
    if (moves())
        sendRules(step.learningRate, step.seed.step);
    stream_.replay(learns ? *stepWork_ : *forwardWork_);
    fetchResults();
    if (const auto& score = graph_.score())
        stream_.copyOut(hostScored_.data(), memory_.values[score->output.index()],
                        hostScored_.bytes());
    submitted_ = step;
}

std::optional<StepResult> CudaProgram::finish(const std::stop_token& /*stop*/) {
    device_->use();
    const auto step = std::exchange(submitted_, {});
    if (!step)
        throw Error("no step was submitted");
    stream_.synchronize();
    takeResults();
    reached_ = State::Forward;
    StepResult result{.lossSum = sums_.loss};
    if (!std::isfinite(sums_.loss)) {
        result.fault = {NonFinite::Where::Loss, firstNonFinite().value_or("the loss")};
        return result;
    }
    if (graph_.score()) {
        isScoreFetched_ = true;
        scoreStep(*step, sums_.loss);
        result.score = &score();
    }
    if (options_.mode != Mode::Training)
        return result;
    result.gradientSquares = squares_;
    if (isOverflow()) {
        result.isSkipped = true;
        std::ranges::fill(squares_, 0.0);
        return result;
    }
    for (std::size_t i = 0; i < squares_.size(); ++i)
        if (!std::isfinite(squares_[i])) {
            result.fault = {NonFinite::Where::Gradient, graph_.weights()[i].key};
            break;
        }
    return result;
}

bool CudaProgram::isOverflow() const {
    // At a scale of 1 the gradients are what they are.
    return options_.precision == Precision::F16 && !sums_.isFinite && sums_.lossScale > 1;
}

bool CudaProgram::forward(std::span<const BatchInput> inputs, StepSeed seed,
                          const std::stop_token& stop) {
    device_->use();
    isScoreFetched_ = false;
    reached_ = State::Compiled;
    if (stop.stop_requested())
        return false;
    bind(inputs);
    sendScalars(seed, 0);
    stream_.replay(*forwardWork_);
    fetchResults();
    stream_.synchronize();
    takeResults();
    reached_ = State::Forward;
    return true;
}

bool CudaProgram::backward(const std::stop_token& stop) {
    device_->use();
    if (options_.mode != Mode::Training)
        throw Error("gradients need a program compiled for training");
    require(State::Forward, "the backward pass");
    reached_ = State::Forward;
    if (stop.stop_requested())
        return false;
    stream_.replay(*backwardWork_);
    fetchResults();
    stream_.synchronize();
    takeResults();
    reached_ = State::Backward;
    return true;
}

void CudaProgram::update(double learningRate, std::uint64_t step) {
    device_->use();
    if (!moves())
        throw Error("the program was compiled without an optimizer");
    require(State::Backward, "the update");
    sendScalars({0, step}, learningRate);
    sendRules(learningRate, step);
    stream_.replay(*updateWork_);
    stream_.synchronize();
    reached_ = State::Forward;
}

void CudaProgram::require(State state, std::string_view what) const {
    if (reached_ < state)
        throw Error("{} needs a completed {} pass before it", what,
                    state == State::Forward ? "forward" : "backward");
}

double CudaProgram::lossSum() const {
    require(State::Forward, "the loss");
    return sums_.loss;
}

void CudaProgram::requireReadable(ValueId value) const {
    require(State::Forward, "reading a value");
    const bool isOutput =
        std::ranges::find(graph_.outputs(), value, &NamedValue::value) != graph_.outputs().end();
    const bool isLoss =
        std::ranges::find(graph_.losses(), value, &LossTerm::perSample) != graph_.losses().end();
    if (!isOutput && !isLoss)
        throw Error("value number {} is neither an output nor a loss of the network", value.value);
    if (isFed(graph_.value(value)) && graph_.type(value).element == DType::I32)
        throw Error("{} holds class indices, which are not read back", graph_.value(value).path);
}

std::vector<float> CudaProgram::download(ValueId value) const {
    device_->use();
    std::vector<float> values(sizeOf(value));
    stream_.copyOut(values.data(), memory_.values[value.index()], values.size() * sizeof(float));
    stream_.synchronize();
    return values;
}

Tensor CudaProgram::read(ValueId value) const {
    requireReadable(value);
    return Tensor::of<float>(graph_.type(value).shapeFor(options_.batch), download(value));
}

void CudaProgram::copyOutput(ValueId value, std::span<float> out) const {
    device_->use();
    requireReadable(value);
    const auto size = sizeOf(value);
    if (out.size() != size)
        throw Error("{} has {} numbers, but the buffer holds {}", graph_.value(value).path, size,
                    out.size());
    if (isScoreFetched_ && graph_.score()->output == value) {
        std::memcpy(out.data(), hostScored_.data(), out.size_bytes());
        return;
    }
    stream_.copyOut(out.data(), memory_.values[value.index()], out.size_bytes());
    stream_.synchronize();
}

/// Values share memory, so the pass runs again, op by op.
std::optional<std::string> CudaProgram::firstNonFinite() const {
    device_->use();
    require(State::Forward, "the search for a NaN");
    const auto isFinite = [&](ValueId value) {
        const auto values = download(value);
        return std::ranges::all_of(values, [](float v) { return std::isfinite(v); });
    };
    for (const auto& input : fed_)
        if (graph_.type(input.value).element != DType::I32 && !isFinite(input.value))
            return graph_.value(input.value).path;
    for (std::size_t i = 0; i < bounds_.backward; ++i) {
        const auto& prepared = list_.launches[i];
        if (prepared.op >= graph_.ops().size())
            continue; // the losses, which would be added a second time
        launch(prepared);
        const bool isLastOfOp =
            i + 1 == bounds_.backward || list_.launches[i + 1].op != prepared.op;
        if (!isLastOfOp)
            continue;
        for (const auto output : graph_.ops()[prepared.op].outputs)
            if (!isFinite(output))
                return graph_.value(output).path;
    }
    return {};
}

ProgramReport CudaProgram::report() const {
    return reportOf(graph_, options_, list_, std::span(list_.launches).first(bounds_.update),
                    layout_);
}

} // namespace gradwright::cuda
