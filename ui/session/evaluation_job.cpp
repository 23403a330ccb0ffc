// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/evaluation_job.h"

#include <atomic>
#include <exception>
#include <utility>

namespace gradwright {

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
        auto outcomes =
            readAll(model->graph, *model->weights, model->data->test, stop, [&](std::int64_t done) {
                jobs_.deliver(job, [this, done, samples] { Q_EMIT progressed(done, samples); });
            });
        if (!outcomes)
            return {};
        TestReport report{model, std::move(*outcomes), {}, {}, {}};
        report.metrics = measure(report.outcomes);
        if (model->data->info.hasClasses()) {
            const auto readings = readingsOf(report.outcomes);
            report.matrix = ConfusionMatrix(model->data->info.classes.size(), readings);
            report.mistakes = mistakes(readings);
        }
        return [this, report = std::move(report)] {
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
