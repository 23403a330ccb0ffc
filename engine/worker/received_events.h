// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/weights.h"
#include "engine/training/events.h"
#include "engine/worker/message.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

namespace gradwright {

/// The events of a training in another process, made of its messages, and what they tell of it.
class ReceivedEvents {
public:
    /// `resumed` is the run that is resumed; empty: a new one.
    explicit ReceivedEvents(std::filesystem::path resumed = {})
        : run_(std::move(resumed)) {}

    /// The event that the message brings; nothing for a sign of life and for weights, which the
    /// next snapshot gets. Throws Error for other messages.
    std::optional<TrainingEvent> take(const Message& message);

    /// The last step that was done.
    [[nodiscard]] std::int64_t step() const { return step_; }
    /// Up to which step the run is saved. From its file: the last event about it may be lost.
    [[nodiscard]] std::optional<std::int64_t> savedSteps() const;

private:
    std::filesystem::path run_; ///< empty until it is known
    std::int64_t step_ = 0;
    Weights weights_; ///< of the snapshot that is coming
};

/// Whether it is the last event of a training.
bool endsTraining(const TrainingEvent& event);

} // namespace gradwright
