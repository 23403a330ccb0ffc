// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/schedules.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gradwright::recipes {
namespace {

double factorCosineRestarts(const Params& params, double epoch, double /*totalEpochs*/) {
    auto period = static_cast<double>(params.integer("period"));
    const auto growth = static_cast<double>(params.integer("growth"));
    const double minimum = params.real("minimum");
    // An epoch counted in fractions (step / steps) may end a hair below the whole number.
    double into = epoch + 1e-9;
    if (growth == 1)
        into -= period * std::floor(into / period);
    else
        for (; into >= period; period *= growth)
            into -= period;
    const double progress = std::max(into - 1e-9, 0.0) / period;
    return minimum + (1.0 - minimum) * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
}

} // namespace

ScheduleDef cosineRestarts() {
    auto period = intParam("period", "Period", 10, 1, 1e6, "Length of the first cosine.");
    period.unit = "epochs";
    return {"cosine-restarts",
            "Cosine with restarts",
            "Lowers the learning rate along half a cosine, again and again from its full value "
            "(SGDR; Loshchilov, Hutter 2017).",
            {period,
             intParam("growth", "Growth", 1, 1, 10,
                      "The length of each cosine as a multiple of the one before."),
             realParam("minimum", "Minimum", 0.0, 0.0, 1.0,
                       "The share of the learning rate at the end of each cosine.")},
            factorCosineRestarts};
}

} // namespace gradwright::recipes
