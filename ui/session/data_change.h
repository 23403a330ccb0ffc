// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"

#include <QObject>
#include <QString>

#include <string>

namespace gradwright {

class TrainingSession;

/// Changes the data that a project is trained on and lets the ends of its network follow (see
/// fitToData()) once these have been read, in the same step of undo; not where another edit came
/// in between or a training has begun.
class DataChange : public QObject {
    Q_OBJECT

public:
    DataChange(ProjectDocument& document, const TrainingSession& session,
               QObject* parent = nullptr);

    /// `classWeights` is what the loss is to have as such once the network has followed, where it
    /// takes any; empty: what it has. Throws Error with the reason when the choice does not fit;
    /// nothing has then changed.
    void make(const QString& title, const DataChoice& choice, const std::string& classWeights = {});

Q_SIGNALS:
    /// The network could not follow.
    void failed(const QString& reason);

private:
    void fit();

    ProjectDocument* document_;
    const TrainingSession* session_;
    std::string classWeights_; ///< of the change that is behind_
    int behind_ = 0;           ///< the step of undo that the network has to follow; 0: none
};

} // namespace gradwright
