// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/run_directory.h"
#include "engine/metrics/quality.h"
#include "engine/training/alarm.h"
#include "engine/training/settings.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// What a run has written down about its course.
struct RunHistory {
    struct Step {
        std::int64_t step = 0;
        double epoch = 0;
        double loss = 0; ///< mean since the entry before
        Quality quality;
        double learningRate = 0;
        double seconds = 0; ///< of the run so far; NaN where its version did not log it
        std::vector<double> gradientNorms; ///< in the order of the network's trainable weights
    };
    struct Epoch {
        std::int64_t epoch = 0;
        double loss = 0; ///< validation's where there is one, else training's
        Quality quality;
        bool validated = false;
        bool best = false;
    };

    /// The learning rate was set while the training ran.
    struct RateChange {
        std::int64_t step = 0; ///< after which
        double epoch = 0;
        double rate = 0; ///< what the schedule made of it then; NaN where that was not logged
    };

    std::filesystem::path folder;
    std::string name;     ///< that a person gave it, else the recorded one
    bool isNamed = false; ///< a person gave it
    std::string note;
    std::string optimizer;            ///< its key
    double learningRate = 0;          ///< that it began with, before schedule and warm-up
    double lastRate = 0;              ///< the same as it was set last: what resuming continues with
    TrainingSettings training;        ///< that it began with
    std::int64_t totalEpochs = 0;     ///< asked for
    std::vector<std::string> weights; ///< keys of the trainable ones, the order of gradient norms
    const MetricDef* metric = &qualityMetric(MetricKind::Classes); ///< of all its qualities
    std::vector<Step> steps;
    std::vector<Epoch> epochs;
    std::vector<Alarm> alarms;     ///< all there have been
    std::int64_t stoppedAfter = 0; ///< epochs without a better result that ended it; 0: no
    std::vector<RateChange> rateChanges;
    std::optional<Quality> test; ///< of a finished run
    double seconds = 0; ///< that it trained, pauses left out; NaN where its version did not log it
    bool finished = false;
    bool resumable = false; ///< not finished, not being written, with a checkpoint

    [[nodiscard]] const Epoch* best() const;
    /// It finished before the epochs that were asked for.
    [[nodiscard]] bool endedEarly() const;
    /// How long it had trained by a step; 0 where its version did not log it.
    [[nodiscard]] double secondsAt(std::int64_t step) const;
    /// The steps of all epochs that were asked for; an estimate until the first is done.
    [[nodiscard]] std::int64_t totalSteps() const;
};

/// Reads run.json and metrics.jsonl; of several entries for a step the last counts. Throws Error
/// naming the file and the fault.
RunHistory readHistory(const RunDirectory& run);

/// The runs of these folders that can be read, newest first. Slow: call it on a background thread.
/// Throws Error naming the folder that cannot be listed.
std::vector<RunHistory> readRuns(const std::vector<std::filesystem::path>& folders);

} // namespace gradwright
