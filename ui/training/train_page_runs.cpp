// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/runs/runs_panel.h"
#include "ui/runs/training_course.h"
#include "ui/session/run_history.h"
#include "ui/training/train_page.h"
#include "ui/training/training_controls.h"

#include <QPushButton>

#include <algorithm>
#include <memory>

// Which run the Train page shows, and those laid over it.
namespace gradwright {

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

void TrainPage::showRun() {
    controls_->setState(session_->state(), resumable());
    const auto* run = runs_->chosen();
    if (session_->isActive() || !run || run->folder == shownRun_)
        return;
    shownRun_ = run->folder;
    course_->showRun(*run);
    controls_->setMetric(*run->metric);
    controls_->clearResults();
    controls_->setStoppedEarly(run->stoppedAfter);
    setAlarms(run->alarms);
    epochs_ = 0;
    if (!run->steps.empty())
        controls_->setProgress(run->steps.back().epoch, run->totalEpochs, run->steps.back().step,
                               run->totalSteps(),
                               run->finished ? TrainingState::Finished : TrainingState::Stopped);
    if (const auto* best = run->best())
        controls_->setBest(best->quality, best->epoch, best->validated);
    showOverlays();
}

void TrainPage::showOverlays() {
    std::vector<TrainingCourse::OverlayRun> overlays;
    for (const auto& [role, run] : runs_->ticked())
        if (run->folder != shownRun_)
            overlays.push_back({role, titleOf(*run), run});
    course_->setOverlays(overlays);
}

/// A run that its GPU has left goes on there or here; what a GPU has refused is done here.
void TrainPage::showFailure() {
    showMessage(session_->failure());
    const TrainingJob& job = *session_->job();
    const bool hasRun = !session_->run().empty();
    failedRun_ = hasRun ? session_->run() : job.resume;
    resumeThere_->setVisible(session_->wasInterrupted());
    resumeHere_->setVisible(session_->wasInterrupted() ||
                            (!hasRun && job.settings.target().isGpu()));
    resumeHere_->setText(failedRun_.empty() ? tr("Train on the CPU") : tr("Resume on the CPU"));
    resumeHere_->setToolTip(failedRun_.empty()
                                ? tr("Set the device to CPU and train")
                                : tr("Resume the run where it was saved last, on the processor"));
}

void TrainPage::goOnHere() {
    constexpr auto kHere = "cpu";
    if (!failedRun_.empty())
        return continueRunOn(failedRun_, kHere);
    TrainingSettings settings = document_->project().training;
    settings.params.insert_or_assign("device", std::string(kHere));
    editSettings(tr("Device"), settings);
    start();
}

} // namespace gradwright
