// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/evaluation_job.h"

#include "engine/data/images/picture_input.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>

namespace gradwright {

namespace {

/// Mistakes beyond are shown without their image.
constexpr std::size_t kMostThumbnailBytes = std::size_t{64} << 20;
constexpr std::size_t kMostCostly = 600; ///< whose files have to be decoded once more

/// Nothing where the sample cannot be read: its file has gone, say.
std::optional<Thumbnail> thumbnailOf(const DataSource& source, const Preparation& preparation,
                                     std::uint32_t sample) {
    const Shape& shape = source.shape();
    std::vector<float> values(static_cast<std::size_t>(shape.elements()));
    try {
        source.input(sample, values);
    } catch (const std::exception&) {
        return {};
    }
    const auto shown = shownSample(values, shape, preparation);
    const auto pixels = shown.span<float>();
    const auto step =
        (std::max(shape[1], shape[2]) + Thumbnail::kMostSide - 1) / Thumbnail::kMostSide;
    Thumbnail made{Shape{shape[0] == 3 ? 3 : 1, shape[1] / step, shape[2] / step}, {}};
    for (std::int64_t c = 0; c < made.shape[0]; ++c)
        for (std::int64_t y = 0; y < made.shape[1]; ++y)
            for (std::int64_t x = 0; x < made.shape[2]; ++x)
                made.bytes.push_back(static_cast<std::uint8_t>(
                    255 * pixels[static_cast<std::size_t>((c * shape[1] + y * step) * shape[2] +
                                                          x * step)] +
                    0.5F));
    return made;
}

/// Thumbnails of the surest mistakes; images are decoded here and not where they are drawn.
std::map<std::uint32_t, Thumbnail> thumbnailsOf(const Dataset& data,
                                                const std::vector<Reading>& mistakes,
                                                const std::stop_token& stop) {
    std::map<std::uint32_t, Thumbnail> made;
    const DataSource& source = *data.test;
    if (source.shape().rank() != 3)
        return made;
    std::size_t bytes = 0;
    for (const Reading& mistake : mistakes) {
        if (bytes > kMostThumbnailBytes || stop.stop_requested() ||
            (source.isCostly() && made.size() == kMostCostly))
            break;
        auto thumbnail = thumbnailOf(source, data.info.preparation, mistake.sample);
        if (!thumbnail)
            continue;
        bytes += thumbnail->bytes.size();
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
        auto outcomes = model->readTestSet(stop, [&](std::int64_t done) {
            jobs_.deliver(job, [this, done, samples] { Q_EMIT progressed(done, samples); });
        });
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
            report.thumbnails = thumbnailsOf(*model->data, report.mistakes, stop);
            if (model->data->table)
                report.readings = readings;
        } else if (model->data->table) {
            report.outputs = std::move(outcomes->outputs);
            report.targets = std::move(outcomes->targets);
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
