// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/schedules.h"

#include <cmath>

namespace gradwright::recipes {
namespace {

double factorStep(const Params& params, double epoch, double /*totalEpochs*/) {
    // An epoch counted in fractions (step / steps) may end a hair below the whole number.
    const double whole = std::floor(epoch + 1e-9);
    const auto every = static_cast<double>(params.integer("every"));
    return std::pow(params.real("gamma"), std::floor(whole / every));
}

} // namespace

ScheduleDef step() {
    auto gamma = realParam("gamma", "Factor", 0.1, 0.0, 1.0,
                           "The factor that the learning rate is multiplied by each time.");
    gamma.minimumExclusive = true;
    return {"step",
            "Step",
            "Multiplies the learning rate by a factor every few epochs.",
            {intParam("every", "Every", 1, 1, 1e6, "Epochs from one drop to the next."), gamma},
            factorStep};
}

} // namespace gradwright::recipes
