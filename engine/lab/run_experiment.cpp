// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/run_experiment.h"

#include "engine/io/json_lines.h"
#include "engine/lab/kinds.h"
#include "engine/support/error.h"
#include "engine/support/stopped.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace gradwright {
namespace {

namespace fs = std::filesystem;
using LabClock = std::chrono::steady_clock;

/// Tells how far it is. Trials that run at a time are told of one after the other. Whoever is told
/// may hold the trials, as a pause does: that time is no work.
class ProgressTeller {
public:
    ProgressTeller(const ExperimentSink& sink, const Plan& plan, const TrialResults& done, int jobs)
        : sink_(sink)
        , plan_(plan)
        , jobs_(jobs) {
        for (const auto& result : done)
            addDone(result);
    }

    void begin(const Trial& trial) {
        const std::lock_guard lock(mutex_);
        running_[trial.number] = {
            {trial.number, trial.title, {}, 0}, trial.cost, LabClock::now(), held_};
        tell(trial);
    }
    void reach(const Trial& trial, double share, const std::string& note) {
        const std::lock_guard lock(mutex_);
        auto& running = running_[trial.number].told;
        running.share = std::clamp(share, 0.0, 1.0);
        running.note = note;
        tell(trial);
    }
    /// Seconds of work since a trial has begun.
    [[nodiscard]] double workOf(const Trial& trial) {
        const std::lock_guard lock(mutex_);
        return workOf(running_[trial.number]);
    }
    /// It is stored.
    void end(const TrialResult& result) {
        const std::lock_guard lock(mutex_);
        running_.erase(result.trial.number);
        addDone(result);
        if (sink_.trialDone)
            sink_.trialDone(result);
    }

private:
    struct Timed {
        RunningTrial told;
        double cost = 1;
        LabClock::time_point begun;
        LabClock::duration heldBefore{}; ///< what `held_` was then
    };

    [[nodiscard]] double workOf(const Timed& timed) const {
        const auto held = held_ - timed.heldBefore;
        return std::chrono::duration<double>(LabClock::now() - timed.begun - held).count();
    }
    void addDone(const TrialResult& result) {
        ++progress_.done;
        cost_ += result.trial.cost;
        seconds_ += result.seconds;
    }
    void tell(const Trial& trial) {
        if (!sink_.progress)
            return;
        double known = cost_;
        double taken = seconds_;
        progress_.running.clear();
        for (const auto& [number, each] : running_) {
            progress_.running.push_back(each.told);
            known += each.told.share * each.cost;
            taken += workOf(each);
        }
        const double whole = std::max(plan_.cost, known);
        progress_.trials = std::max(plan_.trials, progress_.done + 1);
        progress_.title = trial.title;
        progress_.note = running_[trial.number].told.note;
        progress_.share = whole > 0 ? known / whole : 0;
        progress_.secondsLeft.reset();
        const bool isEnough = cost_ > 0 || running_[trial.number].told.share >= 0.05;
        if (known > 0 && isEnough)
            progress_.secondsLeft = taken / known * (whole - known) / static_cast<double>(jobs_);
        const auto told = LabClock::now();
        sink_.progress(progress_);
        held_ += LabClock::now() - told;
    }

    const ExperimentSink& sink_;
    const Plan& plan_;
    int jobs_;
    std::mutex mutex_;
    ExperimentProgress progress_;
    std::map<std::int64_t, Timed> running_;
    LabClock::duration held_{};
    double cost_ = 0;
    double seconds_ = 0;
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

/// Nothing when it was stopped; then nothing of it is left.
std::optional<TrialResult> runTrial(Procedure& procedure, const Trial& trial,
                                    const TrialResults& done, const ExperimentDirectory& directory,
                                    ProgressTeller& teller, const std::stop_token& stop) {
    const TrialContext context{
        emptyFolder(directory.trialFolder(trial.number)), directory.path(), stop,
        [&](double share, const std::string& note) { teller.reach(trial, share, note); }};
    TrialResult result{.trial = trial, .error = {}};
    std::error_code none; // what cannot be removed here is when the trial begins anew
    bool isGivenUp = false;
    try {
        auto values = procedure.run(trial, done, context);
        isGivenUp = !values;
        if (values)
            result.values = std::move(*values);
    } catch (const WorkStopped&) {
        isGivenUp = true;
    } catch (const Error& error) {
        isGivenUp = stop.stop_requested();
        result.error = error.what();
    }
    if (isGivenUp) {
        fs::remove_all(context.folder, none);
        return {};
    }
    result.seconds = teller.workOf(trial);
    if (fs::is_empty(context.folder, none))
        fs::remove(context.folder, none);
    return result;
}

/// What all threads of an experiment share.
class TrialCrew {
public:
    TrialCrew(Procedure& procedure, const ExperimentDirectory& directory, TrialResults& done,
              JsonLinesWriter& lines, ProgressTeller& teller, const std::stop_token& stop)
        : procedure_(procedure)
        , directory_(directory)
        , done_(done)
        , lines_(lines)
        , teller_(teller)
        , forward_(stop, [this] { end_.request_stop(); })
        , begun_(done) {}

    /// Returns false when it was stopped.
    bool run(int jobs) {
        {
            std::vector<std::jthread> threads;
            for (int i = 1; i < jobs; ++i)
                threads.emplace_back([this] { work(); });
            work();
        }
        if (failure_)
            std::rethrow_exception(failure_);
        return !isStopped_ && !end_.stop_requested();
    }

private:
    void work() {
        try {
            while (const auto trial = take()) {
                teller_.begin(*trial);
                auto result =
                    runTrial(procedure_, *trial, {}, directory_, teller_, end_.get_token());
                if (result)
                    teller_.reach(*trial, 1, "done");
                const std::lock_guard lock(mutex_);
                if (!result) {
                    isStopped_ = true;
                    return;
                }
                store(std::move(*result));
            }
        } catch (...) {
            const std::lock_guard lock(mutex_);
            if (!failure_)
                failure_ = std::current_exception();
            end_.request_stop();
        }
    }

    std::optional<Trial> take() {
        const std::lock_guard lock(mutex_);
        if (end_.stop_requested() || isStopped_)
            return {};
        auto trial = procedure_.next(begun_);
        if (trial)
            begun_.push_back({.trial = *trial, .error = {}});
        return trial;
    }

    /// In the order of their numbers.
    void store(TrialResult result) {
        waiting_.emplace(result.trial.number, std::move(result));
        for (auto first = waiting_.begin();
             first != waiting_.end() && first->first == static_cast<std::int64_t>(done_.size());
             first = waiting_.begin()) {
            lines_.write(toJson(first->second));
            lines_.sync();
            teller_.end(first->second);
            done_.push_back(std::move(first->second));
            waiting_.erase(first);
        }
    }

    Procedure& procedure_;
    const ExperimentDirectory& directory_;
    TrialResults& done_;
    JsonLinesWriter& lines_;
    ProgressTeller& teller_;
    std::stop_source end_;
    std::stop_callback<std::function<void()>> forward_;
    std::mutex mutex_;
    TrialResults begun_; ///< whose number alone says which trial comes next
    std::map<std::int64_t, TrialResult> waiting_; ///< for earlier ones
    bool isStopped_ = false;
    std::exception_ptr failure_;
};

/// One trial after the other; false when it was stopped.
bool runOneByOne(Procedure& procedure, const ExperimentDirectory& directory, TrialResults& done,
                 JsonLinesWriter& lines, ProgressTeller& teller, const std::stop_token& stop) {
    while (const auto trial = procedure.next(done)) {
        if (stop.stop_requested())
            return false;
        teller.begin(*trial);
        auto result = runTrial(procedure, *trial, done, directory, teller, stop);
        if (!result)
            return false;
        lines.write(toJson(*result));
        lines.sync();
        teller.end(*result);
        done.push_back(std::move(*result));
    }
    return true;
}

} // namespace

ExperimentOutcome runExperiment(const ExperimentDirectory& directory, const ExperimentSink& sink,
                                const std::stop_token& stop, int jobs) {
    const auto lock = directory.lock();
    const auto experiment = directory.read();
    const auto procedure = experimentKind(experiment.kind).make(experiment);
    const auto plan = procedure->plan();
    auto done = directory.results();
    JsonLinesWriter lines(directory.trialsFile(), JsonLinesMode::Append);
    if (jobs == 0)
        jobs = experiment.jobs;
    requireJobs(experiment, *procedure, jobs);
    ProgressTeller teller(sink, plan, done, jobs);
    const bool isWhole = jobs > 1
                             ? TrialCrew(*procedure, directory, done, lines, teller, stop).run(jobs)
                             : runOneByOne(*procedure, directory, done, lines, teller, stop);
    if (!isWhole)
        return ExperimentOutcome::Stopped;
    procedure->tidy(done, directory.path());
    directory.writeReport(procedure->report(done));
    return ExperimentOutcome::Finished;
}

} // namespace gradwright
