// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/unsaved_networks.h"
#include "ui/session/background_jobs.h"

#include <QDateTime>
#include <QObject>
#include <QStringList>

#include <memory>
#include <string>
#include <vector>

namespace gradwright {

/// What can be opened again: the file of a project or of a network that only answers, or a network
/// that was trained and not saved.
struct RecentProject {
    QString name;
    QString file;     ///< empty: not saved
    std::string uuid; ///< of one that is not saved
    QDateTime time;   ///< saved, or trained last
    qsizetype runs = 0;
    QString best; ///< "98.93 %"; empty where it was not trained

    [[nodiscard]] bool isSaved() const { return !file.isEmpty(); }
    /// A file without a project, which only answers.
    [[nodiscard]] bool onlyAnswers() const;
    bool operator==(const RecentProject&) const = default;
};

/// What was opened or trained last. Files are known at once; their runs, and the networks that have
/// no file, are read in the background.
class RecentProjects final : public QObject {
    Q_OBJECT
public:
    using Networks = std::vector<UnsavedNetwork>;

    explicit RecentProjects(QObject* parent = nullptr);

    /// The files that were opened last and are there, newest first.
    [[nodiscard]] static QStringList files();
    static void remember(const QString& file);

    /// Reads again; changed() follows.
    void refresh();
    [[nodiscard]] const std::vector<RecentProject>& projects() const { return projects_; }
    /// All that are not saved, also those that have not learned anything yet; newest first.
    [[nodiscard]] const std::shared_ptr<const Networks>& networks() const { return networks_; }
    [[nodiscard]] bool isReading() const { return reading_ != 0; }

Q_SIGNALS:
    void changed();

private:
    std::vector<RecentProject> projects_;
    std::shared_ptr<const Networks> networks_;
    int reading_ = 0;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
