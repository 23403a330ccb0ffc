// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/training_session.h"

#include "engine/support/error.h"
#include "engine/support/scheduling.h"
#include "ui/session/training_queue.h"

#include <algorithm>
#include <mutex>
#include <type_traits>
#include <utility>

namespace gradwright {
namespace {

constexpr int kStepInterval = 33; // ms: 30 Hz

} // namespace

/// Where the training thread leaves its events. Steps wait for the timer; anything else wakes the
/// GUI thread, once until it has looked.
class TrainingSession::Inbox {
public:
    explicit Inbox(TrainingSession& session)
        : session_(session) {}

    void put(const TrainingEvent& event) {
        const bool urgent = !std::holds_alternative<StepDone>(event);
        const std::lock_guard lock(mutex_);
        events_.push_back(event);
        if (urgent)
            wake();
    }
    void putEnd() {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        wake();
    }
    std::vector<TrainingEvent> take(bool& ended) {
        const std::lock_guard lock(mutex_);
        woken_ = false;
        ended = std::exchange(ended_, false);
        return std::exchange(events_, {});
    }

private:
    void wake() {
        if (!std::exchange(woken_, true))
            QMetaObject::invokeMethod(&session_, &TrainingSession::drain, Qt::QueuedConnection);
    }

    TrainingSession& session_;
    std::mutex mutex_;
    std::vector<TrainingEvent> events_;
    bool ended_ = false;
    bool woken_ = false;
};

TrainingSession::TrainingSession(QObject* parent)
    : TrainingSession(std::make_shared<TrainingQueue>(), parent) {}

TrainingSession::TrainingSession(std::shared_ptr<TrainingQueue> queue, QObject* parent)
    : QObject(parent)
    , queue_(std::move(queue))
    , inbox_(std::make_shared<Inbox>(*this)) {
    stepTimer_.setInterval(kStepInterval);
    connect(&stepTimer_, &QTimer::timeout, this, &TrainingSession::drain);
}

TrainingSession::~TrainingSession() {
    thread_.request_stop();
    if (thread_.joinable())
        thread_.join();
    queue_->leave(*this);
}

void TrainingSession::setRemoteOptions(RemoteOptions options) {
    remote_ = std::move(options);
    if (remote_.program)
        gpus_.setProgram(*remote_.program);
}

bool TrainingSession::isActive() const {
    return state_ == TrainingState::Queued || state_ == TrainingState::Preparing ||
           state_ == TrainingState::Running || state_ == TrainingState::Paused ||
           state_ == TrainingState::Stopping;
}

void TrainingSession::start(TrainingJob job) {
    if (isActive())
        throw Error("A training is running already; stop it before starting another.");
    job_ = std::make_shared<const TrainingJob>(std::move(job));
    run_.clear();
    failure_.clear();
    wasInterrupted_ = false;
    outcome_ = TrainingState::Failed;
    currentStep_ = 0;
    learningRate_ = job_->settings.learningRate();
    activeMilliseconds_ = 0;
    running_.invalidate();
    trainer_ = makeTrainer(
        *job_, [inbox = inbox_](const TrainingEvent& event) { inbox->put(event); }, remote_);
    if (queue_->enter(*this))
        launch();
    else
        setState(TrainingState::Queued);
}

void TrainingSession::launch() {
    stepTimer_.start();
    setState(TrainingState::Preparing);
    thread_ = std::jthread([inbox = inbox_, trainer = trainer_.get()](const std::stop_token& stop) {
        setScheduling(Scheduling::Throughput);
        trainer->run(stop);
        inbox->putEnd();
    });
}

void TrainingSession::pause() {
    if (isActive() && state_ != TrainingState::Queued)
        trainer_->pause();
}

void TrainingSession::resume() {
    if (isActive() && state_ != TrainingState::Queued)
        trainer_->resume();
}

void TrainingSession::step() {
    if (state_ == TrainingState::Paused)
        trainer_->step();
}

void TrainingSession::stop() {
    if (!isActive())
        return;
    if (state_ == TrainingState::Queued) {
        trainer_.reset();
        queue_->leave(*this);
        setState(TrainingState::Stopped);
        return;
    }
    thread_.request_stop();
    setState(TrainingState::Stopping);
}

void TrainingSession::setLearningRate(double learningRate) {
    if (isActive())
        trainer_->setLearningRate(learningRate);
}

void TrainingSession::requestSnapshot() {
    if (state_ == TrainingState::Running || state_ == TrainingState::Paused)
        trainer_->requestSnapshot();
}

double TrainingSession::elapsedSeconds() const {
    const auto now = running_.isValid() ? running_.elapsed() : 0;
    return static_cast<double>(activeMilliseconds_ + now) / 1000;
}

void TrainingSession::drain() {
    bool ended = false;
    const auto events = inbox_->take(ended);
    std::vector<StepDone> steps;
    const auto flush = [&] {
        if (steps.empty())
            return;
        currentStep_ = steps.back().step;
        Q_EMIT stepsDone(std::exchange(steps, {}));
    };
    for (const auto& event : events) {
        if (const auto* step = std::get_if<StepDone>(&event)) {
            steps.push_back(*step);
            continue;
        }
        flush();
        handle(event);
    }
    flush();
    if (ended)
        end();
}

void TrainingSession::handle(const TrainingEvent& event) {
    std::visit(
        [this](const auto& value) {
            using Event = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<Event, RunStarted>) {
                note(value);
            } else if constexpr (std::is_same_v<Event, EpochDone>) {
                Q_EMIT epochDone(value);
            } else if constexpr (std::is_same_v<Event, LoadChanged>) {
                Q_EMIT loadChanged(value);
            } else if constexpr (std::is_same_v<Event, HealthChanged>) {
                Q_EMIT healthChanged(value);
            } else if constexpr (std::is_same_v<Event, LearningRateChanged>) {
                learningRate_ = value.learningRate;
                Q_EMIT learningRateChanged(value);
            } else if constexpr (std::is_same_v<Event, SnapshotTaken>) {
                Q_EMIT snapshotTaken(value);
            } else if constexpr (std::is_same_v<Event, Paused>) {
                if (state_ != TrainingState::Stopping)
                    setState(TrainingState::Paused);
            } else if constexpr (std::is_same_v<Event, Resumed>) {
                if (state_ != TrainingState::Stopping)
                    setState(TrainingState::Running);
            } else if constexpr (std::is_same_v<Event, Stopped>) {
                outcome_ = TrainingState::Stopped;
            } else if constexpr (std::is_same_v<Event, Failed>) {
                failure_ = QString::fromStdString(value.message);
                wasInterrupted_ = value.isInterrupted;
                outcome_ = TrainingState::Failed;
            } else if constexpr (std::is_same_v<Event, Finished>) {
                outcome_ = TrainingState::Finished;
                Q_EMIT finished(value);
            }
        },
        event);
}

void TrainingSession::note(const RunStarted& event) {
    run_ = event.run;
    currentStep_ = event.startStep;
    learningRate_ = event.setRate;
    Q_EMIT started(event);
    if (state_ == TrainingState::Preparing)
        setState(TrainingState::Running);
}

void TrainingSession::end() {
    // The thread has left run(): joining takes no time, and the run's lock is free.
    thread_.join();
    trainer_.reset();
    stepTimer_.stop();
    setState(outcome_);
    queue_->leave(*this);
}

void TrainingSession::setState(TrainingState state) {
    if (state == state_)
        return;
    if (state_ == TrainingState::Running && running_.isValid()) {
        activeMilliseconds_ += running_.elapsed();
        running_.invalidate();
    }
    state_ = state;
    if (state == TrainingState::Running)
        running_.start();
    Q_EMIT stateChanged(state);
}

} // namespace gradwright

#include "moc_training_session.cpp"
