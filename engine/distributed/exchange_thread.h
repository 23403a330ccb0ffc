// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace gradwright {

/// A thread that uses a communicator while its member computes. The member leaves the communicator
/// alone between the first post() and the end of finish() or drop().
class ExchangeThread {
public:
    ExchangeThread();
    /// As drop().
    ~ExchangeThread();
    ExchangeThread(const ExchangeThread&) = delete;
    ExchangeThread& operator=(const ExchangeThread&) = delete;

    /// Work is done in the order in which it is posted. May be called from any thread.
    void post(std::function<void()> work);
    /// Waits until all is done. Throws what the first work that failed has thrown; what was posted
    /// after it is left out.
    void finish();
    /// Leaves out what has not begun, waits for what has, and forgets what failed.
    void drop() noexcept;

private:
    void run();

    std::mutex mutex_; ///< guards all but the thread
    std::condition_variable posted_, done_;
    std::deque<std::function<void()>> work_;
    std::exception_ptr failure_;
    bool isBusy_ = false;
    bool ends_ = false;
    std::thread thread_; ///< last: it uses all others
};

} // namespace gradwright
