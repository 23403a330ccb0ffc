// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/own_project.h"
#include "engine/support/error.h"
#include "ui/theme/text.h"
#include "ui/training/data_text.h"
#include "ui/training/train_page.h"
#include "ui/training/training_form.h"

#include <QStringList>
#include <QUndoStack>

#include <utility>

// What the Train page says of the data, and how the network follows the columns that are used.
namespace gradwright {

/// What the chosen data set holds, once it has been read.
void TrainPage::showData() {
    const auto& info = document_->dataInfo();
    const Network& network =
        session_->isActive() ? session_->job()->network : document_->project().network;
    form_->setInputs(namesOfLayer(network, "input"), dataColumns(info));
    QStringList notes;
    for (const std::string& note : document_->dataNotes())
        notes << qstr(note);
    form_->setDataNotes(notes);
    if (const std::string& problem = document_->dataProblem(); !problem.empty()) {
        form_->setDataStatus(qstr(problem), true);
        form_->setDataUnreadable();
        return;
    }
    if (!info) {
        form_->setDataStatus(tr("Reading…"), false);
        return;
    }
    form_->setDataStatus(dataText(*info), false);
    form_->setData(*info);
}

void TrainPage::chooseColumns(const QString& what, const DataChoice& choice) {
    perform(tr("Change %1").arg(what.toLower()), {SetData{choice}});
    fitBehind_ = document_->undoStack().index();
}

/// The data have been read: as a part of the step that chose the columns, unless that is not the
/// last one any more.
void TrainPage::fitNetwork() {
    const auto& info = document_->dataInfo();
    if (fitBehind_ == 0 || !info)
        return;
    const bool isLast = document_->undoStack().index() == std::exchange(fitBehind_, 0);
    if (!isLast || session_->isActive())
        return;
    const ProjectEdit edit = fitToData(document_->project(), *info);
    if (std::get<ProjectEdit::Group>(edit.change).empty())
        return;
    try {
        document_->performJoined(document_->undoStack().undoText(), edit);
    } catch (const Error& error) {
        showMessage(QString::fromUtf8(error.what()));
    }
}

} // namespace gradwright
