// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/metrics/metric.h"

#include <string>
#include <vector>

namespace gradwright {

/// What a metric says of a network on some samples.
struct Quality {
    const MetricDef* metric = &qualityMetric(MetricKind::Classes); ///< never null
    double value = 0;

    bool operator==(const Quality&) const = default;
};

/// Whether `a` is the better one of two values of a metric; never where one is a NaN.
bool isBetter(const Quality& a, const Quality& b);

/// Those metrics that are defined for these outcomes.
std::vector<Quality> measure(const Outcomes& outcomes);

/// A value as people read it: "97.30 %", "0.912", "1.234"; "NaN" where it is not finite.
std::string valueText(const MetricDef& metric, double value);
/// A metric's title inside a sentence: "accuracy", "top-5 accuracy", "R²", "AUC, macro".
std::string nameInSentence(const MetricDef& metric);
/// "accuracy 97.30 %", "R² 0.912".
std::string toString(const Quality& quality);
/// Where it is clear that the network's quality is meant, a share needs no name: "97.30 %",
/// "R² 0.912".
std::string briefText(const Quality& quality);

} // namespace gradwright
