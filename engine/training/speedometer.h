// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>

namespace gradwright {

/// Samples a second, by the time spent in training steps and in waiting for their data; what share
/// the waiting has.
class Speedometer {
public:
    using Clock = std::chrono::steady_clock;

    /// `waited` is a part of `spent`.
    void add(std::int64_t samples, Clock::duration spent, Clock::duration waited) {
        const double seconds = std::chrono::duration<double>(spent).count();
        const double idle = std::chrono::duration<double>(waited).count();
        epochWaited_ += idle;
        windowWaited_ += idle;
        epochSamples_ += samples;
        epochSeconds_ += seconds;
        windowSamples_ += samples;
        windowSeconds_ += seconds;
        if (windowSeconds_ < kWindow)
            return;
        recent_ = static_cast<double>(windowSamples_) / windowSeconds_;
        recentWait_ = windowWaited_ / windowSeconds_;
        windowWaited_ = 0;
        windowSamples_ = 0;
        windowSeconds_ = 0;
    }
    void startEpoch() {
        epochSamples_ = 0;
        epochSeconds_ = 0;
        epochWaited_ = 0;
    }

    /// Over the last half second or, before that, since the start.
    [[nodiscard]] double recent() const { return recent_ > 0 ? recent_ : ofEpoch(); }
    [[nodiscard]] double ofEpoch() const {
        return epochSeconds_ > 0 ? static_cast<double>(epochSamples_) / epochSeconds_ : 0;
    }
    [[nodiscard]] double epochSeconds() const { return epochSeconds_; }
    /// The shares of the time that went by without data to compute with.
    [[nodiscard]] double recentWait() const { return recent_ > 0 ? recentWait_ : waitOfEpoch(); }
    [[nodiscard]] double waitOfEpoch() const {
        return epochSeconds_ > 0 ? epochWaited_ / epochSeconds_ : 0;
    }

private:
    static constexpr double kWindow = 0.5;

    double recent_ = 0;
    std::int64_t epochSamples_ = 0;
    double epochSeconds_ = 0;
    std::int64_t windowSamples_ = 0;
    double windowSeconds_ = 0;
    double recentWait_ = 0;
    double epochWaited_ = 0;
    double windowWaited_ = 0;
};

} // namespace gradwright
