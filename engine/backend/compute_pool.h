// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/thread_team.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace gradwright {

/// How long an idle thread spins on a computer that has nothing else to do.
inline constexpr std::chrono::nanoseconds kQuietSpin = std::chrono::microseconds(50);

/// Threads that compute tasks side by side for the thread that owns the pool, which takes part.
/// Tasks come from a queue: a thread that loses its processor delays the task that it has begun and
/// no other. A thread that finds nothing to do spins briefly, since the next tasks usually follow
/// at once, and then sleeps, so that a busy computer loses nothing to it. run() and the settings
/// belong to the owner.
class ComputePool : public ThreadTeam {
public:
    /// With `threads` threads, the owner's included. At first all are active.
    explicit ComputePool(int threads);
    ~ComputePool() override;

    [[nodiscard]] int size() const override { return static_cast<int>(shares_.size()); }

    /// How many threads take tasks, from 1 to size(), and how long they spin before they sleep.
    void setActive(int threads, std::chrono::nanoseconds spin) override;
    [[nodiscard]] bool canShrink() const override { return true; }
    [[nodiscard]] int active() const { return active_; }

    /// Calls task(number, worker) for every number below `count`, each once; returns when all are
    /// done. Workers are numbered from 0, the owner, and there are at most `mostWorkers`. Tasks
    /// must not throw. OpenMP regions inside of tasks run on one thread.
    template <class Task>
    void run(std::size_t count, std::size_t mostWorkers, const Task& task) {
        runTasks(count, mostWorkers,
                 {&task, [](const void* context, std::size_t number, std::size_t worker) {
                      (*static_cast<const Task*>(context))(number, worker);
                  }});
    }
    template <class Task>
    void run(std::size_t count, const Task& task) {
        run(count, static_cast<std::size_t>(size()), task);
    }

    std::optional<ProcessorTimes> times() override;
    void setShortTurns(bool wanted) override;
    void place(Placement placement) override;
    [[nodiscard]] Placement placement() const override { return placement_; }

private:
    struct TaskRef {
        const void* context;
        void (*call)(const void* context, std::size_t number, std::size_t worker);
    };
    /// A worker's own tasks, from which others steal: round, next and end packed into one word, so
    /// that a thread that comes late cannot take a task of another round.
    struct alignas(64) Share {
        std::atomic<std::uint64_t> word = 0;
    };
    struct alignas(64) Helper {
        std::atomic<std::uint32_t> round = 0; ///< the last one that it was called for
        std::atomic<ThreadId> id = {};
        std::atomic<bool> works = false; ///< may have begun a task
        std::thread thread = {};
        /// Its running time when the owner, which waits for it, last looked.
        std::optional<std::chrono::nanoseconds> seen = {};
    };

    void runTasks(std::size_t count, std::size_t mostWorkers, TaskRef task);
    void runRound(std::size_t first, std::size_t count, std::size_t workers);
    void takeTasks(std::size_t worker, std::uint32_t round);
    void help(Helper& helper, std::size_t worker);
    void waitForOthers();
    void sleepUntilDone();
    void fetchLostThreads();
    void placeHelpers();
    [[nodiscard]] std::chrono::nanoseconds spin() const {
        return std::chrono::nanoseconds(spin_.load(std::memory_order_relaxed));
    }

    int active_;
    ThreadId owner_;
    Placement placement_ = Placement::Free;
    int place_ = -1; ///< the owner's processor, as far as helpers were placed by it
    std::uint32_t round_ = 0;
    TaskRef task_{};
    std::size_t first_ = 0; ///< the number of the round's first task
    std::atomic<std::int64_t> spin_;
    std::atomic<bool> ends_ = false;
    std::vector<Share> shares_; ///< by worker
    alignas(64) std::atomic<std::uint32_t> pending_ = 0;
    std::vector<std::unique_ptr<Helper>> helpers_;
};

} // namespace gradwright
