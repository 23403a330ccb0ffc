// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optimizers/gradient_descent.h"
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/common_params.h"

namespace gradwright::recipes {
namespace {

GRADWRIGHT_CLONES void lionF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    updateElements(LionRule<float>(step), span);
}
void lionF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    updateElements(LionRule<double>(step), span);
}

UpdateRule make(const Params& params) {
    UpdateRule rule;
    rule.key = "lion";
    rule.slots = 1;
    rule.constants[LionConstant::Beta1] = params.real("beta1");
    rule.constants[LionConstant::Beta2] = params.real("beta2");
    rule.constants[LionConstant::WeightDecay] = params.real("weight_decay");
    rule.f32 = lionF32;
    rule.f64 = lionF64;
    return rule;
}

} // namespace

OptimizerDef lion() {
    return {
        "lion",
        "Lion",
        "A step of the same length for every weight, in the direction of the momentum's sign (Chen "
        "et al. 2023). Needs a learning rate 3 to 10 times smaller than AdamW's.",
        {beta1Param(),
         decayRateParam("beta2", "Beta 2", 0.99, "Decay of the momentum; closer to 1 is slower."),
         decoupledDecayParam(0.0)},
        0.0001,
        make};
}

} // namespace gradwright::recipes
