// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/procedure.h"
#include "engine/lab/sweep/samplers.h"

#include <string>
#include <vector>

namespace gradwright {

/// What a sweep is about, as far as its results have to be understood.
struct SweepOutline {
    std::string name; ///< of the project
    std::string method;
    SearchSpace space;
    bool byLoss = false;
    bool hasValidation = true;
};

/// What a trial gave as a number of which the least is best: the loss, or the quality with its sign
/// turned where more is better. Infinite for one that failed or gave no number.
double costOf(const SweepOutline& outline, const TrialResult& result);
/// The finished trials as searches see them, in their order.
std::vector<SearchResult> searchResults(const SweepOutline& outline, const TrialResults& done);
/// The best trial, of equal ones the first; nullptr where none has a result.
const TrialResult* bestTrial(const SweepOutline& outline, const TrialResults& done);

/// `data` holds for pictures: "dimensions" (key, and "values" or low, high, log), "objective",
/// "higher_is_better", "best" (number of the trial), "importance" by key and "trials", each with
/// its number, point as text and in [0, 1] ("units"), and value, null where it failed.
Report sweepReport(const SweepOutline& outline, const TrialResults& done);

} // namespace gradwright
