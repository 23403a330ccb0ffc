// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/adam_family.h"
#include "engine/training/recipes/optimizers/common_params.h"
#include "engine/training/recipes/optimizers/weight_decay.h"

namespace gradwright::recipes {
namespace {

GRADWRIGHT_CLONES void adamaxF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    updateElements(AdamaxRule<float>(step), span);
}
void adamaxF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    updateElements(AdamaxRule<double>(step), span);
}

UpdateRule make(const Params& params) {
    return adamRule("adamax", 2, params, adamaxF32, adamaxF64);
}

} // namespace

OptimizerDef adamax() {
    return {"adamax",
            "Adamax",
            "Adam with the largest recent gradient in place of the mean square (Kingma, Ba 2015, "
            "section 7).",
            {beta1Param(), beta2Param(), epsilonParam(1e-8), weightDecayParam()},
            0.002,
            make};
}

} // namespace gradwright::recipes
