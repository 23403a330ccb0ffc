// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/json.h"
#include "ui/lab/panel_chart.h"

#include <string>
#include <vector>

namespace gradwright {

// What the reports of the kinds of experiments have to show: panels of a report's `data`.
std::vector<ChartPanel> precisionPanels(const Json& data, int chosen);
std::vector<ChartPanel> dataAmountPanels(const Json& data, int chosen);
std::vector<ChartPanel> baselinesPanels(const Json& data, int chosen);
/// The classical methods whose confusion matrix can be shown.
PanelChoices baselinesChoices(const Json& data);
std::vector<ChartPanel> ensemblePanels(const Json& data, int chosen);
std::vector<ChartPanel> crossValidationPanels(const Json& data, int chosen);
std::vector<ChartPanel> depthPanels(const Json& data, int chosen);
/// The depths that were tried.
PanelChoices depthChoices(const Json& data);
std::vector<ChartPanel> seedsPanels(const Json& data, int chosen);

/// The number under a key; NaN where there is none, as for what JSON cannot write.
double numberUnder(const Json& json, const char* key);
/// A value as the metric under "metric" writes it; three digits without one.
std::function<QString(double)> metricText(const Json& data);
/// "0.32 s", "4.1 min".
QString learnTime(double seconds);

} // namespace gradwright
