// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>

namespace gradwright {

/// How long a program takes for one batch. Times in seconds.
struct Latency {
    std::int64_t batch = 1;
    std::size_t runs = 0;
    double median = 0, p90 = 0, p99 = 0;
    /// Of values between the layers, and of weights, as they are kept and in the forms that
    /// primitives want.
    std::size_t bytes = 0;

    [[nodiscard]] double samplesPerSecond() const {
        return median > 0 ? static_cast<double>(batch) / median : 0;
    }
};

/// Runs the program again and again for so many seconds, three times at least, after a first run
/// that does not count. Its inputs are noise, or 0 where some of them are indices. Nothing when
/// stopped.
std::optional<Latency> measureLatency(Program& program, double seconds,
                                      const std::stop_token& stop = {});

} // namespace gradwright
