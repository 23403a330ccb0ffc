// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

struct DataInfo;
struct Outcomes;
struct ScoreSums;

/// What a metric is computed from.
enum class MetricKind {
    Classes, ///< probabilities (or scores) against a class
    Values   ///< predicted against target values
};

/// How a metric's value is written for people.
enum class MetricFormat {
    Share,       ///< in [0, 1], in percent: "97.30 %"
    Coefficient, ///< 1 at best, below 0 where it is bad: "0.912"
    Quantity     ///< in a unit of its own, of any size: "1.234"
};

/// One number that says how good a network is on some samples: its one declaration for trainings,
/// command line, files, plots and tables.
struct MetricDef {
    std::string key;   ///< "f1", in files and JSON
    std::string title; ///< "F1, macro"
    std::string doc;   ///< with the formula
    MetricKind kind;
    MetricFormat format;
    bool higherIsBetter;
    /// Nothing where it is not defined: without samples, or top-5 of four classes.
    std::optional<double> (*value)(const Outcomes&);
    /// The same from sums that are kept batch by batch, so that a training can be judged by it;
    /// nullptr where it takes all outcomes. Nothing where it is not defined.
    std::optional<double> (*running)(const ScoreSums&) = nullptr;
};

/// In the order in which tables show them: accuracy, top-5 accuracy, macro precision, recall and
/// F1, AUC, bits; R², MAE, RMSE.
const std::vector<MetricDef>& metricCatalog();
/// Throws Error naming the known keys.
const MetricDef& metric(std::string_view key);

/// What a network is judged by while it trains, the first of its kind that sums can tell: accuracy
/// for classes, R² for values.
const MetricDef& qualityMetric(MetricKind kind);
const MetricDef& qualityMetric(const DataInfo& data);

/// The share of samples whose class is among the `k` largest outputs; of equal ones the first
/// counts as larger. Nothing without samples, or where there are no more than k classes.
std::optional<double> topKAccuracy(const Outcomes& outcomes, std::size_t k);

} // namespace gradwright
