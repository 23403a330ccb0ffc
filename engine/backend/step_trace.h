// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <string_view>

namespace gradwright {

/// What a step has spent some time with.
struct TraceEvent {
    enum class Kind { Forward, Backward, AllReduce };
    Kind kind;
    std::string_view path; ///< of the op; empty for an all-reduce
    int part = 0;          ///< of the batch, where it is computed in parts
    std::chrono::steady_clock::time_point begin, end;
};

/// Hears of it, from the threads that do it.
class TraceSink {
public:
    TraceSink() = default;
    virtual ~TraceSink() = default;
    TraceSink(const TraceSink&) = delete;
    TraceSink& operator=(const TraceSink&) = delete;

    virtual void add(const TraceEvent& event) = 0;
};

} // namespace gradwright
