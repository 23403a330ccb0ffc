// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/kinds.h"

#include <cstdint>
#include <vector>

namespace gradwright {

/// Batch size: how fast and how well the network learns with batches of different sizes.
ExperimentKind batchSizeKind();

/// How the learning rate follows the batch size.
enum class RateRule {
    None,       ///< it stays
    SquareRoot, ///< by the root of the ratio of sizes (Krizhevsky 2014, Hoffer et al. 2017)
    Linear      ///< by the ratio, with a warm-up (Goyal et al. 2017)
};

/// The rate for batches of `size`, where `rate` belongs to those of `reference`.
double scaledRate(RateRule rule, double rate, std::int64_t reference, std::int64_t size);

/// What is known of a size, over its seeds.
struct SizeOutcome {
    std::int64_t size = 0;
    double samplesPerSecond = 0; ///< median
    double cost = 0;             ///< mean of the best error, or of the best loss
    double deviation = 0;
    std::int64_t trainings = 0;
    std::int64_t failed = 0;
};

/// The sweet spot: of the sizes that are as good as the best one, within its standard error, the
/// one that takes in the most samples per second (the rule of one standard error, Breiman et al.
/// 1984). 0 where none has a result.
std::int64_t sweetSpot(const std::vector<SizeOutcome>& outcomes);

} // namespace gradwright
