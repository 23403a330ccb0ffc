// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/run_directory.h"
#include "engine/metrics/quality.h"
#include "engine/training/alarm.h"

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
        std::vector<double> gradientNorms; ///< in the order of the network's trainable weights
    };
    struct Epoch {
        std::int64_t epoch = 0;
        double loss = 0; ///< validation's where there is one, else training's
        Quality quality;
        bool validated = false;
        bool best = false;
    };

    std::filesystem::path folder;
    std::string name;
    std::string optimizer;            ///< its key
    std::int64_t totalEpochs = 0;     ///< asked for
    std::vector<std::string> weights; ///< keys of the trainable ones, the order of gradient norms
    const MetricDef* metric = &qualityMetric(MetricKind::Classes); ///< of all its qualities
    std::vector<Step> steps;
    std::vector<Epoch> epochs;
    std::vector<Alarm> alarms;     ///< all there have been
    std::int64_t stoppedAfter = 0; ///< epochs without a better result that ended it; 0: no
    bool finished = false;
    bool resumable = false; ///< not finished, not being written, with a checkpoint

    [[nodiscard]] const Epoch* best() const;
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
