// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/schedules.h"

namespace gradwright::recipes {

ScheduleDef constant() {
    return {"constant",
            "Constant",
            "The same learning rate throughout.",
            {},
            [](const Params&, double, double) { return 1.0; }};
}

} // namespace gradwright::recipes
