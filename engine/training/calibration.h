// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/compute_plan.h"
#include "engine/training/objective.h"

#include <optional>
#include <stop_token>
#include <vector>

namespace gradwright {

/// What calibration has measured for one plan.
struct CalibrationTrial {
    ComputePlan plan;
    double samplesPerSecond = 0;
};

struct Calibration {
    ComputePlan best;
    std::vector<CalibrationTrial> trials;
};

/// Trains for a moment on made-up data as it would by default, as a whole with 1, 2, 4 … and all
/// threads, and, where a step is short, in other numbers of parts; a network whose steps take long
/// is trained by default without a trial.
/// Takes a second or two, and the memory of a program for each number of threads. Nothing when
/// stopped. Throws Error when the network cannot be compiled.
std::optional<Calibration> calibrate(const OpGraph& training, const TrainingSettings& settings,
                                     const std::stop_token& stop = {});

/// calibrate(), kept in the cache for planFor().
std::optional<Calibration> calibrateAndRemember(const OpGraph& training,
                                                const TrainingSettings& settings,
                                                const std::stop_token& stop = {},
                                                const CalibrationCache& cache = {});

} // namespace gradwright
