// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/class_balance.h"
#include "engine/support/error.h"
#include "engine/training/processes.h"
#include "engine/worker/mpirun.h"
#include "ui/runs/runs_panel.h"
#include "ui/runs/training_course.h"
#include "ui/theme/text.h"
#include "ui/training/train_page.h"
#include "ui/training/training_controls.h"
#include "ui/training/training_form.h"

#include <QAction>
#include <QFrame>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QToolButton>

#include <algorithm>

// How a training starts, and what is said where it cannot.
namespace gradwright {
namespace {

/// The first problem with a fix that keeps the network from being trained.
const Diagnostic* obstacleWithFix(const Analysis& analysis) {
    const auto& all = analysis.diagnostics;
    const auto found = std::ranges::find_if(all, [](const Diagnostic& each) {
        return each.severity == Severity::Error && !each.fixes.empty();
    });
    return found == all.end() ? nullptr : &*found;
}

/// The fixes of a network without an Output.
const Diagnostic* missingOutput(const Analysis& analysis) {
    const auto found = std::ranges::find_if(analysis.diagnostics, [](const Diagnostic& each) {
        return !each.place.node && each.severity == Severity::Warning && !each.fixes.empty() &&
               each.fixes.front().title.starts_with("Add an Output");
    });
    return found == analysis.diagnostics.end() ? nullptr : &*found;
}

/// The inputs without a link that keep the Output from being reached.
std::vector<const Diagnostic*> looseInputs(const Analysis& analysis) {
    std::vector<const Diagnostic*> found;
    for (const auto& each : analysis.diagnostics) {
        if (!each.place.input || !each.place.node)
            continue;
        // Of a block's input the layers within are on the way.
        const auto inside = each.place.path + '/';
        for (std::size_t i = 0; i < analysis.nodes.size(); ++i)
            if (const auto& path = analysis.flat.nodes[i].path;
                analysis.nodes[i].reachesOutput &&
                (path == each.place.path || path.starts_with(inside))) {
                found.push_back(&each);
                break;
            }
    }
    return found;
}

/// What the banner's button fixes.
const Diagnostic* fixable(const Analysis& analysis) {
    if (const auto* const found = obstacleWithFix(analysis))
        return found;
    if (const auto* const found = missingOutput(analysis))
        return found;
    const auto loose = looseInputs(analysis);
    return loose.empty() || loose.front()->fixes.empty() ? nullptr : loose.front();
}

} // namespace

void TrainPage::showMessage(const QString& message, Remedy remedy, const QString& button) {
    message_->setText(message);
    remedy_ = remedy;
    remedyButton_->setText(button);
    remedyButton_->setVisible(remedy != Remedy::None);
    resumeThere_->hide();
    resumeHere_->hide();
    banner_->show();
}

/// What keeps the network from being trained, if anything does.
bool TrainPage::showObstacle() {
    const Network& network = document_->project().network;
    const Analysis& analysis = document_->analysis();
    if (network.main.nodes().empty()) {
        showMessage(tr("There is no network to train yet: begin with a template or with your own "
                       "data, or draw one on the Design page."),
                    Remedy::Gallery, tr("Show templates"));
        return true;
    }
    const auto errors =
        std::ranges::count(analysis.diagnostics, Severity::Error, &Diagnostic::severity);
    if (errors == 1)
        if (const Diagnostic* const found = obstacleWithFix(analysis)) {
            showMessage(qstr(found->message), Remedy::Fix, qstr(found->fixes.front().title));
            return true;
        }
    if (errors > 0) {
        showMessage(errors == 1 ? tr("A problem blocks the training of this network.")
                                : tr("%1 problems block the training of this network.").arg(errors),
                    Remedy::Problems, tr("Show problems"));
        return true;
    }
    if (nodesOfLayer(network.main, "output").empty()) {
        const Diagnostic* const found = missingOutput(analysis);
        showMessage(tr("The network has no Output; training needs one."),
                    found ? Remedy::Fix : Remedy::Problems,
                    found ? qstr(found->fixes.front().title) : tr("Show problems"));
        return true;
    }
    const auto loose = looseInputs(analysis);
    if (loose.empty())
        return false;
    const bool helps = loose.size() == 1 && !loose.front()->fixes.empty();
    showMessage(loose.size() == 1 ? qstr(loose.front()->message)
                                  : tr("%1 inputs are not connected.").arg(loose.size()),
                helps ? Remedy::Fix : Remedy::Problems,
                helps ? qstr(loose.front()->fixes.front().title) : tr("Show problems"));
    return true;
}

/// An obstacle that is out of the way is not told any more, and another one takes its place.
void TrainPage::reviewObstacle() {
    if (!banner_->isHidden() && remedy_ != Remedy::None && !showObstacle())
        banner_->hide();
}

void TrainPage::applyRemedy() {
    switch (remedy_) {
    case Remedy::None:
        return;
    case Remedy::Problems:
        Q_EMIT problemsRequested();
        return;
    case Remedy::Gallery:
        Q_EMIT galleryRequested();
        return;
    case Remedy::Fix:
        break;
    }
    const Analysis& analysis = document_->analysis();
    const Diagnostic* const found = fixable(analysis);
    banner_->hide();
    if (found == nullptr)
        return;
    const Fix fix = found->fixes.front();
    perform(qstr(fix.title), editOf(document_->project(), fix));
}

bool TrainPage::isShared() const {
    return session_->isActive() && processesOf(session_->job()->settings) > 1;
}

bool TrainPage::showSharingObstacle() {
    const Project& project = document_->project();
    if (processesOf(project.training) == 1)
        return false;
    auto why = whyNotShared(project.training, project.data);
    if (why.empty())
        why = whyNoProcesses();
    if (!why.empty())
        showMessage(qstr(why));
    return !why.empty();
}

void TrainPage::showSharing() {
    const bool shared = isShared();
    controls_->setPausable(!shared);
    if (shared)
        form_->lockRate();
    lockText_->setText(shared ? tr("Locked while several processes train.")
                              : tr("Locked while training, except for the learning rate."));
}

void TrainPage::pause() {
    if (isShared())
        Q_EMIT hint(tr("Several processes that share a training cannot be paused; stop it, and "
                       "resume the run later."));
    else
        session_->pause();
}

void TrainPage::start() {
    if (session_->isActive() || showObstacle() || showSharingObstacle())
        return;
    continued_.reset();
    if (wantsBalance(document_->project().training))
        startBalanced();
    else
        begin(trainingJob(document_->project(), document_->runsFolder()));
}

void TrainPage::showSetting(const std::string& place) {
    search_->clear();
    if (QWidget* const field = form_->reveal(place))
        settings_->ensureWidgetVisible(field, 20, 60);
}

QWidget* TrainPage::startButton() const {
    return controls_->findChild<QPushButton*>(QStringLiteral("start"));
}

QWidget* TrainPage::runsPlace() const {
    if (!runs_->isHidden())
        return runs_;
    for (QObject* const each : runsAction_->associatedObjects())
        if (auto* const button = qobject_cast<QToolButton*>(each))
            return button;
    return course_;
}

std::vector<OfferedSetting> TrainPage::settings() const {
    return form_->settings();
}

} // namespace gradwright
