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

    /// The data set that the project has chosen; nullptr while it is being read, and where it
    /// cannot be read.
    [[nodiscard]] std::shared_ptr<const Dataset> data() const;

Q_SIGNALS:
    /// data() is another one, or is gone; after the document knows of it.
    void changed();

private:
    void probe();

    ProjectDocument* document_;
    DataChoice asked_;
    DataChoice read_;                     ///< what data_ is
    std::shared_ptr<const Dataset> data_; ///< kept open, so that trainings begin at once
    int job_ = 0;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
