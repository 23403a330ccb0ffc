// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/adam_family.h"
#include "engine/training/recipes/optimizers/common_params.h"

namespace gradwright::recipes {
namespace {

GRADWRIGHT_CLONES void adamwF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    updateElements(AdamwRule<float>(step), span);
}
void adamwF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    updateElements(AdamwRule<double>(step), span);
}

UpdateRule make(const Params& params) {
    return adamRule("adamw", 2, params, adamwF32, adamwF64);
}

} // namespace

OptimizerDef adamw() {
    return {"adamw",
            "AdamW",
            "Adam whose weight decay is separate from the gradient, so that it pulls on all "
            "weights equally (Loshchilov, Hutter 2019). The usual choice for transformers.",
            {beta1Param(), beta2Param(), epsilonParam(1e-8), decoupledDecayParam(0.01)},
            0.001,
            make};
}

} // namespace gradwright::recipes
