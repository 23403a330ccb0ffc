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

    /// `spent` includes the waiting; `waitedInAll`: all seconds of it up to now.
    void add(std::int64_t samples, Clock::duration spent, double waitedInAll) {
        const double seconds = std::chrono::duration<double>(spent).count();
        for (auto* sums : {&epoch_, &window_}) {
            sums->samples += samples;
            sums->seconds += seconds;
            sums->waited += waitedInAll - waitedInAll_;
        }
        waitedInAll_ = waitedInAll;
        if (window_.seconds >= kWindow) {
            recent_ = window_;
            window_ = {};
        }
    }
    void startEpoch() { epoch_ = {}; }

    /// Over the last half second or, before that, since the start.
    [[nodiscard]] double recent() const { return lately().rate(); }
    [[nodiscard]] double ofEpoch() const { return epoch_.rate(); }
    [[nodiscard]] double epochSeconds() const { return epoch_.seconds; }
    /// The shares of the time that went by without data to compute with.
    [[nodiscard]] double recentWait() const { return lately().waitShare(); }
    [[nodiscard]] double waitOfEpoch() const { return epoch_.waitShare(); }

private:
    static constexpr double kWindow = 0.5;

    struct Sums {
        std::int64_t samples = 0;
        double seconds = 0;
        double waited = 0; ///< of these seconds

        [[nodiscard]] double rate() const {
            return seconds > 0 ? static_cast<double>(samples) / seconds : 0;
        }
        [[nodiscard]] double waitShare() const { return seconds > 0 ? waited / seconds : 0; }
    };

    [[nodiscard]] const Sums& lately() const { return recent_.seconds > 0 ? recent_ : epoch_; }

    Sums epoch_;
    Sums window_; ///< the current one
    Sums recent_; ///< the last whole one
    double waitedInAll_ = 0;
};

} // namespace gradwright
