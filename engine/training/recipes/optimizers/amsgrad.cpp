// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/adam_family.h"
#include "engine/training/recipes/optimizers/common_params.h"
#include "engine/training/recipes/optimizers/weight_decay.h"

namespace gradwright::recipes {
namespace {

GRADWRIGHT_CLONES void amsgradF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    updateElements(AmsgradRule<float>(step), span);
}
void amsgradF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    updateElements(AmsgradRule<double>(step), span);
}

UpdateRule make(const Params& params) {
    return adamRule("amsgrad", 3, params, amsgradF32, amsgradF64);
}

} // namespace

OptimizerDef amsgrad() {
    return {"amsgrad",
            "AMSGrad",
            "Adam that never forgets the largest square of a gradient, so steps do not grow again "
            "(Reddi, Kale, Kumar 2018).",
            {beta1Param(), beta2Param(), epsilonParam(1e-8), weightDecayParam()},
            0.001,
            make};
}

} // namespace gradwright::recipes
