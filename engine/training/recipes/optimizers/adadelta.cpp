// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optimizers/adaptive.h"
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/common_params.h"
#include "engine/training/recipes/optimizers/weight_decay.h"

namespace gradwright::recipes {
namespace {

GRADWRIGHT_CLONES void adadeltaF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    updateElements(AdadeltaRule<float>(step), span);
}
void adadeltaF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    updateElements(AdadeltaRule<double>(step), span);
}

UpdateRule make(const Params& params) {
    UpdateRule rule;
    rule.key = "adadelta";
    rule.slots = 2;
    rule.constants[AdadeltaConstant::Rho] = params.real("rho");
    rule.constants[AdadeltaConstant::Epsilon] = params.real("epsilon");
    rule.constants[AdadeltaConstant::WeightDecay] = params.real("weight_decay");
    rule.f32 = adadeltaF32;
    rule.f64 = adadeltaF64;
    return rule;
}

} // namespace

OptimizerDef adadelta() {
    return {"adadelta",
            "Adadelta",
            "Adagrad with a running mean in place of the sum and steps in the weights' own units; "
            "a learning rate of 1 is as published (Zeiler 2012).",
            {decayRateParam("rho", "Rho", 0.9,
                            "Decay of the running mean squares; closer to 1 is slower."),
             epsilonParam(1e-6), weightDecayParam()},
            1.0,
            make};
}

} // namespace gradwright::recipes
