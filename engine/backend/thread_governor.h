// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/thread_team.h"

#include <chrono>
#include <optional>
#include <string>

namespace gradwright {

/// What a computation has of the processors.
struct ComputeLoad {
    int threads = 1;    ///< that take part
    int othersBusy = 0; ///< threads of other programs that compute, as far as they are in the way

    bool operator==(const ComputeLoad&) const = default;
};

/// "2 threads, others use 1"; without the second part where it is not.
std::string toString(const ComputeLoad& load);

/// What a team of threads has had of the processors for some time, and what follows from it.
struct LoadSample {
    std::chrono::nanoseconds wall{0};
    ProcessorTimes used; ///< of all active threads together
    int processors = 1;
    double weight = 1; ///< of a thread of another program, beside one of ours

    /// How many threads of other programs want a processor all the time, from the share that ours
    /// got of the time in which they were ready to run: with p processors and r of our threads
    /// ready, each is running p / (r + others) of the time, if the scheduler is fair. 0 where they
    /// were hardly ever kept waiting.
    [[nodiscard]] double othersBusy() const;
    /// The processors that so many threads get together beside so many of other programs.
    [[nodiscard]] double fairShare(double others, int threads) const;
};

/// Adapts a team of threads to what else the computer does. While nobody is in the way, threads
/// that wait spin, since the next tasks follow at once. On a busy computer they sleep soon and take
/// short turns; and where the tasks are so short that even so a single thread is faster, that one
/// computes. Belongs to the thread that owns the team. Does nothing where the system does not tell
/// the times of its threads.
class ThreadGovernor {
public:
    using Clock = std::chrono::steady_clock;

    explicit ThreadGovernor(ThreadTeam& team);
    /// Leaves the team as for a quiet computer.
    ~ThreadGovernor();
    ThreadGovernor(const ThreadGovernor&) = delete;
    ThreadGovernor& operator=(const ThreadGovernor&) = delete;

    /// To be called after each step, with what it has done (in samples or any other unit). Returns
    /// the load where it has changed.
    std::optional<ComputeLoad> afterStep(double work, Clock::time_point now = Clock::now());
    /// The computation pauses, between epochs for example: the time from here to resume(), or to
    /// the end of the next step, does not count. What was measured before does: the epochs of a
    /// small network are shorter than a window.
    void pause(Clock::time_point now = Clock::now());
    void resume(Clock::time_point now = Clock::now());

    [[nodiscard]] const ComputeLoad& load() const { return load_; }

private:
    /// What has been measured since the last judgement, without pauses.
    struct Window {
        std::chrono::nanoseconds wall{0};
        ProcessorTimes used;
        double work = 0;
        int steps = 0;
    };

    /// Whether the system told the times.
    bool endStretch(Clock::time_point now);
    [[nodiscard]] int toldOthers() const;
    void noteOthers(const LoadSample& sample, Clock::time_point now);
    void judge(double rate, bool isShort, Clock::time_point now);
    void judgeTrial(double rate, Clock::time_point now);
    void place(const LoadSample& sample, Clock::time_point now);
    void setBusy(bool busy, Clock::time_point now);
    /// For good, or for one window to try it.
    void setThreads(int threads, Clock::time_point now);
    void tryThreads(int threads, Clock::time_point now);
    void apply() const;

    ThreadTeam& team_;
    bool isBusy_ = false;
    int threads_; ///< that take part …
    int tried_;   ///< … and those of this window
    Window window_;
    std::optional<Clock::time_point> start_; ///< of the stretch since the last pause or judgement
    ProcessorTimes startTimes_;
    double others_ = 0; ///< smoothed
    double rate_ = 0;   ///< smoothed, with threads_
    Clock::time_point lastTrial_;
    Clock::time_point lastLook_; ///< at others, which threads that compute together do not feel
    int wins_ = 0;               ///< trials won in a row
    ComputeLoad load_;
};

} // namespace gradwright
