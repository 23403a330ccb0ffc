// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/experiment.h"

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace gradwright {

/// A trial that runs.
struct RunningTrial {
    std::int64_t number = 0;
    std::string title;
    std::string note; ///< what it is at
    double share = 0; ///< of it, from 0 to 1
};

/// How far an experiment is.
struct ExperimentProgress {
    std::int64_t done = 0;   ///< trials
    std::int64_t trials = 0; ///< at most
    std::string title;       ///< of the trial that has told of itself last
    std::string note;        ///< what it is at
    /// By their numbers; those that have ended before an earlier one are still among them.
    std::vector<RunningTrial> running;
    double share = 0; ///< of all that is planned, from 0 to 1
    /// Nothing until a trial has told how long trials take.
    std::optional<double> secondsLeft;
};

/// Both are called on the thread that runs a trial, never at the same time. What `progress` takes
/// counts as a pause, not as work: it may hold the trials.
struct ExperimentSink {
    std::function<void(const ExperimentProgress&)> progress;
    std::function<void(const TrialResult&)> trialDone;
};

enum class ExperimentOutcome { Finished, Stopped };

/// Does what is left of an experiment, trial after trial, and writes its report at the end. Each
/// trial is stored as soon as it ends; one that was interrupted is done again. Works on the calling
/// thread. Throws Error when the experiment is being written by another process, when its folder
/// cannot be written, or when its project or settings do not suit its kind.
///
/// `jobs`: so many trials run at a time, see requireJobs(), whose Error this throws; 0: as many as
/// the experiment says. They are stored in the order of the plan, so a trial that
/// has ended before an earlier one is kept once that has ended, too; the results are those of one
/// at a time.
ExperimentOutcome runExperiment(const ExperimentDirectory& directory, const ExperimentSink& sink,
                                const std::stop_token& stop, int jobs = 0);

} // namespace gradwright
