// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/weights.h"
#include "engine/metrics/score.h"
#include "engine/training/alarm.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gradwright {

struct RunStarted {
    std::filesystem::path run;
    std::int64_t epochs = 0;
    std::int64_t stepsPerEpoch = 0;
    std::int64_t startStep = 0; ///< > 0 when resumed
    int threads = 1;
    int parts = 1;                    ///< parts of a batch
    std::vector<std::string> weights; ///< keys of those that learn, the order of gradient norms
    const MetricDef* metric = &qualityMetric(MetricKind::Classes); ///< of all qualities to come
    std::string gpu;                  ///< name of the one that computes; empty on the processor
    std::vector<std::string> notes{}; ///< on what the data were read as, see Dataset::notes
    double learningRate = 0;          ///< of the first step
    double setRate = 0;               ///< as it was set, which the schedule changes
};

struct StepDone {
    std::int64_t step = 0; ///< counted from 1
    double epoch = 0;      ///< passes done so far, fractional
    double loss = 0;       ///< mean over the step
    Quality quality;       ///< of the step
    double learningRate = 0;
    double samplesPerSecond = 0; ///< over the last second or so, training only
    double secondsLeft = 0;      ///< estimate for all epochs
    double waitShare = 0;        ///< share of that second spent waiting for data
    /// Norm of each learning weight's gradient; sent with the steps that end a point of
    /// metrics.jsonl only.
    std::shared_ptr<const std::vector<double>> gradientNorms;
    std::int64_t samples = 0; ///< of the step, of all its batches
    double seconds = 0;       ///< of the run so far, pauses left out, in whole milliseconds
};

struct EpochDone {
    std::int64_t epoch = 0; ///< counted from 1
    std::int64_t step = 0;
    Score training;                  ///< running mean while the weights moved
    std::optional<Score> validation; ///< with the weights at the end of the epoch
    double learningRate = 0;
    double seconds = 0; ///< of training steps since start or resume, in the epoch
    double samplesPerSecond = 0;
    double waitShare = 0; ///< share of these seconds spent waiting for data
    bool best = false;    ///< the best so far, kept in best.safetensors
};

/// Other programs have begun or ended to compute, and the training has adapted its threads.
struct LoadChanged {
    std::int64_t step = 0;
    int threads = 1;    ///< that compute from now on
    int othersBusy = 0; ///< threads of other programs that are in the way
};

/// Something has gone wrong with the training, or is no longer so.
struct HealthChanged {
    std::int64_t step = 0;
    std::vector<Alarm> alarms; ///< all there have been, see HealthMonitor::alarms()
};

struct LearningRateChanged {
    std::int64_t step = 0;
    double learningRate = 0;  ///< as it was set
    double epoch = 0;         ///< passes done so far, fractional
    double scheduledRate = 0; ///< what the schedule makes of it now
};
struct CheckpointWritten {
    std::int64_t step = 0;
    std::filesystem::path file;
};
struct Paused {
    std::int64_t step = 0;
};
struct Resumed {
    std::int64_t step = 0;
};
/// The answer to requestSnapshot().
struct SnapshotTaken {
    std::int64_t step = 0;
    std::shared_ptr<const Weights> weights;
};
/// Stopped on request; the run can be resumed.
struct Stopped {
    std::int64_t step = 0;
    bool resumable = false; ///< a checkpoint was written
};
/// Ended by a fault; the last good checkpoint is kept.
struct Failed {
    std::int64_t step = 0;
    std::string message;
    /// By its device or its process, not by itself; the run may be resumed as it is.
    bool isInterrupted = false;
};
struct Finished {
    std::int64_t step = 0;
    std::int64_t epochs = 0;    ///< done, fewer than asked for after early stopping
    std::int64_t bestEpoch = 0; ///< whose weights `test` was measured with
    Score test;
    double seconds = 0;    ///< since start or resume
    double runSeconds = 0; ///< of the whole run, pauses left out
    /// Epochs without a better result after which early stopping has ended it; 0: it has not.
    std::int64_t stoppedAfter = 0;
};

using TrainingEvent =
    std::variant<RunStarted, StepDone, EpochDone, LoadChanged, HealthChanged, LearningRateChanged,
                 CheckpointWritten, Paused, Resumed, SnapshotTaken, Stopped, Failed, Finished>;

/// Called on the training thread; must be quick.
using TrainingSink = std::function<void(const TrainingEvent&)>;

} // namespace gradwright
