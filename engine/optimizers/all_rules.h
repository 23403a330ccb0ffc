// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/optimizers/adaptive.h"
#include "engine/optimizers/gradient_descent.h"
#include "engine/optimizers/nadam.h"

namespace gradwright {

/// Calls visit(rule) with the element rule in numbers of type T that the optimizer consists of,
/// made for the step: how a device, which cannot call UpdateRule's functions for runs of a weight,
/// gets the same update. Returns false without a call for those that need sums over the whole
/// network (UpdateRule::isWhole).
template <class T, class Visit>
bool visitElementRule(const UpdateRule& rule, const UpdateStep& step, const Visit& visit) {
    const auto is = [&](const char* key) { return rule.key == key; };
    if (is("sgd")) {
        if (rule.slots == 0)
            visit(DescentRule<T>(step));
        else if (step.constants[DescentConstant::Nesterov] != 0)
            visit(MomentumRule<T, true>(step));
        else
            visit(MomentumRule<T, false>(step));
    } else if (is("rmsprop")) {
        const bool centered = step.constants[RmspropConstant::Centered] != 0;
        if (step.constants[RmspropConstant::Momentum] > 0)
            centered ? visit(RmspropRule<T, true, true>(step))
                     : visit(RmspropRule<T, false, true>(step));
        else
            centered ? visit(RmspropRule<T, true, false>(step))
                     : visit(RmspropRule<T, false, false>(step));
    } else if (is("perceptron-rule"))
        visit(PerceptronRule<T>(step));
    else if (is("lion"))
        visit(LionRule<T>(step));
    else if (is("adagrad"))
        visit(AdagradRule<T>(step));
    else if (is("adadelta"))
        visit(AdadeltaRule<T>(step));
    else if (is("adam"))
        visit(AdamRule<T>(step));
    else if (is("adamw"))
        visit(AdamwRule<T>(step));
    else if (is("amsgrad"))
        visit(AmsgradRule<T>(step));
    else if (is("adamax"))
        visit(AdamaxRule<T>(step));
    else if (is("nadam"))
        visit(NadamRule<T>(step));
    else if (is("radam"))
        visit(RadamRule<T>(step));
    else if (is("lamb"))
        visit(LambRule<T>(step));
    else
        return false;
    return true;
}

} // namespace gradwright
