// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/metrics/metric.h"

#include "engine/data/dataset.h"
#include "engine/metrics/confusion.h"
#include "engine/metrics/score.h"
#include "engine/support/error.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

namespace gradwright {
namespace {

using Measured = std::optional<double>;

std::span<const float> rowOf(const Outcomes& outcomes, std::size_t sample) {
    return std::span(outcomes.outputs).subspan(sample * outcomes.elements, outcomes.elements);
}

Measured accuracy(const Outcomes& outcomes) {
    return topKAccuracy(outcomes, 1);
}
Measured runningAccuracy(const ScoreSums& sums) {
    if (sums.labels == 0)
        return {};
    return static_cast<double>(sums.correct) / static_cast<double>(sums.labels);
}
Measured topFive(const Outcomes& outcomes) {
    return topKAccuracy(outcomes, 5);
}

/// The mean over the classes that have samples.
template <class Part>
Measured macro(const Outcomes& outcomes, Part&& part) {
    const ConfusionMatrix matrix(outcomes.elements, readingsOf(outcomes));
    double sum = 0;
    std::int64_t classes = 0;
    for (std::size_t c = 0; c < outcomes.elements; ++c) {
        const auto score = classScore(matrix, c);
        if (score.samples == 0)
            continue;
        sum += part(score);
        ++classes;
    }
    if (classes == 0)
        return {};
    return sum / static_cast<double>(classes);
}

Measured precision(const Outcomes& outcomes) {
    return macro(outcomes, [](const ClassScore& score) { return score.precision; });
}
Measured recall(const Outcomes& outcomes) {
    return macro(outcomes, [](const ClassScore& score) { return score.recall; });
}
Measured f1(const Outcomes& outcomes) {
    return macro(outcomes, [](const ClassScore& score) { return score.f1; });
}

/// The probability that a sample of the class has a larger output for it than one of another: the
/// Mann-Whitney statistic, where ties count half. Nothing unless there are samples of both, and
/// where an output is no number.
Measured areaUnderCurve(const Outcomes& outcomes, std::size_t label) {
    const auto samples = outcomes.labels.size();
    std::vector<std::size_t> order(samples);
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto output = [&](std::size_t n) {
        return outcomes.outputs[n * outcomes.elements + label];
    };
    if (std::ranges::any_of(order, [&](std::size_t n) { return std::isnan(output(n)); }))
        return {};
    std::ranges::sort(order, {}, output);
    const auto isOfClass = [&](std::size_t n) {
        return static_cast<std::size_t>(outcomes.labels[n]) == label;
    };
    double ranks = 0; // of the class's samples, from 1; those with equal outputs share theirs
    double inside = 0;
    for (std::size_t begin = 0; begin < samples;) {
        auto end = begin;
        double ofClass = 0;
        for (; end < samples && output(order[end]) == output(order[begin]); ++end)
            ofClass += isOfClass(order[end]) ? 1 : 0;
        ranks += ofClass * static_cast<double>(begin + 1 + end) / 2;
        inside += ofClass;
        begin = end;
    }
    const double outside = static_cast<double>(samples) - inside;
    if (inside == 0 || outside == 0)
        return {};
    return (ranks - inside * (inside + 1) / 2) / (inside * outside);
}

Measured meanAreaUnderCurve(const Outcomes& outcomes) {
    double sum = 0;
    std::int64_t classes = 0;
    for (std::size_t c = 0; c < outcomes.elements; ++c)
        if (const auto area = areaUnderCurve(outcomes, c)) {
            sum += *area;
            ++classes;
        }
    if (classes == 0)
        return {};
    return sum / static_cast<double>(classes);
}

Measured bits(const Outcomes& outcomes) {
    if (outcomes.steps == 1 || outcomes.labels.empty())
        return {};
    double sum = 0;
    for (std::size_t n = 0; n < outcomes.labels.size(); ++n) {
        const auto label = static_cast<std::size_t>(outcomes.labels[n]);
        constexpr float least = 1e-30F; // not the end of everything
        sum -= std::log2(static_cast<double>(std::max(rowOf(outcomes, n)[label], least)));
    }
    return sum / static_cast<double>(outcomes.labels.size());
}

/// The mean of term(prediction - target).
template <class Term>
Measured meanOfErrors(const Outcomes& outcomes, Term&& term) {
    if (outcomes.targets.empty())
        return {};
    double sum = 0;
    for (std::size_t i = 0; i < outcomes.targets.size(); ++i)
        sum += term(static_cast<double>(outcomes.outputs[i]) -
                    static_cast<double>(outcomes.targets[i]));
    return sum / static_cast<double>(outcomes.targets.size());
}

Measured meanAbsoluteError(const Outcomes& outcomes) {
    return meanOfErrors(outcomes, [](double error) { return std::abs(error); });
}
Measured rootMeanSquaredError(const Outcomes& outcomes) {
    const auto mean = meanOfErrors(outcomes, [](double error) { return error * error; });
    return mean ? Measured(std::sqrt(*mean)) : Measured();
}

Measured determination(const Outcomes& outcomes) {
    const auto error = meanOfErrors(outcomes, [](double e) { return e * e; });
    if (!error)
        return {};
    const auto samples = outcomes.targets.size() / outcomes.elements;
    double variation = 0;
    for (std::size_t e = 0; e < outcomes.elements; ++e) {
        const auto target = [&](std::size_t n) {
            return static_cast<double>(outcomes.targets[n * outcomes.elements + e]);
        };
        double mean = 0;
        for (std::size_t n = 0; n < samples; ++n)
            mean += target(n) / static_cast<double>(samples);
        for (std::size_t n = 0; n < samples; ++n)
            variation += (target(n) - mean) * (target(n) - mean);
    }
    if (variation <= 0)
        return {};
    return 1 - *error * static_cast<double>(outcomes.targets.size()) / variation;
}
Measured runningDetermination(const ScoreSums& sums) {
    double variation = sums.targetSquares;
    for (const auto sum : sums.targets)
        variation -= sum * sum / static_cast<double>(sums.samples);
    if (!(variation > 0))
        return {};
    return 1 - sums.squaredErrors / variation;
}

} // namespace

const std::vector<MetricDef>& metricCatalog() {
    using enum MetricKind;
    using enum MetricFormat;
    static const std::vector<MetricDef> all = {
        {.key = "accuracy",
         .title = "Accuracy",
         .doc = "The share of samples whose largest output is their class.",
         .kind = Classes,
         .format = Share,
         .higherIsBetter = true,
         .value = accuracy,
         .running = runningAccuracy},
        {.key = "top_5_accuracy",
         .title = "Top-5 accuracy",
         .doc = "The share of samples whose class is among the five largest outputs.",
         .kind = Classes,
         .format = Share,
         .higherIsBetter = true,
         .value = topFive},
        {.key = "precision",
         .title = "Precision, macro",
         .doc = "Of what was read as a class, the share that is it; the mean over the classes.",
         .kind = Classes,
         .format = Share,
         .higherIsBetter = true,
         .value = precision},
        {.key = "recall",
         .title = "Recall, macro",
         .doc = "Of the samples of a class, the share that was read as it; the mean over the "
                "classes.",
         .kind = Classes,
         .format = Share,
         .higherIsBetter = true,
         .value = recall},
        {.key = "f1",
         .title = "F1, macro",
         .doc = "2 · precision · recall / (precision + recall); the mean over the classes.",
         .kind = Classes,
         .format = Share,
         .higherIsBetter = true,
         .value = f1},
        {.key = "auc",
         .title = "AUC, macro",
         .doc = "How surely a sample of a class gets a larger output for it than one of another "
                "class: the area under the ROC curve, each class against the rest, the mean over "
                "the classes (Hanley, McNeil 1982).",
         .kind = Classes,
         .format = Share,
         .higherIsBetter = true,
         .value = meanAreaUnderCurve},
        {.key = "bits",
         .title = "Bits per step",
         .doc = "The mean of -log₂ of the probability that was given to the right class of a step: "
                "how many bits a character of a text takes when it is guessed like that (Shannon "
                "1951).",
         .kind = Classes,
         .format = Quantity,
         .higherIsBetter = false,
         .value = bits},
        {.key = "r2",
         .title = "R²",
         .doc = "The coefficient of determination, 1 - Σ(y - t)² / Σ(t - mean)²: 1 is perfect, 0 "
                "is no better than always saying the mean. Several outputs are summed.",
         .kind = Values,
         .format = Coefficient,
         .higherIsBetter = true,
         .value = determination,
         .running = runningDetermination},
        {.key = "mae",
         .title = "Mean absolute error",
         .doc = "The mean of |y - t|, in the unit of the target.",
         .kind = Values,
         .format = Quantity,
         .higherIsBetter = false,
         .value = meanAbsoluteError},
        {.key = "rmse",
         .title = "Root mean squared error",
         .doc = "The root of the mean of (y - t)², in the unit of the target.",
         .kind = Values,
         .format = Quantity,
         .higherIsBetter = false,
         .value = rootMeanSquaredError},
    };
    return all;
}

const MetricDef& metric(std::string_view key) {
    const auto found = std::ranges::find(metricCatalog(), key, &MetricDef::key);
    if (found != metricCatalog().end())
        return *found;
    std::string known;
    for (const auto& def : metricCatalog())
        known += (known.empty() ? "" : ", ") + def.key;
    throw Error("there is no metric \"{}\"; known are {}", key, known);
}

const MetricDef& qualityMetric(MetricKind kind) {
    return *std::ranges::find_if(
        metricCatalog(), [kind](const MetricDef& def) { return def.kind == kind && def.running; });
}

const MetricDef& qualityMetric(const DataInfo& data) {
    return qualityMetric(data.hasClasses() ? MetricKind::Classes : MetricKind::Values);
}

std::optional<double> topKAccuracy(const Outcomes& outcomes, std::size_t k) {
    if (outcomes.labels.empty() || outcomes.elements <= k)
        return {};
    std::int64_t right = 0;
    for (std::size_t n = 0; n < outcomes.labels.size(); ++n) {
        const auto row = rowOf(outcomes, n);
        const auto label = static_cast<std::size_t>(outcomes.labels[n]);
        std::size_t larger = 0;
        for (std::size_t c = 0; c < row.size(); ++c)
            larger += row[c] > row[label] || (row[c] == row[label] && c < label) ? 1 : 0;
        right += larger < k ? 1 : 0;
    }
    return static_cast<double>(right) / static_cast<double>(outcomes.labels.size());
}

} // namespace gradwright
