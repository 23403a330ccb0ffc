// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/adam_family.h"
#include "engine/training/recipes/optimizers/common_params.h"
#include "engine/training/recipes/optimizers/weight_decay.h"

namespace gradwright::recipes {
namespace {

GRADWRIGHT_CLONES void adamF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    updateElements(AdamRule<float>(step), span);
}
void adamF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    updateElements(AdamRule<double>(step), span);
}

UpdateRule make(const Params& params) {
    return adamRule("adam", 2, params, adamF32, adamF64);
}

} // namespace

OptimizerDef adam() {
    return {
        "adam",
        "Adam",
        "Gives each weight its own step size from running means of its gradient and of the "
        "gradient's square (Kingma, Ba 2015). A good first choice.",
        {beta1Param(), beta2Param(), epsilonParam(1e-8), weightDecayParam()},
        0.001,
        make,
    };
}

} // namespace gradwright::recipes
