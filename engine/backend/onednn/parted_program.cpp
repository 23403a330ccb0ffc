// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/parted_program.h"

#include "engine/backend/compute_pool.h"
#include "engine/backend/compute_threads.h"
#include "engine/backend/one_thread.h"
#include "engine/backend/onednn/kernels/elementwise.h"

#include <algorithm>
#include <utility>

namespace gradwright::onednn {
namespace {

/// Random ops draw four numbers at a time.
constexpr std::int64_t kLeastSamples = 4;
constexpr std::size_t kReduceChunk = TileOrder::kLargestTile;

std::int64_t samplesOfPart(std::int64_t batch, std::int64_t parts) {
    const auto share = (batch + parts - 1) / parts;
    return (share + kLeastSamples - 1) / kLeastSamples * kLeastSamples;
}

/// As equal ones as possible.
std::vector<std::int64_t> batchesOf(std::int64_t batch, std::int64_t parts) {
    std::vector<std::int64_t> samples;
    const auto size = samplesOfPart(batch, parts);
    for (std::int64_t first = 0; first < batch; first += size)
        samples.push_back(std::min(size, batch - first));
    return samples;
}

} // namespace

ProgramReport PartedProgram::plan(const OpGraph& graph, const CompileOptions& options, int parts) {
    const OneThread one;
    PartGroup group(batchesOf(options.batch, parts), true);
    auto part = options;
    part.batch = group.samples(0);
    auto first = planProgram(graph, part, {.parts = &group});
    // The first keeps its gradients in the store; the last may be smaller than the others.
    auto bytes = first.arenaBytes + group.bytes();
    if (group.parts() > 1)
        bytes +=
            (group.parts() - 1) * planProgram(graph, part, {.parts = &group, .part = 1}).arenaBytes;
    return ofBatch(std::move(first), group, bytes);
}

ProgramReport PartedProgram::ofBatch(ProgramReport first, const PartGroup& group,
                                     std::size_t bytes) {
    auto report = reportOfBatch(std::move(first), group.samples(0), group.batch(), group.parts());
    report.parts = static_cast<int>(group.parts());
    report.arenaBytes = bytes;
    return report;
}

PartedProgram::PartedProgram(const OpGraph& graph, const CompileOptions& options, int parts,
                             std::shared_ptr<OneDnnWeights> weights)
    : options_(options)
    , weights_(std::move(weights))
    , group_(batchesOf(options.batch, parts), false, options.sharesStatistics) {
    const OneThread one;
    std::int64_t first = 0;
    for (std::size_t i = 0; i < group_.parts(); ++i) {
        auto part = options;
        part.batch = group_.samples(i);
        const ProgramRole role{.parts = &group_, .part = i, .firstSample = first};
        parts_.push_back({.program = std::make_unique<OneDnnProgram>(graph, part, weights_, role),
                          .firstSample = first});
        parts_.back().inputs.reserve(graph.inputs().size());
        first += part.batch;
    }
    std::vector<WeightId> learning;
    for (std::uint32_t i = 0; i < graph.weights().size(); ++i)
        if (graph.weights()[i].learns())
            learning.push_back(WeightId{i});
    squares_.resize(graph.weights().size());
    std::vector<FormNumber> forms;
    for (const auto& part : parts_)
        std::ranges::copy(part.program->forms(), std::back_inserter(forms));
    updater_.emplace(*weights_, std::move(learning), options.update ? &*options.update : nullptr,
                     forms, Updater::Team::Pool);
    findGradients();
    counted_.emplace(*this);
}

PartedProgram::Counted::Counted(PartedProgram& program)
    : program_(program)
    , parts_(program.graph().weights().size())
    , left_(parts_.size()) {
    for (std::uint32_t i = 0; i < parts_.size(); ++i)
        for (const auto& part : program.parts_)
            parts_[i] += part.program->tellsOf(WeightId{i}) ? 1 : 0;
}

void PartedProgram::Counted::start() {
    for (std::size_t i = 0; i < parts_.size(); ++i)
        left_[i].store(parts_[i], std::memory_order_relaxed);
}

void PartedProgram::Counted::isFinal(WeightId weight) {
    if (left_[weight.index()].fetch_sub(1, std::memory_order_acq_rel) > 1)
        return;
    program_.sumParts(weight);
    program_.watch()->isFinal(weight);
}

template <class Run>
bool PartedProgram::onEach(const Run& run, bool isShort) {
    computePool().run(parts_.size(), isShort ? 1 : parts_.size(),
                      [&](std::size_t number, std::size_t) {
                          auto& part = parts_[number];
                          part.failure = nullptr;
                          try {
                              part.done = run(part);
                          } catch (...) {
                              part.failure = std::current_exception();
                          }
                      });
    for (const auto& part : parts_)
        if (part.failure)
            std::rethrow_exception(part.failure);
    return std::ranges::all_of(parts_, &Part::done);
}

bool PartedProgram::forward(std::span<const BatchInput> inputs, StepSeed seed,
                            const std::stop_token& stop) {
    hasGradients_ = false;
    for (auto& part : parts_)
        skipSamples(graph(), inputs, part.firstSample, part.inputs);
    for (const auto& part : parts_) // once, before the threads
        weights_->forms().refresh(part.program->forms());
    const auto segments = parts_.front().program->forwardSegments();
    for (std::size_t i = 0; i < segments; ++i) {
        const auto run = [&](Part& part) {
            return part.program->forwardSegment(i, part.inputs, seed, stop, trace());
        };
        if (!onEach(run, parts_.front().program->isEmpty(Pass::Forward, i)) ||
            !takeTogether(Pass::Forward, i, stop))
            return false;
    }
    return true;
}

bool PartedProgram::takeTogether(Pass pass, std::size_t segment, const std::stop_token& stop) {
    if (shared())
        group_.meetRanks(pass, segment, *shared());
    else if (options_.sharesStatistics)
        throw Error("statistics of all ranks need a step that ranks share");
    const auto& step = group_.shared(pass, segment);
    if (step.tasks > 0)
        computePool().run(step.tasks, [&](std::size_t task, std::size_t) { step.run(task); });
    return !stop.stop_requested();
}

bool PartedProgram::backward(const std::stop_token& stop) {
    hasGradients_ = false;
    std::ranges::fill(isSummed_, char{0});
    counted_->start();
    auto* heard = watch() ? &*counted_ : nullptr;
    const auto segments = parts_.front().program->backwardSegments();
    for (std::size_t i = 0; i < segments; ++i) {
        const auto run = [&](Part& part) {
            return part.program->backwardSegment(i, stop, heard, trace());
        };
        if (!onEach(run, parts_.front().program->isEmpty(Pass::Backward, i)) ||
            !takeTogether(Pass::Backward, i, stop))
            return false;
        if (heard)
            sumMadeTogether(i);
    }
    sumGradients();
    hasGradients_ = true;
    return true;
}

void PartedProgram::findGradients() {
    sumsOf_.resize(graph().weights().size());
    isSummed_.resize(sumsOf_.size());
    for (std::uint32_t i = 0; i < graph().weights().size(); ++i) {
        const WeightId id{i};
        if (!graph().weight(id).learns())
            continue;
        auto& stored = weights_->stored(id);
        sumsOf_[i] = {sums_.size(), sums_.size()};
        for (std::size_t begin = 0; begin < stored.elements(); begin += kReduceChunk) {
            Sum sum{reinterpret_cast<float*>(stored.gradient.data()) + begin,
                    {},
                    std::min(kReduceChunk, stored.elements() - begin)};
            sum.weight = i;
            for (std::size_t part = 1; part < parts_.size(); ++part) // the first is the target
                if (const auto gradient = parts_[part].program->gradient(id); !gradient.empty())
                    sum.terms.push_back(gradient.data() + begin);
            sums_.push_back(std::move(sum));
        }
        sumsOf_[i].second = sums_.size();
    }
}

void PartedProgram::sumParts(WeightId weight) {
    const auto& [first, end] = sumsOf_[weight.index()];
    for (auto i = first; i < end; ++i)
        for (const auto* term : sums_[i].terms)
            addInto(sums_[i].target, sums_[i].target, term, sums_[i].size);
    isSummed_[weight.index()] = 1;
}

void PartedProgram::sumMadeTogether(std::size_t segment) {
    const auto& first = *parts_.front().program;
    for (std::uint32_t i = 0; i < sumsOf_.size(); ++i)
        if (const WeightId id{i};
            first.segmentOf(id) == segment && std::ranges::none_of(parts_, [&](const Part& part) {
                return part.program->tellsOf(id);
            })) {
            sumParts(id);
            watch()->isFinal(id);
        }
}

void PartedProgram::sumGradients() {
    const bool areOwn = watch() == nullptr; // else they are being summed over the ranks
    computePool().run(sums_.size(), [this, areOwn](std::size_t number, std::size_t) {
        auto& sum = sums_[number];
        if (isSummed_[sum.weight])
            return;
        for (const auto* term : sum.terms)
            addInto(sum.target, sum.target, term, sum.size);
        if (areOwn)
            sum.square = sumOfSquares(sum.target, sum.size);
    });
    if (areOwn)
        addSquares();
}

void PartedProgram::addSquares() {
    std::ranges::fill(squares_, 0.0);
    for (const auto& sum : sums_)
        squares_[sum.weight] += sum.square;
}

void PartedProgram::gradientsChanged() {
    computePool().run(sums_.size(), [this](std::size_t number, std::size_t) {
        sums_[number].square = sumOfSquares(sums_[number].target, sums_[number].size);
    });
    addSquares();
}

void PartedProgram::update(double learningRate, std::uint64_t step) {
    if (!options_.update)
        throw Error("the program was compiled without an optimizer");
    if (!std::exchange(hasGradients_, false))
        throw Error("the update needs a completed backward pass before it");
    updater_->update(learningRate, step);
    updateStatistics();
}

double PartedProgram::lossSum() const {
    double sum = 0;
    for (const auto& part : parts_)
        sum += part.program->lossSum();
    return sum;
}

Tensor PartedProgram::read(ValueId value) const {
    const auto shape = graph().type(value).shapeFor(options_.batch);
    std::vector<float> values(static_cast<std::size_t>(shape.elements()));
    copyOutput(value, values);
    return Tensor::of<float>(shape, std::span<const float>(values));
}

void PartedProgram::copyOutput(ValueId value, std::span<float> out) const {
    std::size_t size = 0;
    for (const auto& part : parts_)
        size += part.program->readable(value).size();
    if (out.size() != size)
        throw Error("{} has {} numbers, but the buffer holds {}", graph().value(value).path, size,
                    out.size());
    auto* target = out.data();
    for (const auto& part : parts_)
        target = std::ranges::copy(part.program->readable(value), target).out;
}

std::span<const double> PartedProgram::gradientSquares() const {
    return squares_;
}

std::optional<std::string> PartedProgram::firstNonFinite() const {
    for (const auto& part : parts_)
        if (auto path = part.program->firstNonFinite())
            return path;
    return {};
}

ProgramReport PartedProgram::report() const {
    auto bytes = group_.bytes();
    for (const auto& part : parts_)
        bytes += part.program->report().arenaBytes;
    return ofBatch(parts_.front().program->report(), group_, bytes);
}

} // namespace gradwright::onednn
