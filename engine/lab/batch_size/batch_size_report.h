// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/batch_size/batch_size.h"

#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// What a comparison of batch sizes is about, as far as its results have to be understood.
struct BatchSizeOutline {
    std::string name; ///< of the project
    std::vector<std::int64_t> sizes;
    std::int64_t present = 0; ///< the project's
    double rate = 0;          ///< that belongs to it
    RateRule rule = RateRule::None;
    double targetLoss = 0; ///< 0: automatic
    bool hasValidation = true;
};

/// The sizes that have results, ascending.
std::vector<SizeOutcome> sizeOutcomes(const BatchSizeOutline& outline, const TrialResults& done);

/// The seconds after which a training's loss was first at the target; nothing where it never was.
std::optional<double> secondsToReach(double target, const std::vector<double>& losses,
                                     const std::vector<double>& seconds);

/// `data` holds for pictures: "planned", all sizes; "sizes", those with results, each with its
/// "size", "samples_per_second", "error" (1 minus a quality that is a share, else the loss),
/// "deviation", "seconds_to_target" (null where it was not reached), "learning_rate", "trainings"
/// and "failed"; "error_is_share", "target_loss", "sweet_spot" (null where there is none) and
/// "present".
Report batchSizeReport(const BatchSizeOutline& outline, const TrialResults& done);

} // namespace gradwright
