// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/survey/data_problems.h"
#include "engine/project/data_remedies.h"
#include "ui/session/background_jobs.h"

#include <QDialog>
#include <QPointer>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

class QLabel;
class QPlainTextEdit;
class QProgressBar;
class QPushButton;
class QScrollArea;
class QStackedWidget;
class QTabBar;

namespace gradwright {

class ColumnTable;
class CountBars;
class ProblemList;
class ThemeManager;

/// What data hold that somebody wants to use in place of the project's, and how they would be used:
/// types and roles of columns, classes, and problems with what helps. They are read in the
/// background, and nothing changes before they are accepted.
class DataPreview final : public QDialog {
    Q_OBJECT

public:
    /// `before` is the project, whose split and, for images, augmentation stay. `jobs` outlives the
    /// dialog: closing it does not wait for what is being read.
    DataPreview(ThemeManager& themes, BackgroundJobs& jobs, Project before,
                QWidget* parent = nullptr);
    ~DataPreview() override;

    /// Begins to read a file or folder of the user's, or files that belong together.
    void read(const std::vector<std::filesystem::path>& files);
    /// Begins to read one of the catalog's data sets, as it is at first.
    void read(const std::string& dataset);
    /// Begins to read what has just been downloaded.
    void read(const QString& title, const DataChoice& choice);

    /// What has been read, with all that was chosen here; nothing before, and while another choice
    /// is being read.
    [[nodiscard]] const std::optional<DataChoice>& choice() const { return choice_; }
    /// What the loss is to have as class weights; empty where nobody chose so.
    [[nodiscard]] const std::string& classWeights() const { return classWeights_; }

private:
    enum Tab { Columns, Classes, Problems };

    struct Found {
        DataChoice choice;
        std::optional<Dataset> data; ///< nothing where they cannot be used
        PartCounts counts;
        std::optional<TableSurvey> table;
        std::optional<Duplicates> duplicates;
        bool isTooMuch = false; ///< to compare all samples without being asked
        QString failure;
    };

    QWidget* makeParts(ThemeManager& themes);
    void makeFaults();
    void start(const QString& name, std::function<DataChoice()> choose);
    static std::shared_ptr<Found> look(DataChoice choice, const DataChoice& before,
                                       const std::stop_token& stop);
    /// Another choice of the same data.
    void edit(const DataChoice& choice);
    void cure(const DataRemedy& remedy);
    void present(const std::shared_ptr<const Found>& found);
    void showColumns(const Found& found);
    void showClasses(const Found& found);
    void showProblems(const Found& found, bool isLooking);
    void showTab(Tab tab);
    void setRole(const char* role); ///< of the text that says how far it is
    void fail(const QString& reason);
    /// Lists the images that cannot be read and offers to leave them out.
    void offerRest(const QString& reason, std::size_t count, const DataChoice& choice);

    Project before_;
    std::optional<DataChoice> choice_;
    std::optional<DataChoice> lastUsable_; ///< to go back to from one that is not
    std::optional<TableSurvey> table_;     ///< of the choice that was read last, or before it
    std::string classWeights_;
    bool isSettled_ = false; ///< something has been shown
    QString name_;
    QLabel* title_;
    QLabel* state_;
    QLabel* notes_;
    QScrollArea* notesArea_ = nullptr; ///< in which they scroll
    QPlainTextEdit* faults_;           ///< what cannot be read, a line each
    QProgressBar* progress_;
    QTabBar* tabs_;
    QStackedWidget* stack_;
    ColumnTable* columns_;
    CountBars* classes_;
    ProblemList* problems_;
    QPushButton* accept_;
    QPushButton* leaveOut_;         ///< reads again without them
    DataChoice refused_;            ///< what it reads
    QPointer<BackgroundJobs> jobs_; ///< gone where its owner is destroyed first
    int job_ = 0;
};

} // namespace gradwright
