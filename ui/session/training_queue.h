// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/trainer.h"

#include <deque>
#include <memory>

namespace gradwright {

class TrainingSession;

/// The trainings that share a processor, one after the other: two at a time would only slow each
/// other down. The program has one queue for all its windows. For the GUI thread alone.
class TrainingQueue : public std::enable_shared_from_this<TrainingQueue> {
public:
    /// Starts a training as soon as those before it have ended. The session that is returned tells
    /// its state and progress by signals; stop() or deleting it cancels it, also while it waits.
    /// The queue has to be owned by a shared_ptr.
    [[nodiscard]] std::unique_ptr<TrainingSession> submit(TrainingJob job);

    /// The active sessions in their order: the first one trains, the others wait.
    [[nodiscard]] const std::deque<TrainingSession*>& sessions() const { return sessions_; }
    [[nodiscard]] bool isBusy() const { return !sessions_.empty(); }

private:
    friend class TrainingSession;

    /// Appends a session; whether it is its turn at once.
    [[nodiscard]] bool enter(TrainingSession& session);
    /// Takes a session out and launches the next one where it waits. Does nothing for a session
    /// that is not in the queue.
    void leave(TrainingSession& session);

    std::deque<TrainingSession*> sessions_;
};

} // namespace gradwright
