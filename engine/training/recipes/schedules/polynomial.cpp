// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/schedules.h"

#include <algorithm>
#include <cmath>

namespace gradwright::recipes {
namespace {

double factorPolynomial(const Params& params, double epoch, double totalEpochs) {
    const double progress = totalEpochs > 0 ? std::clamp(epoch / totalEpochs, 0.0, 1.0) : 0.0;
    return std::pow(1.0 - progress, params.real("power"));
}

} // namespace

ScheduleDef polynomial() {
    return {"polynomial",
            "Polynomial",
            "Lowers the learning rate to 0 at the end of the training along a power of the "
            "remaining training; 1 is a straight line.",
            {realParam("power", "Power", 1.0, 0.1, 10.0,
                       "Above 1 falls fast at first, below 1 at the end.")},
            factorPolynomial};
}

} // namespace gradwright::recipes
