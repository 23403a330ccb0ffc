// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/compute_pool.h"

#include "engine/backend/compute_threads.h"
#include "engine/backend/one_thread.h"

#include <omp.h>

#include <algorithm>
#include <limits>
#include <utility>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace gradwright {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kPlaceBits = 20;
constexpr std::uint64_t kPlaceMask = (std::uint64_t{1} << kPlaceBits) - 1;
constexpr std::uint32_t kRoundMask = (std::uint32_t{1} << 24) - 1;
constexpr std::size_t kMostTasks = kPlaceMask; ///< the limit of one round
/// A thread whose time stands still for so long has no processor; where it has one, the owner looks
/// again.
constexpr std::chrono::nanoseconds kFirstLook = std::chrono::microseconds(20);
constexpr std::chrono::nanoseconds kNextLook = std::chrono::microseconds(200);
constexpr std::uint32_t kNoRound = std::numeric_limits<std::uint32_t>::max();

std::uint64_t packed(std::uint32_t round, std::size_t next, std::size_t end) {
    return std::uint64_t{round} << (2 * kPlaceBits) | std::uint64_t{next} << kPlaceBits |
           std::uint64_t{end};
}

void relax() {
#if defined(__SSE2__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// Whether the condition became true within the time.
template <class Condition>
bool spinUntil(const Condition& condition, std::chrono::nanoseconds most) {
    constexpr int kBetweenLooks = 16;
    const auto end = Clock::now() + most;
    do {
        for (int i = 0; i < kBetweenLooks; ++i) {
            if (condition())
                return true;
            relax();
        }
    } while (Clock::now() < end);
    return condition();
}

/// As spinUntil(), for longer times: leaves the processor meanwhile.
template <class Condition>
bool sleepUntil(const Condition& condition, std::chrono::nanoseconds time) {
    std::this_thread::sleep_for(time);
    return condition();
}

} // namespace

ComputePool::ComputePool(int threads)
    : active_(std::max(1, threads))
    , owner_(currentThread())
    , spin_(kQuietSpin.count())
    , shares_(static_cast<std::size_t>(active_)) {
    for (std::size_t worker = 1; worker < shares_.size(); ++worker) {
        auto& helper = *helpers_.emplace_back(std::make_unique<Helper>());
        helper.round = kNoRound;
        helper.thread = std::thread([this, &helper, worker] { help(helper, worker); });
    }
}

ComputePool::~ComputePool() {
    ends_ = true;
    for (auto& helper : helpers_) {
        helper->round.store(kNoRound - 1);
        helper->round.notify_one();
    }
    for (auto& helper : helpers_)
        helper->thread.join();
}

void ComputePool::setActive(int threads, std::chrono::nanoseconds spin) {
    active_ = std::clamp(threads, 1, size());
    spin_ = spin.count();
}

void ComputePool::runTasks(std::size_t count, std::size_t mostWorkers, TaskRef task) {
    const OneThread alone;
    const auto workers = std::min({static_cast<std::size_t>(active_), mostWorkers, count});
    if (workers <= 1) {
        for (std::size_t number = 0; number < count; ++number)
            task.call(task.context, number, 0);
        return;
    }
    task_ = task;
    for (std::size_t first = 0; first < count; first += kMostTasks)
        runRound(first, std::min(kMostTasks, count - first), workers);
}

void ComputePool::runRound(std::size_t first, std::size_t count, std::size_t workers) {
    first_ = first;
    round_ = (round_ + 1) & kRoundMask;
    pending_.store(static_cast<std::uint32_t>(count), std::memory_order_relaxed);
    // Releases what is written above to whoever takes a task.
    for (std::size_t worker = 0; worker < workers; ++worker)
        shares_[worker].word.store(
            packed(round_, count * worker / workers, count * (worker + 1) / workers),
            std::memory_order_release);
    for (std::size_t worker = 1; worker < workers; ++worker) {
        auto& called = helpers_[worker - 1]->round;
        called.store(round_, std::memory_order_release);
        called.notify_one();
    }
    if (placement_ != Placement::Free && currentProcessor() != place_)
        placeHelpers();
    takeTasks(0, round_);
    waitForOthers();
}

void ComputePool::takeTasks(std::size_t worker, std::uint32_t round) {
    std::uint32_t done = 0;
    for (std::size_t i = 0; i < shares_.size(); ++i) {
        auto& word = shares_[(worker + i) % shares_.size()].word;
        auto seen = word.load(std::memory_order_acquire);
        for (;;) {
            const auto next = seen >> kPlaceBits & kPlaceMask;
            if (seen >> (2 * kPlaceBits) != round || next >= (seen & kPlaceMask))
                break;
            if (!word.compare_exchange_weak(seen, seen + (std::uint64_t{1} << kPlaceBits),
                                            std::memory_order_acq_rel, std::memory_order_acquire))
                continue;
            // The round cannot end before this task, so task_ and first_ are its own.
            task_.call(task_.context, first_ + next, worker);
            ++done;
            seen = word.load(std::memory_order_acquire);
        }
    }
    if (done > 0 && pending_.fetch_sub(done, std::memory_order_acq_rel) == done && worker != 0)
        pending_.notify_one();
}

void ComputePool::waitForOthers() {
    const auto isDone = [this] { return pending_.load(std::memory_order_acquire) == 0; };
    if (spinUntil(isDone, spin()))
        return;
    if (placement_ == Placement::Apart)
        fetchLostThreads();
    else
        sleepUntilDone();
}

void ComputePool::sleepUntilDone() {
    for (auto left = pending_.load(std::memory_order_acquire); left != 0;
         left = pending_.load(std::memory_order_acquire))
        pending_.wait(left, std::memory_order_acquire);
}

void ComputePool::fetchLostThreads() {
    const auto isDone = [this] { return pending_.load(std::memory_order_acquire) == 0; };
    for (auto pause = kFirstLook;; pause = kNextLook) {
        for (const auto& helper : helpers_)
            helper->seen = runningTime(helper->id);
        if (pause == kFirstLook ? spinUntil(isDone, pause) : sleepUntil(isDone, pause))
            return;
        const auto here = ProcessorSet::only(currentProcessor());
        bool isFetched = false;
        for (const auto& helper : helpers_)
            if (helper->works && helper->seen && runningTime(helper->id) == helper->seen)
                isFetched |= here.keep(helper->id);
        if (isFetched) {
            sleepUntilDone();
            placeHelpers();
            return;
        }
    }
}

void ComputePool::placeHelpers() {
    place_ = placement_ == Placement::Free ? -1 : currentProcessor();
    auto places = ProcessorSet::of(owner_);
    if (!places)
        return;
    if (placement_ == Placement::Together)
        places = ProcessorSet::only(place_);
    else if (places->count() > 1)
        places = places->without(place_);
    for (const auto& helper : helpers_)
        if (const auto id = helper->id.load(); id != ThreadId{})
            places->keep(id);
}

void ComputePool::place(Placement placement) {
    if (placement == std::exchange(placement_, placement))
        return;
    placeHelpers();
}

void ComputePool::help(Helper& helper, std::size_t worker) {
    omp_set_num_threads(1);
    flushDenormals();
    helper.id = currentThread();
    for (auto served = kNoRound;;) {
        const auto isCalled = [&] {
            return helper.round.load(std::memory_order_acquire) != served;
        };
        if (!spinUntil(isCalled, spin()))
            helper.round.wait(served, std::memory_order_acquire);
        if (ends_)
            return;
        served = helper.round.load(std::memory_order_acquire);
        helper.works = true;
        takeTasks(worker, served);
        helper.works = false;
    }
}

void ComputePool::setShortTurns(bool wanted) {
    const auto turn = wanted ? Turn::Short : Turn::Standard;
    setTurn(owner_, turn);
    for (const auto& helper : helpers_)
        if (const auto id = helper->id.load(); id != ThreadId{})
            setTurn(id, turn);
}

std::optional<ProcessorTimes> ComputePool::times() {
    auto sum = processorTimes(owner_);
    for (int i = 0; sum && i + 1 < active_; ++i) {
        const auto helper = processorTimes(helpers_[static_cast<std::size_t>(i)]->id);
        if (!helper)
            return {};
        sum->running += helper->running;
        sum->waiting += helper->waiting;
    }
    return sum;
}

} // namespace gradwright
