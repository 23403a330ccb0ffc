// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/batch_size/batch_size_report.h"

#include "engine/lab/spread.h"
#include "engine/metrics/metric.h"
#include "engine/metrics/quality.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace gradwright {
namespace {

/// What the trainings of a size gave.
struct SizeResults {
    std::vector<double> speeds;
    std::vector<double> errors;
    std::vector<double> losses;
    std::vector<std::pair<std::vector<double>, std::vector<double>>> curves; ///< loss, seconds
    std::int64_t failed = 0;
};

double batchNumber(const Json& json) {
    return json.is_number() ? json.get<double>() : std::nan("");
}

std::vector<double> numbersIn(const Json& array) {
    std::vector<double> numbers;
    for (const auto& each : array)
        numbers.push_back(batchNumber(each));
    return numbers;
}

/// Whether sizes are compared by the share of wrong answers; else by the loss.
bool isByShare(const TrialResults& done) {
    for (const auto& result : done)
        if (!result.hasFailed())
            return metric(result.values.at("metric").get<std::string>()).format ==
                   MetricFormat::Share;
    return true;
}

std::map<std::int64_t, SizeResults> bySize(const TrialResults& done) {
    const bool byShare = isByShare(done);
    std::map<std::int64_t, SizeResults> sizes;
    for (const auto& result : done) {
        auto& size = sizes[result.trial.settings.at("batch").get<std::int64_t>()];
        if (result.hasFailed()) {
            ++size.failed;
            continue;
        }
        const auto& values = result.values;
        size.speeds.push_back(batchNumber(values.at("samples_per_second")));
        size.losses.push_back(batchNumber(values.at("loss")));
        size.errors.push_back(byShare ? 1 - batchNumber(values.at("quality")) : size.losses.back());
        size.curves.emplace_back(numbersIn(values.at("losses")), numbersIn(values.at("seconds")));
    }
    return sizes;
}

double targetOf(const BatchSizeOutline& outline, const std::map<std::int64_t, SizeResults>& sizes) {
    if (outline.targetLoss > 0)
        return outline.targetLoss;
    std::vector<double> best;
    for (const auto& [size, results] : sizes)
        if (!results.losses.empty())
            best.push_back(spreadOf(results.losses).mean);
    return spreadOf(best).median;
}

/// The median over the seeds; nothing unless most have reached it.
std::optional<double> secondsToTarget(const SizeResults& results, double target) {
    std::vector<double> reached;
    for (const auto& [losses, seconds] : results.curves)
        if (const auto after = secondsToReach(target, losses, seconds))
            reached.push_back(*after);
    if (reached.empty() || reached.size() * 2 <= results.curves.size())
        return {};
    return spreadOf(reached).median;
}

std::string errorText(double error, bool byShare) {
    if (!std::isfinite(error))
        return "no number";
    return byShare ? fmt::format("{:.2f} %", error * 100) : fmt::format("{:.4f}", error);
}

std::string speedText(double speed) {
    return speed >= 10000 ? fmt::format("{:.1f} K", speed / 1000) : fmt::format("{:.0f}", speed);
}

std::string sweetText(const SizeOutcome& sweet, const std::vector<SizeOutcome>& outcomes,
                      bool byShare) {
    auto text = fmt::format("The sweet spot is {}: {} {}, {} samples per second.", sweet.size,
                            byShare ? "error" : "loss", errorText(sweet.cost, byShare),
                            speedText(sweet.samplesPerSecond));
    const auto best = std::ranges::min_element(outcomes, {}, [](const SizeOutcome& outcome) {
        return std::isfinite(outcome.cost) ? outcome.cost : HUGE_VAL;
    });
    if (best != outcomes.end() && best->size != sweet.size)
        text += fmt::format(" {} has {}, which is within its standard error, at {} samples per "
                            "second.",
                            best->size, errorText(best->cost, byShare),
                            speedText(best->samplesPerSecond));
    return text;
}

} // namespace

std::int64_t sweetSpot(const std::vector<SizeOutcome>& outcomes) {
    const SizeOutcome* best = nullptr;
    for (const auto& outcome : outcomes)
        if (outcome.trainings > 0 && std::isfinite(outcome.cost) &&
            (!best || outcome.cost < best->cost))
            best = &outcome;
    if (!best)
        return 0;
    const double limit =
        best->cost + best->deviation / std::sqrt(static_cast<double>(best->trainings));
    const SizeOutcome* sweet = best;
    for (const auto& outcome : outcomes)
        if (outcome.trainings > 0 && outcome.failed == 0 && outcome.cost <= limit &&
            outcome.samplesPerSecond > sweet->samplesPerSecond)
            sweet = &outcome;
    return sweet->size;
}

std::optional<double> secondsToReach(double target, const std::vector<double>& losses,
                                     const std::vector<double>& seconds) {
    for (std::size_t i = 0; i < std::min(losses.size(), seconds.size()); ++i)
        if (losses[i] <= target)
            return seconds[i];
    return {};
}

std::vector<SizeOutcome> sizeOutcomes(const BatchSizeOutline& /*outline*/,
                                      const TrialResults& done) {
    std::vector<SizeOutcome> outcomes;
    for (const auto& [size, results] : bySize(done)) {
        const auto errors = spreadOf(results.errors);
        SizeOutcome outcome;
        outcome.size = size;
        outcome.samplesPerSecond = spreadOf(results.speeds).median;
        outcome.cost = errors.count > 0 ? errors.mean : std::nan("");
        outcome.deviation = errors.deviation;
        outcome.trainings = static_cast<std::int64_t>(errors.count);
        outcome.failed = results.failed;
        outcomes.push_back(outcome);
    }
    return outcomes;
}

Report batchSizeReport(const BatchSizeOutline& outline, const TrialResults& done) {
    Report report{
        .title = "Batch size: " + outline.name, .paragraphs = {}, .tables = {}, .pictures = {}};
    const auto sizes = bySize(done);
    const auto outcomes = sizeOutcomes(outline, done);
    const bool byShare = isByShare(done);
    const double target = targetOf(outline, sizes);
    const auto sweet = sweetSpot(outcomes);

    ReportTable table{"Batch sizes",
                      {"Batch size", "Learning rate", byShare ? "Best error" : "Best loss",
                       "Deviation", "Samples per second",
                       fmt::format("Seconds to a loss of {:.4g}", target), "Trainings"},
                      {}};
    Json all = Json::array();
    for (const auto& outcome : outcomes) {
        const auto after = secondsToTarget(sizes.at(outcome.size), target);
        const double rate = scaledRate(outline.rule, outline.rate, outline.present, outcome.size);
        table.rows.push_back(
            {std::to_string(outcome.size), fmt::format("{:.4g}", rate),
             errorText(outcome.cost, byShare),
             outcome.trainings > 1 ? errorText(outcome.deviation, byShare) : std::string("-"),
             fmt::format("{:.0f}", outcome.samplesPerSecond),
             after ? fmt::format("{:.2f}", *after) : std::string("not reached"),
             outcome.failed > 0 ? fmt::format("{}, {} failed", outcome.trainings, outcome.failed)
                                : std::to_string(outcome.trainings)});
        all.push_back({{"size", outcome.size},
                       {"samples_per_second", outcome.samplesPerSecond},
                       {"error", std::isfinite(outcome.cost) ? Json(outcome.cost) : Json()},
                       {"deviation", outcome.deviation},
                       {"seconds_to_target", after ? Json(*after) : Json()},
                       {"learning_rate", rate},
                       {"trainings", outcome.trainings},
                       {"failed", outcome.failed}});
    }
    for (const auto& outcome : outcomes)
        if (outcome.size == sweet)
            report.paragraphs.push_back(sweetText(outcome, outcomes, byShare));
    if (sweet == 0 && !done.empty())
        report.paragraphs.push_back("No training has given a result.");
    if (sweet != 0)
        report.paragraphs.push_back(
            "The sweet spot is the size with the most samples per second among those whose mean is "
            "within one standard error of the best.");
    report.tables.push_back(std::move(table));
    report.data = {{"planned", outline.sizes},
                   {"sizes", std::move(all)},
                   {"error_is_share", byShare},
                   {"target_loss", target},
                   {"sweet_spot", sweet == 0 ? Json() : Json(sweet)},
                   {"present", outline.present}};
    return report;
}

} // namespace gradwright
