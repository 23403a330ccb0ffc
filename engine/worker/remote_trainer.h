// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/trainer.h"
#include "engine/worker/worker_process.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace gradwright {

class WorkerLink;

/// How a training in a worker process is looked after.
struct RemoteOptions {
    std::optional<WorkerProgram> program = {}; ///< installedWorker() where it is left out
    /// A worker says every second that it lives, however long its steps are; one that is silent for
    /// so long is ended.
    std::chrono::milliseconds silence = std::chrono::minutes(1);
    /// What a worker that was asked to stop may take to write its checkpoint.
    std::chrono::milliseconds stopping = std::chrono::minutes(5);
};

/// Trains in a process of its own, so that a GPU that fails takes nothing else along. The same
/// events and commands as of a Trainer; when the process dies, falls silent or sends what cannot be
/// read, the training ends in Failed, and its run can be resumed as after any interruption.
class RemoteTrainer final : public TrainingRunner {
public:
    RemoteTrainer(TrainingJob job, TrainingSink sink, RemoteOptions options = {});
    ~RemoteTrainer() override;

    /// When it returns, the worker has ended.
    void run(const std::stop_token& stop) override;
    void pause() override;
    void resume() override;
    void step() override;
    void setLearningRate(double learningRate) override;
    void requestSnapshot() override;

    /// The worker's process, 0 where there is none. From any thread.
    [[nodiscard]] int processId() const { return processId_; }

private:
    class Watch;

    using Command = std::function<void(WorkerLink&)>;

    void ask(Command command);
    std::vector<Command> takeAsked();
    /// Until the worker has ended.
    void follow(Watch& watch, WorkerProcess& worker, WorkerLink& link, const std::stop_token& stop);

    TrainingJob job_;
    TrainingSink sink_;
    RemoteOptions options_;
    std::atomic<int> processId_ = 0;
    std::mutex mutex_;
    std::vector<Command> asked_; ///< not sent yet
    WorkerLink* link_ = nullptr; ///< while it runs
};

/// What trains the job: a Trainer here, a RemoteTrainer for a GPU, or a ProcessesTrainer.
std::unique_ptr<TrainingRunner> makeTrainer(TrainingJob job, TrainingSink sink,
                                            RemoteOptions options = {});

} // namespace gradwright
