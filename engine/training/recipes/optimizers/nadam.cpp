// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optimizers/nadam.h"

#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/adam_family.h"
#include "engine/training/recipes/optimizers/common_params.h"
#include "engine/training/recipes/optimizers/weight_decay.h"

namespace gradwright::recipes {
namespace {

GRADWRIGHT_CLONES void nadamF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    updateElements(NadamRule<float>(step), span);
}
void nadamF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    updateElements(NadamRule<double>(step), span);
}

UpdateRule make(const Params& params) {
    auto rule = adamRule("nadam", 2, params, nadamF32, nadamF64);
    rule.constants[AdamConstant::MomentumDecay] = params.real("momentum_decay");
    return rule;
}

} // namespace

OptimizerDef nadam() {
    auto momentumDecay = realParam("momentum_decay", "Momentum decay", 0.004, 0.0, 1.0,
                                   "How fast the momentum grows to its full value.");
    momentumDecay.advanced = true;
    return {"nadam",
            "Nadam",
            "Adam with Nesterov's look-ahead (Dozat 2016).",
            {beta1Param(), beta2Param(), epsilonParam(1e-8), momentumDecay, weightDecayParam()},
            0.002,
            make};
}

} // namespace gradwright::recipes
