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
#include <vector>

class QLabel;
class QPlainTextEdit;
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

    /// Begins to read a file or folder of the user's, or files that belong together.
    void read(const std::vector<std::filesystem::path>& files);
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
    void setRole(const char* role); ///< of the text that says how far it is
    void fail(const QString& reason);
    /// Lists the images that cannot be read and offers to leave them out.
    void offerRest(const QString& reason, std::size_t count, const DataChoice& choice);

    DataChoice before_;
    std::optional<DataChoice> choice_;
    QLabel* title_;
    QLabel* state_;
    QLabel* notes_;
    QPlainTextEdit* faults_; ///< what cannot be read, a line each
    QProgressBar* progress_;
    QTableWidget* columns_;
    CountBars* classes_;
    QWidget* classesArea_ = nullptr; ///< in which they scroll
    QPushButton* accept_;
    QPushButton* leaveOut_;         ///< reads again without them
    DataChoice refused_;            ///< what it reads
    QPointer<BackgroundJobs> jobs_; ///< gone where its owner is destroyed first
    int job_ = 0;
};

} // namespace gradwright
