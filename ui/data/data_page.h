// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/data_remedies.h"
#include "ui/document/project_document.h"
#include "ui/pages/page.h"
#include "ui/session/background_jobs.h"

#include <filesystem>
#include <memory>
#include <string>

class QFrame;
class QLabel;
class QProgressBar;
class QPushButton;
class QScrollArea;
class QStackedWidget;
class QTabBar;
class QToolButton;

namespace gradwright {

class ColumnDetails;
class ColumnTable;
class DataChange;
class DataOverview;
class DataPreview;
class DataProbe;
class DataReview;
class DrawnSet;
class ProblemList;
class SampleBrowser;
class SampleDetails;
class SampleJudge;
class ThemeManager;
class TrainingSession;
struct ReviewedParts;
struct Theme;

/// The data that the project's network learns from: what they are, how they are shared out, each
/// sample, what each column of a table is for, and what is wrong with them.
class DataPage : public Page {
    Q_OBJECT

public:
    DataPage(ProjectDocument& document, ThemeManager& themes, TrainingSession& session,
             DataProbe& probe, QWidget* parent = nullptr);

    [[nodiscard]] QString title() const override { return tr("Data"); }
    [[nodiscard]] QString icon() const override { return QStringLiteral("data"); }

    /// Shows what a file or folder holds; it becomes the project's data when that is accepted.
    void offer(const std::vector<std::filesystem::path>& files);
    /// What is wrong with the data.
    void showFaults() { showTab(Problems); }
    [[nodiscard]] DataReview& review() { return *review_; }
    [[nodiscard]] DataOverview& overview() { return *overview_; }
    [[nodiscard]] ColumnTable& columns() { return *columns_; }
    [[nodiscard]] ProblemList& problems() { return *problems_; }
    [[nodiscard]] SampleBrowser& samples() { return *samples_; }
    [[nodiscard]] SampleDetails& sample() { return *sample_; }

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    enum Tab { Samples, Columns, Problems };

    void layOut();
    void connectParts();
    void connectSamples();
    QWidget* makeHeader();
    QWidget* makeCenter();
    QWidget* makeBanner();
    void fillReplaceMenu();
    void chooseFile(bool folder);
    void download();
    void drawSamples();
    void showDrawing();
    void correctSample(const SampleId& sample, const QString& name);
    void correctRow(const SampleId& sample, const QString& name);
    DataPreview& openPreview();
    void take(const DataChoice& choice, const std::string& classWeights);
    void change(const QString& what, const DataChoice& choice);
    void cure(const DataRemedy& remedy);
    void editAugmentation(const QString& what, const DataChoice& choice);
    void showAll();
    void showSource();
    void showSamples();
    void showColumns();
    void showProblems();
    void showMean(int label);
    BackgroundJobs::Delivery meanOf(const std::shared_ptr<const ReviewedParts>& parts, int label,
                                    const DataChoice& choice, const Theme& theme,
                                    const std::stop_token& stop);
    void judge();
    void showProgress();
    void showWork(const QString& what, std::size_t done, std::size_t all);
    void showTab(Tab tab);
    [[nodiscard]] QString failure() const;
    void findMoved();
    void showDetails();
    void showLock();
    void showMessage(const QString& message);
    void setDropping(bool dropping);
    [[nodiscard]] bool isLocked() const;

    ProjectDocument* document_;
    ThemeManager* themes_;
    TrainingSession* session_;
    DataReview* review_;
    DataChange* change_;
    DataOverview* overview_;
    ColumnTable* columns_;
    ColumnDetails* details_;
    ProblemList* problems_;
    SampleBrowser* samples_;
    SampleDetails* sample_;
    SampleJudge* judge_;
    DrawnSet* drawn_;
    QLabel* name_ = nullptr;
    QLabel* origin_ = nullptr;
    QLabel* working_ = nullptr;
    QProgressBar* progress_ = nullptr;
    QPushButton* cancel_ = nullptr;
    QPushButton* complete_ = nullptr;
    QToolButton* replace_ = nullptr;
    QLabel* lock_ = nullptr;
    QFrame* banner_ = nullptr;
    QLabel* message_ = nullptr;
    QTabBar* tabs_ = nullptr;
    QStackedWidget* stack_ = nullptr;
    QStackedWidget* detailStack_ = nullptr;
    QFrame* left_ = nullptr;
    QFrame* right_ = nullptr;
    QFrame* drop_ = nullptr; ///< over the page while something is dragged onto it
    std::shared_ptr<const ReviewedParts> shownParts_;
    DataChoice judgedChoice_; ///< of the samples shown, without corrections
    std::string shownFile_;   ///< of which data the tab was chosen
    int meanJob_ = 0;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
