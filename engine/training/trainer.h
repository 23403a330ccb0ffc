// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/graph/network.h"
#include "engine/io/run_directory.h"
#include "engine/support/json.h"
#include "engine/training/events.h"
#include "engine/training/settings.h"

#include <filesystem>
#include <memory>
#include <stop_token>

namespace gradwright {

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
};

/// Trains a network. run() works on the calling thread until it ends; the other members may be
/// called from any thread at any time and take effect between two steps.
class Trainer {
public:
    Trainer(TrainingJob job, TrainingSink sink);
    ~Trainer();
    Trainer(const Trainer&) = delete;
    Trainer& operator=(const Trainer&) = delete;

    /// Trains to the end, a stop or a fault, which are reported as the last event: Finished,
    /// Stopped or Failed. Never throws what a user could cause. A stop is taken between two ops;
    /// the unfinished step is discarded and a checkpoint written.
    void run(const std::stop_token& stop);

    void pause();
    void resume();
    /// While paused: one step, then pauses again.
    void step();
    /// Sets the rate that the schedule is multiplied with.
    void setLearningRate(double learningRate);
    /// Asks for the current weights; answered by SnapshotTaken.
    void requestSnapshot();

private:
    TrainingJob job_;
    TrainingSink sink_;
    std::unique_ptr<TrainingCommands> commands_;
};

} // namespace gradwright
