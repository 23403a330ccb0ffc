// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/metrics/score.h"

namespace gradwright {

Score scoreOf(const ScoreSums& sums, const MetricDef& metric) {
    if (sums.samples == 0)
        return {0, {&metric, 0}, 0};
    return {sums.loss / static_cast<double>(sums.samples),
            {&metric, metric.running(sums).value_or(0)},
            sums.samples};
}

} // namespace gradwright
