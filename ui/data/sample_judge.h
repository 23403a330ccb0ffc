// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/data/sample_browser.h"

#include <QObject>

namespace gradwright {

/// Lets the project's latest trained network read the samples of a part, in the background, and
/// tells how wrong it is about each. A run counts where it was trained on the same data.
class SampleJudge : public QObject {
    Q_OBJECT

public:
    explicit SampleJudge(ProjectDocument& document, QObject* parent = nullptr);

    /// A new start ends the one before.
    void start(std::shared_ptr<const ReviewedParts> parts, DataPart part);
    void cancel();
    [[nodiscard]] bool isRunning() const { return job_ != 0; }

Q_SIGNALS:
    void progressed(std::size_t done, std::size_t all);
    void judged(const std::shared_ptr<const gradwright::SampleVerdicts>& verdicts);
    /// Why there are no verdicts: nothing has been trained on these data, say.
    void failed(const QString& reason);

private:
    BackgroundJobs::Delivery work(const std::shared_ptr<const ReviewedParts>& parts, DataPart part,
                                  const DataChoice& choice,
                                  const std::vector<std::filesystem::path>& folders, int job,
                                  const std::stop_token& stop);

    ProjectDocument* document_;
    int job_ = 0;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
