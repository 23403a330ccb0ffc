// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/run_experiment.h"

#include "engine/io/json_lines.h"
#include "engine/lab/kinds.h"
#include "engine/support/error.h"
#include "engine/support/stopped.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <set>
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
    TrialCrew(Procedure& procedure, const ExperimentDirectory& directory,
              const Experiment& experiment, TrialResults& done, JsonLinesWriter& lines,
              ProgressTeller& teller, const std::stop_token& stop)
        : procedure_(procedure)
        , isChosen_(procedure.trialsAtATime() == TrialsAtATime::Chosen)
        , directory_(directory)
        , beside_(experiment.beside)
        , done_(done)
        , lines_(lines)
        , teller_(teller)
        , forward_(stop, [this] { end_.request_stop(); })
        , handedOut_(done.size()) {
        for (const auto& result : done)
            begun_.push_back(result.trial);
        for (auto& each : directory.begun())
            if (each.trial.number == std::ssize(begun_))
                begun_.push_back(std::move(each.trial));
        for (auto& result : directory.earlyResults())
            waiting_.emplace(result.trial.number, std::move(result));
        storeNext();
    }

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
        if (isStopped_ || end_.stop_requested())
            return false;
        std::error_code none; // all that it has is in the other file by now
        fs::remove(directory_.earlyFile(), none);
        return true;
    }

private:
    struct Taken {
        Trial trial;
        TrialResults ended; ///< when it began
    };

    void work() {
        try {
            while (const auto taken = take()) {
                teller_.begin(taken->trial);
                auto result = runTrial(procedure_, taken->trial, taken->ended, directory_, teller_,
                                       end_.get_token());
                if (result)
                    teller_.reach(taken->trial, 1, "done");
                const std::lock_guard lock(mutex_);
                if (result)
                    store(std::move(*result));
                else
                    isStopped_ = true;
                ++changes_;
                changed_.notify_all();
            }
        } catch (...) {
            const std::lock_guard lock(mutex_);
            if (!failure_)
                failure_ = std::current_exception();
            end_.request_stop();
        }
    }

    /// Waits where no trial may begin before another one ends.
    std::optional<Taken> take() {
        std::unique_lock lock(mutex_);
        for (;;) {
            if (end_.stop_requested() || isStopped_)
                return {};
            // Trials that had begun when the experiment was interrupted come first.
            for (; handedOut_ < begun_.size(); ++handedOut_)
                if (!hasEnded(handedOut_))
                    return Taken{begun_[handedOut_++], isChosen_ ? ended() : TrialResults()};
            if (auto trial = isChosen_ ? choose() : procedure_.next(placeholders())) {
                begun_.push_back(std::move(*trial));
                continue;
            }
            if (done_.size() == begun_.size())
                return {};
            const auto seen = changes_;
            changed_.wait(lock, end_.get_token(), [&] { return changes_ != seen; });
        }
    }

    [[nodiscard]] bool hasEnded(std::size_t number) const {
        return number < done_.size() || waiting_.contains(static_cast<std::int64_t>(number));
    }
    [[nodiscard]] const TrialResult& resultOf(std::size_t number) const {
        return number < done_.size() ? done_[number]
                                     : waiting_.at(static_cast<std::int64_t>(number));
    }
    [[nodiscard]] TrialResults ended() const {
        TrialResults results;
        for (std::size_t number = 0; number < begun_.size(); ++number)
            if (hasEnded(number))
                results.push_back(resultOf(number));
        return results;
    }
    /// Of which the number alone is looked at.
    [[nodiscard]] TrialResults placeholders() const {
        TrialResults results(begun_.size());
        for (std::size_t number = 0; number < begun_.size(); ++number)
            results[number].trial.number = static_cast<std::int64_t>(number);
        return results;
    }

    /// The next trial by what has ended. What runs is written down before it begins, so that the
    /// same follows from it whenever it is asked for again. In an experiment that is repeated it is
    /// what ran there.
    std::optional<Trial> choose() {
        const auto number = begun_.size();
        std::set<std::size_t> running;
        if (number < beside_.size()) {
            running.insert(beside_[number].begin(), beside_[number].end());
            for (std::size_t other = 0; other < number; ++other)
                if (!running.contains(other) && !hasEnded(other))
                    return {};
        } else {
            for (std::size_t other = done_.size(); other < number; ++other)
                if (!hasEnded(other))
                    running.insert(other);
        }
        TrialResults ended;
        BegunTrial begun;
        std::vector<Trial> others;
        for (std::size_t other = 0; other < number; ++other)
            if (running.contains(other)) {
                begun.running.push_back(static_cast<std::int64_t>(other));
                others.push_back(begun_[other]);
            } else {
                ended.push_back(resultOf(other));
            }
        auto trial = procedure_.nextBeside(ended, others);
        if (!trial)
            return {};
        begun.trial = *trial;
        if (!choices_)
            choices_.emplace(directory_.begunFile(), JsonLinesMode::Append);
        choices_->write(toJson(begun));
        choices_->sync();
        return trial;
    }

    /// One that has ended before an earlier one is kept beside the others until that has.
    void store(TrialResult result) {
        if (result.trial.number != std::ssize(done_)) {
            if (!early_)
                early_.emplace(directory_.earlyFile(), JsonLinesMode::Append);
            early_->write(toJson(result));
            early_->sync();
        }
        waiting_.emplace(result.trial.number, std::move(result));
        storeNext();
    }
    /// In the order of their numbers.
    void storeNext() {
        for (auto first = waiting_.begin();
             first != waiting_.end() && first->first == std::ssize(done_);
             first = waiting_.begin()) {
            lines_.write(toJson(first->second));
            lines_.sync();
            teller_.end(first->second);
            done_.push_back(std::move(first->second));
            waiting_.erase(first);
        }
    }

    Procedure& procedure_;
    bool isChosen_;
    const ExperimentDirectory& directory_;
    const std::vector<std::vector<std::int64_t>>& beside_;
    TrialResults& done_;
    JsonLinesWriter& lines_;
    std::optional<JsonLinesWriter> choices_, early_;
    ProgressTeller& teller_;
    std::stop_source end_;
    std::stop_callback<std::function<void()>> forward_;
    std::mutex mutex_;
    std::condition_variable_any changed_; ///< a trial has ended
    std::size_t changes_ = 0;
    std::vector<Trial> begun_;                    ///< by their numbers
    std::size_t handedOut_;                       ///< of those, to threads
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

bool runTrials(Procedure& procedure, const ExperimentDirectory& directory,
               const Experiment& experiment, const ExperimentSink& sink,
               const std::stop_token& stop, int jobs) {
    const auto plan = procedure.plan();
    auto done = directory.results();
    JsonLinesWriter lines(directory.trialsFile(), JsonLinesMode::Append);
    ProgressTeller teller(sink, plan, done, jobs);
    std::error_code none;
    const bool areSeveral = jobs > 1 || !experiment.beside.empty() ||
                            fs::exists(directory.begunFile(), none) ||
                            fs::exists(directory.earlyFile(), none);
    return areSeveral
               ? TrialCrew(procedure, directory, experiment, done, lines, teller, stop).run(jobs)
               : runOneByOne(procedure, directory, done, lines, teller, stop);
}

ExperimentOutcome runExperiment(const ExperimentDirectory& directory, const ExperimentSink& sink,
                                const std::stop_token& stop, int jobs) {
    const auto lock = directory.lock();
    const auto experiment = directory.read();
    const auto procedure = experimentKind(experiment.kind).make(experiment);
    if (jobs == 0)
        jobs = experiment.jobs;
    requireJobs(experiment, *procedure, jobs);
    if (!runTrials(*procedure, directory, experiment, sink, stop, jobs))
        return ExperimentOutcome::Stopped;
    const auto done = directory.results();
    procedure->tidy(done, directory.path());
    directory.writeReport(procedure->report(done));
    return ExperimentOutcome::Finished;
}

} // namespace gradwright
