// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/data_change.h"

#include "engine/project/own_project.h"
#include "engine/support/error.h"
#include "engine/training/recipes/losses.h"
#include "ui/session/training_session.h"

#include <utility>

namespace gradwright {

namespace {

/// The first loss as it is behind the edit gets the weights, too.
void weighClasses(ProjectEdit& edit, const std::string& weights, Project project) {
    apply(project, edit);
    auto training = project.training;
    if (training.objectives.empty())
        return;
    auto& chosen = training.objectives.front().loss;
    if (findParam(loss(chosen.key).params, "class_weights") == nullptr)
        return;
    chosen.params.insert_or_assign("class_weights", weights);
    std::get<ProjectEdit::Group>(edit.change).push_back({SetTraining{training}});
}

} // namespace

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

void DataChange::make(const QString& title, const DataChoice& choice,
                      const std::string& classWeights) {
    document_->perform(title, {SetData{choice}});
    behind_ = document_->undoStack().index();
    classWeights_ = classWeights;
}

void DataChange::fit() {
    const auto& info = document_->dataInfo();
    if (behind_ == 0 || !info)
        return;
    const bool isLast = document_->undoStack().index() == std::exchange(behind_, 0);
    if (!isLast || session_->isActive())
        return;
    ProjectEdit edit = fitToData(document_->project(), *info);
    if (!classWeights_.empty())
        weighClasses(edit, std::exchange(classWeights_, {}), document_->project());
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
