// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/optimizers/adam_family.h"
#include "engine/support/param.h"

#include <cstddef>
#include <string>
#include <utility>

namespace gradwright::recipes {

/// A rule with these constants from the parameters of the same names, and one function per type.
inline UpdateRule adamRule(std::string key, std::size_t slots, const Params& params,
                           decltype(UpdateRule::f32) f32, decltype(UpdateRule::f64) f64) {
    UpdateRule rule;
    rule.key = std::move(key);
    rule.slots = slots;
    rule.constants[AdamConstant::Beta1] = params.real("beta1");
    rule.constants[AdamConstant::Beta2] = params.real("beta2");
    rule.constants[AdamConstant::Epsilon] = params.real("epsilon");
    rule.constants[AdamConstant::WeightDecay] = params.real("weight_decay");
    rule.f32 = f32;
    rule.f64 = f64;
    return rule;
}

} // namespace gradwright::recipes
