// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/trainer.h"

#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/training/commands.h"
#include "engine/training/loop.h"

#include <exception>
#include <new>
#include <utility>

namespace gradwright {

Trainer::Trainer(TrainingJob job, TrainingSink sink)
    : job_(std::move(job))
    , sink_(std::move(sink))
    , commands_(std::make_unique<TrainingCommands>()) {}

Trainer::~Trainer() = default;

void Trainer::run(const std::stop_token& stop) {
    std::int64_t step = 0;
    const auto counting = [&](const TrainingEvent& event) {
        if (const auto* done = std::get_if<StepDone>(&event))
            step = done->step;
        sink_(event);
    };
    try {
        TrainingLoop(job_, *commands_, counting).run(stop);
    } catch (const std::bad_alloc&) {
        sink_(Failed{step, "There is not enough memory for this network at this batch size; a "
                           "smaller batch needs less."});
    } catch (const std::exception& error) {
        sink_(Failed{step, error.what()});
    }
}

void Trainer::pause() {
    commands_->pause();
}
void Trainer::resume() {
    commands_->resume();
}
void Trainer::step() {
    commands_->step();
}
void Trainer::setLearningRate(double learningRate) {
    commands_->setLearningRate(learningRate);
}
void Trainer::requestSnapshot() {
    commands_->requestSnapshot();
}

} // namespace gradwright
