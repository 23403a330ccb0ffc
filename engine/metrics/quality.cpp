// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/metrics/quality.h"

#include "engine/metrics/outcomes.h"

#include <fmt/format.h>

#include <cmath>

namespace gradwright {

bool isBetter(const Quality& a, const Quality& b) {
    return a.metric->higherIsBetter ? a.value > b.value : a.value < b.value;
}

std::vector<Quality> measure(const Outcomes& outcomes) {
    std::vector<Quality> qualities;
    for (const auto& def : metricCatalog()) {
        const bool fits = def.kind == outcomes.kind();
        if (const auto value = fits ? def.value(outcomes) : std::nullopt)
            qualities.push_back({&def, *value});
    }
    return qualities;
}

std::string valueText(const MetricDef& metric, double value) {
    if (!std::isfinite(value))
        return "NaN";
    switch (metric.format) {
    case MetricFormat::Share:
        return fmt::format("{:.2f} %", 100 * value);
    case MetricFormat::Coefficient:
        return fmt::format("{:.3f}", value);
    case MetricFormat::Quantity:
        break;
    }
    // A price's error has its whole part: no one reads 1.816e+04 euros.
    constexpr double kWholeFrom = 9999.5;
    constexpr double kExponentFrom = 1e9;
    const double size = std::abs(value);
    return size >= kWholeFrom && size < kExponentFrom ? fmt::format("{:.0f}", value)
                                                      : fmt::format("{:.4g}", value);
}

std::string nameInSentence(const MetricDef& metric) {
    const auto is = [](char c, char first, char last) { return c >= first && c <= last; };
    auto name = metric.title;
    // "Accuracy" and "Top-5 accuracy" are words, "AUC", "F1" and "R²" are not.
    if (name.size() > 1 && is(name[0], 'A', 'Z') && is(name[1], 'a', 'z'))
        name[0] = static_cast<char>(name[0] - 'A' + 'a');
    return name;
}

std::string toString(const Quality& quality) {
    return nameInSentence(*quality.metric) + " " + valueText(*quality.metric, quality.value);
}

std::string briefText(const Quality& quality) {
    const auto text = valueText(*quality.metric, quality.value);
    return quality.metric->format == MetricFormat::Share ? text
                                                         : quality.metric->title + " " + text;
}

} // namespace gradwright
