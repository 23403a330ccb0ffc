// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/optimizers/gradient_descent.h"
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/weight_decay.h"

namespace gradwright::recipes {
namespace {

GRADWRIGHT_CLONES void plainF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    updateElements(DescentRule<float>(step), span);
}
GRADWRIGHT_CLONES void momentumF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    updateElements(MomentumRule<float, false>(step), span);
}
GRADWRIGHT_CLONES void nesterovF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    updateElements(MomentumRule<float, true>(step), span);
}
void plainF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    updateElements(DescentRule<double>(step), span);
}
void momentumF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    updateElements(MomentumRule<double, false>(step), span);
}
void nesterovF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    updateElements(MomentumRule<double, true>(step), span);
}

UpdateRule make(const Params& params) {
    UpdateRule rule;
    rule.key = "sgd";
    rule.constants[DescentConstant::Momentum] = params.real("momentum");
    rule.constants[DescentConstant::WeightDecay] = params.real("weight_decay");
    const bool hasMomentum = params.real("momentum") > 0;
    const bool nesterov = params.boolean("nesterov");
    rule.constants[DescentConstant::Nesterov] = nesterov ? 1 : 0;
    rule.slots = hasMomentum ? 1 : 0;
    rule.f32 = !hasMomentum ? plainF32 : nesterov ? nesterovF32 : momentumF32;
    rule.f64 = !hasMomentum ? plainF64 : nesterov ? nesterovF64 : momentumF64;
    return rule;
}

} // namespace

OptimizerDef sgd() {
    auto momentum = realParam("momentum", "Momentum", 0.9, 0.0, 1.0,
                              "How much of the last step is kept: 0.9 averages over about ten "
                              "batches, 0 switches it off (Polyak 1964).");
    momentum.maximumExclusive = true;
    return {
        "sgd",
        "Stochastic gradient descent",
        "A step down the gradient of each batch, optionally with momentum. Steady and well "
        "understood; the learning rate needs more care than with Adam.",
        {momentum,
         boolParam("nesterov", "Nesterov", false,
                   "Takes the gradient as if the momentum's step had been made already (Sutskever, "
                   "Martens, Dahl, Hinton 2013); without momentum it changes nothing."),
         weightDecayParam()},
        0.01,
        make,
    };
}

} // namespace gradwright::recipes
