// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/run_experiment.h"

#include "engine/io/json_lines.h"
#include "engine/lab/kinds.h"
#include "engine/support/error.h"

#include <algorithm>
#include <chrono>
#include <system_error>

namespace gradwright {
namespace {

namespace fs = std::filesystem;
using LabClock = std::chrono::steady_clock;

/// Tells how far it is.
class ProgressTeller {
public:
    ProgressTeller(const ExperimentSink& sink, const Plan& plan, const TrialResults& done)
        : sink_(sink)
        , plan_(plan) {
        for (const auto& result : done)
            add(result);
    }

    void add(const TrialResult& result) {
        ++progress_.done;
        cost_ += result.trial.cost;
        seconds_ += result.seconds;
    }
    void begin(const Trial& trial) {
        trial_ = &trial;
        begun_ = LabClock::now();
        tell(0, {});
    }
    void tell(double share, const std::string& note) {
        if (!sink_.progress)
            return;
        share = std::clamp(share, 0.0, 1.0);
        const double running = share * trial_->cost;
        const double known = cost_ + running;
        const double whole = std::max(plan_.cost, known);
        progress_.trials = std::max(plan_.trials, progress_.done + 1);
        progress_.title = trial_->title;
        progress_.note = note;
        progress_.share = whole > 0 ? known / whole : 0;
        progress_.secondsLeft.reset();
        const double taken =
            seconds_ + std::chrono::duration<double>(LabClock::now() - begun_).count();
        if (known > 0 && (cost_ > 0 || share >= 0.05))
            progress_.secondsLeft = taken / known * (whole - known);
        sink_.progress(progress_);
    }

private:
    const ExperimentSink& sink_;
    const Plan& plan_;
    ExperimentProgress progress_;
    const Trial* trial_ = nullptr;
    double cost_ = 0;
    double seconds_ = 0;
    LabClock::time_point begun_;
};

/// The trial's folder without what an interrupted one has left there.
fs::path emptyFolder(const fs::path& folder) {
    std::error_code failure;
    fs::remove_all(folder, failure);
    if (!failure)
        fs::create_directories(folder, failure);
    if (failure)
        throw Error("{}: the trial's folder cannot be made ({})", folder.string(),
                    failure.message());
    return folder;
}

/// Nothing when it was stopped.
std::optional<TrialResult> runTrial(Procedure& procedure, const Trial& trial,
                                    const TrialResults& done, const ExperimentDirectory& directory,
                                    ProgressTeller& teller, const std::stop_token& stop) {
    const TrialContext context{
        emptyFolder(directory.trialFolder(trial.number)), directory.path(), stop,
        [&](double share, const std::string& note) { teller.tell(share, note); }};
    const auto begun = LabClock::now();
    TrialResult result{.trial = trial, .error = {}};
    try {
        auto values = procedure.run(trial, done, context);
        if (!values)
            return {};
        result.values = std::move(*values);
    } catch (const Error& error) {
        if (stop.stop_requested())
            return {};
        result.error = error.what();
    }
    result.seconds = std::chrono::duration<double>(LabClock::now() - begun).count();
    std::error_code none; // a folder in which nothing was kept
    if (fs::is_empty(context.folder, none))
        fs::remove(context.folder, none);
    return result;
}

} // namespace

ExperimentOutcome runExperiment(const ExperimentDirectory& directory, const ExperimentSink& sink,
                                const std::stop_token& stop) {
    const auto lock = directory.lock();
    const auto experiment = directory.read();
    const auto procedure = experimentKind(experiment.kind).make(experiment);
    const auto plan = procedure->plan();
    auto done = directory.results();
    JsonLinesWriter lines(directory.trialsFile(), JsonLinesMode::Append);
    ProgressTeller teller(sink, plan, done);
    while (const auto trial = procedure->next(done)) {
        if (stop.stop_requested())
            return ExperimentOutcome::Stopped;
        teller.begin(*trial);
        auto result = runTrial(*procedure, *trial, done, directory, teller, stop);
        if (!result)
            return ExperimentOutcome::Stopped;
        lines.write(toJson(*result));
        lines.sync();
        teller.add(*result);
        if (sink.trialDone)
            sink.trialDone(*result);
        done.push_back(std::move(*result));
    }
    procedure->tidy(done, directory.path());
    directory.writeReport(procedure->report(done));
    return ExperimentOutcome::Finished;
}

} // namespace gradwright
