// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/trainer.h"
#include "engine/worker/message.h"

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

namespace gradwright {

/// What a training in another process than its user's is served with.
struct Serving {
    std::shared_ptr<const Backend> gpu = nullptr; ///< as a Trainer takes it
    std::stop_token stop = {};                    ///< stops it, too
    /// Called before a stop that the other end asks for, or that its end means.
    std::function<void()> beforeStop = {};
};

/// Trains for the other end of the channel, which gets the events and may ask for what a Trainer
/// can be asked for. When it closes, the training is stopped and saved; this process ends where
/// that takes longer than a minute. Returns the last event where that was Failed.
std::optional<Failed> serveTrainer(MessageChannel& channel, TrainingJob job,
                                   const Serving& serving = {});

/// Sends an event, the weights of a snapshot in front of it.
void sendEvent(MessageChannel& channel, const TrainingEvent& event);

} // namespace gradwright
