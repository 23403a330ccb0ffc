// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/run_label.h"
#include "engine/project/runs.h"
#include "engine/training/processes.h"
#include "ui/runs/runs_panel.h"
#include "ui/runs/training_course.h"
#include "ui/session/run_history.h"
#include "ui/theme/shown_text.h"
#include "ui/training/train_page.h"
#include "ui/training/training_controls.h"
#include "ui/training/training_form.h"

#include <QPushButton>

#include <algorithm>
#include <exception>
#include <memory>

// Which run the Train page shows, and those laid over it.
namespace gradwright {

void TrainPage::connectRuns() {
    connect(runs_, &RunsPanel::chosenChanged, this, &TrainPage::showRun);
    connect(runs_, &RunsPanel::tickedChanged, this, &TrainPage::showOverlays);
    connect(runs_, &RunsPanel::changedOnDisk, document_, &ProjectDocument::announceRuns);
    connect(runs_, &RunsPanel::settingsWanted, this, &TrainPage::useSettingsOf);
    connect(runs_, &RunsPanel::projectWanted, this, &TrainPage::openAsItWas);
    connect(runs_, &RunsPanel::startWanted, this, &TrainPage::startWanted);
    connect(runs_, &RunsPanel::failed, this, [this](const QString& why) { showMessage(why); });
}

void TrainPage::useSettingsOf(const std::filesystem::path& run) {
    try {
        const auto before = projectToGoOnWith(RunDirectory::open(run));
        const auto* const history = runs_->find(run);
        perform(tr("Use settings of %1").arg(history ? titleOf(*history) : QString()),
                {ProjectEdit::Group{{SetData{before.data}}, {SetTraining{before.training}}}});
    } catch (const std::exception& error) {
        showMessage(QString::fromUtf8(error.what()));
    }
}

void TrainPage::openAsItWas(const std::filesystem::path& run) {
    try {
        const auto folder = RunDirectory::open(run);
        Project project = projectToGoOnWith(folder);
        project.uuid = newProject().uuid;
        project.earlierRuns.clear();
        project.name = nameOfRun(folder);
        Q_EMIT runProjectWanted(project);
    } catch (const std::exception& error) {
        showMessage(QString::fromUtf8(error.what()));
    }
}

void TrainPage::showChosenAgain() {
    shownRun_.clear();
    epochs_ = 0;
    controls_->clearResults();
    showRun();
}

void TrainPage::refreshRuns() {
    jobs_.cancel(listing_);
    listing_ = jobs_.start([this, folders = document_->runsFolders()](
                               const std::stop_token&) -> BackgroundJobs::Delivery {
        try {
            auto runs = std::make_shared<std::vector<RunHistory>>(readRuns(folders));
            return [this, runs] { takeRuns(std::move(*runs)); };
        } catch (const std::exception& error) {
            return [this, reason = QString::fromUtf8(error.what())] {
                takeRuns({});
                showMessage(reason);
            };
        }
    });
}

void TrainPage::takeRuns(std::vector<RunHistory> runs) {
    // Saving a project moves its runs beside its file.
    const auto same = std::ranges::find(
        runs, shownRun_.filename(), [](const RunHistory& run) { return run.folder.filename(); });
    if (!session_->isActive() && !shownRun_.empty() && same != runs.end())
        shownRun_ = same->folder;
    const bool fresh = runs_->runs().empty() || session_->isActive() ||
                       (!runs.empty() && runs.front().folder == shownRun_);
    runs_->setRuns(std::move(runs));
    const auto& all = runs_->runs();
    if (!session_->isActive() &&
        std::ranges::find(all, shownRun_, &RunHistory::folder) == all.end())
        forgetRun();
    if (fresh && !all.empty())
        runs_->choose(session_->isActive() || !shownRun_.empty() ? shownRun_ : all.front().folder);
    controls_->setState(session_->state(), resumable());
    showRun();
    showOverlays();
}

/// What was shown belongs to another project, or was deleted.
void TrainPage::forgetRun() {
    if (shownRun_.empty())
        return;
    shownRun_.clear();
    epochs_ = 0;
    controls_->clearResults();
    setAlarms({});
    showProject();
}

/// Where the field shows another rate than the chosen run would be resumed with.
void TrainPage::showResumeRate() {
    const auto* const run = session_->isActive() || !resumable() ? nullptr : runs_->chosen();
    const auto& shown = document_->project().training;
    const bool isOther =
        run && run->lastRate != shown.learningRate() && !askedRate(run->training, shown);
    form_->setRateNote(isOther ? tr("Resume continues %1 with %2, the rate it had last. Enter "
                                    "another rate here to resume with that.")
                                     .arg(titleOf(*run), plainNumber(run->lastRate, 6))
                               : QString());
}

void TrainPage::showRun() {
    controls_->setState(session_->state(), resumable());
    showResumeRate();
    const auto* run = runs_->chosen();
    if (session_->isActive() || !run)
        return;
    if (run->folder != shownRun_) {
        shownRun_ = run->folder;
        course_->showRun(*run);
        controls_->setMetric(*run->metric);
        controls_->clearResults();
        setAlarms(run->alarms);
        epochs_ = 0;
        showOverlays();
    }
    // Of the one that has just been trained, too: what its files say is what stays.
    showNumbers(*run);
}

void TrainPage::showNumbers(const RunHistory& run) {
    controls_->setStoppedEarly(run.stoppedAfter);
    if (!run.steps.empty()) {
        const bool failed =
            session_->state() == TrainingState::Failed && session_->run() == run.folder;
        const auto& last = run.steps.back();
        controls_->setProgress(last.epoch, run.totalEpochs, last.step, run.totalSteps(),
                               run.finished ? TrainingState::Finished
                               : failed     ? TrainingState::Failed
                                            : TrainingState::Stopped);
        controls_->setTimes(-1, 0, run.seconds);
        controls_->setLearningRate(last.learningRate);
    }
    if (const auto* const best = run.best())
        controls_->setBest(best->quality, best->epoch, best->validated);
    if (run.test)
        controls_->setTest(*run.test);
}

void TrainPage::showOverlays() {
    std::vector<TrainingCourse::OverlayRun> overlays;
    for (const auto& [role, run] : runs_->ticked())
        if (run->folder != shownRun_)
            overlays.push_back({role, titleOf(*run), run});
    course_->setOverlays(overlays);
}

/// A run that its GPU or its processes have left goes on there or here; what a GPU or several
/// processes have refused is done here.
void TrainPage::showFailure() {
    showMessage(session_->failure());
    const TrainingJob& job = *session_->job();
    const bool hasRun = !session_->run().empty();
    const bool wasShared = processesOf(job.settings) > 1;
    failedRun_ = hasRun ? session_->run() : job.resume;
    resumeThere_->setVisible(session_->wasInterrupted());
    resumeHere_->setVisible(session_->wasInterrupted() ||
                            (!hasRun && (wasShared || job.settings.target().isGpu())));
    resumeThere_->setToolTip(
        wasShared ? tr("Resume the run where it was saved last, in as many processes")
                  : tr("Resume the run where it was saved last, on the same GPU"));
    if (wasShared) {
        resumeHere_->setText(failedRun_.empty() ? tr("Start in one process")
                                                : tr("Resume in one process"));
        resumeHere_->setToolTip(
            failedRun_.empty()
                ? tr("Set where to train to this computer and start the training")
                : tr("Resume the run where it was saved last, in one process on the processor"));
        return;
    }
    resumeHere_->setText(failedRun_.empty() ? tr("Start on the CPU") : tr("Resume on the CPU"));
    resumeHere_->setToolTip(failedRun_.empty()
                                ? tr("Set the device to CPU and start the training")
                                : tr("Resume the run where it was saved last, on the processor"));
}

void TrainPage::goOnHere() {
    constexpr auto kHere = "cpu";
    if (!failedRun_.empty())
        return continueRunOn(failedRun_, kHere);
    const TrainingSettings& shown = document_->project().training;
    auto settings = inOneProcess(shown);
    settings.params.insert_or_assign("device", std::string(kHere));
    editSettings(processesOf(shown) > 1 ? tr("Where") : tr("Device"), settings);
    start();
}

} // namespace gradwright
