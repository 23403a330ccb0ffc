// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/sweep/sweep_report.h"

#include "engine/lab/sweep/importance.h"
#include "engine/metrics/quality.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradwright {
namespace {

constexpr auto kFailedCost = std::numeric_limits<double>::infinity();

double sweepNumber(const TrialResult& result, const char* key) {
    const auto found = result.values.find(key);
    return found != result.values.end() && found->is_number() ? found->get<double>() : std::nan("");
}

const MetricDef& metricOf(const TrialResult& result) {
    return metric(result.values.at("metric").get<std::string>());
}

std::string qualityText(const TrialResult& result) {
    const double value = sweepNumber(result, "quality");
    return std::isfinite(value) ? valueText(metricOf(result), value) : std::string("no number");
}

std::string lossText(const TrialResult& result) {
    const double value = sweepNumber(result, "loss");
    return std::isfinite(value) ? fmt::format("{:.4f}", value) : std::string("no number");
}

std::vector<const TrialResult*> bestFirst(const SweepOutline& outline, const TrialResults& done) {
    std::vector<const TrialResult*> sorted;
    for (const auto& result : done)
        sorted.push_back(&result);
    std::ranges::stable_sort(sorted, {},
                             [&](const TrialResult* result) { return costOf(outline, *result); });
    return sorted;
}

std::string shownValue(const Dimension& dimension, const std::string& text) {
    return dimension.isList() || dimension.isInteger ? text
                                                     : fmt::format("{:.4g}", std::stod(text));
}

SearchPoint sweepPointOf(const TrialResult& result) {
    return result.trial.settings.at("point").get<SearchPoint>();
}

ReportTable trialsTable(const SweepOutline& outline, const TrialResults& done) {
    ReportTable table{"Trials, best first", {"Trial"}, {}};
    for (const auto& dimension : outline.space)
        table.columns.push_back(dimension.key);
    table.columns.insert(table.columns.end(), {"Quality", "Loss", "Epoch", "Seconds"});
    for (const auto* result : bestFirst(outline, done)) {
        std::vector<std::string> row = {std::to_string(result->trial.number + 1)};
        const auto point = sweepPointOf(*result);
        for (std::size_t d = 0; d < outline.space.size(); ++d)
            row.push_back(shownValue(outline.space[d], point[d]));
        if (result->hasFailed())
            row.insert(row.end(), {"failed: " + result->error, "", ""});
        else
            row.insert(row.end(), {qualityText(*result), lossText(*result),
                                   fmt::format("{}", sweepNumber(*result, "epoch"))});
        row.push_back(fmt::format("{:.1f}", result->seconds));
        table.rows.push_back(std::move(row));
    }
    return table;
}

Json dimensionsJson(const SearchSpace& space) {
    Json all = Json::array();
    for (const auto& dimension : space) {
        Json json = {{"key", dimension.key}};
        if (dimension.isList())
            json["values"] = dimension.values;
        else
            json.update({{"low", dimension.low},
                         {"high", dimension.high},
                         {"log", dimension.isLogarithmic}});
        all.push_back(std::move(json));
    }
    return all;
}

/// Those whose settings are compared: of successive halving one result per configuration, the one
/// with the most epochs.
TrialResults comparable(const SweepOutline& outline, const TrialResults& done) {
    if (outline.method != "asha")
        return done;
    TrialResults latest;
    for (const auto& result : done) {
        const auto& configuration = result.trial.settings.at("configuration");
        const auto found = std::ranges::find_if(latest, [&](const TrialResult& other) {
            return other.trial.settings.at("configuration") == configuration;
        });
        if (found == latest.end())
            latest.push_back(result);
        else
            *found = result;
    }
    return latest;
}

std::string answer(const SweepOutline& outline, const TrialResult& best, std::size_t trials) {
    const std::string where = outline.hasValidation ? "validation" : "training";
    return fmt::format("The best of {} trials is number {}: {}. Its {} {} in epoch {}, with a {} "
                       "loss of {}.",
                       trials, best.trial.number + 1, textOf(outline.space, sweepPointOf(best)),
                       where,
                       fmt::format("{} is {}", nameInSentence(metricOf(best)), qualityText(best)),
                       sweepNumber(best, "epoch"), where, lossText(best));
}

} // namespace

double costOf(const SweepOutline& outline, const TrialResult& result) {
    if (result.hasFailed())
        return kFailedCost;
    const double value = sweepNumber(result, outline.byLoss ? "loss" : "quality");
    if (!std::isfinite(value))
        return kFailedCost;
    return !outline.byLoss && metricOf(result).higherIsBetter ? -value : value;
}

std::vector<SearchResult> searchResults(const SweepOutline& outline, const TrialResults& done) {
    std::vector<SearchResult> results;
    for (const auto& result : done)
        results.push_back({sweepPointOf(result), costOf(outline, result)});
    return results;
}

const TrialResult* bestTrial(const SweepOutline& outline, const TrialResults& done) {
    const TrialResult* best = nullptr;
    for (const auto& result : done)
        if (std::isfinite(costOf(outline, result)) &&
            (!best || costOf(outline, result) < costOf(outline, *best)))
            best = &result;
    return best;
}

Report sweepReport(const SweepOutline& outline, const TrialResults& done) {
    Report report{
        .title = "Sweep: " + outline.name, .paragraphs = {}, .tables = {}, .pictures = {}};
    const auto* best = bestTrial(outline, done);
    if (best)
        report.paragraphs.push_back(answer(outline, *best, done.size()));
    else if (!done.empty())
        report.paragraphs.push_back("No trial has given a result.");
    const auto compared = comparable(outline, done);
    const auto results = searchResults(outline, compared);
    const auto importance = importanceOf(outline.space, results);

    ReportTable table{"Importance", {"Setting", "Explains"}, {}};
    std::vector<std::size_t> order(outline.space.size());
    for (std::size_t d = 0; d < order.size(); ++d)
        order[d] = d;
    std::ranges::stable_sort(order, std::greater{}, [&](auto d) { return importance[d]; });
    for (const auto d : order)
        table.rows.push_back({outline.space[d].key, fmt::format("{:.0f} %", importance[d] * 100)});
    report.tables = {trialsTable(outline, done), std::move(table)};
    if (best)
        report.paragraphs.push_back(
            "How much of the differences between trials a setting explains is the Kruskal-Wallis "
            "ε² of the results' ranks, in groups of equal or similar values of the setting; "
            "effects "
            "that only several settings together have are not in it.");

    Json trials = Json::array();
    for (const auto& result : compared) {
        const auto point = sweepPointOf(result);
        Json units = Json::array();
        for (std::size_t d = 0; d < outline.space.size(); ++d)
            units.push_back(outline.space[d].unitOf(point[d]));
        const double cost = costOf(outline, result);
        trials.push_back(
            {{"number", result.trial.number},
             {"point", point},
             {"units", std::move(units)},
             {"value", std::isfinite(cost)
                           ? Json(sweepNumber(result, outline.byLoss ? "loss" : "quality"))
                           : Json()}});
    }
    Json byKey = Json::object();
    for (std::size_t d = 0; d < outline.space.size(); ++d)
        byKey[outline.space[d].key] = importance[d];
    report.data = {
        {"dimensions", dimensionsJson(outline.space)},
        {"objective", outline.byLoss ? "loss" : "quality"},
        {"higher_is_better", !outline.byLoss && (!best || metricOf(*best).higherIsBetter)},
        {"best", best ? Json(best->trial.number) : Json()},
        {"importance", std::move(byKey)},
        {"trials", std::move(trials)}};
    if (best)
        report.data["metric"] = metricOf(*best).key;
    return report;
}

} // namespace gradwright
