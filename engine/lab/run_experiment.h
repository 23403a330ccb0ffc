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

/// Does what is left of the trials of a procedure, as runExperiment() does, which is what calls it;
/// without lock and report. Returns false when it was stopped.
bool runTrials(Procedure& procedure, const ExperimentDirectory& directory,
               const Experiment& experiment, const ExperimentSink& sink,
               const std::stop_token& stop, int jobs);

enum class ExperimentOutcome { Finished, Stopped };

/// Does what is left of an experiment, trial after trial, and writes its report at the end. Each
/// trial is stored as soon as it ends; one that was interrupted is done again. Works on the calling
/// thread. Throws Error when the experiment is being written by another process, when its folder
/// cannot be written, or when its project or settings do not suit its kind.
///
/// `jobs`: so many trials run at a time, see requireJobs(), whose Error this throws; 0: as many as
/// the experiment says. They are stored in the order in which they have begun; none that has ended
/// is lost. Independent trials give the results of one at a time. Those that are chosen by what has
/// ended depend on when trials end: what ran is written down, and Experiment::beside repeats it.
ExperimentOutcome runExperiment(const ExperimentDirectory& directory, const ExperimentSink& sink,
                                const std::stop_token& stop, int jobs = 0);

} // namespace gradwright
