// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/layout_job.h"

#include <atomic>
#include <exception>
#include <functional>
#include <list>
#include <mutex>
#include <stop_token>
#include <thread>

namespace gradwright {

/// What the thread may touch after the job has gone.
struct LayoutJob::Shared {
    std::mutex mutex;
    LayoutJob* job = nullptr; ///< nullptr once it has gone
    std::stop_source stop;

    template <class F>
    void tell(F say) {
        const std::lock_guard lock(mutex);
        if (job != nullptr)
            QMetaObject::invokeMethod(
                job, [job = job, say] { say(*job); }, Qt::QueuedConnection);
    }
};

namespace {

/// Threads of layouts, joined when the program ends; those that have finished go earlier.
class Threads {
public:
    ~Threads() {
        for (auto& each : all_)
            each.thread.join();
    }
    void start(std::function<void()> run) {
        const std::lock_guard lock(mutex_);
        std::erase_if(all_, [](Entry& each) {
            if (!each.finished->load())
                return false;
            each.thread.join();
            return true;
        });
        auto finished = std::make_shared<std::atomic<bool>>(false);
        all_.push_back({std::thread([run = std::move(run), finished] {
                            run();
                            finished->store(true);
                        }),
                        finished});
    }

private:
    struct Entry {
        std::thread thread;
        std::shared_ptr<std::atomic<bool>> finished;
    };
    std::mutex mutex_;
    std::list<Entry> all_;
};

Threads& threads() {
    static Threads all;
    return all;
}

} // namespace

LayoutJob::LayoutJob(LayoutRequest request, QObject* parent)
    : QObject(parent)
    , shared_(std::make_shared<Shared>()) {
    shared_->job = this;
    threads().start([shared = shared_, request = std::move(request)] {
        try {
            const auto positions = layeredLayout(request, shared->stop.get_token());
            shared->tell([positions](LayoutJob& job) { Q_EMIT job.done(positions); });
        } catch (const std::exception& error) {
            shared->tell([text = QString::fromUtf8(error.what())](LayoutJob& job) {
                Q_EMIT job.failed(text);
            });
        }
    });
}

LayoutJob::~LayoutJob() {
    shared_->stop.request_stop();
    const std::lock_guard lock(shared_->mutex);
    shared_->job = nullptr;
}

} // namespace gradwright

#include "moc_layout_job.cpp"
