// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/worker/received_events.h"

#include "engine/io/run_directory.h"
#include "engine/support/error.h"
#include "engine/training/checkpoint.h"
#include "engine/worker/messages.h"

#include <exception>
#include <memory>
#include <utility>

namespace gradwright {

std::optional<TrainingEvent> ReceivedEvents::take(const Message& message) {
    switch (message.kind) {
    case MessageKind::Beat:
        return {};
    case MessageKind::Weight:
        weights_.values.push_back(weightFrom(message.body));
        return {};
    case MessageKind::Event:
        break;
    default:
        throw Error("a message of kind {} is not expected",
                    static_cast<std::uint32_t>(message.kind));
    }
    auto event = eventFrom(message.body);
    if (auto* snapshot = std::get_if<SnapshotTaken>(&event))
        snapshot->weights = std::make_shared<const Weights>(std::exchange(weights_, Weights{}));
    else if (const auto* started = std::get_if<RunStarted>(&event))
        run_ = started->run;
    else if (const auto* done = std::get_if<StepDone>(&event))
        step_ = done->step;
    return event;
}

std::optional<std::int64_t> ReceivedEvents::savedSteps() const {
    if (run_.empty())
        return {};
    try {
        return stepsOfCheckpoint(RunDirectory::open(run_).lastWeights());
    } catch (const std::exception&) {
        return {};
    }
}

bool endsTraining(const TrainingEvent& event) {
    return std::holds_alternative<Finished>(event) || std::holds_alternative<Stopped>(event) ||
           std::holds_alternative<Failed>(event);
}

} // namespace gradwright
