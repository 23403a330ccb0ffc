// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/train_page.h"

#include "engine/metrics/quality.h"
#include "engine/project/class_balance.h"
#include "engine/project/runs.h"
#include "engine/support/error.h"
#include "engine/training/processes.h"
#include "ui/forms/data_text.h"
#include "ui/plots/measure.h"
#include "ui/runs/runs_panel.h"
#include "ui/runs/training_course.h"
#include "ui/session/data_change.h"
#include "ui/session/run_history.h"
#include "ui/theme/paced_refresh.h"
#include "ui/theme/search_field.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"
#include "ui/training/health_list.h"
#include "ui/training/training_controls.h"
#include "ui/training/training_form.h"

#include <QAction>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QResizeEvent>
#include <QScrollArea>
#include <QShowEvent>
#include <QVBoxLayout>

#include <algorithm>

namespace gradwright {
namespace {

constexpr int kSettingsWidth = 364;
constexpr int kRunsWidth = 304;
constexpr int kNarrowPage = 1180;      // the list of runs becomes a drawer
constexpr int kProgressInterval = 250; // ms: numbers that change faster cannot be read

std::vector<std::string> outputNames(const Network& network) {
    return TrainPage::namesOfLayer(network, "output");
}

} // namespace

std::vector<std::string> TrainPage::namesOfLayer(const Network& network, std::string_view layer) {
    std::vector<std::string> names;
    for (const NodeId id : nodesOfLayer(network.main, layer))
        names.push_back(network.main.find(id)->name);
    return names;
}

TrainPage::TrainPage(ProjectDocument& document, ThemeManager& theme, TrainingSession& session,
                     QWidget* parent)
    : Page(parent)
    , document_(&document)
    , theme_(&theme)
    , session_(&session)
    , dataChange_(new DataChange(document, session, this))
    , controls_(new TrainingControls(theme))
    , form_(new TrainingForm(theme))
    , course_(new TrainingCourse(theme))
    , health_(new HealthList(theme))
    , runs_(new RunsPanel(theme))
    , runsAction_(
          new QAction(theme.icon(QStringLiteral("panel-right")), tr("List of runs"), this)) {
    layOut();
    connectSession();
    connect(controls_, &TrainingControls::startRequested, this, &TrainPage::start);
    connect(controls_, &TrainingControls::pauseRequested, this, &TrainPage::pause);
    connect(controls_, &TrainingControls::continueRequested, this, &TrainPage::resume);
    connect(controls_, &TrainingControls::stepRequested, this, &TrainPage::step);
    connect(controls_, &TrainingControls::stopRequested, this, &TrainPage::stop);
    connect(form_, &TrainingForm::settingsEdited, this, &TrainPage::editSettings);
    connect(form_, &TrainingForm::dataEdited, this,
            [this](const QString& what, const DataChoice& choice) {
                perform(tr("Change %1").arg(what.toLower()), {SetData{choice}});
            });
    connect(form_, &TrainingForm::columnsEdited, this, &TrainPage::chooseColumns);
    connect(dataChange_, &DataChange::failed, this,
            [this](const QString& reason) { showMessage(reason); });
    connect(health_, &HealthList::layerChosen, this, &TrainPage::showLayer);
    connect(health_, &HealthList::remedyChosen, this, &TrainPage::cure);
    connectRuns();
    connect(document_, &ProjectDocument::changed, this, [this](ProjectDocument::Changes what) {
        if (what & ProjectDocument::ReplacedChange)
            refreshRuns();
        if (!session_->isActive())
            showProject();
    });
    // The data set, read in the background, determines what there is to measure.
    connect(document_, &ProjectDocument::analysisChanged, this, [this] {
        showData();
        showHealth();
        reviewObstacle();
        const auto& info = document_->dataInfo();
        if (!session_->isActive() && info && &qualityMetric(*info) != metric_)
            showProject();
    });
    connect(document_, &ProjectDocument::fileChanged, this, &TrainPage::refreshRuns);
    connect(document_, &ProjectDocument::runsChanged, this, &TrainPage::refreshRuns);
    connect(&session_->gpus(), &GpuFinder::found, this,
            [this] { form_->setGpus(session_->gpus().result()); });
    progressTimer_.setInterval(kProgressInterval);
    connect(&progressTimer_, &QTimer::timeout, this, [this] {
        if (isInSight(*this))
            showProgress();
    });
    showProject();
    showData();
    showState(session_->state());
    refreshRuns();
}

void TrainPage::showEvent(QShowEvent* event) {
    Page::showEvent(event);
    session_->gpus().find();
}

void TrainPage::layOut() {
    auto* center = new QVBoxLayout;
    center->setSpacing(0);
    center->addWidget(makeBanner());
    center->addWidget(health_);
    center->addWidget(course_, 1);
    runs_->setFixedWidth(kRunsWidth);
    auto* columns = new QHBoxLayout;
    columns->setSpacing(0);
    columns->addWidget(makeSettings());
    columns->addLayout(center, 1);
    columns->addWidget(runs_);
    columns_ = columns;
    runsAction_->setCheckable(true);
    runsAction_->setChecked(true);
    runsAction_->setToolTip(tr("Show or hide the list of runs"));
    course_->addTool(runsAction_);
    connect(runsAction_, &QAction::toggled, this, &TrainPage::placeRuns);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(controls_);
    layout->addLayout(columns, 1);
}

QWidget* TrainPage::makeSettings() {
    auto* panel = new QFrame;
    panel->setProperty("role", QStringLiteral("leftPanel"));
    panel->setFixedWidth(kSettingsWidth);
    lock_ = new QFrame;
    lock_->setObjectName(QStringLiteral("lock"));
    auto* icon = new QLabel;
    auto* text = lockText_ = new QLabel;
    text->setWordWrap(true);
    text->setProperty("textRole", QStringLiteral("muted"));
    auto* row = new QHBoxLayout(lock_);
    row->setContentsMargins(10, 7, 10, 7);
    row->setSpacing(8);
    row->addWidget(icon, 0, Qt::AlignTop);
    row->addWidget(text, 1);
    const auto applyTheme = [this, icon] {
        const auto& theme = theme_->theme();
        icon->setPixmap(theme_->icon(QStringLiteral("lock"), &Theme::info).pixmap(QSize(16, 16)));
        lock_->setStyleSheet(
            QStringLiteral(
                "QFrame#lock { background: %1; border-radius: 6px; } QLabel { color: %2; }")
                .arg(theme.infoTint.name(), theme.text.name()));
    };
    applyTheme();
    connect(theme_, &ThemeManager::changed, this, applyTheme);

    auto* scroll = settings_ = new QScrollArea;
    scroll->setFocusPolicy(Qt::NoFocus); // what is in it takes the keys
    scroll->setWidget(form_);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->viewport()->setAutoFillBackground(false);
    form_->setAutoFillBackground(false);
    auto* top = new QVBoxLayout;
    top->setContentsMargins(12, 10, 14, 2);
    top->setSpacing(8);
    top->addWidget(lock_);
    search_ = new QLineEdit;
    search_->setObjectName(QStringLiteral("findSetting"));
    makeSearchField(*search_, *theme_, tr("Find a setting"));
    top->addWidget(search_);
    connect(search_, &QLineEdit::textChanged, form_, &TrainingForm::setFilter);
    auto* layout = new QVBoxLayout(panel);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(top);
    layout->addWidget(scroll, 1);
    return panel;
}

QWidget* TrainPage::makeBanner() {
    banner_ = new QFrame;
    banner_->setObjectName(QStringLiteral("failure"));
    message_ = new QLabel;
    message_->setWordWrap(true);
    message_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    resumeThere_ = new QPushButton(tr("Resume"));
    resumeThere_->setObjectName(QStringLiteral("resumeThere"));
    resumeThere_->setToolTip(tr("Resume the run where it was saved last, on the same GPU"));
    resumeHere_ = new QPushButton;
    resumeHere_->setObjectName(QStringLiteral("resumeHere"));
    remedyButton_ = new QPushButton;
    remedyButton_->setObjectName(QStringLiteral("remedy"));
    auto* icon = new QLabel;
    auto* close = new QPushButton(tr("Dismiss"));
    auto* row = new QHBoxLayout(banner_);
    row->setContentsMargins(14, 8, 12, 8);
    row->setSpacing(10);
    row->addWidget(icon);
    row->addWidget(message_, 1);
    row->addWidget(resumeThere_);
    row->addWidget(resumeHere_);
    row->addWidget(remedyButton_);
    row->addWidget(close);
    connect(resumeThere_, &QPushButton::clicked, this, [this] { continueRun(failedRun_); });
    connect(resumeHere_, &QPushButton::clicked, this, &TrainPage::goOnHere);
    connect(close, &QPushButton::clicked, banner_, &QWidget::hide);
    connect(remedyButton_, &QPushButton::clicked, this, &TrainPage::applyRemedy);
    const auto applyTheme = [this, icon] {
        const auto& theme = theme_->theme();
        icon->setPixmap(theme_->icon(QStringLiteral("error"), &Theme::error).pixmap(QSize(18, 18)));
        banner_->setStyleSheet(QStringLiteral("QFrame#failure { background: %1; border: none;"
                                              "border-bottom: 1px solid %2; }")
                                   .arg(theme.errorTint.name(), theme.error.name()));
    };
    applyTheme();
    connect(theme_, &ThemeManager::changed, this, applyTheme);
    banner_->hide();
    return banner_;
}

void TrainPage::connectSession() {
    connect(session_, &TrainingSession::stateChanged, this, &TrainPage::showState);
    connect(session_, &TrainingSession::started, this, [this](const RunStarted& event) {
        epochs_ = event.epochs;
        stepsPerEpoch_ = event.stepsPerEpoch;
        lastStep_ = {};
        lastStep_.step = event.startStep;
        shownRun_ = event.run;
        metric_ = event.metric;
        controls_->setMetric(*metric_);
        controls_->clearResults();
        earlierSeconds_ = 0;
        if (event.startStep > 0) // it may have been changed while the run was trained before
            form_->setLearningRate(event.setRate);
        if (continued_ && event.startStep > 0) {
            course_->showRun(*continued_, event.startStep);
            lastStep_.epoch = course_->epoch();
            lastStep_.learningRate = event.learningRate;
            earlierSeconds_ = continued_->secondsAt(event.startStep);
            if (const auto* best = continued_->best())
                controls_->setBest(best->quality, best->epoch, best->validated);
        } else {
            course_->begin(event.epochs, event.weights, *metric_);
        }
        setAlarms({});
        runs_->setActive(event.run);
        refreshRuns();
    });
    connect(session_, &TrainingSession::stepsDone, this,
            [this](const std::vector<StepDone>& steps) {
                course_->addSteps(steps);
                lastStep_ = steps.back();
                form_->setPosition(lastStep_.epoch);
            });
    connect(session_, &TrainingSession::epochDone, this, [this](const EpochDone& event) {
        course_->addEpoch(event);
        const auto& score = event.validation ? *event.validation : event.training;
        if (event.best) {
            controls_->setBest(score.quality, event.epoch, event.validation.has_value());
            runs_->setActiveResult(qstr(valueText(*metric_, score.quality.value)),
                                   Measure().text(score.loss));
        }
    });
    connect(session_, &TrainingSession::learningRateChanged, this,
            [this](const LearningRateChanged& event) {
                course_->markRate(event);
                lastStep_.learningRate = event.scheduledRate;
                showProgress();
                form_->setLearningRate(event.learningRate);
            });
    connect(session_, &TrainingSession::healthChanged, this,
            [this](const HealthChanged& event) { setAlarms(event.alarms); });
    connect(session_, &TrainingSession::finished, this, [this](const Finished& event) {
        controls_->setTest(event.test.quality);
        controls_->setStoppedEarly(event.stoppedAfter);
    });
}

void TrainPage::showState(TrainingState state) {
    const bool active = session_->isActive();
    if (active) {
        banner_->hide();
        showResumeRate(); // what a run would be resumed with is no question while it is trained
    }
    lock_->setVisible(active);
    form_->setLocked(active);
    showSharing();
    controls_->setState(state, resumable());
    runs_->setActivePaused(state == TrainingState::Paused);
    if (state == TrainingState::Queued || state == TrainingState::Preparing) {
        showJob();
        progressTimer_.start();
    }
    if (state == TrainingState::Running || state == TrainingState::Paused)
        showProgress();
    if (active || state == TrainingState::Idle)
        return;
    progressTimer_.stop();
    course_->end();
    if (session_->run().empty())
        showChosenAgain(); // it ended before it began
    else if (epochs_ > 0)
        showProgress();
    runs_->setActive({});
    form_->setPosition({});
    continued_.reset();
    showProject();
    refreshRuns();
    if (state == TrainingState::Failed)
        showFailure();
}

void TrainPage::showProject() {
    const Project& project = document_->project();
    form_->setValues(project.training, project.data, outputNames(project.network));
    form_->setInputs(namesOfLayer(project.network, "input"), dataColumns(document_->dataInfo()));
    showResumeRate();
    if (!shownRun_.empty())
        return;
    if (const auto& info = document_->dataInfo())
        metric_ = &qualityMetric(*info);
    controls_->setMetric(*metric_);
    runs_->setMetric(*metric_);
    course_->begin(document_->project().training.epochs(), {}, *metric_);
}

void TrainPage::showJob() {
    const auto& job = *session_->job();
    form_->setValues(job.settings, job.data, outputNames(job.network));
    form_->setInputs(namesOfLayer(job.network, "input"), dataColumns(document_->dataInfo()));
}

void TrainPage::showProgress() {
    if (session_->state() == TrainingState::Queued ||
        session_->state() == TrainingState::Preparing || epochs_ == 0)
        return;
    controls_->setProgress(lastStep_.epoch, epochs_, lastStep_.step, epochs_ * stepsPerEpoch_,
                           session_->state());
    const bool running = session_->state() == TrainingState::Running;
    controls_->setTimes(running && lastStep_.samplesPerSecond > 0 ? lastStep_.secondsLeft : -1,
                        running ? lastStep_.samplesPerSecond : 0,
                        earlierSeconds_ + session_->elapsedSeconds());
    controls_->setLearningRate(lastStep_.learningRate);
    controls_->setDataWait(running ? lastStep_.waitShare : 0);
}

void TrainPage::begin(TrainingJob job) {
    try {
        session_->start(std::move(job));
    } catch (const Error& error) {
        showMessage(QString::fromUtf8(error.what()));
    }
}

void TrainPage::trainOrPause() {
    if (session_->state() == TrainingState::Running ||
        session_->state() == TrainingState::Preparing)
        pause();
    else if (session_->state() == TrainingState::Paused)
        resume();
    else if (!session_->isActive())
        start();
}

void TrainPage::resume() {
    if (session_->state() == TrainingState::Paused)
        session_->resume();
    else if (resumable())
        continueRun(runs_->chosen()->folder);
}

void TrainPage::continueRunOn(const std::filesystem::path& folder, const std::string& device) {
    jobs_.start([this, folder, device, shown = document_->project().training](
                    const std::stop_token&) -> BackgroundJobs::Delivery {
        try {
            const auto run = RunDirectory::open(folder);
            auto project = projectOfRun(run);
            if (!device.empty()) {
                project.training = inOneProcess(project.training);
                project.training.params.insert_or_assign("device", device);
            }
            auto job = trainingJob(project, folder.parent_path());
            job.resume = folder;
            job.resumeRate = askedRate(project.training, shown);
            auto history = std::make_shared<const RunHistory>(readHistory(run));
            return [this, job = std::move(job), history = std::move(history)] {
                if (session_->isActive())
                    return;
                continued_ = history;
                begin(job);
            };
        } catch (const std::exception& error) {
            return [this, reason = QString::fromUtf8(error.what())] { showMessage(reason); };
        }
    });
}

void TrainPage::step() {
    session_->step();
}

void TrainPage::stop() {
    session_->stop();
}

std::optional<double> TrainPage::askedRate(TrainingSettings ofRun, const TrainingSettings& shown) {
    const double before = ofRun.learningRate();
    ofRun.params.insert_or_assign("learning_rate", shown.learningRate());
    return ofRun == shown && shown.learningRate() != before ? std::optional(shown.learningRate())
                                                            : std::nullopt;
}

bool TrainPage::resumable() const {
    const auto* run = runs_->chosen();
    return run && run->resumable;
}

void TrainPage::editSettings(const QString& what, const TrainingSettings& settings) {
    if (session_->isActive()) {
        // Everything else is locked: the run continues with this rate, the project keeps its own.
        session_->setLearningRate(settings.learningRate());
        return;
    }
    if (wantsBalance(settings))
        balance(what, settings);
    else
        perform(tr("Change %1").arg(what.toLower()), {SetTraining{settings}});
}

void TrainPage::perform(const QString& what, const ProjectEdit& edit) {
    try {
        document_->perform(what, edit);
    } catch (const Error& error) {
        showMessage(QString::fromUtf8(error.what()));
        showProject();
    }
}

std::vector<Page::Actions> TrainPage::menuActions() const {
    return {{PageMenu::Run, {}, viewActions()}};
}

QList<QAction*> TrainPage::viewActions() const {
    return course_->plotActions() + QList<QAction*>{runsAction_};
}

void TrainPage::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    const bool narrow = event->size().width() < kNarrowPage;
    if (narrow != narrow_) {
        narrow_ = narrow;
        if (narrow)
            columns_->removeWidget(runs_);
        else
            columns_->addWidget(runs_);
        runsAction_->setChecked(!narrow);
    }
    placeRuns();
}

/// With little room the runs are a drawer over the plots, closed at first.
void TrainPage::placeRuns() {
    runs_->setVisible(runsAction_->isChecked());
    if (!narrow_)
        return;
    const int top = controls_->height();
    runs_->setGeometry(width() - kRunsWidth, top, kRunsWidth, height() - top);
    runs_->raise();
}

} // namespace gradwright

#include "moc_train_page.cpp"
