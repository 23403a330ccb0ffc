// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/survey/data_problems.h"
#include "ui/document/project_document.h"
#include "ui/session/background_jobs.h"

#include <QObject>
#include <QString>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace gradwright {

class DataProbe;

/// A data set that could be opened, and how its samples are shared out.
struct ReviewedParts {
    std::shared_ptr<const Dataset> data;
    Split split;
    PartCounts counts;
};

/// Looks at the project's data in the background while it is active: columns, parts, classes, and
/// samples that stand there twice. What is known of the columns stays until the same table has been
/// looked at again.
class DataReview : public QObject {
    Q_OBJECT

public:
    DataReview(ProjectDocument& document, DataProbe& probe, QObject* parent = nullptr);

    /// Nothing is read before somebody wants to see it.
    void setActive(bool active);

    /// Nothing for other data than tables, and until the table has been looked at.
    [[nodiscard]] const std::optional<TableSurvey>& table() const { return table_; }
    /// Why a table that the document has read cannot be looked at now; empty where it can. Files
    /// may be moved while they are open.
    [[nodiscard]] const std::string& tableFailure() const { return tableFailure_; }
    /// nullptr until the data have been read, and where they cannot be; those before while the same
    /// file is read anew.
    [[nodiscard]] const std::shared_ptr<const ReviewedParts>& parts() const { return parts_; }
    /// Nothing until all samples have been compared.
    [[nodiscard]] const std::optional<Duplicates>& duplicates() const { return duplicates_; }
    /// All that has been found so far, the worst first.
    [[nodiscard]] std::vector<DataProblem> problems() const;

    [[nodiscard]] bool isRunning() const { return tableJob_ != 0 || partsJob_ != 0; }
    /// Whether not all has been looked at, by cancel() or because that would take long.
    [[nodiscard]] bool isIncomplete() const { return stopped_ || tooMany_; }
    void cancel();
    /// Looks at everything that has not been looked at, however long it takes.
    void complete();

Q_SIGNALS:
    /// Something else is known.
    void changed();
    /// How much of what has been done; `all` is 0 where that is not known.
    void progressed(const QString& what, std::size_t done, std::size_t all);

private:
    void refresh();
    void refreshTable();
    void refreshParts();
    void lookAtImages();
    BackgroundJobs::Delivery readTable(const DataChoice& choice, int job,
                                       const std::stop_token& stop);
    BackgroundJobs::Delivery compare(const std::shared_ptr<const ReviewedParts>& parts, int job,
                                     const std::stop_token& stop);
    SurveyProgress teller(int job, const QString& what);

    ProjectDocument* document_;
    DataProbe* probe_;
    bool active_ = false;
    bool stopped_ = false;
    bool tooMany_ = false; ///< samples to be compared without being asked to
    std::optional<std::pair<std::string, ParamValues>> tableAsked_;
    std::shared_ptr<const Dataset> partsAsked_;
    DataChoice partsChoice_;
    std::string partsSource_; ///< data set and file of parts_
    std::string problemAsked_;
    std::optional<TableSurvey> table_;
    std::string tableFailure_;
    std::shared_ptr<const ReviewedParts> parts_;
    std::optional<Duplicates> duplicates_;
    std::vector<DataProblem> images_; ///< that cannot be read
    int tableJob_ = 0;                ///< 0: none runs
    int partsJob_ = 0;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
