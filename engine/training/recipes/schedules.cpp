// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/schedules.h"

#include "engine/training/recipes/find_recipe.h"

namespace gradwright {

// One line a schedule: its declaration here is all the registration there is.
#define GRADWRIGHT_SCHEDULES(X)                                                                    \
    X(constant)                                                                                    \
    X(step)                                                                                        \
    X(cosine)

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

} // namespace gradwright
