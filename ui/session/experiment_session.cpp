// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/experiment_session.h"

#include "engine/support/error.h"
#include "engine/support/scheduling.h"

#include <QMetaObject>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace gradwright {
namespace {

constexpr auto kTellEvery = std::chrono::milliseconds(100);

} // namespace

/// What both threads share. The GUI thread is called once for all that has come.
class ExperimentSession::Inbox {
public:
    struct News {
        std::optional<ExperimentProgress> progress;
        std::vector<TrialResult> results;
        bool hasEnded = false;
        QString failure;
    };

    explicit Inbox(ExperimentSession* session)
        : session_(session) {}

    void disconnect() {
        const std::lock_guard lock(mutex_);
        session_ = nullptr;
    }
    void setPaused(bool paused) {
        const std::lock_guard lock(mutex_);
        paused_ = paused;
        changed_.notify_all();
    }
    /// On the experiment's thread: while it is paused it waits here.
    void put(const ExperimentProgress& progress, const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, stop, [this] { return !paused_; });
        const auto now = std::chrono::steady_clock::now();
        const bool isNewTrial = progress.done != lastDone_;
        if (!isNewTrial && now - told_ < kTellEvery)
            return;
        told_ = now;
        lastDone_ = progress.done;
        news_.progress = progress;
        call();
    }
    void put(const TrialResult& result) {
        const std::lock_guard lock(mutex_);
        news_.results.push_back(result);
        call();
    }
    void putEnd(QString failure) {
        const std::lock_guard lock(mutex_);
        news_.hasEnded = true;
        news_.failure = std::move(failure);
        call();
    }
    News take() {
        const std::lock_guard lock(mutex_);
        isCalled_ = false;
        return std::exchange(news_, {});
    }

private:
    void call() {
        if (!session_ || std::exchange(isCalled_, true))
            return;
        QMetaObject::invokeMethod(
            session_, [session = session_] { session->drain(); }, Qt::QueuedConnection);
    }

    std::mutex mutex_;
    std::condition_variable_any changed_;
    ExperimentSession* session_;
    News news_;
    std::chrono::steady_clock::time_point told_;
    std::int64_t lastDone_ = -1;
    bool isCalled_ = false;
    bool paused_ = false;
};

ExperimentSession::ExperimentSession(std::shared_ptr<TrainingQueue> queue, QObject* parent)
    : QObject(parent)
    , queue_(std::move(queue)) {}

ExperimentSession::~ExperimentSession() {
    queue_->leave(*this);
    if (inbox_)
        inbox_->disconnect();
    if (thread_.joinable()) {
        thread_.request_stop();
        thread_.join();
    }
}

void ExperimentSession::start(const ExperimentDirectory& directory) {
    if (isActive())
        throw Error("An experiment is running already; cancel it before starting another.");
    directory_ = directory;
    folder_ = directory.path();
    failure_.clear();
    progress_ = {};
    if (queue_->enter(*this))
        launch();
    else
        setState(LabState::Queued);
}

void ExperimentSession::launch() {
    if (thread_.joinable()) { // it was paused and has its turn again
        inbox_->setPaused(false);
        setState(LabState::Running);
        return;
    }
    inbox_ = std::make_shared<Inbox>(this);
    setState(LabState::Running);
    thread_ = std::jthread([inbox = inbox_, directory = *directory_](const std::stop_token& stop) {
        setScheduling(Scheduling::Throughput);
        QString failure;
        try {
            runExperiment(directory,
                          {[&](const ExperimentProgress& progress) { inbox->put(progress, stop); },
                           [&](const TrialResult& result) { inbox->put(result); }},
                          stop);
        } catch (const std::exception& error) {
            failure = QString::fromUtf8(error.what());
        }
        inbox->putEnd(failure);
    });
}

void ExperimentSession::pause() {
    if (state_ != LabState::Running)
        return;
    inbox_->setPaused(true);
    setState(LabState::Paused);
    queue_->leave(*this);
}

void ExperimentSession::resume() {
    if (state_ != LabState::Paused)
        return;
    if (queue_->enter(*this))
        launch();
    else
        setState(LabState::Queued);
}

void ExperimentSession::stop() {
    if (!isActive() || state_ == LabState::Stopping)
        return;
    if (!thread_.joinable()) { // it never had its turn
        queue_->leave(*this);
        finish();
        return;
    }
    thread_.request_stop();
    setState(LabState::Stopping);
}

void ExperimentSession::drain() {
    const auto news = inbox_->take();
    if (news.progress) {
        progress_ = *news.progress;
        Q_EMIT progressed(progress_);
    }
    for (const auto& result : news.results)
        Q_EMIT trialDone(result);
    if (!news.hasEnded)
        return;
    failure_ = news.failure;
    thread_.join();
    queue_->leave(*this);
    finish();
}

void ExperimentSession::finish() {
    directory_.reset();
    progress_ = {};
    setState(LabState::Idle);
    Q_EMIT ended();
}

void ExperimentSession::setState(LabState state) {
    if (state_ == state)
        return;
    state_ = state;
    Q_EMIT stateChanged(state);
}

} // namespace gradwright
