// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/feed/batcher.h"
#include "engine/metrics/quality.h"

#include <cstdint>
#include <span>
#include <vector>

namespace gradwright {

/// Loss and quality over some samples.
struct Score {
    double loss = 0; ///< mean of the weighted objectives
    Quality quality;
    std::int64_t samples = 0;

    bool operator==(const Score&) const = default;
};

/// What a Score is made from, batch by batch.
struct ScoreSums {
    double loss = 0;
    std::int64_t correct = 0;
    std::int64_t samples = 0;
    std::int64_t labels = 0; ///< more than samples where these have a class a step
    // Only where samples have target values.
    double squaredErrors = 0;
    double targetSquares = 0;
    std::vector<double> targets; ///< sums by element of the target

    bool operator==(const ScoreSums&) const = default;

    /// `outputs` of `count` samples, row-major, and what would have been right: either `classes`,
    /// one a sample or one a step, or `values`, one an output. `lossSum` is over the samples.
    void add(double lossSum, std::span<const float> outputs, std::span<const std::int32_t> classes,
             std::span<const float> values, std::int64_t count);
    void add(double lossSum, std::span<const float> outputs, const Batch& batch) {
        add(lossSum, outputs, batch.labels, batch.targets, batch.count);
    }
    /// By a metric that sums can tell; its value is 0 where it is not defined.
    [[nodiscard]] Score score(const MetricDef& metric) const;
};

/// The number of samples whose largest output is their class; a single output stands for class 1
/// where it is above 0.
std::int64_t countCorrect(std::span<const float> outputs, std::span<const std::int32_t> labels);

/// Makes probabilities of logits.
void applySigmoid(std::span<float> values);

} // namespace gradwright
