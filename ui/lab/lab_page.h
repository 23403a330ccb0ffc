// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/lab/experiment_view.h"
#include "ui/pages/page.h"
#include "ui/session/background_jobs.h"
#include "ui/session/experiment_session.h"
#include "ui/session/training_session.h"

#include <filesystem>
#include <vector>

class QAction;
class QFrame;
class QLabel;
class QMenu;
class QStackedWidget;

namespace gradwright {

class ExperimentCare;
class ExperimentForm;
class ExperimentList;
struct ListedExperiment;

/// Questions about a network that take many trainings: plans them, runs them one after the other in
/// the background, and shows and keeps what they found.
class LabPage : public Page {
    Q_OBJECT

public:
    LabPage(ProjectDocument& document, ThemeManager& theme, TrainingSession& session,
            QWidget* parent = nullptr);

    [[nodiscard]] QString title() const override { return tr("Lab"); }
    [[nodiscard]] QString icon() const override { return QStringLiteral("lab"); }
    [[nodiscard]] std::vector<Actions> menuActions() const override;
    [[nodiscard]] bool mayLeave() override;

    /// Plans an experiment of that kind.
    void plan(const std::string& kind, const ParamValues* settings = nullptr);
    /// Reads the list of experiments again, in the background.
    void refreshList();

    [[nodiscard]] ExperimentSession& experiments() { return session_; }
    [[nodiscard]] ExperimentView& view() { return *view_; }
    [[nodiscard]] ExperimentForm& form() { return *form_; }
    [[nodiscard]] ExperimentList& list() { return *list_; }

protected:
    void showEvent(QShowEvent* event) override;

private:
    void layOut();
    QWidget* makeList();
    QWidget* makeStart();
    QWidget* makeBanner();
    QMenu* makeKindsMenu();
    void makeCare();
    void connectSession();
    void takeList(const std::vector<ListedExperiment>& listed);
    void showChosen();
    void open(const std::filesystem::path& folder);
    /// Shows what the files of an experiment say, in the background.
    void read(const std::filesystem::path& folder, bool turnsToIt);
    void showActive(int told);
    void measureEpoch();
    void begin(const Experiment& experiment, const Plan& plan);
    void resume();
    void experimentEnded();
    /// Keeps the picture beside the report of an experiment that has finished.
    void keepPicture();
    void exportReport();
    void take(const Recommendation& what);
    void showProblem(const QString& problem);
    [[nodiscard]] QString sessionText() const;
    [[nodiscard]] bool isShownActive() const;

    ProjectDocument* document_;
    ThemeManager* theme_;
    ExperimentSession session_;
    ExperimentList* list_;
    QStackedWidget* stack_;
    QWidget* startPage_ = nullptr;
    QWidget* formPage_ = nullptr;
    QWidget* viewPage_ = nullptr;
    ExperimentForm* form_;
    ExperimentView* view_;
    QFrame* banner_ = nullptr;
    QLabel* problem_ = nullptr;
    ExperimentCare* care_;
    QAction* rename_ = nullptr;
    QAction* remove_ = nullptr;
    std::vector<QAction*> kindActions_;
    std::filesystem::path wanted_; ///< chosen as soon as the list has it
    int listing_ = 0;
    int opening_ = 0;
    int told_ = 0; ///< how often the session has told of a trial or an end
    int measuring_ = 0;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
