// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optimizers/adaptive.h"
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/common_params.h"
#include "engine/training/recipes/optimizers/weight_decay.h"

namespace gradwright::recipes {
namespace {

GRADWRIGHT_CLONES void adagradF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    updateElements(AdagradRule<float>(step), span);
}
void adagradF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    updateElements(AdagradRule<double>(step), span);
}

UpdateRule make(const Params& params) {
    UpdateRule rule;
    rule.key = "adagrad";
    rule.slots = 1;
    rule.constants[AdagradConstant::Epsilon] = params.real("epsilon");
    rule.constants[AdagradConstant::RateDecay] = params.real("rate_decay");
    rule.constants[AdagradConstant::Initial] = params.real("initial");
    rule.constants[AdagradConstant::WeightDecay] = params.real("weight_decay");
    rule.f32 = adagradF32;
    rule.f64 = adagradF64;
    return rule;
}

} // namespace

OptimizerDef adagrad() {
    auto rateDecay = realParam("rate_decay", "Rate decay", 0.0, 0.0, 1.0,
                               "Divides the learning rate by 1 + decay · (step - 1).");
    rateDecay.advanced = true;
    auto initial = realParam("initial", "Initial sum", 0.0, 0.0, 1000.0,
                             "Initial value of each sum of squares.");
    initial.advanced = true;
    return {"adagrad",
            "Adagrad",
            "Divides each gradient by the root of the sum of all its squares so far: rare features "
            "keep large steps (Duchi, Hazan, Singer 2011).",
            {rateDecay, initial, epsilonParam(1e-10), weightDecayParam()},
            0.01,
            make};
}

} // namespace gradwright::recipes
