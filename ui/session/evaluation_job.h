// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/metrics/confusion.h"
#include "engine/metrics/quality.h"
#include "ui/session/background_jobs.h"
#include "ui/session/trained_model.h"

#include <QObject>
#include <QString>

#include <map>
#include <memory>
#include <vector>

namespace gradwright {

/// A sample's first plane, smaller where it is large.
struct Thumbnail {
    static constexpr std::int64_t kMostSide = 112;
    int width = 0;
    int height = 0;
    std::vector<float> values;
};

/// What a model makes of its test set.
struct TestReport {
    std::shared_ptr<const TrainedModel> model;
    std::int64_t samples = 0;
    std::vector<Quality> metrics;
    ConfusionMatrix matrix;                        ///< empty where samples have target values
    std::vector<Reading> mistakes;                 ///< the surest first
    std::map<std::uint32_t, Thumbnail> thumbnails; ///< of the surest mistakes, by sample
};

/// Reads the whole test set in the background. A new start cancels the one before.
class EvaluationJob : public QObject {
    Q_OBJECT

public:
    explicit EvaluationJob(QObject* parent = nullptr);

    void start(std::shared_ptr<const TrainedModel> model);
    void cancel();
    [[nodiscard]] bool isRunning() const { return running_; }

Q_SIGNALS:
    void progressed(std::int64_t done, std::int64_t samples);
    void finished(const std::shared_ptr<const gradwright::TestReport>& report);
    void failed(const QString& reason);
    void runningChanged(bool running);

private:
    void setRunning(bool running);
    BackgroundJobs::Delivery read(const std::shared_ptr<const TrainedModel>& model, int job,
                                  const std::stop_token& stop);

    bool running_ = false;
    int job_ = 0;
    BackgroundJobs jobs_; ///< last: its threads use the rest
};

} // namespace gradwright
