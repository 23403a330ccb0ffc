// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include <functional>
#include <map>
#include <stop_token>
#include <thread>

namespace gradwright {

/// Work on threads of its own whose results come back as calls on the GUI thread. Destroying it
/// asks all to stop and waits for them; what they bring is dropped.
class BackgroundJobs : public QObject {
    Q_OBJECT

public:
    using Delivery = std::function<void()>;
    /// Runs on the new thread; what it returns is called on the GUI thread. What fails is for it
    /// to catch and deliver: an exception that leaves it is logged alone.
    using Work = std::function<Delivery(const std::stop_token&)>;

    explicit BackgroundJobs(QObject* parent = nullptr)
        : QObject(parent) {}
    ~BackgroundJobs() override;

    /// The number that the next job will have.
    [[nodiscard]] int next() const { return last_ + 1; }
    /// Returns the job's number.
    int start(Work work);
    /// Asks the job to stop and drops its result.
    void cancel(int job);
    /// Calls `delivery` on the GUI thread unless the job was cancelled; for the jobs themselves.
    void deliver(int job, Delivery delivery);

private:
    void finish(int job, const Delivery& delivery);

    struct Job {
        bool cancelled = false;
        std::jthread thread;
    };
    std::map<int, Job> jobs_;
    int last_ = 0;
};

} // namespace gradwright
