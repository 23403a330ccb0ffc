// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/survey/part_counts.h"
#include "engine/data/survey/table_survey.h"
#include "ui/session/background_jobs.h"

#include <QDialog>
#include <QPointer>

#include <filesystem>
#include <functional>
#include <optional>

class QLabel;
class QProgressBar;
class QPushButton;
class QTableWidget;

namespace gradwright {

class CountBars;
class ThemeManager;

/// What data hold that somebody wants to use in place of the project's: they are read in the
/// background, and nothing changes before they are accepted.
class DataPreview final : public QDialog {
    Q_OBJECT

public:
    /// `before` are the project's data, whose split and, for images, augmentation stay. `jobs`
    /// outlives the dialog: closing it does not wait for what is being read.
    DataPreview(ThemeManager& themes, BackgroundJobs& jobs, DataChoice before,
                QWidget* parent = nullptr);
    ~DataPreview() override;

    /// Begins to read a file or folder of the user's.
    void read(const std::filesystem::path& path);
    /// Begins to read one of the catalog's data sets, as it is at first.
    void read(const std::string& dataset);
    /// Begins to read what has just been downloaded.
    void read(const QString& title, const DataChoice& choice);

    /// What has been read; nothing before.
    [[nodiscard]] const std::optional<DataChoice>& choice() const { return choice_; }

private:
    struct Found {
        DataChoice choice;
        Dataset data;
        PartCounts counts;
        std::optional<TableSurvey> table;
    };

    void start(const QString& name, std::function<DataChoice()> choose);
    void present(const Found& found);
    void showColumns(const Found& found);
    void fail(const QString& reason);

    DataChoice before_;
    std::optional<DataChoice> choice_;
    QLabel* title_;
    QLabel* state_;
    QLabel* notes_;
    QProgressBar* progress_;
    QTableWidget* columns_;
    CountBars* classes_;
    QWidget* classesArea_ = nullptr; ///< in which they scroll
    QPushButton* accept_;
    QPointer<BackgroundJobs> jobs_; ///< gone where its owner is destroyed first
    int job_ = 0;
};

} // namespace gradwright
