// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/background_jobs.h"

#include "engine/support/scheduling.h"

#include <QDebug>

#include <exception>
#include <utility>

namespace gradwright {

BackgroundJobs::~BackgroundJobs() {
    for (auto& [number, job] : jobs_)
        job.thread.request_stop();
    jobs_.clear();
}

int BackgroundJobs::start(Work work) {
    const int number = ++last_;
    auto& job = jobs_[number];
    // Queued calls to `this` are safe: the destructor waits for every thread.
    job.thread = std::jthread([this, number, work = std::move(work)](const std::stop_token& stop) {
        setScheduling(Scheduling::Throughput);
        Delivery delivery;
        try {
            delivery = work(stop);
        } catch (const std::exception& error) {
            // A job reports failures itself; what it missed must not end the program.
            qWarning("a background job failed: %s", error.what());
        }
        QMetaObject::invokeMethod(
            this, [this, number, delivery = std::move(delivery)] { finish(number, delivery); },
            Qt::QueuedConnection);
    });
    return number;
}

void BackgroundJobs::cancel(int number) {
    const auto job = jobs_.find(number);
    if (job == jobs_.end())
        return;
    job->second.cancelled = true;
    job->second.thread.request_stop();
}

void BackgroundJobs::deliver(int number, Delivery delivery) {
    QMetaObject::invokeMethod(
        this,
        [this, number, delivery = std::move(delivery)] {
            const auto job = jobs_.find(number);
            if (job != jobs_.end() && !job->second.cancelled)
                delivery();
        },
        Qt::QueuedConnection);
}

void BackgroundJobs::finish(int number, const Delivery& delivery) {
    const auto job = jobs_.find(number);
    const bool wanted = !job->second.cancelled;
    jobs_.erase(job); // the thread has nothing left to do: joining takes no time
    if (wanted && delivery)
        delivery();
}

} // namespace gradwright

#include "moc_background_jobs.cpp"
