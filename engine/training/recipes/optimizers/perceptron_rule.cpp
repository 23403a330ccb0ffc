// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optimizers/gradient_descent.h"
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"

namespace gradwright::recipes {
namespace {

GRADWRIGHT_CLONES void correctF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    updateElements(PerceptronRule<float>(step), span);
}
void correctF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    updateElements(PerceptronRule<double>(step), span);
}

UpdateRule make(const Params& /*params*/) {
    UpdateRule rule;
    rule.key = "perceptron-rule";
    rule.f32 = correctF32;
    rule.f64 = correctF64;
    return rule;
}

} // namespace

OptimizerDef perceptronRule() {
    return {"perceptron-rule",
            "Perceptron rule",
            "Rosenblatt's rule of 1958: a wrong answer moves the weights by learning rate times "
            "input, a right one leaves them. For one layer that ends in steps, with the perceptron "
            "criterion as loss; it never settles where classes overlap.",
            {},
            0.01,
            make};
}

} // namespace gradwright::recipes
