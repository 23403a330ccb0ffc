// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/openmp_team.h"
#include "engine/backend/program_cache.h"
#include "engine/backend/thread_governor.h"
#include "engine/data/feed/batcher.h"
#include "engine/distributed/greeting.h"
#include "engine/io/run_directory.h"
#include "engine/training/activity_probe.h"
#include "engine/training/checkpoint.h"
#include "engine/training/chrome_trace.h"
#include "engine/training/commands.h"
#include "engine/training/compute_plan.h"
#include "engine/training/frozen_part.h"
#include "engine/training/health.h"
#include "engine/training/load_history.h"
#include "engine/training/metrics_log.h"
#include "engine/training/objective.h"
#include "engine/training/recipes/schedules.h"
#include "engine/training/speedometer.h"
#include "engine/training/step_group.h"
#include "engine/training/sum_counter.h"
#include "engine/training/trainer.h"

#include <chrono>

namespace gradwright {

/// One run of a Trainer, from opening the run folder to its last event.
class TrainingLoop {
public:
    /// Opens data, network and run folder. `gpu` computes where the job is for one. Throws Error
    /// when the job cannot run. A job that keeps nothing when stopped is given up by WorkStopped,
    /// here and in run().
    TrainingLoop(const TrainingJob& job, TrainingCommands& commands, TrainingSink sink,
                 const std::shared_ptr<const Backend>& gpu = nullptr,
                 const std::stop_token& stop = {});
    ~TrainingLoop();

    void run(const std::stop_token& stop);

private:
    enum class Outcome { Done, Stopped };

    Outcome runEpoch(const std::stop_token& stop);
    /// The step that begins with that batch. Returns false when it was stopped and discarded.
    /// `asked`: when the batch was asked for.
    bool runStep(const Batch& first, std::chrono::steady_clock::time_point asked,
                 const std::stop_token& stop);
    /// The step's batches one after the other; what the last one results in. Nothing when stopped.
    std::optional<StepResult> runBatches(const Batch& first,
                                         std::chrono::steady_clock::time_point asked,
                                         ScoreSums& score, const std::stop_token& stop);
    /// Throws DivergedError or Error where its numbers are none.
    std::optional<StepResult> runBatch(const Batch& batch, const std::stop_token& stop);
    /// Takes pending commands; waits while paused. Returns false when stopped.
    bool obeyCommands(const std::stop_token& stop);
    Outcome endEpoch(const std::stop_token& stop);
    void finish(const std::stop_token& stop);

    /// Among ranks: whether all are about to do the same. Throws Error, on all of them.
    void greetRanks(const std::stop_token& stop);
    /// Notes settings under which less is learned than they promise.
    void noteSettings();
    /// What was begun together is only stopped together: alone, `stop`.
    [[nodiscard]] std::stop_token ownStop(const std::stop_token& stop) const {
        return job_.ranks ? std::stop_token() : stop;
    }
    [[nodiscard]] CompileOptions compileOptions() const;
    /// Ends a run of which a rank was lost. Throws Error that says what is saved.
    [[noreturn]] void endWithout(const RankLost& lost);
    /// Notes who trains, and whether sums have gone beside the backward pass.
    void noteRanks();
    /// False when stopped.
    bool startRun(const std::stop_token& stop);
    /// Of the values that are rounded to integers, where it is so. False when stopped.
    bool findRanges(const std::stop_token& stop);
    /// What frozen layers make of the samples, where it is kept. False when stopped.
    bool computeFeatures(const std::stop_token& stop);
    /// After a step: gives processors up to other programs or takes them back.
    void adaptThreads(std::int64_t samples);
    void changeLearningRate(double learningRate);
    /// Resumes with a rate, which neither plateaus nor changes before have made smaller.
    void takeRate(double learningRate);
    [[nodiscard]] double scheduledRate() const;
    /// A step is done: writes the trace once it has enough of them, or all.
    void writeTrace(bool isLast);
    /// Passes done so far, fractional.
    [[nodiscard]] double epochsDone() const;
    /// What the run took so far, resumed ones from their first start on, without pauses.
    [[nodiscard]] double runSeconds() const;
    void requireFinite(const StepResult& result);
    void noteStep(const StepResult& result, const Score& score);
    [[nodiscard]] std::shared_ptr<const std::vector<double>>
    gradientNorms(std::span<const double> squares) const;
    void writeCheckpointFile();
    /// The rate that can be set, which the schedule is multiplied with.
    [[nodiscard]] double chosenRate() const;
    void countLabels(const Batch& batch);
    void noteHealth(const EpochDone& event, std::vector<std::int64_t> predicted,
                    std::vector<Activity> activity);
    void announceHealth();
    /// Alarms before the training ends at a number that is none.
    void failFinite(const std::string& where);
    [[nodiscard]] bool outOfPatience() const;

    const TrainingJob& job_;
    const std::stop_token giveUp_; ///< at which nothing has to be kept
    TrainingCommands& commands_;
    TrainingSink sink_;
    Dataset data_;
    Split split_;
    const TrainingGraph whole_;
    /// Where what frozen layers make of the samples is computed once.
    std::optional<FrozenPart> frozen_;
    std::shared_ptr<FeatureSource> features_;
    const TrainingGraph& training_;                    ///< what each step computes …
    std::shared_ptr<const DataSource> trainingSource_; ///< … of these samples
    const ScheduleDef& schedule_;
    const UpdateRule rule_;
    ComputePlan plan_;
    std::shared_ptr<const Backend> backend_;
    ProgramCache programs_;
    Batcher batcher_; ///< before the folder: what it refuses leaves none behind
    const StepGroups groups_;
    RunDirectory directory_;
    RunLock lock_;
    TrainingPosition position_;
    MetricsLog metrics_;
    Speedometer speed_;
    std::optional<OpenMpTeam> team_; ///< of batches that are computed as a whole
    std::optional<ThreadGovernor> governor_;
    LoadHistory loads_;
    HealthMonitor health_;
    ActivityProbe probe_;
    std::vector<std::int64_t> labels_; ///< by class, of the epoch that runs
    std::vector<BatchInput> inputs_;
    std::optional<TrainingPosition> written_; ///< that of the last checkpoint
    std::vector<RankPlace> places_;           ///< of all ranks, where there are several
    std::unique_ptr<ExchangeThread> beside_;  ///< that gradients are summed on, where they overlap
    SumCounter sums_;                         ///< of the first step that had any
    std::optional<ChromeTrace> trace_;        ///< of the first steps, where they are traced
    std::int64_t tracedSteps_ = 0;
    bool stepping_ = false;     ///< the step that runs was asked for while paused
    double earlierSeconds_ = 0; ///< of the run before it was resumed
    std::chrono::steady_clock::duration paused_{};
    std::chrono::steady_clock::time_point started_;
    std::chrono::steady_clock::time_point lastCheckpoint_;
};

} // namespace gradwright
