// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/scheduling.h"

#include <chrono>
#include <optional>

namespace gradwright {

/// Which processors the threads of a team run on.
enum class Placement {
    Free, ///< the system decides
    /// Helpers keep off the owner's processor. One that another program has taken the processor
    /// from in the middle of a task is fetched: while the owner has nothing to do but to wait for
    /// it, it runs on the owner's.
    Apart,
    /// All share the owner's, and other programs have the other ones. Threads that cannot, since
    /// they spin for each other, keep apart.
    Together
};

/// Threads that compute together for the one that owns the team, which takes part.
class ThreadTeam {
public:
    ThreadTeam() = default;
    virtual ~ThreadTeam() = default;
    ThreadTeam(const ThreadTeam&) = delete;
    ThreadTeam& operator=(const ThreadTeam&) = delete;

    /// The owner counts.
    [[nodiscard]] virtual int size() const = 0;
    /// How many threads take part, from 1 to size(), and how long they spin before they sleep. Does
    /// nothing where the team cannot shrink.
    virtual void setActive(int threads, std::chrono::nanoseconds spin) = 0;
    /// Whether fewer threads compute the same numbers.
    [[nodiscard]] virtual bool canShrink() const = 0;
    /// The processor times of the active threads, since they started; nothing where the system does
    /// not say, or where other threads have taken part since the last call.
    virtual std::optional<ProcessorTimes> times() = 0;
    /// Gives all threads short turns on the processor, or those that they had before.
    virtual void setShortTurns(bool wanted) = 0;
    /// Does nothing where the system does not place threads. The owner is never bound to a
    /// processor: threads that it starts would be, too.
    virtual void place(Placement placement) = 0;
    [[nodiscard]] virtual Placement placement() const = 0;
};

} // namespace gradwright
