// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/chunked_program.h"

#include "engine/backend/compute_pool.h"
#include "engine/backend/compute_threads.h"
#include "engine/backend/one_thread.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

namespace gradwright::onednn {
namespace {

/// Activations of a chunk that a core's cache holds.
constexpr std::int64_t kCacheBytes = 256 << 10;
/// Multiplications for each weight that is read once a chunk.
constexpr std::int64_t kUsesOfWeight = 8;
constexpr std::int64_t kLeastChunk = 4;
/// From so many samples on, kernels work well; fewer only where threads would go short.
constexpr std::int64_t kGoodChunk = 16;

/// The largest input and output of an op together, of one sample.
std::int64_t activationBytes(const OpGraph& graph) {
    std::int64_t largest = 1;
    for (const auto& op : graph.ops())
        largest = std::max(largest, graph.elementsAround(op));
    return largest * std::int64_t{sizeof(float)};
}

std::int64_t chunksOf(std::int64_t batch, std::int64_t chunk) {
    return (batch + chunk - 1) / chunk;
}

/// Among how many threads the batch is to be shared out. A training says it by its parts, so that
/// its figures do not depend on the threads that it has at the moment.
std::int64_t sharesFor(int parts) {
    return parts > 1 ? parts : omp_get_max_threads();
}

} // namespace

std::int64_t ChunkedProgram::chunkFor(const OpGraph& graph, const CompileOptions& options,
                                      int parts) {
    const auto threads = sharesFor(parts);
    const bool isFixed = parts > 1; // one thread at a time for each chunk, in any case
    if (options.mode != Mode::Inference || (!isFixed && options.batch < kLeastChunk * threads))
        return options.batch;
    const auto forWeights =
        kUsesOfWeight * graph.parameters() / std::max<std::int64_t>(1, graph.macs());
    const auto forCache = kCacheBytes / activationBytes(graph);
    const auto share =
        std::max((options.batch + threads - 1) / threads, std::min(kLeastChunk, options.batch));
    const auto wanted = std::max({std::min(kGoodChunk, share), forWeights + 1, forCache});
    if (wanted > share)
        return threads > 1 && !isFixed ? options.batch : share;
    // As equal ones as possible.
    const auto number = (share + wanted - 1) / wanted;
    return (share + number - 1) / number;
}

ProgramReport ChunkedProgram::plan(const OpGraph& graph, const CompileOptions& options, int parts) {
    const auto chunk = chunkFor(graph, options, parts);
    const auto workers =
        std::min<std::int64_t>(computePool().size(), chunksOf(options.batch, chunk));
    const OneThread one;
    auto part = options;
    part.batch = chunk;
    auto report = ofBatch(planProgram(graph, part), chunk, options);
    report.arenaBytes *= static_cast<std::size_t>(workers);
    part.batch = options.batch % chunk;
    if (part.batch > 0)
        report.arenaBytes += planProgram(graph, part).arenaBytes;
    return report;
}

ChunkedProgram::ChunkedProgram(const OpGraph& graph, const CompileOptions& options, int parts,
                               std::shared_ptr<OneDnnWeights> weights)
    : options_(options)
    , weights_(std::move(weights))
    , chunk_(chunkFor(graph, options, parts))
    , chunks_(chunksOf(options.batch, chunk_)) {
    const auto threads = static_cast<std::int64_t>(computePool().size());
    const OneThread one;
    auto part = options;
    part.batch = chunk_;
    for (std::int64_t i = 0; i < std::min(threads, chunks_); ++i)
        workers_.push_back(std::make_unique<OneDnnProgram>(graph, part, weights_));
    part.batch = options.batch % chunk_;
    if (part.batch > 0)
        rest_ = std::make_unique<OneDnnProgram>(graph, part, weights_);
    inputs_.resize(workers_.size());
    for (auto& inputs : inputs_)
        inputs.reserve(graph.inputs().size());
    nonFinite_.resize(static_cast<std::size_t>(chunks_));
    failures_.resize(static_cast<std::size_t>(chunks_));
    squares_.resize(graph.weights().size());
    const auto gather = [&](ValueId value) {
        if (graph.type(value).element == DType::F32)
            results_.push_back(
                {value, std::vector<float>(static_cast<std::size_t>(
                            options.batch * graph.type(value).sample().elements()))});
    };
    for (const auto& output : graph.outputs())
        gather(output.value);
    for (const auto& loss : graph.losses())
        gather(loss.perSample);
}

bool ChunkedProgram::runChunk(std::int64_t number, std::size_t worker,
                              std::span<const BatchInput> inputs, StepSeed seed,
                              const std::stop_token& stop) {
    const auto first = number * chunk_;
    auto& program = rest_ && number == chunks_ - 1 ? *rest_ : *workers_[worker];
    auto& bound = inputs_[worker];
    skipSamples(graph(), inputs, first, bound);
    if (!program.forward(bound, seed, stop))
        return false;
    bool finite = true;
    for (auto& [value, values] : results_) {
        const auto from = program.readable(value);
        std::ranges::copy(from, values.data() + first * graph().type(value).sample().elements());
        finite = finite && std::ranges::all_of(from, [](float v) { return std::isfinite(v); });
    }
    auto& place = nonFinite_[static_cast<std::size_t>(number)];
    place.reset();
    if (!finite)
        place = program.firstNonFinite();
    return true;
}

bool ChunkedProgram::forward(std::span<const BatchInput> inputs, StepSeed seed,
                             const std::stop_token& stop) {
    done_ = false;
    // Once, before the threads.
    weights_->forms().refresh(workers_.front()->forms());
    if (rest_)
        weights_->forms().refresh(rest_->forms());
    std::atomic<bool> done = true;
    const auto run = [&](std::size_t number, std::size_t worker) {
        auto& failure = failures_[number];
        failure = nullptr;
        if (!done)
            return;
        try {
            if (!runChunk(static_cast<std::int64_t>(number), worker, inputs, seed, stop))
                done = false;
        } catch (...) {
            failure = std::current_exception();
            done = false;
        }
    };
    computePool().run(static_cast<std::size_t>(chunks_), workers_.size(), run);
    for (auto& failure : failures_)
        if (failure)
            std::rethrow_exception(std::exchange(failure, nullptr));
    firstNonFinite_.reset();
    for (const auto& path : nonFinite_)
        if (path && !firstNonFinite_)
            firstNonFinite_ = path;
    done_ = done;
    return done;
}

bool ChunkedProgram::backward(const std::stop_token&) {
    throw Error("gradients need a program compiled for training");
}

void ChunkedProgram::update(double, std::uint64_t) {
    throw Error("the program was compiled without an optimizer");
}

const ChunkedProgram::Result& ChunkedProgram::resultOf(ValueId value) const {
    if (!done_)
        throw Error("reading a value needs a completed forward pass before it");
    const auto found = std::ranges::find(results_, value, &Result::value);
    if (found == results_.end())
        throw Error("value number {} is neither an output nor a loss of the network", value.value);
    return *found;
}

double ChunkedProgram::lossSum() const {
    double sum = 0;
    for (const auto& loss : graph().losses())
        for (const auto value : resultOf(loss.perSample).values)
            sum += loss.weight * static_cast<double>(value);
    return sum;
}

Tensor ChunkedProgram::read(ValueId value) const {
    return Tensor::of<float>(graph().type(value).shapeFor(options_.batch),
                             std::span<const float>(resultOf(value).values));
}

void ChunkedProgram::copyOutput(ValueId value, std::span<float> out) const {
    const auto& values = resultOf(value).values;
    if (out.size() != values.size())
        throw Error("{} has {} numbers, but the buffer holds {}", graph().value(value).path,
                    values.size(), out.size());
    std::ranges::copy(values, out.begin());
}

ProgramReport ChunkedProgram::ofBatch(ProgramReport worker, std::int64_t chunk,
                                      const CompileOptions& options) {
    auto report = reportOfBatch(std::move(worker), chunk, options.batch,
                                static_cast<std::size_t>(chunksOf(options.batch, chunk)));
    report.chunk = chunk;
    return report;
}

ProgramReport ChunkedProgram::report() const {
    auto report = ofBatch(workers_.front()->report(), chunk_, options_);
    report.arenaBytes = rest_ ? rest_->report().arenaBytes : 0;
    for (const auto& worker : workers_)
        report.arenaBytes += worker->report().arenaBytes;
    return report;
}

void ChunkedProgram::timeOps(bool on) {
    for (const auto& worker : workers_)
        worker->timeOps(on);
    if (rest_)
        rest_->timeOps(on);
}

std::vector<double> ChunkedProgram::opSeconds() const {
    auto sum = workers_.front()->opSeconds();
    const auto add = [&sum](const std::vector<double>& seconds) {
        for (std::size_t op = 0; op < sum.size(); ++op)
            sum[op] += seconds[op];
    };
    for (std::size_t i = 1; i < workers_.size(); ++i)
        add(workers_[i]->opSeconds());
    if (rest_)
        add(rest_->opSeconds());
    return sum;
}

} // namespace gradwright::onednn
