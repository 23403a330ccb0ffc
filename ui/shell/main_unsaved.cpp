// SPDX-License-Identifier: GPL-3.0-or-later
//
// How the main window leads to networks that were trained and not saved: Recent, the notice of a
// template that was trained before, and the list of all of them.
#include "ui/design/design_page.h"
#include "ui/session/run_keeper.h"
#include "ui/shell/interrupted_training.h"
#include "ui/shell/main_window.h"
#include "ui/shell/network_texts.h"
#include "ui/shell/notice_bar.h"
#include "ui/shell/project_files.h"
#include "ui/shell/recent_projects.h"
#include "ui/shell/status_line.h"
#include "ui/shell/unsaved_dialog.h"
#include "ui/shell/welcome_page.h"
#include "ui/theme/text.h"
#include "ui/training/train_page.h"

#include <QMenu>
#include <QStackedWidget>

#include <algorithm>
#include <utility>

namespace gradwright {

void MainWindow::connectUnsaved() {
    connect(welcome_, &WelcomePage::networkChosen, this, &MainWindow::openNetwork);
    connect(welcome_, &WelcomePage::unsavedChosen, this, [this] { showUnsaved(); });
    connect(recent_, &RecentProjects::changed, this, &MainWindow::refreshRecent);
    connect(recent_, &RecentProjects::changed, this, &MainWindow::offerTrainedBefore);
    connect(files_, &ProjectFiles::recentChanged, recent_, &RecentProjects::refresh);
    connect(files_, &ProjectFiles::templateOpened, this, [this] {
        askedBefore_ = document_.project().uuid;
        recent_->refresh();
    });
    connect(&document_, &ProjectDocument::changed, this, [this](ProjectDocument::Changes what) {
        if (what.testFlag(ProjectDocument::ReplacedChange))
            notice_->withdraw(std::exchange(trainedBefore_, 0)); // it was about the one before
    });
    connect(&session_, &TrainingSession::stateChanged, this, [this] {
        // Whoever trains the fresh one has answered.
        if (keeper_->isOwnTraining())
            notice_->withdraw(std::exchange(trainedBefore_, 0));
        if (!session_.isActive())
            recent_->refresh();
    });
    connect(keeper_, &RunKeeper::moved, this,
            [this](const RunKeeper::Moves& runs, const std::filesystem::path& file) {
                for (const auto& [from, to] : runs)
                    InterruptedTraining::follow(from, to, file);
                status_->showHint(
                    runs.size() == 1
                        ? tr("Moved 1 run next to the project file.")
                        : tr("Moved %1 runs next to the project file.").arg(runs.size()));
                recent_->refresh();
            });
    connect(keeper_, &RunKeeper::failed, this,
            [this](const QStringList& reasons) { status_->showHint(reasons.first()); });
}

void MainWindow::refreshRecent() {
    std::uintmax_t bytes = 0;
    for (const UnsavedNetwork& network : *recent_->networks())
        bytes += network.bytes;
    welcome_->setRecent(recent_->projects(), static_cast<qsizetype>(recent_->networks()->size()),
                        bytes);
    if (!recentMenu_->isVisible())
        fillRecentMenu();
}

void MainWindow::fillRecentMenu() {
    recentMenu_->clear();
    for (const RecentProject& project : recent_->projects()) {
        if (project.isSaved()) {
            recentMenu_->addAction(actionText(project.file), this,
                                   [this, file = project.file] { openFile(file); });
            continue;
        }
        const QString facts = project.best.isEmpty()
                                  ? whenText(project.time)
                                  : tr("%1, best %2").arg(whenText(project.time), project.best);
        recentMenu_->addAction(actionText(tr("%1 (not saved): %2").arg(project.name, facts)), this,
                               [this, uuid = project.uuid] { openNetwork(uuid); });
    }
    recentMenu_->setEnabled(!recentMenu_->isEmpty());
}

MainWindow* MainWindow::windowOfProject(const std::string& uuid) {
    for (MainWindow* const window : all())
        if (window->document().project().uuid == uuid)
            return window;
    return nullptr;
}

void MainWindow::openNetwork(const std::string& uuid) {
    if (MainWindow* const window = windowOfProject(uuid)) {
        window->bringToFront();
        if (window->stack_->currentWidget() == window->welcome_)
            window->showPage(*window->design_);
        return;
    }
    const auto networks = recent_->networks(); // they may be read again while something is asked
    const auto found = std::ranges::find(
        *networks, uuid, [](const UnsavedNetwork& network) { return network.project.uuid; });
    if (found != networks->end())
        files_->openNetwork(*found);
}

void MainWindow::showUnsaved(const std::string& uuid) {
    auto* const dialog = new UnsavedDialog(*recent_, *themes_, this);
    connect(dialog, &UnsavedDialog::openRequested, this, [this, dialog](const std::string& chosen) {
        dialog->close();
        openNetwork(chosen);
    });
    connect(dialog, &UnsavedDialog::saveRequested, this, &MainWindow::saveUnsaved);
    connect(dialog, &UnsavedDialog::removed, this, &MainWindow::forgetRuns);
    connect(dialog, &UnsavedDialog::hint, status_, &StatusLine::showHint);
    dialog->choose(uuid);
    dialog->open();
}

void MainWindow::saveUnsaved(const std::string& uuid) {
    if (MainWindow* const window = windowOfProject(uuid)) {
        if (window->files_->saveAs())
            recent_->refresh();
        return;
    }
    const auto networks = recent_->networks();
    const auto found = std::ranges::find(
        *networks, uuid, [](const UnsavedNetwork& network) { return network.project.uuid; });
    if (found != networks->end())
        files_->saveNetwork(*found);
}

void MainWindow::forgetRuns(const std::string& uuid) {
    for (MainWindow* const window : all()) {
        if (window->document_.project().uuid == uuid) {
            window->document_.announceRuns();
            if (!window->document_.file())
                window->keeper_->look();
        }
        if (window != this)
            window->recent_->refresh();
    }
}

/// The template that was opened may have been trained before without being saved.
void MainWindow::offerTrainedBefore() {
    const Project& project = document_.project();
    if (project.uuid != std::exchange(askedBefore_, {}) || keeper_->isOwnTraining())
        return;
    std::vector<const UnsavedNetwork*> before;
    for (const UnsavedNetwork& network : *recent_->networks()) {
        const Project& other = network.project;
        // Runs of older versions do not tell their template.
        const bool same = other.madeFrom == project.madeFrom ||
                          (other.madeFrom.empty() && other.network == project.network);
        if (same && network.isTrained() && network.problem.empty() && other.uuid != project.uuid)
            before.push_back(&network);
    }
    if (before.empty())
        return;
    const QString name = qstr(project.name);
    const std::string uuid = before.front()->project.uuid;
    NoticeBar::Offer offer;
    offer.dismissal = tr("Start fresh");
    if (before.size() == 1) {
        offer.text =
            tr("%1 was trained before and not saved: %2.").arg(name, shortFacts(*before.front()));
        offer.action = tr("Open it");
        offer.accepted = [this, uuid] { openNetwork(uuid); };
    } else {
        offer.text = tr("%1 was trained before: %2 networks that are not saved.")
                         .arg(name)
                         .arg(before.size());
        offer.action = tr("Show them");
        offer.accepted = [this, uuid] { showUnsaved(uuid); };
    }
    trainedBefore_ = notice_->offer(std::move(offer));
}

} // namespace gradwright
