// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/worker/message.h"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace gradwright {

/// Sends a sign of life every second, from a thread of its own: a step may take minutes.
class Heart {
public:
    /// The channel outlives it.
    explicit Heart(MessageChannel& channel);

private:
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::jthread thread_; ///< last: it uses the rest
};

} // namespace gradwright
