// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/trainer.h"

#include "engine/backend/device_fault.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/support/stopped.h"
#include "engine/training/commands.h"
#include "engine/training/loop.h"
#include "engine/training/run_interrupted.h"

#include <exception>
#include <new>
#include <optional>
#include <utility>

namespace gradwright {

namespace {

/// What a device's fault means for the run. `saved`: steps in the checkpoint, where there is one.
std::string explained(const DeviceFault& fault, std::optional<std::int64_t> saved) {
    if (fault.kind() == DeviceFault::Kind::OutOfMemory)
        return fmt::format("The GPU's memory is not enough ({}); a smaller batch needs less.",
                           fault.what());
    return fmt::format("The GPU failed ({}). {}", fault.what(), adviceAfterFailure(saved));
}

} // namespace

std::string adviceAfterFailure(std::optional<std::int64_t> saved) {
    if (!saved)
        return "Nothing had been trained yet; try again, or train on the CPU.";
    return fmt::format("The run is saved up to step {}: resume it on the GPU, or on the CPU.",
                       *saved);
}

Trainer::Trainer(TrainingJob job, TrainingSink sink, std::shared_ptr<const Backend> gpu)
    : job_(std::move(job))
    , sink_(std::move(sink))
    , gpu_(std::move(gpu))
    , commands_(std::make_unique<TrainingCommands>()) {}

Trainer::~Trainer() = default;

void Trainer::run(const std::stop_token& stop) {
    std::int64_t step = 0;
    std::optional<std::int64_t> saved;
    const auto counting = [&](const TrainingEvent& event) {
        if (const auto* done = std::get_if<StepDone>(&event))
            step = done->step;
        else if (const auto* started = std::get_if<RunStarted>(&event))
            saved = started->startStep;
        else if (const auto* written = std::get_if<CheckpointWritten>(&event); written && saved)
            saved = written->step; // the first one comes before the folder is a run
        sink_(event);
    };
    try {
        TrainingLoop(job_, *commands_, counting, gpu_, stop).run(stop);
    } catch (const WorkStopped&) {
        sink_(Stopped{step, false});
    } catch (const DeviceFault& fault) {
        sink_(Failed{step, explained(fault, saved),
                     saved && fault.kind() != DeviceFault::Kind::OutOfMemory});
    } catch (const RunInterrupted& interrupted) {
        sink_(Failed{step, interrupted.what(), true});
    } catch (const std::bad_alloc&) {
        sink_(Failed{step,
                     "There is not enough memory for this network at this batch size; a "
                     "smaller batch needs less.",
                     false});
    } catch (const std::exception& error) {
        sink_(Failed{step, error.what(), false});
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
