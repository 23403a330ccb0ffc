// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/trainer.h"

#include <deque>
#include <memory>

namespace gradwright {

class TrainingSession;

/// What takes its turn in a TrainingQueue: a training, or an experiment of many.
class QueuedWork {
public:
    virtual ~QueuedWork() = default;

protected:
    QueuedWork() = default;
    QueuedWork(const QueuedWork&) = default;
    QueuedWork& operator=(const QueuedWork&) = default;

private:
    friend class TrainingQueue;

    /// Whether it waits for its turn.
    [[nodiscard]] virtual bool isWaiting() const = 0;
    /// It is its turn.
    virtual void launch() = 0;
};

/// The trainings that share a processor, one after the other: two at a time would only slow each
/// other down. The program has one queue for all its windows. For the GUI thread alone.
class TrainingQueue : public std::enable_shared_from_this<TrainingQueue> {
public:
    /// Starts a training as soon as those before it have ended. The session that is returned tells
    /// its state and progress by signals; stop() or deleting it cancels it, also while it waits.
    /// The queue has to be owned by a shared_ptr.
    [[nodiscard]] std::unique_ptr<TrainingSession> submit(TrainingJob job);

    /// What is active, in its order: the first one works, the others wait.
    [[nodiscard]] const std::deque<QueuedWork*>& sessions() const { return sessions_; }
    [[nodiscard]] bool isBusy() const { return !sessions_.empty(); }

    /// Appends work; whether it is its turn at once.
    [[nodiscard]] bool enter(QueuedWork& work);
    /// Takes work out and launches the next one where it waits. Does nothing for work that is not
    /// in the queue.
    void leave(QueuedWork& work);

private:
    std::deque<QueuedWork*> sessions_;
};

} // namespace gradwright
