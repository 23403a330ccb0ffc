// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/training_queue.h"

#include "ui/session/training_session.h"

#include <utility>

namespace gradwright {

std::unique_ptr<TrainingSession> TrainingQueue::submit(TrainingJob job) {
    auto session = std::make_unique<TrainingSession>(shared_from_this());
    session->start(std::move(job));
    return session;
}

bool TrainingQueue::enter(QueuedWork& work) {
    sessions_.push_back(&work);
    return sessions_.front() == &work;
}

void TrainingQueue::leave(QueuedWork& work) {
    if (std::erase(sessions_, &work) == 0)
        return;
    if (!sessions_.empty() && sessions_.front()->isWaiting())
        sessions_.front()->launch();
}

} // namespace gradwright
