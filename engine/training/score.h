// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/feed/batcher.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gradwright {

/// Loss and accuracy over some samples.
struct Score {
    double loss = 0; ///< mean of the weighted objectives
    /// Share of samples (or of their steps) whose largest output is their class. Where samples have
    /// target values: the coefficient of determination R² = 1 - Σ(y - t)² / Σ(t - mean)², of all
    /// outputs together.
    double accuracy = 0;
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

    /// `outputs`: of the batch, row-major; `lossSum` over its samples.
    void add(double lossSum, std::span<const float> outputs, const Batch& batch);
    [[nodiscard]] Score score() const;
};

/// The number of samples whose largest output is their class; a single output stands for class 1
/// where it is above 0.
std::int64_t countCorrect(std::span<const float> outputs, std::span<const std::int32_t> labels);

/// Makes probabilities of logits.
void applySigmoid(std::span<float> values);

/// What files and JSON call Score::accuracy: "accuracy" or "r2".
std::string scoreKey(bool hasClasses);

} // namespace gradwright
