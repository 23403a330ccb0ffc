// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/thread_governor.h"

#include "engine/backend/compute_pool.h"
#include "engine/backend/compute_threads.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace gradwright {
namespace {

using namespace std::chrono_literals;

constexpr auto kWindow = 100ms;
/// Below this share of their time, threads wait for each other and for the window, for short.
constexpr double kLeastWaiting = 0.08;
/// The number of others' threads from which on the computer is busy, …
constexpr double kBusy = 0.5;
/// … and below it is quiet again.
constexpr double kQuiet = 0.25;
/// Threads whose fair share of the processors is less compute on one.
constexpr double kOneProcessor = 1.1;
/// At most so many threads of others are assumed where the system does not say how many there are.
constexpr int kMostTold = 100;
/// A reported number of others' threads stays as long as it is off by less.
constexpr double kStill = 0.8;
/// The share of the past in what is smoothed, per window.
constexpr double kMemory = 0.6;

constexpr auto kBusySpin = 5us;

/// Another number of threads is tried this often, while steps are so short.
constexpr auto kBetweenTrials = 1500ms;
constexpr auto kShortStep = 20ms;
/// By how much it has to be better, and how often in a row.
constexpr double kGain = 1.1;
constexpr int kWins = 2;

double seconds(std::chrono::nanoseconds time) {
    return std::chrono::duration<double>(time).count();
}

} // namespace

std::string toString(const ComputeLoad& load) {
    auto text = fmt::format("{} thread{}", load.threads, load.threads == 1 ? "" : "s");
    if (load.othersBusy > 0)
        text += fmt::format(", others use {}", load.othersBusy);
    return text;
}

double LoadSample::othersBusy() const {
    const double running = seconds(used.running), waiting = seconds(used.waiting);
    if (running <= 0 || waiting < kLeastWaiting * (running + waiting))
        return 0;
    const double ready = (running + waiting) / seconds(wall);
    const double got = running / seconds(wall);
    return std::max(0.0, ready * (processors / got - 1)) / weight;
}

double LoadSample::fairShare(double others, int threads) const {
    return processors * threads / (threads + others * weight);
}

ThreadGovernor::ThreadGovernor(ThreadTeam& team)
    : team_(team)
    , threads_(team.size())
    , tried_(threads_)
    , lastTrial_(Clock::now())
    , lastLook_(lastTrial_) {
    load_.threads = threads_;
    apply();
}

ThreadGovernor::~ThreadGovernor() {
    isBusy_ = false;
    tried_ = team_.size();
    apply();
    team_.setShortTurns(false);
    team_.place(Placement::Free);
}

void ThreadGovernor::resume(Clock::time_point now) {
    if (start_ || team_.size() == 1)
        return;
    const auto times = team_.times();
    if (!times)
        return;
    start_ = now;
    startTimes_ = *times;
}

void ThreadGovernor::pause(Clock::time_point now) {
    if (start_ && !endStretch(now))
        window_ = {};
}

bool ThreadGovernor::endStretch(Clock::time_point now) {
    const auto start = *std::exchange(start_, {});
    const auto times = team_.times();
    if (!times)
        return false;
    window_.wall += now - start;
    window_.used.running += times->running - startTimes_.running;
    window_.used.waiting += times->waiting - startTimes_.waiting;
    return true;
}

std::optional<ComputeLoad> ThreadGovernor::afterStep(double work, Clock::time_point now) {
    if (team_.size() == 1)
        return {};
    if (!start_) {
        resume(now);
        return {};
    }
    window_.work += work;
    ++window_.steps;
    if (window_.wall + (now - *start_) < kWindow)
        return {};
    const bool isKnown = endStretch(now);
    const auto window = std::exchange(window_, {});
    if (!isKnown) {
        resume(now);
        return {};
    }
    const LoadSample sample{.wall = window.wall,
                            .used = window.used,
                            .processors = availableThreads(),
                            .weight = weightOfOthers()};
    noteOthers(sample, now);
    const double rate = window.work / seconds(window.wall);
    if (isBusy_ && others_ <= kQuiet)
        setBusy(false, now);
    else if (tried_ != threads_)
        judgeTrial(rate, now);
    else
        judge(rate, window.steps * kShortStep > window.wall, now);
    place(sample, now);
    resume(now);

    const ComputeLoad load{.threads = threads_, .othersBusy = toldOthers()};
    if (load == std::exchange(load_, load))
        return {};
    return load_;
}

int ThreadGovernor::toldOthers() const {
    if (!isBusy_)
        return 0;
    const bool isStill = load_.othersBusy > 0 && std::abs(others_ - load_.othersBusy) < kStill;
    if (isStill)
        return load_.othersBusy;
    // Where others have more weight than a process has, there seem to be more of them.
    const int runnable = std::max(runnableThreads().value_or(kMostTold) - 1, 1);
    return std::clamp(static_cast<int>(std::lround(others_)), 1, runnable);
}

void ThreadGovernor::noteOthers(const LoadSample& sample, Clock::time_point now) {
    const double others = sample.othersBusy();
    if (tried_ == 1 && others == 0)
        return; // a single thread that has a processor for itself does not feel them
    if (team_.placement() == Placement::Together)
        return; // nor do threads that keep each other waiting
    const bool isRare = threads_ == 1 || now - lastLook_ > kBetweenTrials;
    const double memory = isRare ? 0 : kMemory;
    others_ = memory * others_ + (1 - memory) * others;
}

void ThreadGovernor::judge(double rate, bool isShort, Clock::time_point now) {
    rate_ = rate_ > 0 ? kMemory * rate_ + (1 - kMemory) * rate : rate;
    if (!isBusy_ && others_ >= kBusy)
        setBusy(true, now);
    // Together, threads lose no more to each other than a single one would to other programs.
    const bool isTogether = team_.placement() == Placement::Together;
    if (team_.canShrink() && isBusy_ && isShort && !isTogether &&
        now - lastTrial_ >= kBetweenTrials)
        tryThreads(threads_ == 1 ? team_.size() : 1, now);
}

void ThreadGovernor::judgeTrial(double rate, Clock::time_point now) {
    wins_ = rate > kGain * rate_ ? wins_ + 1 : 0;
    if (wins_ == kWins) {
        setThreads(tried_, now);
        rate_ = rate;
    } else if (wins_ > 0) {
        tryThreads(tried_, now);
    } else {
        setThreads(threads_, now);
    }
}

void ThreadGovernor::setBusy(bool busy, Clock::time_point now) {
    isBusy_ = busy;
    team_.setShortTurns(busy);
    setThreads(team_.size(), now);
}

void ThreadGovernor::place(const LoadSample& sample, Clock::time_point now) {
    // What others do is only seen from apart.
    const bool isTogether = team_.placement() == Placement::Together;
    if (isTogether && now - lastLook_ < kBetweenTrials)
        return;
    if (!isTogether)
        lastLook_ = now;
    const bool isCrowded = !isTogether && sample.fairShare(others_, team_.size()) < kOneProcessor;
    team_.place(!isBusy_ ? Placement::Free : isCrowded ? Placement::Together : Placement::Apart);
    if (isBusy_ && isCrowded)
        setThreads(team_.size(), now);
    else
        apply();
}

void ThreadGovernor::setThreads(int threads, Clock::time_point now) {
    lastTrial_ = now;
    if (threads != threads_)
        rate_ = 0;
    threads_ = tried_ = threads;
    wins_ = 0;
    apply();
}

void ThreadGovernor::tryThreads(int threads, Clock::time_point now) {
    lastTrial_ = now;
    tried_ = threads;
    apply();
}

void ThreadGovernor::apply() const {
    const bool isShared = isBusy_ && team_.placement() != Placement::Apart;
    team_.setActive(tried_, isShared ? kBusySpin : kQuietSpin);
}

} // namespace gradwright
