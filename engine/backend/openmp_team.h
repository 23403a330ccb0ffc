// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/thread_team.h"

#include <mutex>
#include <thread>
#include <vector>

namespace gradwright {

/// The threads of the OpenMP regions that the owner starts. A region's work is cut when it begins,
/// so all of them have to take part, and the numbers depend on how many there are. While they keep
/// apart, a thread looks several times a millisecond whether one of them has lost its processor
/// while the owner waits for it. The owner calls everything.
class OpenMpTeam : public ThreadTeam {
public:
    /// Of the calling thread.
    OpenMpTeam();
    ~OpenMpTeam() override;

    [[nodiscard]] int size() const override { return size_; }
    void setActive(int, std::chrono::nanoseconds) override {}
    [[nodiscard]] bool canShrink() const override { return false; }
    std::optional<ProcessorTimes> times() override;
    void setShortTurns(bool wanted) override;
    void place(Placement placement) override;
    [[nodiscard]] Placement placement() const override { return placement_; }

private:
    /// Whether the threads are the same as last time.
    bool findHelpers();
    void watch(const std::stop_token& stop);
    void look();
    /// Keeps helpers off the owner's processor, or lets them run wherever the owner may.
    void placeHelpers();

    int size_;
    ThreadId owner_;
    Placement placement_ = Placement::Free;
    bool takeShortTurns_ = false;
    std::mutex mutex_; ///< guards the members below, which the watching thread uses
    int place_ = -1;   ///< the processor that helpers are kept off
    std::vector<ThreadId> helpers_;
    std::vector<std::optional<std::chrono::nanoseconds>> seen_; ///< running times, by helper
    bool isFetched_ = false;
    std::jthread watch_;
};

} // namespace gradwright
