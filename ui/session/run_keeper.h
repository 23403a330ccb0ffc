// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/session/background_jobs.h"
#include "ui/session/training_session.h"

#include <QObject>
#include <QStringList>

#include <filesystem>
#include <map>
#include <utility>
#include <vector>

namespace gradwright {

/// Knows whether the open project was trained without being saved, and brings its runs beside its
/// file once it has one. A run that is being written follows when its training has ended.
class RunKeeper final : public QObject {
    Q_OBJECT
public:
    using Moves = std::vector<std::pair<std::filesystem::path, std::filesystem::path>>;

    RunKeeper(ProjectDocument& document, TrainingSession& session, QObject* parent = nullptr);

    /// Looks again, in the background, whether the project has runs.
    void look();
    /// The session trains the open project, not one that was open before it.
    [[nodiscard]] bool isOwnTraining() const;
    /// Runs are being moved; settled() reports when they are there.
    [[nodiscard]] bool isMoving() const { return adopting_; }
    /// Where a run lies that may have been moved.
    [[nodiscard]] std::filesystem::path placeOf(const std::filesystem::path& run) const;

Q_SIGNALS:
    /// Runs were moved beside `file`: from, to.
    void moved(const gradwright::RunKeeper::Moves& runs, const std::filesystem::path& file);
    void settled();
    /// Why runs stay where they are.
    void failed(const QStringList& reasons);

private:
    void adopt();

    ProjectDocument* document_;
    TrainingSession* session_;
    std::map<std::filesystem::path, std::filesystem::path> places_; ///< of the runs moved so far
    int looking_ = 0;
    bool adopting_ = false;
    bool again_ = false;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
