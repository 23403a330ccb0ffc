// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/feed/batcher.h"

#include "engine/data/feed/worker_crew.h"
#include "engine/support/error.h"
#include "engine/support/rng.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <span>
#include <stop_token>
#include <thread>
#include <utility>

namespace gradwright {
namespace {

/// One with the user, one ready, one being filled.
constexpr std::size_t kFewestBuffers = 3;
/// Small batches are loaded many at a time: waking the loader for each would take longer than
/// loading it, and disturb the threads that compute.
constexpr std::size_t kMostBuffers = 24;
constexpr std::size_t kSmallBytes = std::size_t{4} << 20; ///< of all buffers together

/// Samples between the one that is loaded and the one that is fetched from memory meanwhile.
constexpr std::size_t kAhead = 4;

std::size_t buffersOf(std::size_t batchBytes) {
    return std::clamp(kSmallBytes / std::max(batchBytes, std::size_t{1}), kFewestBuffers,
                      kMostBuffers);
}

} // namespace

struct Batcher::State {
    State(std::shared_ptr<const DataSource> dataSource, std::vector<std::uint32_t> samples,
          std::int64_t batchSize, std::optional<std::uint64_t> shuffleSeed,
          std::shared_ptr<const Augmenter> sampleAugmenter, RankOf ofRanks)
        : source(std::move(dataSource))
        , indices(std::move(samples))
        , batch(batchSize)
        , share(ofRanks)
        , seed(shuffleSeed)
        , augmenter(std::move(sampleAugmenter))
        , elements(static_cast<std::size_t>(source->shape().elements()))
        , targetElements(source->targetShape().rank() == 0
                             ? 0
                             : static_cast<std::size_t>(source->targetShape().elements()))
        , sampleLabels(static_cast<std::size_t>(source->labelsPerSample()))
        , scaling(augmenter ? nullptr : source->byteScaling())
        , crew(source->isCostly() ? usefulHelpers() : 0) {
        const auto largest = std::min(batch, static_cast<std::int64_t>(indices.size()));
        const auto most = static_cast<std::size_t>(
            std::max(shareOf(largest, {0, share.ranks}).count, std::int64_t{1}));
        const auto inputBytes = elements * (scaling ? 1 : sizeof(float));
        buffers.resize(
            buffersOf(most * (inputBytes + (targetElements + sampleLabels) * sizeof(float))));
        refill = buffers.size() / 2;
        for (auto& buffer : buffers) {
            (scaling ? buffer.bytes.reserve(most * elements)
                     : buffer.inputs.reserve(most * elements));
            buffer.scaling = scaling;
            buffer.labels.reserve(most * sampleLabels);
            buffer.targets.reserve(most * targetElements);
            free.push_back(&buffer);
        }
        loader = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }

    void run(const std::stop_token& stop);
    void loadEpoch(const std::stop_token& stop, std::uint64_t ticket);
    bool fill(Batch& target, std::int64_t number, std::uint64_t ofEpoch,
              std::span<const std::uint32_t> order, const std::stop_token& stop,
              std::uint64_t ticket);
    void load(Batch& target, std::size_t place, std::uint32_t sample, std::uint64_t ofEpoch) const;
    [[nodiscard]] std::vector<std::uint32_t> orderOf(std::uint64_t wanted) const;
    [[nodiscard]] std::int64_t batches() const {
        return (static_cast<std::int64_t>(indices.size()) + batch - 1) / batch;
    }

    const std::shared_ptr<const DataSource> source;
    const std::vector<std::uint32_t> indices;
    const std::int64_t batch;
    const RankOf share;
    const std::optional<std::uint64_t> seed;
    const std::shared_ptr<const Augmenter> augmenter; ///< may be null
    const std::size_t elements;
    const std::size_t targetElements; ///< 0 where samples have a class
    const std::size_t sampleLabels;
    const ByteScaling* const scaling; ///< of the bytes that are handed out; null: values are
    WorkerCrew crew;

    std::vector<Batch> buffers;
    std::size_t refill = 1;   ///< so many must be free for the loader to begin again
    Batch* lent = nullptr;    ///< with the user
    double waitedSeconds = 0; ///< touched by the user's thread only

    std::mutex mutex; ///< guards all that follows
    std::condition_variable_any loaderWakes;
    std::condition_variable userWakes;
    std::vector<Batch*> free;
    std::vector<Batch*> ready;              ///< oldest first
    std::atomic<std::uint64_t> request = 0; ///< number of the last startEpoch(); read unlocked too
    std::uint64_t epoch = 0;
    std::int64_t firstBatch = 0;
    bool finished = true; ///< nothing more will become ready
    std::exception_ptr failure;

    std::jthread loader; ///< last, so that it ends before what it uses
};

std::vector<std::uint32_t> Batcher::State::orderOf(std::uint64_t wanted) const {
    auto order = indices;
    if (seed)
        shuffle(order, Rng(*seed, RngStream::Shuffle, static_cast<std::uint32_t>(wanted)));
    return order;
}

void Batcher::State::load(Batch& target, std::size_t place, std::uint32_t sample,
                          std::uint64_t ofEpoch) const {
    if (scaling) {
        source->bytes(sample, std::span(target.bytes).subspan(place * elements, elements));
    } else {
        const auto input = std::span(target.inputs).subspan(place * elements, elements);
        source->input(sample, input);
        if (augmenter)
            augmenter->apply(input, sample, ofEpoch);
    }
    source->labels(sample, std::span(target.labels).subspan(place * sampleLabels, sampleLabels));
    if (targetElements > 0)
        source->target(sample,
                       std::span(target.targets).subspan(place * targetElements, targetElements));
}

/// False when another epoch or the end was asked for meanwhile.
bool Batcher::State::fill(Batch& target, std::int64_t number, std::uint64_t ofEpoch,
                          std::span<const std::uint32_t> order, const std::stop_token& stop,
                          std::uint64_t ticket) {
    const auto all = order.subspan(static_cast<std::size_t>(number * batch));
    target.index = number;
    target.whole = std::min(batch, static_cast<std::int64_t>(all.size()));
    const auto own = shareOf(target.whole, share);
    target.isSpare = own.count == 0;
    target.first = target.isSpare ? 0 : own.first;
    target.count = target.isSpare ? 1 : own.count;
    const auto count = static_cast<std::size_t>(target.count);
    const auto samples = all.subspan(static_cast<std::size_t>(target.first), count);
    if (scaling)
        target.bytes.resize(count * elements);
    else
        target.inputs.resize(count * elements);
    target.labels.resize(count * sampleLabels);
    target.targets.resize(count * targetElements);
    const auto unwanted = [&] {
        return stop.stop_requested() || request.load(std::memory_order_relaxed) != ticket;
    };
    crew.run(count, [&](std::size_t i) {
        if (scaling && i + kAhead < count)
            source->expect(samples[i + kAhead]);
        if (!unwanted())
            load(target, i, samples[i], ofEpoch);
    });
    if (unwanted())
        return false;
    if (augmenter && augmenter->mixes())
        augmenter->mix(target.inputs, samples, ofEpoch);
    return true;
}

void Batcher::State::loadEpoch(const std::stop_token& stop, std::uint64_t ticket) {
    std::unique_lock lock(mutex);
    const auto wantedEpoch = epoch;
    auto number = firstBatch;
    lock.unlock();
    const auto order = orderOf(wantedEpoch);
    for (const auto end = batches(); number < end; ++number) {
        lock.lock();
        if (free.empty())
            loaderWakes.wait(lock, stop,
                             [&] { return free.size() >= refill || request != ticket; });
        if (stop.stop_requested() || request != ticket)
            return;
        auto* target = free.back();
        free.pop_back();
        lock.unlock();

        std::exception_ptr thrown;
        bool whole = false;
        try {
            whole = fill(*target, number, wantedEpoch, order, stop, ticket);
        } catch (...) {
            thrown = std::current_exception();
        }

        lock.lock();
        if (!whole || request != ticket) {
            free.push_back(target);
            if (thrown && request == ticket) {
                failure = thrown;
                finished = true;
                userWakes.notify_one();
            }
            return;
        }
        ready.push_back(target);
        finished = number + 1 == end;
        userWakes.notify_one();
        lock.unlock();
    }
}

void Batcher::State::run(const std::stop_token& stop) {
    std::uint64_t served = 0;
    while (!stop.stop_requested()) {
        std::unique_lock lock(mutex);
        if (!loaderWakes.wait(lock, stop, [&] { return request != served; }))
            return;
        served = request;
        lock.unlock();
        loadEpoch(stop, served);
    }
}

Batcher::Batcher(std::shared_ptr<const DataSource> source, std::vector<std::uint32_t> indices,
                 std::int64_t batch, std::optional<std::uint64_t> shuffleSeed,
                 std::shared_ptr<const Augmenter> augmenter, RankOf share) {
    if (share.ranks > 1 && augmenter && augmenter->mixes())
        throw Error("MixUp mixes samples of one batch, which several processes share: train "
                    "without it, or in one process");
    if (batch < 1)
        throw Error("a batch must hold at least 1 sample, not {}", batch);
    for (const auto index : indices)
        if (index >= source->size())
            throw Error("there is no sample {} among {}", index, source->size());
    state_ = std::make_unique<State>(std::move(source), std::move(indices), batch, shuffleSeed,
                                     std::move(augmenter), share);
}

Batcher::~Batcher() = default;

void Batcher::startEpoch(std::uint64_t epoch, std::int64_t firstBatch) {
    if (firstBatch < 0 || firstBatch > batchesPerEpoch())
        throw Error("an epoch of {} batches cannot start at batch {}", batchesPerEpoch(),
                    firstBatch);
    auto& state = *state_;
    const std::lock_guard lock(state.mutex);
    ++state.request;
    state.epoch = epoch;
    state.firstBatch = firstBatch;
    state.free.insert(state.free.end(), state.ready.begin(), state.ready.end());
    state.ready.clear();
    if (state.lent)
        state.free.push_back(std::exchange(state.lent, nullptr));
    state.failure = nullptr;
    state.finished = firstBatch == batchesPerEpoch();
    state.loaderWakes.notify_one();
}

const Batch* Batcher::next() {
    auto& state = *state_;
    std::unique_lock lock(state.mutex);
    if (state.lent) {
        state.free.push_back(std::exchange(state.lent, nullptr));
        if (state.free.size() == state.refill)
            state.loaderWakes.notify_one();
    }
    if (state.ready.empty() && !state.finished) {
        const auto before = std::chrono::steady_clock::now();
        state.userWakes.wait(lock, [&] { return !state.ready.empty() || state.finished; });
        const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - before;
        state.waitedSeconds += waited.count();
    }
    if (!state.ready.empty()) {
        state.lent = state.ready.front();
        state.ready.erase(state.ready.begin());
        return state.lent;
    }
    if (state.failure)
        std::rethrow_exception(state.failure);
    return nullptr;
}

std::int64_t Batcher::bufferBytes(std::int64_t sampleBytes, std::int64_t batch) {
    const auto bytes = sampleBytes * batch;
    return bytes * static_cast<std::int64_t>(buffersOf(static_cast<std::size_t>(bytes)));
}

std::int64_t Batcher::batchesPerEpoch() const {
    return state_->batches();
}

double Batcher::waitedSeconds() const {
    return state_->waitedSeconds;
}

} // namespace gradwright
