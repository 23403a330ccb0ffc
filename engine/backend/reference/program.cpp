// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/program.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace gradwright::reference {

namespace {

/// Whether each batch brings it.
bool isFed(const Value& value) {
    return !value.source && !value.weight && !value.constant;
}

/// Runs the backward pass of another op's kernel.
template <class T>
class FusedGradient final : public Kernel<T> {
public:
    FusedGradient(Kernel<T>& forward, Frame<T> frame)
        : forward_(forward)
        , frame_(std::move(frame)) {}

    void forward(const Frame<T>& gradient) override {
        for (auto& gradients : {&frame_.inputGradients, &frame_.weightGradients})
            for (const auto& values : *gradients)
                std::ranges::fill(values, T{0});
        frame_.seed = gradient.seed;
        frame_.shared = gradient.shared;
        frame_.stop = gradient.stop;
        forward_.backward(frame_);
    }

private:
    Kernel<T>& forward_;
    Frame<T> frame_;
};

} // namespace

template <class T>
ReferenceProgram<T>::ReferenceProgram(OpGraph ops, const CompileOptions& options,
                                      std::shared_ptr<ReferenceWeights<T>> weights)
    : graph_(std::move(ops))
    , options_(options)
    , weights_(std::move(weights))
    , store_(weights_)
    , buffers_(graph_.values().size())
    , needed_(graph_.values().size())
    , trained_(graph_.weights().size())
    , gradientSquares_(graph_.weights().size()) {
    for (const auto& gradient : graph_.gradients())
        trained_[gradient.weight.index()] = true;
    allocate();
    for (std::size_t i = 0; i < graph_.ops().size(); ++i) {
        throwIfStopped(options_.stop);
        if (const auto* fused = std::get_if<GradientOp>(&graph_.ops()[i].attributes))
            addGradientStep(i, *fused);
        else
            addStep(i);
    }
    placeGradients();
    if (options_.update)
        makePipeline();
}

template <class T>
void ReferenceProgram<T>::placeGradients() {
    for (const auto& gradient : graph_.gradients()) {
        const auto place = graph_.producerPlace(gradient.value);
        const auto step = place ? std::ranges::find(backward_, *place, &Step::op) : backward_.end();
        (step == backward_.end() ? otherGradients_ : step->gradients).push_back(gradient);
    }
}

template <class T>
void ReferenceProgram<T>::storeGradients(std::span<const WeightGradient> gradients) {
    for (const auto& [weight, value] : gradients) {
        std::ranges::copy(buffer(value).values, weights_->gradient(weight).begin());
        if (this->watch())
            this->watch()->isFinal(weight);
    }
}

template <class T>
std::vector<Tensor> ReferenceProgram<T>::evaluate(const OpGraph& constants) {
    ReferenceProgram program(constants, {.batch = 1},
                             std::make_shared<ReferenceWeights<T>>(constants.weights()));
    program.forward({}, {}, {});
    std::vector<Tensor> results;
    for (const auto& output : constants.outputs())
        results.push_back(program.read(output.value));
    return results;
}

template <class T>
void ReferenceProgram<T>::allocate() {
    for (const auto value : graph_.lossValues())
        needed_[value.index()] = true;
    for (const auto& output : graph_.outputs())
        needed_[output.value.index()] = true;
    for (const auto& op : graph_.ops())
        for (const auto& values : {op.inputs, op.outputs})
            for (const auto value : values)
                needed_[value.index()] = true;
    for (std::size_t i = 0; i < buffers_.size(); ++i) {
        throwIfStopped(options_.stop); // gigabytes take seconds
        if (!needed_[i])
            continue;
        const auto& value = graph_.values()[i];
        const auto size = static_cast<std::size_t>(value.type.shapeFor(options_.batch).elements());
        if (isFed(value) && value.type.element == DType::I32)
            buffers_[i].classes.resize(size);
        else
            buffers_[i].values.resize(size);
        if (value.constant) {
            const auto numbers = value.constant->to(dtypeOf<T>());
            std::ranges::copy(numbers.template span<T>(), buffers_[i].values.begin());
        }
    }
}

template <class T>
std::span<T> ReferenceProgram<T>::readAs(WeightId id) {
    const auto values = weights_->values(id);
    if (!graph_.weight(id).rounding)
        return values;
    auto& rounded = rounded_[id];
    rounded.resize(values.size());
    return rounded;
}

template <class T>
Frame<T> ReferenceProgram<T>::makeFrame(const Op& op) {
    Frame<T> frame;
    frame.path = op.path;
    frame.batch = options_.batch;
    frame.mode = options_.mode;
    frame.inputTypes = graph_.inputTypes(op);
    for (const auto input : op.inputs) {
        frame.inputs.push_back(buffer(input).values);
        frame.indices.push_back(buffer(input).classes);
        if (!buffer(input).classes.empty())
            frame.classes = buffer(input).classes;
    }
    for (const auto output : op.outputs) {
        frame.outputTypes.push_back(graph_.type(output));
        frame.outputs.push_back(buffer(output).values);
    }
    frame.outputType = frame.outputTypes[0];
    frame.output = frame.outputs[0];
    for (const auto weight : op.weights)
        frame.weights.push_back(readAs(weight));
    return frame;
}

template <class T>
void ReferenceProgram<T>::addStep(std::size_t index) {
    const auto& op = graph_.ops()[index];
    auto frame = makeFrame(op);
    auto kernel = std::visit(
        [&]<class O>(const O& attributes) -> KernelPtr<T> {
            if constexpr (std::is_same_v<O, GradientOp>)
                throw Error("a gradient at {} without its op", op.path);
            else
                return makeKernel(attributes, frame);
        },
        op.attributes);
    auto& steps = op.isBackward ? backward_ : steps_;
    steps.push_back({index, std::move(frame), std::move(kernel)});
}

template <class T>
void ReferenceProgram<T>::addGradientStep(std::size_t index, const GradientOp& gradient) {
    const auto& op = graph_.ops()[index];
    const auto place = graph_.placeOf(gradient.of);
    const auto step = std::ranges::find(steps_, place, &Step::op);
    if (step == steps_.end())
        throw Error("a gradient at {} without its op", op.path);
    auto frame = makeFrame(graph_.ops()[*place]);
    for (std::size_t i = 0; i < frame.outputs.size(); ++i)
        frame.outputGradients.push_back(buffer(op.inputs[i]).values);
    frame.outputGradient = frame.outputGradients[0];
    auto made = op.outputs.begin();
    const auto take = [&](bool isWanted, std::size_t size) -> std::span<T> {
        if (isWanted)
            return buffer(*made++).values;
        return unwanted_.emplace_back(size);
    };
    for (std::size_t i = 0; i < gradient.ofInputs.size(); ++i)
        frame.inputGradients.push_back(take(gradient.ofInputs[i], frame.inputs[i].size()));
    for (std::size_t i = 0; i < gradient.ofWeights.size(); ++i)
        frame.weightGradients.push_back(take(gradient.ofWeights[i], frame.weights[i].size()));
    backward_.push_back({index, makeFrame(op),
                         std::make_unique<FusedGradient<T>>(*step->kernel, std::move(frame))});
}

template <class T>
void ReferenceProgram<T>::bind(std::span<const BatchInput> inputs) {
    for (const auto& [name, value] : graph_.inputs()) {
        if (!needed_[value.index()])
            continue;
        const auto bound = std::ranges::find(inputs, value, &BatchInput::value);
        if (bound == inputs.end() || !bound->data)
            throw Error("no data is given for the input \"{}\"", name);
        auto& target = buffer(value);
        if (graph_.type(value).element == DType::I32) {
            const auto* data = static_cast<const std::int32_t*>(bound->data);
            std::copy_n(data, target.classes.size(), target.classes.begin());
        } else if (bound->scaling) {
            const auto* bytes = static_cast<const std::uint8_t*>(bound->data);
            const auto sample = static_cast<std::size_t>(graph_.type(value).sample().elements());
            std::vector<float> values(sample);
            for (std::size_t at = 0; at < target.values.size(); at += sample) {
                scaleBytes({bytes + at, sample}, *bound->scaling, values.data());
                std::ranges::copy(values, target.values.begin() + static_cast<std::ptrdiff_t>(at));
            }
        } else {
            const auto* data = static_cast<const float*>(bound->data);
            std::copy_n(data, target.values.size(), target.values.begin());
        }
    }
}

template <class T>
bool ReferenceProgram<T>::runUnlessStopped(Step& step, const std::stop_token& stop) {
    if (stop.stop_requested())
        return false;
    step.frame.stop = stop;
    try {
        step.kernel->forward(step.frame);
    } catch (const WorkStopped&) {
        return false;
    }
    return true;
}

template <class T>
bool ReferenceProgram<T>::forward(std::span<const BatchInput> inputs, StepSeed seed,
                                  const std::stop_token& stop) {
    state_ = State::Compiled;
    seed_ = seed;
    bind(inputs);
    for (std::size_t i = 0; i < buffers_.size(); ++i)
        if (const auto weight = graph_.values()[i].weight; weight && needed_[i])
            std::ranges::copy(weights_->values(*weight), buffers_[i].values.begin());
    for (auto& [weight, rounded] : rounded_)
        roundWeights<T>(*graph_.weight(weight).rounding,
                        static_cast<std::size_t>(graph_.weight(weight).shape[0]),
                        weights_->values(weight), rounded);
    using Clock = std::chrono::steady_clock;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
        auto& step = steps_[i];
        step.frame.seed = seed;
        step.frame.shared = options_.sharesStatistics ? this->shared() : nullptr;
        const auto begin = Clock::now();
        if (!runUnlessStopped(step, stop))
            return false;
        const auto end = Clock::now();
        if (!opSeconds_.empty())
            opSeconds_[i] += std::chrono::duration<double>(end - begin).count();
        if (this->trace())
            this->trace()->add({TraceEvent::Kind::Forward, step.frame.path, 0, begin, end});
    }
    state_ = State::Forward;
    return true;
}

template <class T>
bool ReferenceProgram<T>::backward(const std::stop_token& stop) {
    if (options_.mode != Mode::Training)
        throw Error("gradients need a program compiled for training");
    require(State::Forward, "the backward pass");
    state_ = State::Forward;
    for (std::uint32_t i = 0; i < trained_.size(); ++i)
        std::ranges::fill(weights_->gradient(WeightId{i}), T{0});
    for (auto& step : backward_) {
        step.frame.seed = seed_;
        step.frame.shared = options_.sharesStatistics ? this->shared() : nullptr;
        const auto begin = std::chrono::steady_clock::now();
        if (!runUnlessStopped(step, stop))
            return false;
        storeGradients(step.gradients);
        if (this->trace())
            this->trace()->add({TraceEvent::Kind::Backward, step.frame.path, 0, begin,
                                std::chrono::steady_clock::now()});
    }
    storeGradients(otherGradients_);
    if (!this->watch()) // else they are being summed over the ranks
        measureGradients();
    state_ = State::Backward;
    return true;
}

template <class T>
void ReferenceProgram<T>::measureGradients() {
    for (std::uint32_t i = 0; i < trained_.size(); ++i) {
        double sum = 0;
        if (trained_[i])
            for (const auto gradient : weights_->gradient(WeightId{i}))
                sum += static_cast<double>(gradient) * static_cast<double>(gradient);
        gradientSquares_[i] = sum;
    }
}

template <class T>
void ReferenceProgram<T>::update(double learningRate, std::uint64_t step) {
    if (!options_.update)
        throw Error("the program was compiled without an optimizer");
    require(State::Backward, "the update");
    pipeline_->run(learningRate, step);
    updateStatistics();
    state_ = State::Forward;
}

template <class T>
void ReferenceProgram<T>::updateStatistics() {
    for (auto& executed : steps_)
        executed.kernel->updateStatistics(executed.frame);
}

template <class T>
std::vector<WeightId> ReferenceProgram<T>::learning() const {
    std::vector<WeightId> ids;
    for (std::uint32_t i = 0; i < trained_.size(); ++i)
        if (trained_[i])
            ids.push_back(WeightId{i});
    return ids;
}

template <class T>
void ReferenceProgram<T>::makePipeline() {
    const auto& rule = *options_.update;
    pipeline_.emplace(rule, graph_.weights().size(), OneThread{});
    for (const auto id : learning()) {
        const auto& spec = graph_.weight(id);
        const auto values = weights_->values(id);
        auto* gradient = weights_->gradient(id).data();
        UpdateSpan<T> span{values.data(), gradient, {}, values.size()};
        auto& slots = wholeSlots_.emplace_back();
        for (std::size_t slot = 0; slot < rule.slots; ++slot) {
            slots.push_back(weights_->slot(id, slot).data());
            if (!rule.isWhole())
                span.slots[slot] = slots.back();
        }
        T* mean = rule.allSlots() > rule.slots ? weights_->slot(id, rule.slots).data() : nullptr;
        const bool isKernel = spec.shape.rank() >= 2;
        pipeline_->add({id.index(), 0, span, gradient, mean, spec.rateFactor, isKernel});
        if (rule.isWhole())
            pipeline_->addWhole({values.data(), gradient, slots, values.size(), spec.rateFactor});
        if (rule.regularization.maxNorm > 0 && isKernel) {
            const auto rows = static_cast<std::size_t>(spec.shape[0]);
            std::vector<std::int32_t> of(values.size());
            for (std::size_t i = 0; i < of.size(); ++i)
                of[i] = static_cast<std::int32_t>(i / (of.size() / rows));
            pipeline_->addRows(
                {values.data(), values.size(), std::move(of), std::vector<double>(rows)});
        }
    }
}

template <class T>
void ReferenceProgram<T>::require(State state, std::string_view what) const {
    if (state_ < state)
        throw Error("{} needs a completed {} pass before it", what,
                    state == State::Forward ? "forward" : "backward");
}

template <class T>
double ReferenceProgram<T>::lossSum() const {
    require(State::Forward, "the loss");
    double sum = 0;
    for (const auto& loss : graph_.losses())
        for (const auto value : buffer(loss.perSample).values)
            sum += loss.weight * static_cast<double>(value);
    return sum;
}

template <class T>
const std::vector<T>& ReferenceProgram<T>::readable(ValueId value) const {
    require(State::Forward, "reading a value");
    const bool isOutput =
        std::ranges::find(graph_.outputs(), value, &NamedValue::value) != graph_.outputs().end();
    const bool isLoss =
        std::ranges::find(graph_.losses(), value, &LossTerm::perSample) != graph_.losses().end();
    if (!isOutput && !isLoss)
        throw Error("value number {} is neither an output nor a loss of the network", value.value);
    if (isFed(graph_.value(value)) && graph_.type(value).element == DType::I32)
        throw Error("{} holds class indices, which are not read back", graph_.value(value).path);
    return buffer(value).values;
}

template <class T>
Tensor ReferenceProgram<T>::read(ValueId value) const {
    const auto& values = readable(value);
    return Tensor::of<T>(graph_.type(value).shapeFor(options_.batch), values);
}

template <class T>
void ReferenceProgram<T>::copyOutput(ValueId value, std::span<float> out) const {
    const auto& values = readable(value);
    if (out.size() != values.size())
        throw Error("{} has {} numbers, but the buffer holds {}", graph_.value(value).path,
                    values.size(), out.size());
    std::ranges::transform(values, out.begin(), [](T v) { return static_cast<float>(v); });
}

template <class T>
std::span<const double> ReferenceProgram<T>::gradientSquares() const {
    require(State::Forward, "reading gradients");
    return gradientSquares_;
}

template <class T>
std::optional<std::string> ReferenceProgram<T>::firstNonFinite() const {
    require(State::Forward, "the search for a NaN");
    const auto finite = [](const Buffer& values) {
        return std::ranges::all_of(values.values, [](T v) { return std::isfinite(v); });
    };
    // Values are numbered in the order in which they come to be.
    for (std::size_t i = 0; i < buffers_.size(); ++i)
        if (!finite(buffers_[i]))
            return graph_.values()[i].path;
    return {};
}

template <class T>
ProgramReport ReferenceProgram<T>::report() const {
    const auto entryOf = [this](const Step& step) {
        const auto& op = graph_.ops()[step.op];
        OpReport entry;
        entry.path = op.path;
        entry.op = nameOf(op.attributes);
        entry.implementation = std::is_same_v<T, float> ? "reference:float" : "reference:double";
        entry.layout = "row-major";
        if (const auto* fused = std::get_if<FusedOp>(&op.attributes))
            entry.formula = formulaOf(*fused);
        entry.macs = options_.batch * macsOf(op.attributes, step.frame.inputTypes);
        entry.operations = options_.batch * graph_.operationsOf(op);
        entry.bytes =
            static_cast<std::size_t>(options_.batch * graph_.elementsAround(op)) * sizeof(T);
        return entry;
    };
    ProgramReport report;
    std::ranges::transform(steps_, std::back_inserter(report.ops), entryOf);
    std::ranges::transform(backward_, std::back_inserter(report.backward), entryOf);
    for (const auto& values : buffers_)
        report.arenaBytes +=
            values.values.size() * sizeof(T) + values.classes.size() * sizeof(std::int32_t);
    report.weightBytes = weights_->bytes();
    return report;
}

template class ReferenceProgram<float>;
template class ReferenceProgram<double>;

} // namespace gradwright::reference
