// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/adam_family.h"
#include "engine/training/recipes/optimizers/common_params.h"
#include "engine/training/recipes/optimizers/weight_decay.h"

namespace gradwright::recipes {
namespace {

GRADWRIGHT_CLONES void radamF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    updateElements(RadamRule<float>(step), span);
}
void radamF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    updateElements(RadamRule<double>(step), span);
}

UpdateRule make(const Params& params) {
    return adamRule("radam", 2, params, radamF32, radamF64);
}

} // namespace

OptimizerDef radam() {
    return {"radam",
            "RAdam",
            "Adam that starts as plain momentum until it knows the spread of the gradients, so it "
            "needs no warm-up (Liu et al. 2020).",
            {beta1Param(), beta2Param(), epsilonParam(1e-8), weightDecayParam()},
            0.001,
            make};
}

} // namespace gradwright::recipes
