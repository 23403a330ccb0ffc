// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/metrics/quality.h"
#include "engine/ops/score_sums.h"

#include <cstdint>

namespace gradwright {

/// Loss and quality over some samples.
struct Score {
    double loss = 0; ///< mean of the weighted objectives
    Quality quality;
    std::int64_t samples = 0;

    bool operator==(const Score&) const = default;
};

/// The score of these sums by a metric that has `running`; its quality is 0 where it is not
/// defined.
Score scoreOf(const ScoreSums& sums, const MetricDef& metric);

} // namespace gradwright
