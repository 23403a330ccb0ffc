// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/trainer.h"

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace gradwright::cli {

/// What became of a training.
struct TrainingResult {
    std::filesystem::path run;
    std::optional<Finished> finished;
    std::optional<Stopped> stopped;
    std::optional<Failed> failure;
    std::vector<std::string> notes;  ///< on what the data were read as
    std::vector<Alarm> alarms;       ///< all there have been
    std::optional<Score> validation; ///< the best
    double samplesPerSecond = 0;     ///< median over the epochs, waiting for data included
    double waitShare = 0;            ///< share of the last epoch spent waiting for data
};

/// Trains on the calling thread, showing progress on `progress` when it is not null.
TrainingResult train(TrainingJob job, std::FILE* progress, const std::stop_token& stop);

} // namespace gradwright::cli
