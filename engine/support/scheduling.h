// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <bitset>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace gradwright {

/// How the calling thread wants the processor, and the threads that it starts from then on.
enum class Scheduling {
    Responsive, ///< short turns, taken at once: someone waits for the answer
    Throughput  ///< long turns at a lower priority: computes for hours beside a window
};

/// A hint. Linux 6.12 and later let a thread with a short time slice go before one that computes
/// (sched(7), sched_setattr(2): sched_runtime of SCHED_OTHER); elsewhere nothing happens.
void setScheduling(Scheduling wish);

/// The system's number of a thread; 0 is none.
using ThreadId = std::int32_t;
ThreadId currentThread();

/// How long a thread's turns on the processor are where others want it, too. With short ones it is
/// its turn again sooner, which counts where threads wait for each other; its share stays the same.
enum class Turn { Standard, Short };

/// Sets the turn of a thread of this process. A hint, as setScheduling().
void setTurn(ThreadId thread, Turn turn);

/// What a thread has had of the processors since it started.
struct ProcessorTimes {
    std::chrono::nanoseconds running{0};
    std::chrono::nanoseconds waiting{0}; ///< ready to run, while others had the processor
};

/// The times of a thread of this process; nothing where the system does not say (Linux does, if its
/// kernel keeps statistics of the scheduler: /proc/PID/task/TID/schedstat, sched-stats.rst). Takes
/// some microseconds.
std::optional<ProcessorTimes> processorTimes(ThreadId thread);
/// How long a thread of this process has had a processor, up to this moment (processorTimes() may
/// leave out its present turn); nothing where the system does not say. Takes a microsecond.
std::optional<std::chrono::nanoseconds> runningTime(ThreadId thread);

struct ThreadState {
    bool isReady = false; ///< runs, or would if it had a processor
    int processor = -1;   ///< that it runs on or ran on last
};
/// Nothing where the system does not say (Linux: /proc/PID/task/TID/stat, proc(5)).
std::optional<ThreadState> threadState(ThreadId thread);
/// Threads of all processes that run or are ready to, the calling one included; nothing where the
/// system does not say (Linux: the fourth field of /proc/loadavg, proc(5)).
std::optional<int> runnableThreads();
/// The processor that the calling thread is on; -1 where the system does not say.
int currentProcessor();

/// Processors that a thread may run on (sched_setaffinity(2)).
class ProcessorSet {
public:
    /// Those of a thread of this process; nothing where the system does not say.
    [[nodiscard]] static std::optional<ProcessorSet> of(ThreadId thread);
    /// The only processor, or none if it is negative.
    [[nodiscard]] static ProcessorSet only(int processor);

    [[nodiscard]] ProcessorSet without(int processor) const;
    [[nodiscard]] bool contains(int processor) const;
    [[nodiscard]] int count() const;
    /// Keeps a thread of this process on these processors: one that is elsewhere moves at once.
    /// Whether the system did it; it refuses an empty set.
    bool keep(ThreadId thread) const;

    bool operator==(const ProcessorSet&) const = default;

private:
    static constexpr std::size_t kMost = 1024; ///< as of glibc's cpu_set_t
    std::bitset<kMost> processors_;
};

/// How much more a thread of ordinary priority gets than the calling one: 1.25 for each step of its
/// nice value (sched(7), "The nice value").
double weightOfOthers();

} // namespace gradwright
