// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/experiment.h"
#include "engine/lab/kinds.h"
#include "ui/session/experiment_session.h"

#include <QTimer>
#include <QWidget>

#include <memory>
#include <optional>
#include <vector>

class QComboBox;
class QLabel;
class QProgressBar;
class QPushButton;
class QTableWidget;
class QVBoxLayout;

namespace gradwright {

class LabChart;
class RunningTrials;
class ThemeManager;

/// An experiment as it was read from its folder.
struct ShownExperiment {
    std::filesystem::path folder;
    Experiment experiment;
    std::shared_ptr<Procedure> procedure;
    TrialResults results;
    ExperimentState state = ExperimentState::Planned;
};

/// What an experiment has found, while it runs and later: answer, picture, tables, and what can be
/// done with it.
class ExperimentView : public QWidget {
    Q_OBJECT

public:
    explicit ExperimentView(ThemeManager& theme, QWidget* parent = nullptr);

    void show(ShownExperiment shown);
    void clear();
    [[nodiscard]] const std::optional<ShownExperiment>& shown() const { return shown_; }
    /// A trial of the experiment that is shown has ended.
    void add(const TrialResult& result);
    /// Idle for an experiment that this window does not run.
    void setSession(LabState state, const ExperimentProgress& progress);
    /// The experiment that is shown has ended, in one way or the other.
    void setState(ExperimentState state);

    /// nullptr for kinds without a picture of their own.
    [[nodiscard]] LabChart* chart() const { return chart_; }
    [[nodiscard]] const Report& report() const { return report_; }

Q_SIGNALS:
    void resumeRequested();
    void pauseRequested();
    void cancelRequested();
    void repeatRequested();
    void exportRequested();
    void recommendationAccepted(const gradwright::Recommendation& what);

private:
    void layOut();
    void refresh();
    /// Shows the results that have come since the last picture, as often as
    /// LabChart::pauseBetween() allows.
    void catchUp();
    void showChoices();
    void showTables();
    void showButtons();
    void fill(QTableWidget& table, const ReportTable& from);

    ThemeManager* theme_;
    std::optional<ShownExperiment> shown_;
    Report report_;
    std::optional<Recommendation> recommendation_;
    LabState session_ = LabState::Idle;
    QLabel* title_;
    QLabel* subtitle_;
    QPushButton* resume_;
    QPushButton* pause_;
    QPushButton* cancel_;
    QPushButton* repeat_;
    QPushButton* export_;
    QProgressBar* bar_;
    QLabel* note_;
    RunningTrials* running_; ///< where there are several
    LabChart* chart_ = nullptr;
    QLabel* choiceLabel_;
    QComboBox* choice_;
    QVBoxLayout* chartPlace_;
    QLabel* answer_;
    QPushButton* use_;
    QVBoxLayout* tablePlace_;
    std::vector<QTableWidget*> tables_;
    std::vector<QLabel*> tableTitles_;
    QLabel* remarks_;
    QTimer between_; ///< pictures
    bool isBehind_ = false;
};

} // namespace gradwright
