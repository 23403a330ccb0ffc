// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/metrics/confusion.h"
#include "engine/metrics/quality.h"
#include "ui/session/background_jobs.h"
#include "ui/session/trained_model.h"

#include <QObject>
#include <QString>

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace gradwright {

/// What a person would see of an image, smaller where it is large.
struct Thumbnail {
    static constexpr std::int64_t kMostSide = 112;
    Shape shape;                     ///< C×H×W, of 1 or 3 channels
    std::vector<std::uint8_t> bytes; ///< [C, H, W]
};

/// What a model makes of its test set.
struct TestReport {
    std::shared_ptr<const TrainedModel> model;
    std::int64_t samples = 0;
    std::vector<Quality> metrics;
    ConfusionMatrix matrix;                        ///< empty where samples have target values
    std::vector<Reading> mistakes;                 ///< the surest first
    std::map<std::uint32_t, Thumbnail> thumbnails; ///< of the surest mistakes, by sample
    std::vector<Reading> readings; ///< of a table's rows, in their order, where they have classes
    std::vector<float> outputs; ///< of a table's rows, in their own units, where they have values
    std::vector<float> targets; ///< what would have been right for these
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
