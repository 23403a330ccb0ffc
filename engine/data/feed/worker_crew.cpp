// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/feed/worker_crew.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <limits>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace gradwright {

struct WorkerCrew::State {
    void help(const std::stop_token& stop);
    void takeTurns();

    std::mutex mutex;
    std::condition_variable_any wakes;
    std::condition_variable done;
    std::uint64_t round = 0; ///< of run()
    std::size_t busy = 0;    ///< helpers in this round
    const std::function<void(std::size_t)>* work = nullptr;
    std::size_t count = 0;
    std::atomic<std::size_t> next = 0;
    std::atomic<std::size_t> firstFailed = 0;
    std::exception_ptr failure;

    std::vector<std::jthread> helpers; ///< last, so that they end before what they use
};

void WorkerCrew::State::takeTurns() {
    for (;;) {
        const auto number = next.fetch_add(1);
        if (number >= count || number > firstFailed.load())
            return;
        try {
            (*work)(number);
        } catch (...) {
            const std::lock_guard lock(mutex);
            if (number < firstFailed.load()) {
                firstFailed = number;
                failure = std::current_exception();
            }
        }
    }
}

void WorkerCrew::State::help(const std::stop_token& stop) {
    std::uint64_t served = 0;
    std::unique_lock lock(mutex);
    while (wakes.wait(lock, stop, [&] { return round != served; })) {
        served = round;
        if (!work)
            continue; // over before this thread woke
        ++busy;
        lock.unlock();
        takeTurns();
        lock.lock();
        if (--busy == 0)
            done.notify_one();
    }
}

WorkerCrew::WorkerCrew(std::size_t helpers)
    : state_(std::make_unique<State>()) {
    for (std::size_t i = 0; i < helpers; ++i)
        state_->helpers.emplace_back(
            [state = state_.get()](const std::stop_token& stop) { state->help(stop); });
}

WorkerCrew::~WorkerCrew() = default;

void WorkerCrew::run(std::size_t count, const std::function<void(std::size_t)>& work) {
    auto& state = *state_;
    if (state.helpers.empty()) {
        for (std::size_t number = 0; number < count; ++number)
            work(number);
        return;
    }
    {
        const std::lock_guard lock(state.mutex);
        state.work = &work;
        state.count = count;
        state.next = 0;
        state.firstFailed = std::numeric_limits<std::size_t>::max();
        state.failure = nullptr;
        ++state.round;
    }
    state.wakes.notify_all();
    state.takeTurns();
    std::unique_lock lock(state.mutex);
    state.done.wait(lock, [&] { return state.busy == 0; });
    state.work = nullptr;
    if (state.failure)
        std::rethrow_exception(state.failure);
}

std::size_t usefulHelpers() {
    constexpr std::size_t most = 15;
    return std::min<std::size_t>(most, std::max(1U, std::thread::hardware_concurrency()) - 1);
}

} // namespace gradwright
