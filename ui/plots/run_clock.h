// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <cstddef>
#include <vector>

namespace gradwright {

/// What the horizontal axis of a training's plots counts.
enum class XUnit { Step, Epoch, Time };

/// Translates the epochs of one run into its steps and its seconds of training. Bounded, as Curve.
class RunClock {
public:
    void clear();
    /// Moments come in their order. `seconds` may be NaN where they were not recorded.
    void add(double epoch, double step, double seconds);

    /// Whether the run has recorded its times.
    [[nodiscard]] bool hasTimes() const { return !epochs_.empty(); }
    /// Where an epoch, which may be fractional, lies on the axis; NaN for a time that is not known.
    /// Between two moments it is interpolated, after the last one the pace so far goes on.
    [[nodiscard]] double at(double epoch, XUnit unit) const;
    [[nodiscard]] std::vector<double> at(const std::vector<double>& epochs, XUnit unit) const;

private:
    double stepsPerEpoch_ = 0;
    std::vector<double> epochs_, seconds_;
};

/// "Epoch", "Step", "Time".
QString nameOf(XUnit unit);
/// The distance of ticks of which `count` or fewer lie in `span`.
double tickStep(XUnit unit, double span, int count);
/// Of a tick, or of a place between two: "12.5", "1,683", "2:05", "1:02:05".
QString tickText(XUnit unit, double value);

} // namespace gradwright
