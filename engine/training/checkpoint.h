// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/backend/weights.h"
#include "engine/training/events.h"
#include "engine/training/recipes/schedules.h"

#include <filesystem>
#include <optional>
#include <stop_token>

namespace gradwright {

/// Where a training stands; with weights and optimizer slots, all that the next step depends on.
struct TrainingPosition {
    std::int64_t epoch = 0;          ///< finished ones
    std::int64_t batch = 0;          ///< batches done in the epoch that runs
    std::int64_t step = 0;           ///< done in all
    double learningRateFactor = 1.0; ///< of changes while it ran
    PlateauState plateau;            ///< of a schedule that watches the loss
    ScoreSums running;               ///< over the samples of the epoch that runs
    std::optional<Score> best;
    std::int64_t bestEpoch = 0; ///< counted from 1; 0 = none
    std::int64_t epochsWithoutGain = 0;
    bool finished = false; ///< all epochs are done, or early stopping has ended it

    bool operator==(const TrainingPosition&) const = default;
};

/// Writes weights, slots, the loss scale and position, atomically; equal states give equal bytes.
/// `rule` is the optimizer whose slots the store has. A state that holds a NaN or an infinity
/// throws DivergedError naming the weight, and the file stays as it was: what is saved can always
/// be resumed from. So it does when stopped between two weights: throws WorkStopped.
void writeCheckpoint(const std::filesystem::path& file, const WeightStore& store,
                     const TrainingPosition& position, const UpdateRule& rule,
                     const std::stop_token& stop = {});
/// Reads a checkpoint into a store of the same network and optimizer, whose training is judged by
/// `metric`. Throws Error naming file and fault, also where the slots are another optimizer's and
/// only happen to fit.
TrainingPosition readCheckpoint(const std::filesystem::path& file, WeightStore& store,
                                const MetricDef& metric, const UpdateRule& rule);
/// The steps done, from the file's header alone. Throws Error naming file and fault.
std::int64_t stepsOfCheckpoint(const std::filesystem::path& file);
/// The weights alone.
Weights readCheckpointWeights(const std::filesystem::path& file);
/// The weights alone into a store, one at a time. Throws Error naming file and fault.
void readCheckpointWeights(const std::filesystem::path& file, WeightStore& store);

} // namespace gradwright
