// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/schedules.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gradwright::recipes {
namespace {

/// Half a cosine from `from` at 0 to `to` at 1.
double anneal(double from, double to, double progress) {
    return to + (from - to) * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
}

double factorOneCycle(const Params& params, double epoch, double totalEpochs) {
    const double progress = totalEpochs > 0 ? std::clamp(epoch / totalEpochs, 0.0, 1.0) : 0.0;
    const double peak = params.real("peak");
    const double start = 1.0 / params.real("start_divisor");
    const double end = start / params.real("end_divisor");
    if (progress < peak)
        return anneal(start, 1.0, progress / peak);
    return anneal(1.0, end, (progress - peak) / (1.0 - peak));
}

} // namespace

ScheduleDef oneCycle() {
    auto peak = realParam("peak", "Peak", 0.3, 0.0, 1.0,
                          "The share of the training after which the learning rate is full.");
    peak.minimumExclusive = true;
    peak.maximumExclusive = true;
    auto endDivisor = realParam("end_divisor", "End divisor", 1e4, 1.0, 1e9,
                                "The last learning rate is the first one divided by this.");
    endDivisor.logarithmic = true;
    endDivisor.advanced = true;
    return {"one-cycle",
            "One cycle",
            "Raises the learning rate to its full value and lowers it far below its start (Smith, "
            "Topin 2018).",
            {peak,
             realParam("start_divisor", "Start divisor", 25.0, 1.0, 1e6,
                       "Training starts with the learning rate divided by this."),
             endDivisor},
            factorOneCycle};
}

} // namespace gradwright::recipes
