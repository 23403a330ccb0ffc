// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/metrics/metric.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gradwright {

struct Batch;
struct Scaling;

/// How one sample was read.
struct Reading {
    std::uint32_t sample = 0;
    std::int32_t label = 0;
    std::int32_t predicted = 0;
    float probability = 0; ///< of `predicted`

    [[nodiscard]] bool correct() const { return label == predicted; }
};

/// What a network said about some samples, and what would have been right.
struct Outcomes {
    std::size_t elements = 0;         ///< of one output: of a sample, or of a step of it
    std::vector<float> outputs;       ///< [samples (× steps), elements]
    std::vector<std::int32_t> labels; ///< one each; all 0 where there are target values
    std::vector<float> targets;       ///< [samples, elements]; none where samples have classes
    std::size_t steps = 1;            ///< that a sample has

    [[nodiscard]] MetricKind kind() const {
        return targets.empty() ? MetricKind::Classes : MetricKind::Values;
    }
    [[nodiscard]] std::int64_t samples() const {
        return static_cast<std::int64_t>(labels.size() / steps);
    }

    /// Reserves memory for so many samples: `perSample` output elements over all
    /// `stepsPerSample` steps of each.
    void begin(std::size_t samples, std::size_t perSample, std::size_t stepsPerSample);
    /// Takes what would have been right for the samples of a batch; what the network said of them
    /// has to be written where it tells.
    std::span<float> add(const Batch& batch);
};

/// Gives outputs and targets the units that they had before the data set scaled them.
void restoreUnits(Outcomes& outcomes, const std::vector<Scaling>& scaling);

/// The largest output of each sample (or step); sample numbers count from 0.
std::vector<Reading> readingsOf(const Outcomes& outcomes);

/// The wrong ones, the surest first.
std::vector<Reading> mistakes(const std::vector<Reading>& readings);

} // namespace gradwright
