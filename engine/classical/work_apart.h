// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/classical/watch.h"

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace gradwright {

/// Does the work of a library that cannot be stopped, or only every few seconds, on a thread of its
/// own. Throws FitStopped as soon as a stop is asked for: then the work is left to itself until it
/// ends, so it must own all that it reads. Returns what the work returns, and throws what it
/// throws.
template <class Result>
Result workApart(const Watch& watch, std::function<Result()> work) {
    struct Shared {
        std::mutex mutex;
        std::condition_variable_any changed;
        bool hasEnded = false;
        std::optional<Result> result;
        std::exception_ptr failure;
    };
    const auto shared = std::make_shared<Shared>();
    std::thread thread([shared, work = std::move(work)] {
        std::optional<Result> result;
        std::exception_ptr failure;
        try {
            result.emplace(work());
        } catch (...) {
            failure = std::current_exception();
        }
        const std::lock_guard lock(shared->mutex);
        shared->result = std::move(result);
        shared->failure = failure;
        shared->hasEnded = true;
        shared->changed.notify_all();
    });
    bool hasEnded = false;
    {
        std::unique_lock lock(shared->mutex);
        hasEnded = shared->changed.wait(lock, watch.stop, [&] { return shared->hasEnded; });
    }
    if (!hasEnded) {
        thread.detach();
        throw FitStopped{};
    }
    thread.join();
    if (shared->failure)
        std::rethrow_exception(shared->failure);
    return std::move(*shared->result);
}

} // namespace gradwright
