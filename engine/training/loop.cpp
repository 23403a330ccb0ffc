// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/loop.h"

#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/support/stopped.h"
#include "engine/training/diverged.h"
#include "engine/training/evaluation.h"
#include "engine/training/run_record.h"
#include "engine/training/seconds_since.h"
#include "engine/training/shared_evaluation.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gradwright {
namespace {

using Clock = Speedometer::Clock;

constexpr auto kDivergedAdvice = "The last good checkpoint is kept; a smaller learning rate or "
                                 "clipped inputs may help.";

/// While it lives, the weights are their average where the settings ask for one.
class Averaged {
public:
    Averaged(WeightStore& store, const UpdateRule& rule, std::int64_t step)
        : store_(store)
        , slot_(rule.slots)
        , active_(rule.regularization.averageDecay > 0 && step > 0) {
        exchange();
    }
    ~Averaged() { exchange(); }
    Averaged(const Averaged&) = delete;
    Averaged& operator=(const Averaged&) = delete;

private:
    void exchange() {
        if (active_)
            store_.exchange(slot_);
    }

    WeightStore& store_;
    std::size_t slot_;
    bool active_;
};

} // namespace

void TrainingLoop::run(const std::stop_token& stop) {
    if (!startRun(stop)) {
        sink_(Stopped{position_.step, true});
        return;
    }
    try {
        while (!position_.finished && position_.epoch < job_.settings.epochs()) {
            if (runEpoch(stop) == Outcome::Stopped) {
                throwIfStopped(giveUp_);
                if (written_ != position_) // an epoch has just ended with one
                    writeCheckpointFile();
                noteRanks();
                recordStop(directory_);
                writeTrace(true);
                sink_(Stopped{position_.step, true});
                return;
            }
        }
        finish(stop);
    } catch (const RankLost& lost) {
        endWithout(lost);
    } catch (const DivergedError& error) {
        failFinite(error.where);
        throw Error("Step {}: {}. {}", position_.step, error.what(), kDivergedAdvice);
    }
}

TrainingLoop::Outcome TrainingLoop::runEpoch(const std::stop_token& stop) {
    speed_.startEpoch();
    if (governor_)
        governor_->resume();
    batcher_.startEpoch(static_cast<std::uint64_t>(position_.epoch), position_.batch);
    for (;;) {
        if (!obeyCommands(stop))
            return Outcome::Stopped;
        const auto asked = Clock::now();
        const auto* batch = batcher_.next();
        if (!batch) {
            if (stepping_)
                commands_.step(); // ending the epoch is no step
            break;
        }
        if (!runStep(*batch, asked, stop))
            return Outcome::Stopped;
        if (secondsSince(lastCheckpoint_) >= job_.settings.checkpointSeconds())
            writeCheckpointFile();
    }
    if (governor_)
        governor_->pause(); // the epoch's figures are measured next
    return endEpoch(stop);
}

bool TrainingLoop::obeyCommands(const std::stop_token& stop) {
    bool told = std::exchange(stepping_, false);
    for (;;) {
        if (ownStop(stop).stop_requested())
            return false;
        const auto pending = commands_.take();
        if (pending.learningRate)
            changeLearningRate(*pending.learningRate);
        if (pending.snapshot) {
            const Averaged averaged(*programs_.weights(), rule_, position_.step);
            sink_(SnapshotTaken{position_.step, std::make_shared<const Weights>(
                                                    readWeights(*programs_.weights()))});
        }
        if (!pending.paused) {
            stepping_ = pending.singleStep;
            if (told && !stepping_)
                sink_(Resumed{position_.step});
            return true;
        }
        if (!std::exchange(told, true)) {
            writeCheckpointFile();
            sink_(Paused{position_.step});
        }
        if (governor_)
            governor_->pause();
        const auto since = Clock::now();
        commands_.wait(stop);
        paused_ += Clock::now() - since;
    }
}

void TrainingLoop::changeLearningRate(double learningRate) {
    if (!(learningRate > 0) || !std::isfinite(learningRate))
        return;
    position_.learningRateFactor = learningRate / job_.settings.learningRate();
    const LearningRateChanged event{position_.step, learningRate, epochsDone(), scheduledRate()};
    metrics_.add(event);
    sink_(event);
}

void TrainingLoop::takeRate(double learningRate) {
    position_.learningRateFactor = learningRate / job_.settings.learningRate();
    position_.plateau.factor = 1;
}

void TrainingLoop::adaptThreads(std::int64_t samples) {
    if (!governor_)
        return;
    if (const auto load = governor_->afterStep(static_cast<double>(samples))) {
        const LoadChanged event{position_.step, load->threads, load->othersBusy};
        loads_.add(event);
        sink_(event);
    }
}

double TrainingLoop::chosenRate() const {
    return job_.settings.learningRate() * position_.learningRateFactor;
}

double TrainingLoop::scheduledRate() const {
    return chosenRate() * position_.plateau.factor * job_.settings.scheduledFactor(epochsDone());
}

double TrainingLoop::epochsDone() const {
    return static_cast<double>(position_.epoch) + groups_.shareOfEpoch(position_.batch);
}

double TrainingLoop::runSeconds() const {
    const auto here = std::chrono::duration<double>(Clock::now() - started_ - paused_);
    constexpr double perSecond = 1000; // as it is shown and logged
    return std::round(perSecond * (earlierSeconds_ + here.count())) / perSecond;
}

bool TrainingLoop::runStep(const Batch& first, Clock::time_point asked,
                           const std::stop_token& stop) {
    std::optional<StatisticsBefore> before;
    if (groups_.batchesFrom(position_.batch) > 1)
        before.emplace(*programs_.weights(), training_.graph);
    std::optional<StepResult> result;
    ScoreSums score;
    try {
        result = runBatches(first, asked, score, stop);
    } catch (const RankLost&) {
        if (before)
            before->putBack();
        throw;
    }
    if (!result) {
        if (before)
            before->putBack();
        return false;
    }
    position_.running.add(score);
    noteStep(*result, scoreOf(score, *training_.metric));
    adaptThreads(score.samples);
    ++tracedSteps_;
    writeTrace(false);
    return true;
}

void TrainingLoop::writeTrace(bool isLast) {
    if (!trace_ || (!isLast && tracedSteps_ < ChromeTrace::kSteps))
        return;
    trace_->write(job_.trace, job_.ranks ? job_.ranks->rank() : 0);
    trace_.reset();
}

std::optional<StepResult> TrainingLoop::runBatches(const Batch& first, Clock::time_point asked,
                                                   ScoreSums& score, const std::stop_token& stop) {
    // The batcher takes each batch back with the next one.
    for (const auto* batch = &first;; batch = batcher_.next()) {
        const auto result = runBatch(*batch, stop);
        if (!result)
            return {};
        score.add(*result->score);
        countLabels(*batch);
        speed_.add(batch->whole, Clock::now() - asked, batcher_.waitedSeconds());
        if (groups_.placeOf(batch->index, position_.batch).isLast)
            return result;
        asked = Clock::now();
    }
}

std::optional<StepResult> TrainingLoop::runBatch(const Batch& batch, const std::stop_token& stop) {
    auto& program = programs_.get(batch.count, Mode::Training);
    bindBatch(training_, batch, inputs_);

    const auto step = static_cast<std::uint64_t>(position_.step) + 1;
    const auto before = groups_.firstSample(batch.index, position_.batch);
    StepRequest request{
        inputs_, {job_.settings.seed(), step, before + batch.first}, scheduledRate()};
    request.accumulation = groups_.placeOf(batch.index, position_.batch);
    std::optional<SharedBatch> shared;
    if (job_.ranks)
        request.shared = &shared.emplace(SharedBatch{*job_.ranks, batch.whole, batch.isSpare,
                                                     job_.roundsGradients ? Wire::Bf16 : Wire::Full,
                                                     beside_.get(), job_.bucketBytes});
    if (trace_)
        request.trace = &*trace_;
    const bool counts = beside_ && sums_.sums() == 0;
    if (counts) {
        sums_.next = request.trace;
        request.trace = &sums_;
    }
    program.submit(request);
    auto result = program.finish(stop);
    if (counts && sums_.sums() > 1)
        noteRanks(); // that they overlap is known from here on
    if (result)
        requireFinite(*result);
    return result;
}

void TrainingLoop::requireFinite(const StepResult& result) {
    if (!result.fault)
        return;
    failFinite(result.fault->path);
    const auto step = position_.step + 1;
    if (result.fault->where == NonFinite::Where::Loss)
        throw Error("Step {}: the loss is not a finite number; the first such value is in {}. {}",
                    step, result.fault->path, kDivergedAdvice);
    throw Error("Step {}: the gradient of {} is not finite. {}", step, result.fault->path,
                kDivergedAdvice);
}

void TrainingLoop::noteStep(const StepResult& result, const Score& score) {
    const double rate = scheduledRate();
    ++position_.step;
    position_.batch += groups_.batchesFrom(position_.batch);
    const double epoch = epochsDone();
    const double samplesLeft = (static_cast<double>(job_.settings.epochs()) - epoch) *
                               static_cast<double>(split_.training.size());
    const double speed = speed_.recent();
    StepDone event{position_.step,
                   epoch,
                   score.loss,
                   score.quality,
                   rate,
                   speed,
                   speed > 0 ? samplesLeft / speed : 0,
                   speed_.recentWait(),
                   {},
                   score.samples,
                   runSeconds()};
    if (metrics_.endsPoint(groups_.steps(position_.batch)))
        event.gradientNorms = gradientNorms(result.gradientSquares);
    const bool isFirst = position_.step == 1;
    const auto norms = isFirst ? gradientNorms(result.gradientSquares) : event.gradientNorms;
    health_.addStep(event.loss, norms.get());
    metrics_.add(event);
    const auto told = Clock::now();
    sink_(event);
    paused_ += Clock::now() - told; // who is told may hold the training for as long as it likes
}

std::shared_ptr<const std::vector<double>>
TrainingLoop::gradientNorms(std::span<const double> squares) const {
    auto norms = std::make_shared<std::vector<double>>();
    for (std::size_t i = 0; i < squares.size(); ++i)
        if (training_.graph.weights()[i].learns())
            norms->push_back(std::sqrt(squares[i]));
    return norms;
}

TrainingLoop::Outcome TrainingLoop::endEpoch(const std::stop_token& stop) {
    EpochDone event;
    event.epoch = position_.epoch + 1;
    event.step = position_.step;
    event.training = scoreOf(position_.running, *training_.metric);
    event.learningRate = scheduledRate();
    event.seconds = speed_.epochSeconds();
    event.samplesPerSecond = speed_.ofEpoch();
    event.waitShare = speed_.waitOfEpoch();
    auto activity = probe_.measure(programs_.weights(), ownStop(stop));
    if (!activity)
        return Outcome::Stopped; // as below
    std::vector<std::int64_t> predicted;
    std::optional<Averaged> averaged;
    averaged.emplace(*programs_.weights(), rule_, position_.step);
    if (!split_.validation.empty()) {
        event.validation = evaluate(programs_, training_, trainingSource_, split_.validation, stop,
                                    predicted, job_.ranks.get());
        if (!event.validation)
            return Outcome::Stopped; // a resume evaluates again: the epoch has no batches left
    }
    const auto& score = event.validation ? *event.validation : event.training;
    const auto& best = position_.best;
    event.best = !best || !event.validation || isBetter(score.quality, best->quality) ||
                 (score.quality == best->quality && score.loss < best->loss);

    if (schedule_.observe)
        schedule_.observe(Params(schedule_.params, job_.settings.schedule.params),
                          position_.plateau, score.loss);
    position_.epochsWithoutGain = event.best ? 0 : position_.epochsWithoutGain + 1;
    ++position_.epoch;
    position_.batch = 0;
    position_.running = {};
    position_.finished = position_.epoch >= job_.settings.epochs() || outOfPatience();
    if (event.best) {
        position_.best = score;
        position_.bestEpoch = position_.epoch;
        writeCheckpoint(directory_.bestWeights(), *programs_.weights(), position_, rule_, giveUp_);
    }
    averaged.reset();
    metrics_.add(event);
    writeCheckpointFile();
    sink_(event);
    noteHealth(event, std::move(predicted), *std::move(activity));
    return Outcome::Done;
}

void TrainingLoop::countLabels(const Batch& batch) {
    labels_.resize(data_.info.classes.size());
    if (!labels_.empty() && !batch.isSpare)
        for (const auto label : batch.labels)
            ++labels_[static_cast<std::size_t>(label)];
}

void TrainingLoop::noteHealth(const EpochDone& event, std::vector<std::int64_t> predicted,
                              std::vector<Activity> activity) {
    if (job_.ranks)
        sumCounts(*job_.ranks, labels_);
    const bool hasChanged =
        health_.endEpoch({event.epoch, event.step, event.training, event.validation, chosenRate(),
                          std::exchange(labels_, {}), std::move(predicted), std::move(activity)});
    if (hasChanged)
        announceHealth();
    else if (event.epoch == 1)
        recordHealth(directory_, health_.record());
}

void TrainingLoop::announceHealth() {
    recordHealth(directory_, health_.record());
    sink_(HealthChanged{position_.step, health_.alarms()});
}

void TrainingLoop::failFinite(const std::string& where) {
    health_.fail(position_.epoch + 1, position_.step + 1, where, chosenRate());
    announceHealth();
}

bool TrainingLoop::outOfPatience() const {
    return job_.settings.earlyStopping() && position_.epochsWithoutGain >= job_.settings.patience();
}

void TrainingLoop::finish(const std::stop_token& stop) {
    writeTrace(true);
    readCheckpointWeights(directory_.bestWeights(), *programs_.weights());
    // The samples to test with are met once: nothing is kept of them.
    ProgramCache whole(backend_, whole_.graph, compileOptions());
    whole.adopt(programs_.weights());
    std::vector<std::int64_t> predicted;
    const auto test = evaluate(features_ ? whole : programs_, whole_, data_.test,
                               allIndices(*data_.test), stop, predicted, job_.ranks.get());
    if (!test) {
        sink_(Stopped{position_.step, true});
        return;
    }
    Finished event{position_.step, position_.epoch,        position_.bestEpoch,
                   *test,          secondsSince(started_), runSeconds()};
    if (position_.epoch < job_.settings.epochs())
        event.stoppedAfter = position_.epochsWithoutGain;
    loads_.write(directory_);
    noteRanks();
    recordResult(directory_, event, position_);
    sink_(event);
}

void TrainingLoop::writeCheckpointFile() {
    writeCheckpoint(directory_.lastWeights(), *programs_.weights(), position_, rule_, giveUp_);
    written_ = position_;
    loads_.write(directory_);
    lastCheckpoint_ = Clock::now();
    sink_(CheckpointWritten{position_.step, directory_.lastWeights()});
}

} // namespace gradwright
