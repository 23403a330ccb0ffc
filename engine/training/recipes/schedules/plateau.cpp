// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/schedules.h"

#include <algorithm>

namespace gradwright::recipes {
namespace {

void observe(const Params& params, PlateauState& state, double loss) {
    const bool better = !state.best || loss < *state.best * (1.0 - params.real("threshold"));
    if (better)
        state.best = loss;
    state.wait = better ? 0 : state.wait + 1;
    if (state.cooldown > 0) {
        --state.cooldown;
        state.wait = 0;
    }
    if (state.wait <= params.integer("patience"))
        return;
    state.factor = std::max(state.factor * params.real("gamma"), params.real("minimum"));
    state.cooldown = params.integer("cooldown");
    state.wait = 0;
}

} // namespace

ScheduleDef plateau() {
    auto gamma = realParam("gamma", "Factor", 0.1, 0.0, 1.0,
                           "The factor that the learning rate is multiplied by each time.");
    gamma.minimumExclusive = true;
    gamma.maximumExclusive = true;
    auto patience =
        intParam("patience", "Wait", 3, 0, 10'000,
                 "Epochs to wait for a better validation loss before lowering the rate.");
    patience.unit = "epochs";
    auto cooldown = intParam("cooldown", "Cool-down", 0, 0, 10'000,
                             "Epochs after a drop before waiting starts again.");
    cooldown.unit = "epochs";
    cooldown.advanced = true;
    auto threshold = realParam("threshold", "Threshold", 1e-4, 0.0, 1.0,
                               "The share by which a loss must fall to count as better.");
    threshold.maximumExclusive = true;
    threshold.advanced = true;
    auto minimum = realParam("minimum", "Minimum", 0.0, 0.0, 1.0,
                             "The share of the learning rate below which it does not fall.");
    minimum.advanced = true;
    return {"plateau",
            "Reduce on plateau",
            "Lowers the learning rate when the validation loss (the training loss where there is "
            "no validation) stops falling.",
            {gamma, patience, cooldown, threshold, minimum},
            [](const Params&, double, double) { return 1.0; },
            observe};
}

} // namespace gradwright::recipes
