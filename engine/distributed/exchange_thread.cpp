// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/distributed/exchange_thread.h"

#include <utility>

namespace gradwright {

ExchangeThread::ExchangeThread()
    : thread_([this] { run(); }) {}

ExchangeThread::~ExchangeThread() {
    drop();
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    posted_.notify_one();
    thread_.join();
}

void ExchangeThread::post(std::function<void()> work) {
    {
        const std::lock_guard lock(mutex_);
        if (failure_)
            return;
        work_.push_back(std::move(work));
    }
    posted_.notify_one();
}

void ExchangeThread::finish() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return work_.empty() && !isBusy_; });
    if (failure_)
        std::rethrow_exception(std::exchange(failure_, nullptr));
}

void ExchangeThread::drop() noexcept {
    std::unique_lock lock(mutex_);
    work_.clear();
    done_.wait(lock, [this] { return !isBusy_; });
    failure_ = nullptr;
}

void ExchangeThread::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        posted_.wait(lock, [this] { return ends_ || !work_.empty(); });
        if (ends_)
            return;
        const auto work = std::move(work_.front());
        work_.pop_front();
        isBusy_ = true;
        lock.unlock();
        std::exception_ptr failure;
        try {
            work();
        } catch (...) {
            failure = std::current_exception();
        }
        lock.lock();
        isBusy_ = false;
        if (failure) {
            failure_ = failure;
            work_.clear();
        }
        if (work_.empty())
            done_.notify_all();
    }
}

} // namespace gradwright
