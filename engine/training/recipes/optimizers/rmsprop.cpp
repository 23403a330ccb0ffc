// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optimizers/adaptive.h"
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/common_params.h"
#include "engine/training/recipes/optimizers/weight_decay.h"

namespace gradwright::recipes {
namespace {

GRADWRIGHT_CLONES void plainF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    updateElements(RmspropRule<float, false, false>(step), span);
}
void plainF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    updateElements(RmspropRule<double, false, false>(step), span);
}
GRADWRIGHT_CLONES void momentumF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    updateElements(RmspropRule<float, false, true>(step), span);
}
void momentumF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    updateElements(RmspropRule<double, false, true>(step), span);
}
GRADWRIGHT_CLONES void centeredF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    updateElements(RmspropRule<float, true, false>(step), span);
}
void centeredF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    updateElements(RmspropRule<double, true, false>(step), span);
}
GRADWRIGHT_CLONES void centeredMomentumF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    updateElements(RmspropRule<float, true, true>(step), span);
}
void centeredMomentumF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    updateElements(RmspropRule<double, true, true>(step), span);
}

UpdateRule make(const Params& params) {
    UpdateRule rule;
    rule.key = "rmsprop";
    const bool centered = params.boolean("centered");
    const bool momentum = params.real("momentum") > 0;
    rule.slots = 1U + (centered ? 1U : 0U) + (momentum ? 1U : 0U);
    rule.constants[RmspropConstant::Centered] = centered ? 1 : 0;
    rule.constants[RmspropConstant::Alpha] = params.real("alpha");
    rule.constants[RmspropConstant::Epsilon] = params.real("epsilon");
    rule.constants[RmspropConstant::Momentum] = params.real("momentum");
    rule.constants[RmspropConstant::WeightDecay] = params.real("weight_decay");
    rule.f32 = centered ? (momentum ? centeredMomentumF32 : centeredF32)
                        : (momentum ? momentumF32 : plainF32);
    rule.f64 = centered ? (momentum ? centeredMomentumF64 : centeredF64)
                        : (momentum ? momentumF64 : plainF64);
    return rule;
}

} // namespace

OptimizerDef rmsprop() {
    auto momentum = realParam("momentum", "Momentum", 0.0, 0.0, 1.0,
                              "How much of the last step is kept; 0 switches it off.");
    momentum.maximumExclusive = true;
    return {"rmsprop",
            "RMSprop",
            "Divides each gradient by the root of its running mean square (Tieleman, Hinton 2012). "
            "Long the first choice for recurrent networks.",
            {decayRateParam("alpha", "Alpha", 0.99,
                            "Decay of the running mean square; closer to 1 is slower."),
             momentum,
             boolParam("centered", "Centered", false,
                       "Divides by the deviation around the mean gradient (Graves 2013)."),
             epsilonParam(1e-8), weightDecayParam()},
            0.01,
            make};
}

} // namespace gradwright::recipes
