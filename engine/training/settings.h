// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/devices.h"
#include "engine/passes/quantization/fake_quantization.h"
#include "engine/support/param.h"
#include "engine/support/unknown_keys.h"

#include <string>
#include <vector>

namespace gradwright {

/// One of a catalog (a loss, an optimizer, a schedule) with its parameters.
struct Recipe {
    std::string key;
    ParamValues params;
    UnknownKeys extra = {};
    bool operator==(const Recipe&) const = default;
};

/// What one Output is trained for.
struct Objective {
    std::string output; ///< name of the Output node; empty for the only one
    Recipe loss{"softmax-cross-entropy", {}};
    double weight = 1.0; ///< greater than 0
    UnknownKeys extra = {};
    bool operator==(const Objective&) const = default;
};

/// How a network is trained. A plain value; forms, files and command-line options are made from
/// trainingParams() and the catalogs of recipes.
struct TrainingSettings {
    std::vector<Objective> objectives{Objective{}};
    Recipe optimizer{"adam", {}};
    Recipe schedule{"constant", {}};
    ParamValues params; ///< of trainingParams()
    UnknownKeys extra = {};

    bool operator==(const TrainingSettings&) const = default;

    [[nodiscard]] double learningRate() const;
    /// What the schedule, after the warm-up, makes of it at a moment counted in epochs.
    [[nodiscard]] double scheduledFactor(double epoch) const;
    [[nodiscard]] std::int64_t epochs() const;
    [[nodiscard]] std::int64_t batch() const;
    /// Batches whose gradients a step averages; 1: each batch is a step.
    [[nodiscard]] std::int64_t accumulatedBatches() const;
    [[nodiscard]] std::uint64_t seed() const;
    [[nodiscard]] int threads() const; ///< 0 = all
    [[nodiscard]] int parts() const;   ///< 0 = not said
    [[nodiscard]] bool recompute() const;
    [[nodiscard]] TrainedIntegers trainedIntegers() const;
    [[nodiscard]] std::uint64_t featureCacheBytes() const; ///< 0: none
    [[nodiscard]] Precision precision() const;
    /// Device and precision.
    [[nodiscard]] ComputeTarget target() const;
    /// What evaluates and predicts with weights that were trained so: the same, or the processor
    /// for those of a GPU, in FP32 where the precision is for GPUs alone.
    [[nodiscard]] ComputeTarget answerTarget() const;
    [[nodiscard]] bool earlyStopping() const;
    [[nodiscard]] std::int64_t patience() const; ///< epochs
    [[nodiscard]] double checkpointSeconds() const;
    [[nodiscard]] bool tensorBoard() const;
    /// Optimizer and regularization as a backend takes them.
    [[nodiscard]] UpdateRule updateRule() const;
};

/// learning_rate, warmup_epochs, warmup_start, epochs, batch, accumulate_batches, seed, threads,
/// parts, recompute, integers, feature_cache, precision, device, early_stopping, patience, l1, l2,
/// max_norm, clip_norm, clip_value, average_decay, checkpoint_seconds, tensorboard.
const ParamSpecs& trainingParams();

/// Throws Error with the first value that breaks its rule.
void requireValid(const TrainingSettings& settings);

Json toJson(const TrainingSettings& settings);
/// Throws Error naming the key, the rule and the value.
TrainingSettings trainingSettingsFromJson(const Json& json);

/// "fp32", "bf16", "fp64".
std::string_view nameOf(Precision precision);

} // namespace gradwright
