// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gradwright {

/// How the calling thread wants the processor, and the threads that it starts from then on.
enum class Scheduling {
    Responsive, ///< short turns, taken at once: someone waits for the answer
    Throughput  ///< long turns at a lower priority: computes for hours beside a window
};

/// A hint. Linux 6.12 and later let a thread with a short time slice go before one that computes
/// (sched(7), sched_setattr(2): sched_runtime of SCHED_OTHER); elsewhere nothing happens.
void setScheduling(Scheduling wish);

} // namespace gradwright
