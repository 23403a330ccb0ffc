// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/update_rule.h"
#include "engine/support/param.h"

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

namespace gradwright::recipes {

/// Places in the rule's constants, which Adam and its relatives have in common.
struct AdamConstant {
    enum : std::size_t { Beta1, Beta2, Epsilon, WeightDecay, Count };
};

/// What does not depend on the element, computed once, in double: the decays of the two running
/// means, and the corrections of their bias towards zero (Kingma, Ba 2015, section 3).
template <class T>
struct AdamFactors {
    [[gnu::always_inline]] explicit AdamFactors(const UpdateStep& step)
        : keep1(static_cast<T>(step.constants[AdamConstant::Beta1]))
        , take1(static_cast<T>(1.0 - step.constants[AdamConstant::Beta1]))
        , keep2(static_cast<T>(step.constants[AdamConstant::Beta2]))
        , take2(static_cast<T>(1.0 - step.constants[AdamConstant::Beta2]))
        , epsilon(static_cast<T>(step.constants[AdamConstant::Epsilon]))
        , decay(static_cast<T>(step.constants[AdamConstant::WeightDecay])) {}

    T keep1, take1; ///< m = keep1 · m + take1 · g
    T keep2, take2; ///< v = keep2 · v + take2 · g²
    T epsilon;
    T decay;

    /// 1 - beta1^step, which m is divided by.
    [[gnu::always_inline]] static double firstBias(const UpdateStep& step) {
        return 1.0 - std::pow(step.constants[AdamConstant::Beta1], static_cast<double>(step.step));
    }
    /// What the root of v is multiplied with: 1 / sqrt(1 - beta2^step).
    [[gnu::always_inline]] static T secondScale(const UpdateStep& step) {
        return static_cast<T>(1.0 / std::sqrt(1.0 - std::pow(step.constants[AdamConstant::Beta2],
                                                             static_cast<double>(step.step))));
    }
};

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
