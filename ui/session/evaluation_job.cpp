// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/evaluation_job.h"

#include "engine/inference/readings.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>

namespace gradwright {

namespace {

constexpr std::size_t kMostThumbnails = 300;

/// Nothing where the sample cannot be read: its file has gone, say.
std::optional<Thumbnail> thumbnailOf(const DataSource& source, std::uint32_t sample) {
    const Shape& shape = source.shape();
    const auto height = shape[shape.rank() - 2];
    const auto width = shape[shape.rank() - 1];
    std::vector<float> values(static_cast<std::size_t>(shape.elements()));
    try {
        source.input(sample, values);
    } catch (const std::exception&) {
        return {};
    }
    const auto step = (std::max(height, width) + Thumbnail::kMostSide - 1) / Thumbnail::kMostSide;
    Thumbnail made{static_cast<int>(width / step), static_cast<int>(height / step), {}};
    for (std::int64_t y = 0; y < height / step; ++y)
        for (std::int64_t x = 0; x < width / step; ++x)
            made.values.push_back(values[static_cast<std::size_t>(y * step * width + x * step)]);
    return made;
}

/// Thumbnails of the surest mistakes; images are decoded here and not where they are drawn.
std::map<std::uint32_t, Thumbnail> thumbnailsOf(const DataSource& source,
                                                const std::vector<Reading>& mistakes,
                                                const std::stop_token& stop) {
    std::map<std::uint32_t, Thumbnail> made;
    if (source.shape().rank() != 3)
        return made;
    for (const Reading& mistake : mistakes) {
        if (made.size() == kMostThumbnails || stop.stop_requested())
            break;
        if (auto thumbnail = thumbnailOf(source, mistake.sample))
            made.emplace(mistake.sample, std::move(*thumbnail));
    }
    return made;
}

} // namespace

EvaluationJob::EvaluationJob(QObject* parent)
    : QObject(parent) {}

void EvaluationJob::start(std::shared_ptr<const TrainedModel> model) {
    cancel();
    // Jobs are numbered one after the other, so the number is known before the thread starts.
    job_ = jobs_.next();
    setRunning(true);
    jobs_.start([this, model = std::move(model), job = job_](const std::stop_token& stop) {
        return read(model, job, stop);
    });
}

void EvaluationJob::cancel() {
    jobs_.cancel(job_);
    setRunning(false);
}

BackgroundJobs::Delivery EvaluationJob::read(const std::shared_ptr<const TrainedModel>& model,
                                             int job, const std::stop_token& stop) {
    const auto samples = model->data->test->size();
    try {
        auto outcomes = readAll(
            model->graph, *model->weights, model->data->test, stop,
            [&](std::int64_t done) {
                jobs_.deliver(job, [this, done, samples] { Q_EMIT progressed(done, samples); });
            },
            model->target);
        if (!outcomes)
            return {};
        restoreUnits(*outcomes, model->data->info.targetScaling);
        const auto made = std::make_shared<TestReport>();
        TestReport& report = *made;
        report.model = model;
        report.samples = samples;
        report.metrics = measure(*outcomes);
        if (model->data->info.hasClasses()) {
            const auto readings = readingsOf(*outcomes);
            report.matrix = ConfusionMatrix(model->data->info.classes.size(), readings);
            report.mistakes = mistakes(readings);
            report.thumbnails = thumbnailsOf(*model->data->test, report.mistakes, stop);
        }
        return [this, report = std::shared_ptr<const TestReport>(made)] {
            setRunning(false);
            Q_EMIT finished(report);
        };
    } catch (const std::exception& error) {
        return [this, reason = QString::fromUtf8(error.what())] {
            setRunning(false);
            Q_EMIT failed(reason);
        };
    }
}

void EvaluationJob::setRunning(bool running) {
    if (running != std::exchange(running_, running))
        Q_EMIT runningChanged(running);
}

} // namespace gradwright

#include "moc_evaluation_job.cpp"
