// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/schedules.h"

#include <cmath>

namespace gradwright::recipes {

ScheduleDef exponential() {
    auto gamma = realParam("gamma", "Factor", 0.95, 0.0, 1.0,
                           "The share of the learning rate that is left after each epoch.");
    gamma.minimumExclusive = true;
    return {"exponential",
            "Exponential",
            "Lowers the learning rate by the same share each epoch, a little at every step.",
            {gamma},
            [](const Params& params, double epoch, double) {
                return std::pow(params.real("gamma"), epoch);
            }};
}

} // namespace gradwright::recipes
