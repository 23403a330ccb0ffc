// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/compute_plan.h"
#include "engine/training/memory.h"
#include "ui/document/project_document.h"
#include "ui/session/background_jobs.h"
#include "ui/session/training_session.h"

#include <QObject>
#include <QTimer>

#include <optional>

namespace gradwright {

/// Finds out in the background, while nothing is edited and nothing trains, what training the
/// network will need: the memory as the engine plans it, and, where the settings leave them open,
/// the threads with which it is fastest on this machine, which trainings then take.
class ComputeProbe final : public QObject {
    Q_OBJECT
public:
    ComputeProbe(ProjectDocument& document, TrainingSession& session, QObject* parent = nullptr);

    /// How long nothing must happen before it begins; for tests.
    void setDelay(int milliseconds) { timer_.setInterval(milliseconds); }

Q_SIGNALS:
    /// Nothing when what was planned is not true any more.
    void memoryChanged(const std::optional<gradwright::MemoryEstimate>& memory);
    /// What a training with these settings would take; nothing when that is not known any more.
    void planChanged(const std::optional<gradwright::ComputePlan>& plan);
    /// It has just been measured.
    void calibrated(const gradwright::ComputePlan& plan, double samplesPerSecond);

private:
    void forget();
    // Nothing is said twice to be unknown.
    void tellMemory(const std::optional<MemoryEstimate>& memory);
    void tellPlan(const std::optional<ComputePlan>& plan);
    void waitAgain();
    void begin();

    ProjectDocument* document_;
    TrainingSession* session_;
    QTimer timer_;
    int job_ = 0;
    bool knowsMemory_ = false, knowsPlan_ = false;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
