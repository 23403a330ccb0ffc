// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/metrics/metric.h"
#include "ui/document/project_document.h"
#include "ui/forms/setting_fit.h"
#include "ui/pages/page.h"
#include "ui/session/background_jobs.h"
#include "ui/session/run_history.h"
#include "ui/session/training_session.h"

#include <QList>
#include <QTimer>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

class QAction;
class QFrame;
class QHBoxLayout;
class QLineEdit;
class QLabel;
class QPushButton;
class QScrollArea;

namespace gradwright {

class DataChange;
class HealthList;
class RunsPanel;
class ThemeManager;
class TrainingControls;
class TrainingCourse;
class TrainingForm;
struct RunHistory;

/// Settings, controls and course of a training, and the runs there have been. What runs is a copy:
/// the project stays free to be edited.
class TrainPage : public Page {
    Q_OBJECT

public:
    TrainPage(ProjectDocument& document, ThemeManager& theme, TrainingSession& session,
              QWidget* parent = nullptr);

    [[nodiscard]] QString title() const override { return tr("Train"); }
    [[nodiscard]] QString icon() const override { return QStringLiteral("train"); }
    [[nodiscard]] std::vector<Actions> menuActions() const override;

    /// Starts a run of the project as it is. With errors in the network it says how many.
    void start();
    /// Starts, pauses or resumes, whichever fits: what F5 does.
    void trainOrPause();
    void pause();
    /// Resumes a paused training or the chosen run that was stopped.
    void resume();
    /// Resumes a run that was stopped or interrupted; what is wrong with it is shown.
    void continueRun(const std::filesystem::path& folder) { continueRunOn(folder, {}); }
    /// The same on another device, by its key, in one process; empty: as it was trained.
    void continueRunOn(const std::filesystem::path& folder, const std::string& device);
    void step();
    void stop();
    /// Reads the list of runs again, in the background.
    void refreshRuns();
    void takeRuns(std::vector<RunHistory> runs);
    void forgetRun();
    void showChosenAgain();

    /// The names of the network's nodes of a layer, in order of id.
    [[nodiscard]] static std::vector<std::string> namesOfLayer(const Network& network,
                                                               std::string_view layer);
    /// What can be done with plots and runs.
    [[nodiscard]] QList<QAction*> viewActions() const;
    [[nodiscard]] TrainingCourse& course() { return *course_; }
    [[nodiscard]] RunsPanel& runs() { return *runs_; }
    [[nodiscard]] QWidget* startButton() const;
    /// The list of runs, or what shows it while it is hidden.
    [[nodiscard]] QWidget* runsPlace() const;
    /// The settings that fit the data, to be found by name.
    [[nodiscard]] std::vector<OfferedSetting> settings() const;
    /// Puts the focus on the field of one of them.
    void showSetting(const std::string& place);
    /// Takes the training settings and the data of a run, as one step of undo.
    void useSettingsOf(const std::filesystem::path& run);
    /// Asks for a window with a run's project as it was: a project of its own, so that what is
    /// trained there is no run of this one.
    void openAsItWas(const std::filesystem::path& run);

Q_SIGNALS:
    /// A copy of the project as it was when a run started is to be opened, beside this one.
    void runProjectWanted(const gradwright::Project& project);
    /// The network of a run is to be the start of another one.
    void startWanted(const std::filesystem::path& run);

Q_SIGNALS:
    /// A layer that an alarm is about was clicked.
    void layerChosen(const std::string& graph, gradwright::NodeId node);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    void layOut();
    void connectRuns();
    void placeRuns();
    QWidget* makeSettings();
    QWidget* makeBanner();
    void connectSession();
    void showProject();
    void showData();
    void showJob();
    void showState(TrainingState state);
    void showRun();
    void showNumbers(const RunHistory& run);
    void showOverlays();
    void showProgress();
    void showFailure();
    void setAlarms(std::vector<Alarm> alarms);
    void showHealth();
    /// Makes the remedy's edit.
    void cure(const Alarm& alarm);
    void showLayer(const QString& path);
    /// On the processor instead of a GPU.
    void goOnHere();
    enum class Remedy { None, Problems, Gallery, Fix };
    /// What keeps a training from starting or going on, with a button that helps.
    void showMessage(const QString& message, Remedy remedy = Remedy::None,
                     const QString& button = {});
    bool showObstacle();
    /// Whether several processes train.
    [[nodiscard]] bool isShared() const;
    /// What keeps several processes from sharing the training, if they are to.
    bool showSharingObstacle();
    /// Locks what processes that share a training cannot do.
    void showSharing();
    void reviewObstacle();
    void applyRemedy();
    void begin(TrainingJob job);
    void editSettings(const QString& what, const TrainingSettings& settings);
    void perform(const QString& what, const ProjectEdit& edit);
    /// Makes the edit once the classes have been counted.
    void balance(const QString& what, const TrainingSettings& settings);
    void startBalanced();
    void chooseColumns(const QString& what, const DataChoice& choice);
    [[nodiscard]] bool resumable() const;
    void showResumeRate();
    /// The rate that a run is resumed with because the field was changed since it was started, and
    /// nothing else; nothing where it goes on with its own.
    static std::optional<double> askedRate(TrainingSettings ofRun, const TrainingSettings& shown);

    ProjectDocument* document_;
    ThemeManager* theme_;
    TrainingSession* session_;
    DataChange* dataChange_;
    TrainingControls* controls_;
    TrainingForm* form_;
    TrainingCourse* course_;
    HealthList* health_;
    std::vector<Alarm> alarms_; ///< of the run that is shown
    RunsPanel* runs_;
    QFrame* lock_;
    QLabel* lockText_ = nullptr;
    QFrame* banner_;
    QLabel* message_;
    QPushButton* resumeThere_; ///< as a training was that failed: on its GPU, in its processes
    QPushButton* resumeHere_;  ///< on the processor, in one process
    QPushButton* remedyButton_;
    Remedy remedy_ = Remedy::None;
    QLineEdit* search_ = nullptr; ///< of settings
    QScrollArea* settings_ = nullptr;
    QHBoxLayout* columns_ = nullptr;
    QAction* runsAction_;
    bool narrow_ = false;
    QTimer progressTimer_;
    StepDone lastStep_;
    std::int64_t epochs_ = 0;
    std::int64_t stepsPerEpoch_ = 0;
    const MetricDef* metric_ = &qualityMetric(MetricKind::Classes); ///< of what is shown
    double earlierSeconds_ = 0;                   ///< of the run that trains, before it was resumed
    std::shared_ptr<const RunHistory> continued_; ///< what was there before a run is resumed
    std::filesystem::path shownRun_;
    std::filesystem::path failedRun_; ///< what the banner's buttons resume; empty: none
    int listing_ = 0;
    int counting_ = 0;    ///< of classes
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
