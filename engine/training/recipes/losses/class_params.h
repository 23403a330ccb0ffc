// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/param.h"

namespace gradwright::recipes {

// Parameters that losses on classes share.

inline ParamSpec classWeightsParam() {
    auto spec = textParam("class_weights", "Class weights", "",
                          "How much each class counts, as numbers separated by commas in the order "
                          "of the classes; empty: all the same. For data with rare classes. "
                          "\"balanced\" counts the training samples of each.");
    spec.advanced = true;
    return spec;
}

} // namespace gradwright::recipes
