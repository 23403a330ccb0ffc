// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/data_change.h"

#include "engine/project/own_project.h"
#include "engine/support/error.h"
#include "ui/session/training_session.h"

#include <utility>

namespace gradwright {

DataChange::DataChange(ProjectDocument& document, const TrainingSession& session, QObject* parent)
    : QObject(parent)
    , document_(&document)
    , session_(&session) {
    connect(document_, &ProjectDocument::analysisChanged, this, [this] {
        // Others hear of this analysis before there is another one.
        if (behind_ != 0 && document_->dataInfo())
            QMetaObject::invokeMethod(this, &DataChange::fit, Qt::QueuedConnection);
    });
}

void DataChange::make(const QString& title, const DataChoice& choice) {
    document_->perform(title, {SetData{choice}});
    behind_ = document_->undoStack().index();
}

void DataChange::fit() {
    const auto& info = document_->dataInfo();
    if (behind_ == 0 || !info)
        return;
    const bool isLast = document_->undoStack().index() == std::exchange(behind_, 0);
    if (!isLast || session_->isActive())
        return;
    const ProjectEdit edit = fitToData(document_->project(), *info);
    if (std::get<ProjectEdit::Group>(edit.change).empty())
        return;
    try {
        document_->performJoined(document_->undoStack().undoText(), edit);
    } catch (const Error& error) {
        Q_EMIT failed(QString::fromUtf8(error.what()));
    }
}

} // namespace gradwright

#include "moc_data_change.cpp"
