// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/param.h"

namespace gradwright::recipes {

/// L2 decay as part of the gradient: g + decay · w.
inline ParamSpec weightDecayParam() {
    auto spec = realParam("weight_decay", "Weight decay", 0.0, 0.0, 1.0,
                          "Adds this share of each weight to its gradient, which pulls weights "
                          "towards zero (L2 regularization).");
    spec.maximumExclusive = true;
    return spec;
}

} // namespace gradwright::recipes
