// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/adam_family.h"
#include "engine/training/recipes/optimizers/common_params.h"

namespace gradwright::recipes {
namespace {

GRADWRIGHT_CLONES void lambF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    updateElements(LambRule<float>(step), span);
}
void lambF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    updateElements(LambRule<double>(step), span);
}

UpdateRule make(const Params& params) {
    auto rule = adamRule("lamb", 3, params, lambF32, lambF64);
    rule.layerwise = true;
    return rule;
}

} // namespace

OptimizerDef lamb() {
    return {"lamb",
            "LAMB",
            "AdamW whose step for each weight tensor is as long as the tensor's own norm, which "
            "keeps very large batches stable (You et al. 2020).",
            {beta1Param(), beta2Param(), epsilonParam(1e-6), decoupledDecayParam(0.01)},
            0.001,
            make};
}

} // namespace gradwright::recipes
