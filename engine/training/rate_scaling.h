// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/json_fwd.h"
#include "engine/training/settings.h"

#include <cstdint>
#include <string>

namespace gradwright {

/// How a learning rate was scaled to a larger batch (Goyal et al.: "Accurate, large minibatch SGD:
/// training ImageNet in 1 hour", 2017): k times the samples in a step take k times the rate, which
/// the training reaches in a straight line from the rate that was not scaled.
struct RateScaling {
    std::int64_t samplesBefore = 0; ///< in a step, as the rate was chosen for
    std::int64_t samples = 0;       ///< in a step now
    double rateBefore = 0;
    double rate = 0;
    double warmupEpochs = 0;

    bool operator==(const RateScaling&) const = default;
    /// k
    [[nodiscard]] double factor() const {
        return static_cast<double>(samples) / static_cast<double>(samplesBefore);
    }
};

/// The warm-up of the paper, in epochs, where the settings have none; half of all epochs where
/// there are fewer than twice as many.
constexpr double kScalingWarmup = 5;

/// The samples whose gradients a step averages: those of all accumulated batches.
std::int64_t samplesOfStep(const TrainingSettings& settings);

/// Scales the settings' rate, which is for steps of `samplesBefore` samples, to the samples that
/// their steps have; the warm-up then starts with the rate before, as a share of the scaled one
/// (warmup_start = 1 / k). Settings of the same number stay as they are. Throws Error where steps
/// have fewer samples than before, and where the scaled rate is more than the setting may be.
RateScaling scaleRate(TrainingSettings& settings, std::int64_t samplesBefore);

/// "The learning rate 0.01 is for 32 samples a step: …"
std::string toString(const RateScaling& scaling);

Json toJson(const RateScaling& scaling);

} // namespace gradwright
