// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/gradient_exchange.h"
#include "engine/data/dataset.h"
#include "engine/graph/network.h"
#include "engine/io/run_directory.h"
#include "engine/support/json.h"
#include "engine/training/events.h"
#include "engine/training/rate_scaling.h"
#include "engine/training/settings.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace gradwright {

class Communicator;
class TrainingCommands;

/// A frozen copy of all that a training needs.
struct TrainingJob {
    Network network;
    DataChoice data;
    TrainingSettings settings;
    Json project; ///< the whole project, kept in run.json so that the run can be repeated
    std::string name = "run";
    /// Resumes this run instead of starting one in `runsFolder`.
    std::filesystem::path resume;
    std::filesystem::path runsFolder;
    /// A safetensors file whose weights a new run starts with, see takeStartWeights(); empty: none.
    std::filesystem::path startWeights{};
    /// A stop leaves a run that can be resumed. Otherwise it is taken at once, also while a network
    /// is compiled or a checkpoint is written, and a new run is left unfinished; of a resumed one
    /// the last checkpoint stays. Nothing to ranks and workers, which always keep theirs.
    bool keepsWhenStopped = true;
    /// The rate to resume with, whatever plateaus and changes while it ran have made of it; nothing
    /// leaves it as it was.
    std::optional<double> resumeRate{};
    /// The ranks that share each batch, where there are several; all have equal jobs but for the
    /// folders. Only on processors. Each writes what a run is made of; rank 0's is the run.
    std::shared_ptr<Communicator> ranks{};
    /// Batch normalization takes the statistics of all ranks' samples, not of each rank's own.
    bool sharesStatistics = false;
    /// Gradients travel between ranks in bfloat16, in half the bytes.
    bool roundsGradients = false;
    /// Gradients are summed over the ranks while the backward pass runs, where the ranks'
    /// communicator allows it and statistics are not shared. The weights are the same either way.
    bool overlapsSums = true;
    /// Gradients that travel together, in bytes.
    std::size_t bucketBytes = kGradientBucket;
    /// How the rate was scaled to the batch, where it was: kept in run.json.
    std::optional<RateScaling> rateScaling{};
    /// The file to write what the first steps do, op by op; empty: none. See ChromeTrace.
    std::filesystem::path trace{};
    /// How long a rank waits for another one before it counts as lost.
    std::chrono::seconds rankPatience{25};
};

/// What to do about a run whose device or process failed: two clauses for the end of a message.
/// `saved`: the steps that its checkpoint holds; nothing where there is none.
std::string adviceAfterFailure(std::optional<std::int64_t> saved);

/// A training, wherever it runs. run() works on the calling thread until it ends; the other members
/// may be called from any thread at any time and take effect between two steps.
class TrainingRunner {
public:
    TrainingRunner() = default;
    virtual ~TrainingRunner() = default;
    TrainingRunner(const TrainingRunner&) = delete;
    TrainingRunner& operator=(const TrainingRunner&) = delete;

    /// Trains to the end, a stop or a fault, which are reported as the last event: Finished,
    /// Stopped or Failed. Never throws what a user could cause. A stop is taken between two ops;
    /// the unfinished step is discarded and a checkpoint written, unless the job keeps none.
    virtual void run(const std::stop_token& stop) = 0;

    virtual void pause() = 0;
    virtual void resume() = 0;
    /// While paused: one step, then pauses again.
    virtual void step() = 0;
    /// Sets the rate that the schedule is multiplied with.
    virtual void setLearningRate(double learningRate) = 0;
    /// Asks for the current weights; answered by SnapshotTaken.
    virtual void requestSnapshot() = 0;
};

/// Trains in this process.
class Trainer final : public TrainingRunner {
public:
    /// `gpu` is what computes where the job is for a GPU; without it such a job fails with the
    /// reason.
    Trainer(TrainingJob job, TrainingSink sink, std::shared_ptr<const Backend> gpu = nullptr);
    ~Trainer() override;

    void run(const std::stop_token& stop) override;
    void pause() override;
    void resume() override;
    void step() override;
    void setLearningRate(double learningRate) override;
    void requestSnapshot() override;

private:
    TrainingJob job_;
    TrainingSink sink_;
    std::shared_ptr<const Backend> gpu_;
    std::unique_ptr<TrainingCommands> commands_;
};

} // namespace gradwright
