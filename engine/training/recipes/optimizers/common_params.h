// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/param.h"

#include <utility>

namespace gradwright::recipes {

/// How much of a running mean is kept at each step: in [0, 1).
inline ParamSpec decayRateParam(std::string key, std::string title, double defaultValue,
                                std::string doc) {
    auto spec = realParam(std::move(key), std::move(title), defaultValue, 0.0, 1.0, std::move(doc));
    spec.maximumExclusive = true;
    spec.advanced = true;
    return spec;
}

inline ParamSpec beta1Param() {
    return decayRateParam("beta1", "Beta 1", 0.9,
                          "Decay of the running mean of the gradient; closer to 1 is slower.");
}

inline ParamSpec beta2Param() {
    return decayRateParam(
        "beta2", "Beta 2", 0.999,
        "Decay of the running mean of the gradient's square; closer to 1 is slower.");
}

/// Greater than 0, which would divide a weight without any gradient by zero.
inline ParamSpec epsilonParam(double defaultValue) {
    auto epsilon =
        realParam("epsilon", "Epsilon", defaultValue, 0.0, 1.0,
                  "Added to the divisor, so that tiny gradients do not make huge steps.");
    epsilon.minimumExclusive = true;
    epsilon.logarithmic = true;
    epsilon.advanced = true;
    return epsilon;
}

/// Decay apart from the gradient: w - rate · decay · w (Loshchilov, Hutter 2019).
inline ParamSpec decoupledDecayParam(double defaultValue) {
    auto spec = realParam("weight_decay", "Weight decay", defaultValue, 0.0, 1.0,
                          "Shrinks each weight by this share, times the learning rate, "
                          "independently of the gradient (Loshchilov, Hutter 2019).");
    spec.maximumExclusive = true;
    return spec;
}

} // namespace gradwright::recipes
