// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/run_experiment.h"
#include "ui/session/training_queue.h"

#include <QObject>
#include <QString>

#include <memory>
#include <optional>
#include <thread>

namespace gradwright {

enum class LabState {
    Idle,   ///< nothing runs
    Queued, ///< something else trains; the experiment waits for its turn
    Running,
    Paused,   ///< within a trial, which is kept; others may train
    Stopping, ///< the trial that runs is being given up
};

/// Runs one experiment on a thread of its own and tells the GUI thread about it. It takes its turn
/// in the queue of trainings; while it is paused, others have theirs.
class ExperimentSession : public QObject, private QueuedWork {
    Q_OBJECT

public:
    explicit ExperimentSession(std::shared_ptr<TrainingQueue> queue, QObject* parent = nullptr);
    /// Stops what runs; finished trials stay, and the experiment can be resumed.
    ~ExperimentSession() override;

    /// Does what is left of an experiment as soon as it is its turn. Throws Error while one is
    /// active.
    void start(const ExperimentDirectory& directory);
    /// Holds the trial that runs, within its next step.
    void pause();
    void resume();
    /// The trial that runs is given up; finished ones stay.
    void stop();

    [[nodiscard]] LabState state() const { return state_; }
    [[nodiscard]] bool isActive() const { return state_ != LabState::Idle; }
    /// Of what was started last; empty before.
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
    [[nodiscard]] const ExperimentProgress& progress() const { return progress_; }
    /// Why the last experiment could not be done; empty otherwise.
    [[nodiscard]] const QString& failure() const { return failure_; }

Q_SIGNALS:
    void stateChanged(gradwright::LabState state);
    /// 10 times a second at most.
    void progressed(const gradwright::ExperimentProgress& progress);
    void trialDone(const gradwright::TrialResult& result);
    /// It has finished, was stopped or failed; state() is Idle by then.
    void ended();

private:
    class Inbox;

    [[nodiscard]] bool isWaiting() const override { return state_ == LabState::Queued; }
    void launch() override;
    void drain();
    void finish();
    void setState(LabState state);

    std::shared_ptr<TrainingQueue> queue_;
    std::shared_ptr<Inbox> inbox_;
    std::optional<ExperimentDirectory> directory_;
    std::filesystem::path folder_;
    ExperimentProgress progress_;
    QString failure_;
    LabState state_ = LabState::Idle;
    std::jthread thread_; ///< last: it uses the inbox
};

} // namespace gradwright
