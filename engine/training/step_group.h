// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/training/settings.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace gradwright {

/// How the batches of an epoch make steps: a step averages the gradients of so many successive
/// batches as the settings say, the last one of an epoch those that are left.
class StepGroups {
public:
    StepGroups() = default;
    /// `samples` of an epoch, all ranks' together.
    StepGroups(const TrainingSettings& settings, std::int64_t samples);

    /// Steps until so many batches of an epoch are done.
    [[nodiscard]] std::int64_t steps(std::int64_t batches) const {
        return (batches + accumulated_ - 1) / accumulated_;
    }
    [[nodiscard]] std::int64_t stepsPerEpoch() const { return steps(batches_); }
    /// How much of an epoch so many batches are, counted in steps, on which the schedule depends.
    [[nodiscard]] double shareOfEpoch(std::int64_t batches) const {
        return static_cast<double>(steps(batches)) / static_cast<double>(stepsPerEpoch());
    }
    /// Batches of the step that begins with that one of an epoch, counted from 0.
    [[nodiscard]] std::int64_t batchesFrom(std::int64_t first) const;
    /// What a batch is in the step that begins with `first`; both are counted in an epoch, from 0.
    [[nodiscard]] Accumulation placeOf(std::int64_t batch, std::int64_t first) const;
    /// The first sample of a batch in that step, a multiple of 4, as random ops want it: where
    /// batches are multiples of 4, that of the large batch that the step stands for.
    [[nodiscard]] std::int64_t firstSample(std::int64_t batch, std::int64_t first) const;

private:
    [[nodiscard]] std::int64_t samplesOf(std::int64_t first, std::int64_t batches) const;

    std::int64_t accumulated_ = 1;
    std::int64_t batch_ = 1;
    std::int64_t samples_ = 0;
    std::int64_t batches_ = 0;
};

/// The running statistics before a step of several batches, each of which moves them: what a
/// discarded step has to put back.
class StatisticsBefore {
public:
    /// Keeps those of the graph's batch normalizations.
    StatisticsBefore(WeightStore& store, const OpGraph& graph);
    void putBack();

private:
    WeightStore& store_;
    std::vector<std::pair<WeightId, Tensor>> values_;
};

} // namespace gradwright
