// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/session/background_jobs.h"
#include "ui/session/run_history.h"
#include "ui/session/training_session.h"

#include <QObject>

#include <filesystem>

namespace gradwright {

/// A run that ended with its program, by closing the window or by a crash, and can be resumed.
struct InterruptedRun {
    RunHistory history;
    QString project;                                  ///< its name
    std::optional<std::filesystem::path> projectFile; ///< where the project had been saved
};

/// Remembers which runs are being written, so that the next start can offer those that were cut
/// off. A run that was stopped on purpose is not offered.
class InterruptedTraining final : public QObject {
    Q_OBJECT
public:
    InterruptedTraining(ProjectDocument& document, TrainingSession& session,
                        QObject* parent = nullptr);

    /// Looks in the background; found() reports the newest.
    void look();
    /// It is not offered again.
    static void forget(const std::filesystem::path& run);
    /// The run lies elsewhere now, beside the project's file.
    static void follow(const std::filesystem::path& from, const std::filesystem::path& to,
                       const std::filesystem::path& projectFile);

Q_SIGNALS:
    void found(const gradwright::InterruptedRun& run);

private:
    void remember(const std::filesystem::path& run, const TrainingJob& job) const;

    ProjectDocument* document_;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
