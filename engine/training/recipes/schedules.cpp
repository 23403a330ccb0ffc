// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/schedules.h"

#include "engine/training/recipes/find_recipe.h"

#include <algorithm>

namespace gradwright {

// One line a schedule: its declaration here is all the registration there is.
#define GRADWRIGHT_SCHEDULES(X)                                                                    \
    X(constant)                                                                                    \
    X(step)                                                                                        \
    X(multiStep)                                                                                   \
    X(exponential)                                                                                 \
    X(polynomial)                                                                                  \
    X(cosine)                                                                                      \
    X(cosineRestarts)                                                                              \
    X(oneCycle)                                                                                    \
    X(plateau)

namespace recipes {
#define GRADWRIGHT_DECLARE(name) ScheduleDef name();
GRADWRIGHT_SCHEDULES(GRADWRIGHT_DECLARE)
#undef GRADWRIGHT_DECLARE
} // namespace recipes

const std::vector<ScheduleDef>& schedules() {
#define GRADWRIGHT_LIST(name) recipes::name(),
    static const std::vector<ScheduleDef> all = {GRADWRIGHT_SCHEDULES(GRADWRIGHT_LIST)};
#undef GRADWRIGHT_LIST
    return all;
}

const ScheduleDef& schedule(std::string_view key) {
    return findRecipe(schedules(), key, "learning-rate schedule");
}

double warmedUp(const ScheduleDef& def, const Params& params, const Warmup& warmup, double epoch,
                double totalEpochs) {
    // An epoch counted in fractions (step / steps) may end a hair below the whole number.
    if (epoch + 1e-9 < warmup.epochs)
        return def.factor(params, 0.0, totalEpochs - warmup.epochs) *
               (warmup.start + (1.0 - warmup.start) * epoch / warmup.epochs);
    return def.factor(params, std::max(epoch - warmup.epochs, 0.0), totalEpochs - warmup.epochs);
}

} // namespace gradwright
