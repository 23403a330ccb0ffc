// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/scheduling.h"

#include <algorithm>

#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#endif

namespace gradwright {

#ifdef __linux__

namespace {

constexpr std::uint64_t kShortSlice = 200'000; // ns; the kernel takes 0.1 to 100 ms
constexpr std::uint64_t kStandardSlice = 0;
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

} // namespace

void setScheduling(Scheduling wish) {
    SchedulingAttributes attributes{};
    constexpr unsigned int kNoFlags = 0;
    constexpr int kThisThread = 0;
    if (syscall(SYS_sched_getattr, kThisThread, &attributes, sizeof attributes, kNoFlags) != 0)
        return;
    attributes.size = sizeof attributes;
    attributes.runtime = wish == Scheduling::Responsive ? kShortSlice : kStandardSlice;
    if (wish == Scheduling::Throughput) // only a privileged process could take it back
        attributes.nice = std::max(attributes.nice, kBackground);
    syscall(SYS_sched_setattr, kThisThread, &attributes, kNoFlags);
}

#else

void setScheduling(Scheduling) {}

#endif

} // namespace gradwright
