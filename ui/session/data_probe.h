// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/session/background_jobs.h"

#include <QObject>

namespace gradwright {

/// Finds out in the background what the project's data set holds and reports it to the document,
/// which can then say before a training what does not fit.
class DataProbe final : public QObject {
    Q_OBJECT
public:
    explicit DataProbe(ProjectDocument& document, QObject* parent = nullptr);

private:
    void probe();

    ProjectDocument* document_;
    DataChoice asked_;
    Dataset data_; ///< kept open, so that trainings begin at once
    int job_ = 0;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
