// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/scheduling.h"

#include <algorithm>

#ifdef __linux__
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <span>
#include <string_view>
#endif

namespace gradwright {

ProcessorSet ProcessorSet::only(int processor) {
    ProcessorSet set;
    if (processor >= 0 && static_cast<std::size_t>(processor) < kMost)
        set.processors_.set(static_cast<std::size_t>(processor));
    return set;
}

ProcessorSet ProcessorSet::without(int processor) const {
    auto set = *this;
    set.processors_ &= ~only(processor).processors_;
    return set;
}

bool ProcessorSet::contains(int processor) const {
    return (processors_ & only(processor).processors_).any();
}

int ProcessorSet::count() const {
    return static_cast<int>(processors_.count());
}

#ifdef __linux__

namespace {

constexpr std::uint64_t kShortSlice = 200'000; // ns; the kernel takes 0.1 to 100 ms
constexpr std::uint64_t kDefaultSlice = 0;
constexpr std::int32_t kBackground = 5; ///< nice(2): who waits for an answer goes first

/// The first version of struct sched_attr of linux/sched/types.h, which Debian 12's libc lacks.
struct SchedulingAttributes {
    std::uint32_t size;
    std::uint32_t policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime;
    std::uint64_t deadline;
    std::uint64_t period;
};

template <class Set>
void change(ThreadId thread, const Set& set) {
    SchedulingAttributes attributes{};
    constexpr unsigned int noFlags = 0;
    if (syscall(SYS_sched_getattr, thread, &attributes, sizeof attributes, noFlags) != 0)
        return;
    attributes.size = sizeof attributes;
    set(attributes);
    syscall(SYS_sched_setattr, thread, &attributes, noFlags);
}

/// What the kernel tells of a thread of this process in a file; empty where it tells nothing.
std::string_view threadFile(ThreadId thread, const char* name, std::span<char> buffer) {
    std::array<char, 64> path{};
    *fmt::format_to_n(path.data(), path.size() - 1, "/proc/self/task/{}/{}", thread, name).out = 0;
    const int file = open(path.data(), O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return {};
    const auto size = read(file, buffer.data(), buffer.size());
    close(file);
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

} // namespace

void setScheduling(Scheduling wish) {
    constexpr ThreadId thisThread = 0;
    change(thisThread, [wish](SchedulingAttributes& attributes) {
        attributes.runtime = wish == Scheduling::Responsive ? kShortSlice : kDefaultSlice;
        if (wish == Scheduling::Throughput) // only a privileged process could take it back
            attributes.nice = std::max(attributes.nice, kBackground);
    });
}

void setTurn(ThreadId thread, Turn turn) {
    change(thread, [turn](SchedulingAttributes& attributes) {
        attributes.runtime = turn == Turn::Short ? kShortSlice : kDefaultSlice;
    });
}

ThreadId currentThread() {
    return static_cast<ThreadId>(syscall(SYS_gettid));
}

std::optional<ProcessorTimes> processorTimes(ThreadId thread) {
    std::array<char, 128> buffer{};
    const auto text = threadFile(thread, "schedstat", buffer);
    // "<nanoseconds running> <nanoseconds waiting> <time slices>"
    const auto* const end = text.data() + text.size();
    std::int64_t running = 0, waiting = 0;
    const auto first = std::from_chars(text.data(), end, running);
    if (first.ec != std::errc{} || first.ptr == end)
        return {};
    const auto second = std::from_chars(first.ptr + 1, end, waiting);
    if (second.ec != std::errc{} || running == 0) // all zero: no statistics are kept
        return {};
    return ProcessorTimes{std::chrono::nanoseconds(running), std::chrono::nanoseconds(waiting)};
}

std::optional<std::chrono::nanoseconds> runningTime(ThreadId thread) {
    // As pthread_getcpuclockid() makes it: the complement of the number, and what kind of clock.
    constexpr unsigned int threadTime = 4 | 2;
    const auto clock = static_cast<clockid_t>(~static_cast<unsigned int>(thread) << 3 | threadTime);
    timespec time{};
    if (thread <= 0 || clock_gettime(clock, &time) != 0)
        return {};
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::optional<ThreadState> threadState(ThreadId thread) {
    std::array<char, 512> buffer{};
    const auto text = threadFile(thread, "stat", buffer);
    // "number (name) state …": fields are counted from the name on, which may hold anything.
    const auto name = text.rfind(')');
    if (name == std::string_view::npos || name + 2 >= text.size())
        return {};
    ThreadState state{.isReady = text[name + 2] == 'R'};
    constexpr int stateField = 3, processorField = 39;
    auto begin = name + 2;
    for (int field = stateField; field < processorField; ++field) {
        begin = text.find(' ', begin);
        if (begin++ == std::string_view::npos)
            return {};
    }
    std::from_chars(text.data() + begin, text.data() + text.size(), state.processor);
    return state;
}

std::optional<int> runnableThreads() {
    std::FILE* const file = std::fopen("/proc/loadavg", "re");
    if (!file)
        return {};
    int running = 0;
    const bool isKnown = std::fscanf(file, "%*s %*s %*s %d/", &running) == 1;
    std::fclose(file);
    return isKnown && running > 0 ? std::optional(running) : std::nullopt;
}

int currentProcessor() {
    return sched_getcpu();
}

std::optional<ProcessorSet> ProcessorSet::of(ThreadId thread) {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    if (sched_getaffinity(thread, sizeof mask, &mask) != 0)
        return {};
    ProcessorSet set;
    for (std::size_t i = 0; i < kMost; ++i)
        set.processors_[i] = CPU_ISSET(i, &mask);
    return set;
}

bool ProcessorSet::keep(ThreadId thread) const {
    static_assert(kMost == CPU_SETSIZE);
    cpu_set_t mask;
    CPU_ZERO(&mask);
    for (std::size_t i = 0; i < kMost; ++i)
        if (processors_[i])
            CPU_SET(i, &mask);
    return sched_setaffinity(thread, sizeof mask, &mask) == 0;
}

double weightOfOthers() {
    errno = 0;
    const int nice = getpriority(PRIO_PROCESS, static_cast<id_t>(currentThread()));
    constexpr double perStep = 1.25;
    return errno == 0 ? std::pow(perStep, nice) : 1;
}

#else

void setScheduling(Scheduling) {}

void setTurn(ThreadId, Turn) {}

ThreadId currentThread() {
    return 0;
}

std::optional<ProcessorTimes> processorTimes(ThreadId) {
    return {};
}

std::optional<std::chrono::nanoseconds> runningTime(ThreadId) {
    return {};
}

std::optional<ThreadState> threadState(ThreadId) {
    return {};
}

std::optional<int> runnableThreads() {
    return {};
}

int currentProcessor() {
    return -1;
}

std::optional<ProcessorSet> ProcessorSet::of(ThreadId) {
    return {};
}

bool ProcessorSet::keep(ThreadId) const {
    return false;
}

double weightOfOthers() {
    return 1;
}

#endif

} // namespace gradwright
