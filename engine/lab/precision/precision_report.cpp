// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/precision/precision_report.h"

#include "engine/metrics/quality.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace gradwright {
namespace {

/// A number that JSON lacks was written as null.
double precisionNumber(const Json& values, const char* key) {
    const auto found = values.find(key);
    return found != values.end() && found->is_number() ? found->get<double>() : std::nan("");
}

std::string upperCase(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

std::string speedText(double samplesPerSecond) {
    return std::isfinite(samplesPerSecond) ? fmt::format("{:.0f}", samplesPerSecond) : "";
}

std::string lossText(double loss) {
    return std::isfinite(loss) ? fmt::format("{:.4f}", loss) : std::string("no number");
}

std::string microseconds(double seconds) {
    return fmt::format("{:.0f}", seconds * 1e6);
}

/// The precision that is the measure of the others: FP32, or else the first one.
const TrialResult* baseOf(const TrialResults& done) {
    const TrialResult* base = nullptr;
    for (const auto& result : done) {
        if (result.trial.title == kLayoutsTrial || result.hasFailed())
            continue;
        if (!base || result.trial.settings.at("precision") == "fp32")
            base = &result;
    }
    return base;
}

void addPrecisions(Report& report, const TrialResults& done) {
    ReportTable table{
        "Precisions",
        {"Precision", "Final loss", "Against FP32", "Quality", "Samples/s", "Computed by"},
        {}};
    const auto* const base = baseOf(done);
    Json list = Json::array();
    std::string answer;
    std::string lacks;
    for (const auto& result : done) {
        if (result.trial.title == kLayoutsTrial)
            continue;
        const auto key = result.trial.settings.at("precision").get<std::string>();
        if (result.hasFailed()) {
            table.rows.push_back({upperCase(key), "", "", "", "", result.error});
            continue;
        }
        const auto& values = result.values;
        const auto& judged = metric(values.at("metric").get<std::string>());
        const double loss = precisionNumber(values, "loss");
        const double off = loss - precisionNumber(base->values, "loss");
        const double speed = precisionNumber(values, "samples_per_second");
        const double ratio = speed / precisionNumber(base->values, "samples_per_second");
        table.rows.push_back({upperCase(key), lossText(loss),
                              &result == base ? std::string() : fmt::format("{:+.1e}", off),
                              valueText(judged, precisionNumber(values, "quality")),
                              speedText(speed), values.at("engine").get<std::string>()});
        if (&result != base && std::isfinite(ratio) && std::isfinite(off))
            answer +=
                fmt::format("{}{} takes {:.3g} times as many samples per second as {} and "
                            "ends {} {} in the loss",
                            answer.empty() ? "" : "; ", upperCase(key), ratio,
                            upperCase(base->trial.settings.at("precision").get<std::string>()),
                            lossText(std::abs(off)), off > 0 ? "higher" : "lower");
        for (const auto& what : values.at("lacks"))
            lacks.append(lacks.empty() ? "" : " ").append(what.get<std::string>());
        auto entry = values;
        entry["precision"] = key;
        entry["title"] = upperCase(key);
        list.push_back(std::move(entry));
    }
    if (!answer.empty())
        report.paragraphs.push_back(answer + ".");
    if (!lacks.empty())
        report.paragraphs.push_back(lacks);
    if (!table.rows.empty())
        report.tables.push_back(std::move(table));
    report.data["precisions"] = std::move(list);
}

void addLayouts(Report& report, const Json& values) {
    const auto& convolutions = values.at("convolutions");
    report.data["layouts"] = values;
    if (convolutions.empty()) {
        report.paragraphs.emplace_back(
            "The network has no convolutions, so there are no layouts to compare.");
        return;
    }
    ReportTable times{"Convolutions: forward pass in µs, with layout changes to row-major and back",
                      {"Layer", "Times", "From", "To", "Kernel"},
                      {}};
    for (const auto& time : convolutions.front().at("times"))
        times.columns.push_back(time.at("layout").get<std::string>());
    ReportTable taken{"What the CPU engine takes in a step of training",
                      {"Layer", "Layout", "Implementation", "Layout changes"},
                      {}};
    std::map<std::string, double> sums;
    std::map<std::string, double> changes;
    std::map<std::string, bool> isWhole;
    for (const auto& each : convolutions) {
        const auto count = each.at("count").get<double>();
        std::vector<std::string> row = {
            each.at("path").get<std::string>(), fmt::format("{:.0f}", count),
            each.at("input").get<std::string>(), each.at("output").get<std::string>(),
            each.at("kernel").get<std::string>()};
        for (const auto& time : each.at("times")) {
            const auto layout = time.at("layout").get<std::string>();
            const auto seconds = precisionNumber(time, "seconds");
            if (!isWhole.contains(layout))
                isWhole[layout] = true;
            if (!std::isfinite(seconds)) {
                isWhole[layout] = false;
                row.emplace_back("no kernel");
                continue;
            }
            sums[layout] += count * seconds;
            changes[layout] += count * time.at("reorder_seconds").get<double>();
            const auto reorders = time.at("reorders").get<int>();
            row.push_back(
                microseconds(seconds) +
                (reorders > 0
                     ? fmt::format(" + {} ({})",
                                   microseconds(time.at("reorder_seconds").get<double>()), reorders)
                     : ""));
        }
        times.rows.push_back(std::move(row));
        const auto& engine = each.at("engine");
        taken.rows.push_back({each.at("path").get<std::string>(),
                              engine.value("layout", std::string()),
                              engine.value("implementation", std::string()),
                              std::to_string(engine.at("reorders").get<std::int64_t>())});
    }
    std::string fastest;
    Json totals = Json::array();
    for (const auto& time : convolutions.front().at("times")) {
        const auto layout = time.at("layout").get<std::string>();
        totals.push_back({{"layout", layout},
                          {"whole", isWhole[layout]},
                          {"seconds", sums[layout]},
                          {"reorder_seconds", changes[layout]}});
        if (isWhole[layout] && layout != "oneDNN's choice" &&
            (fastest.empty() || sums[layout] < sums[fastest]))
            fastest = layout;
    }
    report.data["layout_totals"] = std::move(totals);
    if (!fastest.empty()) {
        std::string others;
        for (const auto& [layout, seconds] : sums)
            if (layout != fastest && isWhole[layout])
                others += fmt::format("{}{} takes {:.2f} times as long", others.empty() ? "" : ", ",
                                      layout, seconds / sums[fastest]);
        report.paragraphs.push_back(fmt::format(
            "In {} the forward pass of all convolutions takes least, {} µs at batch {} on {} "
            "thread{}{}{}.",
            fastest, microseconds(sums[fastest]), values.at("batch").get<std::int64_t>(),
            values.at("threads").get<std::int64_t>(),
            values.at("threads").get<std::int64_t>() == 1 ? "" : "s", others.empty() ? "" : "; ",
            others));
    }
    report.paragraphs.push_back(fmt::format(
        "The engine changes layouts {} times in a step of training. A layout pays where the layers "
        "around it keep it: brought from row-major order and back around each convolution, the "
        "changes in brackets come on top.",
        values.at("reorders").get<std::int64_t>()));
    report.tables.push_back(std::move(times));
    report.tables.push_back(std::move(taken));
}

} // namespace

Report precisionReport(const std::string& project, const TrialResults& done) {
    Report report;
    report.title = "Precision and layout: " + project;
    addPrecisions(report, done);
    for (const auto& result : done)
        if (result.trial.title == kLayoutsTrial) {
            if (result.hasFailed())
                report.paragraphs.push_back("The layouts were not measured: " + result.error);
            else
                addLayouts(report, result.values);
        }
    return report;
}

} // namespace gradwright
