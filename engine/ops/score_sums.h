// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gradwright {

/// What the metrics of a training are made from, batch by batch: each backend can sum it where the
/// outputs are.
struct ScoreSums {
    double loss = 0; ///< of the weighted per-sample losses
    std::int64_t correct = 0;
    std::int64_t samples = 0;
    std::int64_t labels = 0; ///< more than samples where these have a class per step
    // Only where samples have target values.
    double squaredErrors = 0;
    double targetSquares = 0;
    std::vector<double> targets; ///< sums by element of the target

    bool operator==(const ScoreSums&) const = default;

    /// `outputs` of `count` samples, row-major, and what would have been right: either `classes`,
    /// one per sample or one per step, or `values`, one per output. `lossSum` is over the samples.
    void add(double lossSum, std::span<const float> outputs, std::span<const std::int32_t> classes,
             std::span<const float> values, std::int64_t count);
    void add(const ScoreSums& other);
    /// All zero, without giving memory back.
    void clear();
};

/// The number of samples whose largest output is their class; a single output stands for class 1
/// where it is above 0.
std::int64_t countCorrect(std::span<const float> outputs, std::span<const std::int32_t> labels);

/// Makes probabilities of logits.
void applySigmoid(std::span<float> values);

} // namespace gradwright
