// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>

namespace gradwright {

/// Samples a second, by the time spent in training steps alone.
class Speedometer {
public:
    using Clock = std::chrono::steady_clock;

    void add(std::int64_t samples, Clock::duration spent) {
        const double seconds = std::chrono::duration<double>(spent).count();
        epochSamples_ += samples;
        epochSeconds_ += seconds;
        windowSamples_ += samples;
        windowSeconds_ += seconds;
        if (windowSeconds_ < kWindow)
            return;
        recent_ = static_cast<double>(windowSamples_) / windowSeconds_;
        windowSamples_ = 0;
        windowSeconds_ = 0;
    }
    void startEpoch() {
        epochSamples_ = 0;
        epochSeconds_ = 0;
    }

    /// Over the last half second or, before that, since the start.
    [[nodiscard]] double recent() const { return recent_ > 0 ? recent_ : ofEpoch(); }
    [[nodiscard]] double ofEpoch() const {
        return epochSeconds_ > 0 ? static_cast<double>(epochSamples_) / epochSeconds_ : 0;
    }
    [[nodiscard]] double epochSeconds() const { return epochSeconds_; }

private:
    static constexpr double kWindow = 0.5;

    double recent_ = 0;
    std::int64_t epochSamples_ = 0;
    double epochSeconds_ = 0;
    std::int64_t windowSamples_ = 0;
    double windowSeconds_ = 0;
};

} // namespace gradwright
