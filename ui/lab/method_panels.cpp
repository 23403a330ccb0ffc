// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/metrics/quality.h"
#include "ui/lab/experiment_panels.h"
#include "ui/theme/text.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <set>

namespace gradwright {
namespace {

QString methodText(const char* text) {
    return QCoreApplication::translate("ExperimentPanels", text);
}

/// Less is better; a method without a result comes last.
double badness(const Json& method) {
    const double quality = numberUnder(method, "quality");
    return std::isfinite(quality) ? -quality : HUGE_VAL;
}

/// The classical methods that have a confusion matrix, the best one first.
std::vector<const Json*> confusedMethods(const Json& data) {
    std::vector<const Json*> methods;
    if (data.contains("methods"))
        for (const auto& each : data.at("methods"))
            if (each.contains("confusion") && each.at("method") != "network")
                methods.push_back(&each);
    std::ranges::stable_sort(methods, {}, [](const Json* method) { return badness(*method); });
    return methods;
}

MatrixPanel matrixOf(const Json& method) {
    MatrixPanel panel{qstr(method.at("title").get<std::string>()), {}, {}};
    for (const auto& name : method.at("classes"))
        panel.classes << qstr(name.get<std::string>());
    for (const auto& row : method.at("confusion"))
        panel.counts.push_back(row.get<std::vector<std::int64_t>>());
    return panel;
}

/// The deepest first: there gradients vanish.
std::vector<std::int64_t> depthsIn(const Json& data) {
    std::set<std::int64_t> depths;
    if (data.contains("networks"))
        for (const auto& network : data.at("networks"))
            depths.insert(network.at("depth").get<std::int64_t>());
    return {depths.rbegin(), depths.rend()};
}

} // namespace

PanelChoices baselinesChoices(const Json& data) {
    PanelChoices choices{methodText("Confusion matrix of"), {}};
    for (const auto* method : confusedMethods(data))
        choices.names << qstr(method->at("title").get<std::string>());
    return choices;
}

std::vector<ChartPanel> baselinesPanels(const Json& data, int chosen) {
    if (!data.contains("methods") || data.at("methods").empty())
        return {};
    auto methods = data.at("methods").get<std::vector<Json>>();
    std::ranges::stable_sort(methods, {}, badness);
    const auto& judged = metric(methods.front().at("metric").get<std::string>());
    const auto qualityText = [&judged](double value) { return qstr(valueText(judged, value)); };
    BarPanel qualities{.title = methodText("%1 on the test set").arg(qstr(judged.title)),
                       .beginsAtZero = false,
                       .text = [&judged](double value) { return qstr(valueText(judged, value)); }};
    BarPanel learning{.title = methodText("Time to learn")};
    BarPanel answering{.title = methodText("Time to answer the test set")};
    const Json* network = nullptr;
    for (const auto& each : data.at("methods"))
        if (each.at("method") == "network")
            network = &each;
    for (const auto& each : methods) {
        const auto name = qstr(each.at("title").get<std::string>());
        const bool isOwn = each.at("method") == "network";
        const double quality = numberUnder(each, "quality");
        qualities.bars.push_back({name, learnTime(numberUnder(each, "fit_seconds")), quality,
                                  qualityText(quality), isOwn});
        learning.bars.push_back({name,
                                 {},
                                 numberUnder(each, "fit_seconds"),
                                 learnTime(numberUnder(each, "fit_seconds")),
                                 isOwn});
        answering.bars.push_back({name,
                                  {},
                                  numberUnder(each, "answer_seconds"),
                                  learnTime(numberUnder(each, "answer_seconds")),
                                  isOwn});
    }
    std::vector<ChartPanel> panels = {std::move(qualities), std::move(learning),
                                      std::move(answering)};
    const auto confused = confusedMethods(data);
    if (!confused.empty())
        panels.emplace_back(matrixOf(*confused[std::min(
            static_cast<std::size_t>(std::max(chosen, 0)), confused.size() - 1)]));
    if (network && network->contains("confusion"))
        panels.emplace_back(matrixOf(*network));
    return panels;
}

PanelChoices depthChoices(const Json& data) {
    PanelChoices choices{methodText("Hidden layers"), {}};
    for (const auto depth : depthsIn(data))
        choices.names << QString::number(depth);
    return choices;
}

std::vector<ChartPanel> depthPanels(const Json& data, int chosen) {
    const auto depths = depthsIn(data);
    if (depths.empty())
        return {};
    const auto depth =
        depths[std::min(static_cast<std::size_t>(std::max(chosen, 0)), depths.size() - 1)];
    const bool differ = std::ranges::any_of(data.at("networks"), [](const Json& network) {
        return network.value("initializer", std::string("auto")) != "auto";
    });
    std::vector<ChartPanel> panels;
    for (const char* const moment : {"first", "last"}) {
        const bool isFirst = std::string_view(moment) == "first";
        LinePanel panel{.title = isFirst ? methodText("Gradient norm by layer, first step")
                                         : methodText("Gradient norm by layer, after training"),
                        .xTitle = methodText("Hidden layer, counted from the input")};
        panel.isYLogarithmic = true;
        panel.hasWholeX = true;
        panel.yText = [](double value) { return QString::number(value, 'g', 1); };
        int number = 0;
        for (const auto& network : data.at("networks")) {
            if (network.at("depth").get<std::int64_t>() != depth)
                continue;
            auto name = network.at("activation").get<std::string>() + ", " +
                        network.at("variant").get<std::string>();
            if (differ)
                name += ", " + network.value("initializer", std::string());
            ChartSeries series{qstr(name), overlayRole(number++), {}};
            double layer = 0;
            for (const auto& norm : network.at(moment)) {
                ++layer;
                if (norm.is_number())
                    series.points.push_back({layer, norm.get<double>()});
            }
            series.hasMarkers = series.points.size() <= 24;
            panel.series.push_back(std::move(series));
        }
        panels.emplace_back(std::move(panel));
    }
    return panels;
}

} // namespace gradwright
