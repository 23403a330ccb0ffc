// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/report.h"
#include "engine/support/json.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {

/// One thing that an experiment tries: the part that is done as a whole or not at all.
struct Trial {
    std::int64_t number = 0; ///< counted from 0 in the order in which trials begin
    std::string title;       ///< for progress and tables: "batch 64, seed 2"
    Json settings = Json::object();
    double cost = 1; ///< relative to the other trials, for the time that is left
};

/// What became of a trial; a line of trials.jsonl.
struct TrialResult {
    Trial trial;
    Json values = Json::object(); ///< what was measured; empty where it failed
    std::string error;            ///< why it failed, empty otherwise
    double seconds = 0;

    [[nodiscard]] bool hasFailed() const { return !error.empty(); }
};

using TrialResults = std::vector<TrialResult>;

/// What a person sees before an experiment is begun.
struct Plan {
    std::int64_t trials = 0; ///< at most
    double cost = 0;         ///< of all trials, in the unit of Trial::cost
    /// Sentences on what will be done.
    std::vector<std::string> steps;
    /// Epochs over the training data in all, for an estimate of the time; 0: not known.
    double epochs = 0;
};

/// What a trial is given to run in.
struct TrialContext {
    /// A folder of the trial's own, which exists and is empty.
    std::filesystem::path folder;
    /// The experiment's folder, where earlier trials lie: "trials/0003".
    std::filesystem::path experiment;
    std::stop_token stop;
    /// May be called as often as wanted: which share of the trial is done, from 0 to 1, and what it
    /// is at ("epoch 3 of 10").
    std::function<void(double share, const std::string& note)> progress;
};

/// A change of the project that an experiment recommends.
struct Recommendation {
    std::string title; ///< of the button: "Use 128"
    /// Settings by the keys of sweepSetting() and their values as text, in the order in which they
    /// are set.
    std::vector<std::pair<std::string, std::string>> settings;
};

/// Which trials of an experiment may run at a time, on threads of their own.
enum class TrialsAtATime {
    /// One after the other: a trial depends on those before it, or on how fast the computer is.
    One,
    /// Any: the trial after `done` depends on their number alone, and run() neither on them nor on
    /// what else the computer does.
    Independent,
    /// Those that Procedure::nextBeside() chooses by what has ended and what runs.
    Chosen,
};

/// How a kind of experiment is done. next() and report() are functions of what is finished alone:
/// so an experiment goes on after any interruption as if there had been none.
class Procedure {
public:
    Procedure() = default;
    virtual ~Procedure() = default;
    Procedure(const Procedure&) = delete;
    Procedure& operator=(const Procedure&) = delete;

    [[nodiscard]] virtual Plan plan() const = 0;
    /// The trial after these, whose number is their count; nothing: the experiment is done.
    [[nodiscard]] virtual std::optional<Trial> next(const TrialResults& done) const = 0;
    [[nodiscard]] virtual TrialsAtATime trialsAtATime() const { return TrialsAtATime::One; }
    /// The trial that begins while others run, a function of both alone: its number is their count.
    /// `ended` are in the order of their numbers, among which those of `running` are missing.
    /// Nothing: none may begin before another one ends; where none runs, the experiment is done.
    /// Asked for where trials are Chosen; without any that run it is next().
    [[nodiscard]] virtual std::optional<Trial>
    nextBeside(const TrialResults& ended, const std::vector<Trial>& /*running*/) const {
        return next(ended);
    }
    /// Works on the calling thread. Returns what was measured, or nothing when it was stopped.
    /// Throws Error for a trial that fails; the experiment continues with the next. `done` are
    /// the trials that have ended, where several run at a time and are Independent: none.
    virtual std::optional<Json> run(const Trial& trial, const TrialResults& done,
                                    const TrialContext& context) = 0;
    /// What is known so far; also before the end.
    [[nodiscard]] virtual Report report(const TrialResults& done) const = 0;
    /// What follows for the project, where anything does.
    [[nodiscard]] virtual std::optional<Recommendation>
    recommendation(const TrialResults& /*done*/) const {
        return {};
    }
    /// Removes from the experiment's folder what only later trials needed; called at its end.
    virtual void tidy(const TrialResults& /*done*/, const std::filesystem::path& /*experiment*/) {}
};

} // namespace gradwright
