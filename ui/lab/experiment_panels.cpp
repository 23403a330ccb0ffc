// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/experiment_panels.h"

#include "engine/metrics/quality.h"
#include "ui/theme/text.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

QString shownText(const char* text) {
    return QCoreApplication::translate("ExperimentPanels", text);
}

QString metricTitle(const Json& data) {
    const auto found = data.find("metric");
    return found != data.end() && found->is_string() ? qstr(metric(found->get<std::string>()).title)
                                                     : shownText("Quality");
}

QString shareText(double share) {
    return QStringLiteral("%1 %").arg(QString::number(share * 100, 'g', 3));
}

QString speedText(double samples) {
    return std::isfinite(samples) ? shortNumber(std::llround(samples)) + QStringLiteral("/s")
                                  : QString();
}

/// Points of a list of [x, y].
std::vector<ChartPoint> pointsOf(const Json& list) {
    std::vector<ChartPoint> points;
    for (const auto& point : list)
        if (point.at(1).is_number())
            points.push_back({point.at(0).get<double>(), point.at(1).get<double>()});
    return points;
}

/// Trainings or folds one beside the other, with their mean.
std::vector<ChartPanel> scatterPanels(const Json& data, const char* list, const char* x,
                                      const QString& title, const QString& xTitle,
                                      std::optional<ChartBand> band) {
    const auto found = data.find(list);
    if (found == data.end() || !found->is_array() || found->empty())
        return {};
    LinePanel panel{.title = title.arg(metricTitle(data)), .xTitle = xTitle};
    panel.hasWholeX = true;
    panel.yText = metricText(data);
    ChartSeries judged{shownText("validation"), CurveRole::Validation, {}, false, true};
    ChartSeries test{shownText("test set"), CurveRole::Run3, {}, false, true};
    for (const auto& each : *found) {
        const double at = numberUnder(each, x);
        if (std::isfinite(numberUnder(each, "quality")))
            judged.points.push_back({at, numberUnder(each, "quality")});
        if (std::isfinite(numberUnder(each, "test_quality")))
            test.points.push_back({at, numberUnder(each, "test_quality")});
    }
    panel.series.push_back(std::move(judged));
    if (!test.points.empty())
        panel.series.push_back(std::move(test));
    panel.band = std::move(band);
    return {std::move(panel)};
}

} // namespace

double numberUnder(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_number() ? found->get<double>() : std::nan("");
}

std::function<QString(double)> metricText(const Json& data) {
    const auto found = data.find("metric");
    if (found == data.end() || !found->is_string())
        return {};
    const auto* const judged = &metric(found->get<std::string>());
    return [judged](double value) { return qstr(valueText(*judged, value)); };
}

QString learnTime(double seconds) {
    if (!std::isfinite(seconds))
        return {};
    return seconds < 120 ? shownText("%1 s").arg(QString::number(seconds, 'g', 2))
                         : shownText("%1 min").arg(QString::number(seconds / 60, 'g', 3));
}

std::vector<ChartPanel> precisionPanels(const Json& data, int /*chosen*/) {
    std::vector<ChartPanel> panels;
    const auto precisions = data.find("precisions");
    if (precisions != data.end() && !precisions->empty()) {
        LinePanel losses{.title = shownText("Training loss"), .xTitle = shownText("Epoch")};
        losses.isYLogarithmic = true;
        BarPanel speeds{.title = shownText("Samples per second")};
        BarPanel ends{.title = shownText("Final training loss"), .beginsAtZero = false};
        int number = 0;
        for (const auto& each : *precisions) {
            const auto name = qstr(each.at("title").get<std::string>());
            const bool isBase = each.at("precision") == "fp32";
            const auto role = isBase ? CurveRole::Training : overlayRole(number++);
            losses.series.push_back({name, role, pointsOf(each.at("curve")), true, false});
            const double speed = numberUnder(each, "samples_per_second");
            speeds.bars.push_back({name, qstr(each.at("engine").get<std::string>()), speed,
                                   speedText(speed), isBase});
            const double loss = numberUnder(each, "loss");
            ends.bars.push_back({name, {}, loss, QString::number(loss, 'f', 5), isBase});
        }
        panels.emplace_back(std::move(losses));
        panels.emplace_back(std::move(speeds));
        panels.emplace_back(std::move(ends));
    }
    const auto totals = data.find("layout_totals");
    if (totals == data.end() || totals->empty())
        return panels;
    BarPanel layouts{.title = shownText("Convolutions, forward, and layout changes")};
    for (const auto& each : *totals) {
        const double seconds = numberUnder(each, "seconds");
        const double changes = numberUnder(each, "reorder_seconds");
        const bool isWhole = each.value("whole", false);
        const auto micros = [](double s) { return QString::number(s * 1e6, 'f', 0); };
        ChartBar bar;
        bar.name = qstr(each.at("layout").get<std::string>());
        bar.note = isWhole ? QString() : shownText("no kernel for some layers");
        bar.value = seconds;
        bar.more = changes;
        bar.text = changes > 0 ? QStringLiteral("%1 + %2 µs").arg(micros(seconds), micros(changes))
                               : QStringLiteral("%1 µs").arg(micros(seconds));
        bar.isOwn = bar.name.startsWith(QStringLiteral("oneDNN"));
        layouts.bars.push_back(std::move(bar));
    }
    panels.emplace_back(std::move(layouts));
    return panels;
}

std::vector<ChartPanel> dataAmountPanels(const Json& data, int /*chosen*/) {
    std::vector<ChartPanel> panels;
    if (!data.contains("curves") || !data.contains("metric"))
        return panels;
    LinePanel curves{.title = shownText("%1 on the test set").arg(metricTitle(data)),
                     .xTitle = shownText("Share of the training samples")};
    curves.isXLogarithmic = true;
    curves.yText = metricText(data);
    curves.xText = shareText;
    int number = 0;
    for (const auto& curve : data.at("curves")) {
        const bool isNetwork = curve.at("key") == "network";
        ChartSeries series{qstr(curve.at("title").get<std::string>()),
                           isNetwork ? CurveRole::Training : overlayRole(number++),
                           {}};
        for (const auto& point : curve.at("points"))
            if (point.at("count").get<int>() > 0)
                series.points.push_back({point.at("share").get<double>(),
                                         numberUnder(point, "mean"),
                                         numberUnder(point, "deviation")});
        curves.series.push_back(std::move(series));
    }
    panels.emplace_back(std::move(curves));
    const auto& threads = data.at("threads");
    if (threads.empty())
        return panels;
    LinePanel speeds{.title = shownText("Samples per second by threads"),
                     .xTitle = shownText("Threads")};
    speeds.hasWholeX = true;
    speeds.yText = [](double value) { return shortNumber(std::llround(value)); };
    ChartSeries measured{shownText("measured"), CurveRole::Training, {}};
    ChartSeries ideal{shownText("as many times one thread"), CurveRole::Run4, {}, true, false};
    const double one = numberUnder(threads.front(), "samples_per_second") /
                       numberUnder(threads.front(), "threads");
    for (const auto& each : threads) {
        const double count = numberUnder(each, "threads");
        measured.points.push_back({count, numberUnder(each, "samples_per_second")});
        ideal.points.push_back({count, count * one});
    }
    speeds.series = {std::move(measured), std::move(ideal)};
    panels.emplace_back(std::move(speeds));
    return panels;
}

std::vector<ChartPanel> ensemblePanels(const Json& data, int /*chosen*/) {
    if (!data.contains("together"))
        return {};
    BarPanel qualities{.title = shownText("%1 on the test set").arg(metricTitle(data)),
                       .beginsAtZero = false};
    qualities.text = metricText(data);
    BarPanel errors{.title = shownText("Cross-entropy, or squared error"), .beginsAtZero = false};
    const auto add = [&](const QString& name, const Json& part, bool isOwn) {
        const double quality = numberUnder(part, "quality");
        const double error = numberUnder(part, "error");
        qualities.bars.push_back(
            {name, {}, quality, qualities.text ? qualities.text(quality) : QString(), isOwn});
        errors.bars.push_back({name, {}, error, QString::number(error, 'f', 4), isOwn});
    };
    add(shownText("All together"), data.at("together"), true);
    if (data.contains("stacked"))
        add(shownText("Stacked"), data.at("stacked"), true);
    add(shownText("Mean of the members"), data.at("mean"), false);
    int number = 0;
    for (const auto& member : data.at("members"))
        add(shownText("Member %1").arg(++number), member, false);
    return {std::move(qualities), std::move(errors)};
}

std::vector<ChartPanel> crossValidationPanels(const Json& data, int /*chosen*/) {
    std::optional<ChartBand> band;
    const auto text = metricText(data);
    if (text && std::isfinite(numberUnder(data, "low"))) {
        band = ChartBand{
            numberUnder(data, "low"), numberUnder(data, "mean"), numberUnder(data, "high"), {}};
        band->text = shownText("mean %1, its 95 % interval %2 to %3")
                         .arg(text(band->middle), text(band->low), text(band->high));
    }
    return scatterPanels(data, "folds", "fold",
                         shownText("%1 of the held-out folds, with the mean and its interval"),
                         shownText("Fold"), std::move(band));
}

std::vector<ChartPanel> seedsPanels(const Json& data, int /*chosen*/) {
    std::optional<ChartBand> band;
    const auto text = metricText(data);
    const double deviation = numberUnder(data, "deviation");
    if (text && data.value("trainings", 0) > 1 && std::isfinite(deviation)) {
        const double mean = numberUnder(data, "mean");
        band = ChartBand{mean - deviation, mean, mean + deviation, {}};
        band->text = shownText("mean %1 ± %2").arg(text(mean), text(deviation));
    }
    return scatterPanels(data, "values", "seed",
                         shownText("%1 by seed, with mean and standard deviation"),
                         shownText("Seed"), std::move(band));
}

} // namespace gradwright
