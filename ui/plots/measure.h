// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/metrics/metric.h"

#include <QString>

namespace gradwright {

/// What a plot is about: the loss, or a metric.
class Measure {
public:
    /// The loss.
    Measure() = default;
    Measure(const MetricDef& metric)
        : metric_(&metric) {}

    [[nodiscard]] bool isLoss() const { return metric_ == nullptr; }
    [[nodiscard]] bool isShare() const;
    /// The best value is 1.
    [[nodiscard]] bool endsAtOne() const;
    /// "Loss", "Accuracy", "R²".
    [[nodiscard]] QString name() const;
    /// What the glossary explains: "window/loss", "metric/accuracy".
    [[nodiscard]] std::string place() const;
    /// "0.031", "0.00042", "97.89 %", "0.912"; "NaN" where it is not finite.
    [[nodiscard]] QString text(double value) const;

    bool operator==(const Measure&) const = default;

private:
    const MetricDef* metric_ = nullptr;
};

} // namespace gradwright
