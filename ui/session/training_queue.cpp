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

bool TrainingQueue::enter(TrainingSession& session) {
    sessions_.push_back(&session);
    return sessions_.front() == &session;
}

void TrainingQueue::leave(TrainingSession& session) {
    if (std::erase(sessions_, &session) == 0)
        return;
    if (!sessions_.empty() && sessions_.front()->state() == TrainingState::Queued)
        sessions_.front()->launch();
}

} // namespace gradwright
