// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <vector>

namespace gradwright {

/// Measurements over a training, with their smoothed course. Bounded: when it is full,
/// neighbours are averaged in pairs, so that a training of hours draws as fast as one of minutes.
class Curve {
public:
    static constexpr std::size_t kMostPoints = 8192;

    void add(double x, double y);
    /// Shows what the next measurement looks like so far, as a last point that the next add() or
    /// preview() replaces. It is left out where a point stands for several measurements.
    void preview(double x, double y);
    void endPreview();
    void clear();
    /// Factor of the exponential moving average per measurement, in [0, 1): 0 does not smooth.
    void setSmoothing(double factor);

    [[nodiscard]] std::size_t size() const { return x_.size(); }
    [[nodiscard]] const std::vector<double>& x() const { return x_; }
    [[nodiscard]] const std::vector<double>& raw() const { return raw_; }
    /// Debiased: the mean of the measurements so far, weighted by age (Kingma and Ba 2015,
    /// section 3).
    [[nodiscard]] const std::vector<double>& smooth() const { return smooth_; }

private:
    void store(double x, double y);
    void smoothLast(std::size_t index);
    void halve();
    void smoothAll();

    std::vector<double> x_, raw_, smooth_;
    double factor_ = 0.97;
    std::size_t stride_ = 1; ///< measurements a point stands for
    std::size_t pending_ = 0;
    double pendingSum_ = 0;
    double average_ = 0;       ///< biased
    double weight_ = 0;        ///< what it is divided by
    bool previewed_ = false;   ///< the last point is a preview
    double averageBefore_ = 0; ///< of the points before it
    double weightBefore_ = 0;
};

} // namespace gradwright
