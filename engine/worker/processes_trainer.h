// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/trainer.h"
#include "engine/worker/mpirun.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace gradwright {

class RankProcesses;
class WorkerLink;

/// How a training in several processes is looked after.
struct ProcessesOptions {
    std::optional<RanksProgram> program = {}; ///< installedRanks() where it is left out
    /// The first process says every second that it lives; when it is silent for so long, at the
    /// start, too, all are ended.
    std::chrono::milliseconds silence = std::chrono::minutes(2);
    /// What processes that were asked to stop may take to end their step and to save the run.
    std::chrono::milliseconds stopping = std::chrono::minutes(5);
};

/// Trains in as many processes of this computer as the settings say, which mpirun starts; what they
/// give is one run. The events are those of the first. When a process dies or nothing is heard of
/// them, the training ends in Failed, which names it where mpirun does, and its run can be resumed.
/// When this process ends, theirs stop, save the run and end.
class ProcessesTrainer final : public TrainingRunner {
public:
    ProcessesTrainer(TrainingJob job, TrainingSink sink, ProcessesOptions options = {});
    ~ProcessesTrainer() override;

    /// When it returns, the processes have ended.
    void run(const std::stop_token& stop) override;
    /// Nothing: processes that share a training wait for each other, and none of them can do
    /// something else than the others.
    void pause() override {}
    void resume() override {}
    void step() override {}
    void setLearningRate(double /*learningRate*/) override {}
    void requestSnapshot() override;

    /// mpirun's process, 0 where there is none. From any thread.
    [[nodiscard]] int processId() const { return processId_; }

private:
    class Watch;

    /// The connection with the first process; nothing where the training has ended before.
    [[nodiscard]] UniqueFd connected(Watch& watch, RankProcesses& ranks,
                                     const std::stop_token& stop) const;
    /// Until all have ended.
    void follow(Watch& watch, RankProcesses& ranks, WorkerLink& link, const std::stop_token& stop);

    TrainingJob job_;
    TrainingSink sink_;
    ProcessesOptions options_;
    std::atomic<int> processId_ = 0;
    std::atomic<bool> wantsSnapshot_ = false;
};

} // namespace gradwright
