// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/trainer.h"
#include "engine/worker/remote_trainer.h"
#include "ui/session/gpu_finder.h"
#include "ui/session/training_queue.h"

#include <QElapsedTimer>
#include <QObject>
#include <QString>
#include <QTimer>

#include <filesystem>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace gradwright {

enum class TrainingState {
    Idle,
    Queued,    ///< another session of the queue trains; this one waits for its turn
    Preparing, ///< reading data, compiling
    Running,
    Paused,
    Stopping,
    Stopped, ///< on request; the run can be continued
    Finished,
    Failed
};

/// The only bridge to what trains: commands go in, events come out as signals on the GUI thread,
/// which never waits for the engine. Steps come in batches at most 30 times a second, everything
/// else at once and in order.
class TrainingSession : public QObject, private QueuedWork {
    Q_OBJECT

public:
    /// Its trainings wait for their turn in the queue.
    explicit TrainingSession(std::shared_ptr<TrainingQueue> queue, QObject* parent = nullptr);
    /// With a queue of its own: waits for nobody.
    explicit TrainingSession(QObject* parent = nullptr);
    /// Stops a training that runs, which takes less than a second, and leaves it resumable.
    ~TrainingSession() override;

    /// How trainings on GPUs are looked after from now on, and by which worker; for tests.
    void setRemoteOptions(RemoteOptions options);
    /// The GPUs that a training may be for.
    [[nodiscard]] GpuFinder& gpus() { return gpus_; }
    /// Trains a frozen copy, on a GPU in a process of its own, as soon as it is its turn in the
    /// queue. Throws Error while a training of this TrainingSession is active.
    void start(TrainingJob job);
    void pause();
    void resume();
    /// While paused: one step.
    void step();
    void stop();
    /// The rate that the schedule is multiplied with, from the next step on.
    void setLearningRate(double learningRate);
    /// Answered by snapshotTaken() while training is active.
    void requestSnapshot();

    [[nodiscard]] TrainingState state() const { return state_; }
    /// From start() until it has stopped, finished or failed.
    [[nodiscard]] bool isActive() const;
    [[nodiscard]] TrainingQueue& queue() const { return *queue_; }
    /// What was started last; nullptr before the first start.
    [[nodiscard]] const std::shared_ptr<const TrainingJob>& job() const { return job_; }
    /// Folder of the run, empty until it has started.
    [[nodiscard]] const std::filesystem::path& run() const { return run_; }
    [[nodiscard]] std::int64_t currentStep() const { return currentStep_; }
    [[nodiscard]] double learningRate() const { return learningRate_; }
    /// Why it failed; empty otherwise.
    [[nodiscard]] const QString& failure() const { return failure_; }
    /// Whether it failed for a reason outside of the training, and its run can go on.
    [[nodiscard]] bool wasInterrupted() const { return wasInterrupted_; }
    /// Since start or resume, without pauses.
    [[nodiscard]] double elapsedSeconds() const;

Q_SIGNALS:
    void stateChanged(gradwright::TrainingState state);
    void started(const gradwright::RunStarted& event);
    void stepsDone(const std::vector<gradwright::StepDone>& steps);
    void epochDone(const gradwright::EpochDone& event);
    void loadChanged(const gradwright::LoadChanged& event);
    void healthChanged(const gradwright::HealthChanged& event);
    void learningRateChanged(const gradwright::LearningRateChanged& event);
    void snapshotTaken(const gradwright::SnapshotTaken& event);
    void finished(const gradwright::Finished& event);

private:
    friend class TrainingQueue;
    class Inbox;

    [[nodiscard]] bool isWaiting() const override { return state_ == TrainingState::Queued; }
    void launch() override;
    void drain();
    void handle(const TrainingEvent& event);
    void note(const RunStarted& event);
    void end();
    void setState(TrainingState state);

    std::shared_ptr<TrainingQueue> queue_;
    std::shared_ptr<Inbox> inbox_;
    std::shared_ptr<const TrainingJob> job_;
    std::unique_ptr<TrainingRunner> trainer_;
    RemoteOptions remote_;
    GpuFinder gpus_;
    std::filesystem::path run_;
    QString failure_;
    bool wasInterrupted_ = false;
    TrainingState state_ = TrainingState::Idle;
    TrainingState outcome_ = TrainingState::Failed; ///< taken when the thread has ended
    std::int64_t currentStep_ = 0;
    double learningRate_ = 0;
    qint64 activeMilliseconds_ = 0;
    QElapsedTimer running_;
    QTimer stepTimer_;
    std::jthread thread_; ///< last: it uses the trainer
};

} // namespace gradwright
