// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/schedules.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gradwright::recipes {
namespace {

double factorCosine(const Params& params, double epoch, double totalEpochs) {
    const double minimum = params.real("minimum");
    const double progress = totalEpochs > 0 ? std::clamp(epoch / totalEpochs, 0.0, 1.0) : 0.0;
    return minimum + (1.0 - minimum) * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
}

} // namespace

ScheduleDef cosine() {
    return {"cosine",
            "Cosine",
            "Lowers the learning rate along half a cosine from its full value to a minimum at the "
            "end of the training (Loshchilov, Hutter 2017, without restarts).",
            {realParam("minimum", "Minimum", 0.0, 0.0, 1.0,
                       "The share of the learning rate that is left at the end.")},
            factorCosine};
}

} // namespace gradwright::recipes
