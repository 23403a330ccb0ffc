// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/inference/readings.h"

#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// What a metric is computed from.
enum class MetricKind {
    Classes, ///< probabilities (or scores) against a class
    Values   ///< predicted against target values
};

/// One number that says how good a network is on some samples: its one declaration for the command
/// line, files and tables.
struct MetricDef {
    std::string key;   ///< "f1"
    std::string title; ///< "F1, macro"
    std::string doc;   ///< with the formula
    MetricKind kind;
    bool higherIsBetter;
    bool isShare; ///< in [0, 1]; shown in percent
    /// Nothing where it is not defined: without samples, or top-5 of four classes.
    std::optional<double> (*value)(const Outcomes&);
};

/// In the order in which tables show them: accuracy, top-5 accuracy, macro precision, recall and
/// F1, AUC, bits; R², MAE, RMSE.
const std::vector<MetricDef>& metricCatalog();
/// Throws Error naming the known keys.
const MetricDef& metric(std::string_view key);

struct MetricValue {
    const MetricDef* metric;
    double value;
};
/// The share of samples whose class is among the `k` largest outputs; of equal ones the first
/// counts as larger. Nothing without samples, or where there are no more than k classes.
std::optional<double> topKAccuracy(const Outcomes& outcomes, std::size_t k);

/// Those that are defined for these outcomes.
std::vector<MetricValue> measure(const Outcomes& outcomes);

/// One class against all others.
struct ClassScore {
    double precision = 0; ///< of what was read as the class, the share that is; 0 when nothing was
    double recall = 0;    ///< of what is the class, the share read as it; 0 without samples
    double f1 = 0;        ///< 2 precision recall / (precision + recall), 0 when both are
    std::int64_t samples = 0; ///< of the class
};
ClassScore classScore(const ConfusionMatrix& matrix, std::size_t label);

} // namespace gradwright
