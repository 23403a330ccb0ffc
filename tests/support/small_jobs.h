// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"
#include "engine/training/trainer.h"

#include <mutex>
#include <vector>

namespace gradwright::test {

/// Input 1×28×28, Flatten, Dense 16 with ReLU, Dropout, Dense 10, Softmax, Output; on the first
/// `samples` training images of MNIST, without validation unless asked for.
Project smallProject(std::int64_t samples = 400, double validationFraction = 0.0);

/// A setting by its key.
void set(Project& project, std::string_view key, ParamValue value);

/// Keeps every event; may be called from several threads.
class EventLog {
public:
    TrainingSink sink();

    [[nodiscard]] std::vector<TrainingEvent> events() const;
    template <class Event>
    [[nodiscard]] std::vector<Event> all() const {
        std::vector<Event> found;
        for (const auto& event : events())
            if (const auto* match = std::get_if<Event>(&event))
                found.push_back(*match);
        return found;
    }
    template <class Event>
    [[nodiscard]] bool has() const {
        return !all<Event>().empty();
    }

private:
    mutable std::mutex mutex_;
    std::vector<TrainingEvent> events_;
};

} // namespace gradwright::test
