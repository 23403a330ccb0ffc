// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/replicated_program.h"

#include "engine/backend/onednn/kernels/elementwise.h"
#include "engine/backend/onednn/one_thread.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace gradwright::onednn {
namespace {

/// Random ops draw four numbers at a time.
constexpr std::int64_t kLeastSamples = 4;
constexpr std::size_t kChunk = 4096;

std::int64_t samplesOfPart(std::int64_t batch, std::int64_t parts) {
    const auto share = (batch + parts - 1) / parts;
    return (share + kLeastSamples - 1) / kLeastSamples * kLeastSamples;
}

} // namespace

std::int64_t ReplicatedProgram::partsFor(const OpGraph& graph, const CompileOptions& options) {
    const bool seesBatch = std::ranges::any_of(graph.ops(), [](const Op& op) {
        return std::holds_alternative<BatchNormOp>(op.attributes);
    });
    if (options.mode != Mode::Training || options.replicas < 2 || seesBatch)
        return 1;
    const auto size = samplesOfPart(options.batch, options.replicas);
    return (options.batch + size - 1) / size;
}

ProgramReport ReplicatedProgram::plan(const OpGraph& graph, const CompileOptions& options) {
    const OneThread one;
    const auto parts = partsFor(graph, options);
    auto part = options;
    part.batch = samplesOfPart(options.batch, parts);
    auto report = planProgram(graph, part, {.wholeBatch = options.batch});
    report.replicas = static_cast<int>(parts);
    report.arenaBytes *= static_cast<std::size_t>(parts); // the last may be smaller
    return report;
}

ReplicatedProgram::ReplicatedProgram(const OpGraph& graph, const CompileOptions& options,
                                     std::shared_ptr<OneDnnWeights> weights)
    : options_(options)
    , weights_(std::move(weights)) {
    const OneThread one;
    const auto size = samplesOfPart(options.batch, partsFor(graph, options));
    for (std::int64_t first = 0; first < options.batch; first += size) {
        auto part = options;
        part.batch = std::min(size, options.batch - first);
        part.replicas = 1;
        parts_.push_back({.program = std::make_unique<OneDnnProgram>(
                              graph, part, weights_,
                              ProgramRole{.wholeBatch = options.batch, .firstSample = first}),
                          .firstSample = first});
        parts_.back().inputs.reserve(graph.inputs().size());
    }
    std::vector<WeightId> learning;
    for (std::uint32_t i = 0; i < graph.weights().size(); ++i)
        if (graph.weights()[i].learns())
            learning.push_back(WeightId{i});
    std::vector<FormNumber> forms;
    for (const auto& part : parts_)
        std::ranges::copy(part.program->forms(), std::back_inserter(forms));
    updater_.emplace(*weights_, std::move(learning), options.update ? &*options.update : nullptr,
                     forms);
}

template <class Run>
bool ReplicatedProgram::onEach(const Run& run) {
    const auto count = static_cast<int>(parts_.size());
#pragma omp parallel for schedule(static, 1) num_threads(count)
    for (int i = 0; i < count; ++i) {
        auto& part = parts_[static_cast<std::size_t>(i)];
        part.failure = nullptr;
        try {
            part.done = run(part);
        } catch (...) {
            part.failure = std::current_exception();
        }
    }
    for (const auto& part : parts_)
        if (part.failure)
            std::rethrow_exception(part.failure);
    return std::ranges::all_of(parts_, &Part::done);
}

bool ReplicatedProgram::forward(std::span<const BatchInput> inputs, StepSeed seed,
                                const std::stop_token& stop) {
    hasGradients_ = false;
    for (auto& part : parts_)
        skipSamples(graph(), inputs, part.firstSample, part.inputs);
    for (const auto& part : parts_) // once, before the threads
        weights_->forms().refresh(part.program->forms());
    return onEach([&](Part& part) { return part.program->forward(part.inputs, seed, stop); });
}

bool ReplicatedProgram::backward(const std::stop_token& stop) {
    squaresKnown_ = false;
    hasGradients_ = onEach([&](Part& part) { return part.program->backward(stop); });
    if (hasGradients_)
        sumGradients();
    return hasGradients_;
}

void ReplicatedProgram::findGradients() {
    for (std::uint32_t i = 0; i < graph().weights().size(); ++i) {
        const WeightId id{i};
        if (!graph().weight(id).learns())
            continue;
        auto& stored = weights_->stored(id);
        for (std::size_t begin = 0; begin < stored.elements(); begin += kChunk) {
            Sum sum{reinterpret_cast<float*>(stored.gradient.data()) + begin,
                    {},
                    std::min(kChunk, stored.elements() - begin)};
            for (const auto& part : parts_)
                if (const auto gradient = part.program->gradient(id); !gradient.empty())
                    sum.terms.push_back(gradient.data() + begin);
            sums_.push_back(std::move(sum));
        }
    }
}

void ReplicatedProgram::sumGradients() {
    if (sums_.empty())
        findGradients();
    const auto count = static_cast<std::ptrdiff_t>(sums_.size());
#pragma omp parallel for schedule(static)
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        const auto& [target, terms, size] = sums_[static_cast<std::size_t>(i)];
        // A weight that no loss depends on has no terms; one part has no second.
        if (terms.empty())
            std::memset(target, 0, size * sizeof(float));
        else if (terms.size() == 1)
            std::copy_n(terms[0], size, target);
        else
            addInto(target, terms[0], terms[1], size);
        for (std::size_t k = 2; k < terms.size(); ++k)
            addInto(target, target, terms[k], size);
    }
}

void ReplicatedProgram::update(double learningRate, std::uint64_t step) {
    if (!options_.update)
        throw Error("the program was compiled without an optimizer");
    if (!std::exchange(hasGradients_, false))
        throw Error("the update needs a completed backward pass before it");
    updater_->update(learningRate, step);
}

double ReplicatedProgram::lossSum() const {
    double sum = 0;
    for (const auto& part : parts_)
        sum += part.program->lossSum();
    return sum;
}

Tensor ReplicatedProgram::read(ValueId value) const {
    const auto shape = graph().type(value).shape.withBatch(options_.batch);
    std::vector<float> values(static_cast<std::size_t>(shape.elements()));
    copyOutput(value, values);
    return Tensor::of<float>(shape, std::span<const float>(values));
}

void ReplicatedProgram::copyOutput(ValueId value, std::span<float> out) const {
    std::size_t size = 0;
    for (const auto& part : parts_)
        size += part.program->readable(value).size();
    if (out.size() != size)
        throw Error("{} has {} numbers, but room is given for {}", graph().value(value).path, size,
                    out.size());
    auto* target = out.data();
    for (const auto& part : parts_)
        target = std::ranges::copy(part.program->readable(value), target).out;
}

std::span<const double> ReplicatedProgram::gradientSquares() const {
    if (!std::exchange(squaresKnown_, true))
        updater_->measureGradients();
    return updater_->gradientSquares();
}

std::optional<std::string> ReplicatedProgram::firstNonFinite() const {
    for (const auto& part : parts_)
        if (auto path = part.program->firstNonFinite())
            return path;
    return {};
}

ProgramReport ReplicatedProgram::report() const {
    auto report = parts_.front().program->report();
    report.replicas = static_cast<int>(parts_.size());
    report.arenaBytes = 0;
    for (const auto& part : parts_)
        report.arenaBytes += part.program->report().arenaBytes;
    return report;
}

} // namespace gradwright::onednn
