// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/param.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// What a schedule that watches the loss has seen; part of a checkpoint.
struct PlateauState {
    double factor = 1.0;        ///< of the learning rate, in (0, 1]
    std::optional<double> best; ///< lowest loss
    std::int64_t wait = 0;      ///< epochs without a lower one
    std::int64_t cooldown = 0;  ///< epochs to go before waiting starts again

    bool operator==(const PlateauState&) const = default;
};

/// How the learning rate changes during a training.
struct ScheduleDef {
    std::string key;
    std::string title;
    std::string doc;
    ParamSpecs params;
    /// What the learning rate is multiplied by at a moment counted in epochs, e.g. 2.5 in the
    /// middle of the third, of a training of `totalEpochs`.
    double (*factor)(const Params&, double epoch, double totalEpochs);
    /// Where the schedule follows the loss: takes that of an epoch that has ended. The state's
    /// factor multiplies the learning rate too.
    void (*observe)(const Params&, PlateauState&, double loss) = nullptr;
};

/// A linear rise to the schedule's first value, in front of the schedule.
struct Warmup {
    double epochs = 0.0; ///< 0 = none
    double start = 0.0;  ///< the share of the first value to begin with
};

/// The factor of a schedule that begins after a warm-up and has the rest of the training.
double warmedUp(const ScheduleDef& def, const Params& params, const Warmup& warmup, double epoch,
                double totalEpochs);

/// In the order in which lists show them.
const std::vector<ScheduleDef>& schedules();
/// Throws Error naming the known keys.
const ScheduleDef& schedule(std::string_view key);

} // namespace gradwright
