// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/schedules.h"

#include <algorithm>
#include <cmath>

namespace gradwright::recipes {
namespace {

double factorMultiStep(const Params& params, double epoch, double /*totalEpochs*/) {
    // An epoch counted in fractions (step / steps) may end a hair below the whole number.
    const auto passed = std::ranges::count_if(params.tuple("milestones"), [&](std::int64_t at) {
        return static_cast<double>(at) <= epoch + 1e-9;
    });
    return std::pow(params.real("gamma"), static_cast<double>(passed));
}

} // namespace

ScheduleDef multiStep() {
    auto gamma = realParam("gamma", "Factor", 0.1, 0.0, 1.0,
                           "The factor that the learning rate is multiplied by each time.");
    gamma.minimumExclusive = true;
    auto milestones = tupleParam("milestones", "Milestones", {30, 60}, 1, 16, 1, 1e6,
                                 "The epochs after which the learning rate drops.");
    milestones.unit = "epochs";
    return {"multi-step",
            "Multi-step",
            "Multiplies the learning rate by a factor after each of the given epochs.",
            {milestones, gamma},
            factorMultiStep};
}

} // namespace gradwright::recipes
