// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is asked when a project that is not saved leaves its window, and how networks that were
// trained without being saved come back.
#include "engine/project/project_file.h"
#include "engine/project/start_file.h"
#include "engine/project/unsaved_networks.h"
#include "ui/forms/save_dialog.h"
#include "ui/session/run_keeper.h"
#include "ui/shell/keep_dialog.h"
#include "ui/shell/network_texts.h"
#include "ui/shell/project_files.h"
#include "ui/shell/remove_runs.h"
#include "ui/theme/text.h"

#include <QEventLoop>
#include <QMessageBox>

namespace gradwright {

bool ProjectFiles::mayReplace(Leaving leaving) {
    if (guard_ && !guard_())
        return false;
    return document_->isTrainedUnsaved() ? mayLeaveTrained(leaving) : mayLoseEdits();
}

bool ProjectFiles::mayLoseEdits() {
    if (!document_->hasUnsavedEdits())
        return true;
    QMessageBox question(QMessageBox::Question, tr("Unsaved changes"),
                         tr("Save the changes to %1?").arg(document_->displayName()),
                         QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, window_);
    question.setDefaultButton(QMessageBox::Save);
    switch (question.exec()) {
    case QMessageBox::Save:
        return save();
    case QMessageBox::Discard:
        return true;
    default:
        return false;
    }
}

/// One question for all that may be lost: the runs, edits since the last of them, and a training
/// that is active.
bool ProjectFiles::mayLeaveTrained(Leaving leaving) {
    for (;;) {
        KeepDialog question(
            {document_->displayName(), trainingNote(leaving), document_->runsFolders()}, window_);
        question.exec();
        switch (question.answer()) {
        case KeepDialog::Answer::Cancel:
            return false;
        case KeepDialog::Answer::Save:
            return save();
        case KeepDialog::Answer::Keep:
            // Without edits the runs hold all there is.
            return attempt([this] {
                if (document_->hasUnsavedEdits())
                    keepUnsaved(document_->project(), document_->runsFolders());
            });
        case KeepDialog::Answer::Delete:
            if (removeTrained(question.network().value()))
                return true;
            break; // it is still there, and so is the question
        }
    }
}

QString ProjectFiles::trainingNote(Leaving leaving) const {
    if (!keeper_->isOwnTraining())
        return {};
    return leaving == Leaving::Close
               ? tr("Its training stops when the window closes and can be resumed later.")
               : tr("Its training continues in this window.");
}

bool ProjectFiles::removeTrained(const UnsavedNetwork& network) {
    RunRemoval removal = removalOf(network);
    if (document_->hasUnsavedEdits())
        removal.note = tr("Unsaved changes to the network are discarded as well.");
    if (keeper_->isOwnTraining())
        removal.stop = [this] { stopTraining(); };
    if (!removeRuns(*window_, removal))
        return false;
    document_->setHasRuns(false);
    document_->announceRuns();
    Q_EMIT recentChanged();
    return true;
}

void ProjectFiles::stopTraining() {
    QEventLoop loop;
    connect(session_, &TrainingSession::stateChanged, &loop, [&] {
        if (!session_->isActive())
            loop.quit();
    });
    session_->stop();
    if (session_->isActive())
        loop.exec(QEventLoop::ExcludeUserInputEvents);
}

void ProjectFiles::openNetwork(const UnsavedNetwork& network) {
    if (!mayReplace())
        return;
    // Its UUID leads to runs in the data folder, not to those beside a file that is gone.
    document_->openTrained(network.project, network.missingFile.empty()
                                                ? std::vector<std::filesystem::path>()
                                                : network.folders);
    Q_EMIT opened();
    Q_EMIT hint(tr("%1 is open with %2; it is not saved as a project yet.")
                    .arg(qstr(network.project.name),
                         runsText(static_cast<qsizetype>(network.runs.size()))));
}

void ProjectFiles::saveNetwork(const UnsavedNetwork& network) {
    const QString ending = QStringLiteral(".gradwright");
    const QString file =
        askSaveFile(window_, tr("Save project"), qstr(network.project.name) + ending,
                    {tr("Gradwright projects (*.gradwright)")}, {ending});
    if (file.isEmpty())
        return;
    Project project = network.project;
    // Runs beside a file that is gone stay there, and are listed from here.
    if (!network.missingFile.empty())
        for (const auto& folder : network.folders)
            if (folder != runsFolderOf(file.toStdString()))
                project.earlierRuns.push_back(folder);
    AdoptedRuns adopted;
    const bool saved = attempt([&] {
        copyStartWeights(project, file.toStdString());
        saveProject(file.toStdString(), project);
        waitFor([&] { adopted = adoptRuns(project.uuid, file.toStdString()); });
    });
    if (!saved)
        return;
    remember(file);
    if (adopted.problems.empty())
        Q_EMIT hint(tr("%1 is saved as %2").arg(qstr(project.name), file));
    else
        QMessageBox::warning(window_, tr("Gradwright"), qstr(adopted.problems.front()));
}

} // namespace gradwright
