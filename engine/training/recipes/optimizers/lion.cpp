// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/common_params.h"

#include <algorithm>
#include <cmath>

namespace gradwright::recipes {
namespace {

enum Constant { kBeta1, kBeta2, kWeightDecay };

/// Chen et al.: "Symbolic Discovery of Optimization Algorithms", 2023, algorithm 2; slot: momentum.
template <class T>
[[gnu::always_inline]] inline void lionStep(const UpdateSpan<T>& span, const UpdateStep& step) {
    const auto rate = static_cast<T>(step.learningRate);
    const auto shrink = static_cast<T>(1.0 - step.learningRate * step.constants[kWeightDecay]);
    const auto keep1 = static_cast<T>(step.constants[kBeta1]);
    const auto take1 = static_cast<T>(1.0 - step.constants[kBeta1]);
    const auto keep2 = static_cast<T>(step.constants[kBeta2]);
    const auto take2 = static_cast<T>(1.0 - step.constants[kBeta2]);
    T* __restrict weight = span.weight;
    const T* __restrict gradient = span.gradient;
    T* __restrict momentum = span.slots[0];
    for (std::size_t i = 0; i < span.size; ++i) {
        const T g = gradient[i];
        const T mixed = keep1 * momentum[i] + take1 * g;
        const T up = mixed > T{0} ? T{1} : T{0};
        const T down = mixed < T{0} ? T{1} : T{0};
        momentum[i] = keep2 * momentum[i] + take2 * g;
        weight[i] = shrink * weight[i] - rate * (up - down);
    }
}

GRADWRIGHT_CLONES void lionF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    lionStep(span, step);
}
void lionF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    lionStep(span, step);
}

UpdateRule make(const Params& params) {
    UpdateRule rule;
    rule.key = "lion";
    rule.slots = 1;
    rule.constants[kBeta1] = params.real("beta1");
    rule.constants[kBeta2] = params.real("beta2");
    rule.constants[kWeightDecay] = params.real("weight_decay");
    rule.f32 = lionF32;
    rule.f64 = lionF64;
    return rule;
}

} // namespace

OptimizerDef lion() {
    return {
        "lion",
        "Lion",
        "A step of the same length for every weight, in the direction of the momentum's sign (Chen "
        "et al. 2023). Needs a learning rate 3 to 10 times smaller than AdamW's.",
        {beta1Param(),
         decayRateParam("beta2", "Beta 2", 0.99, "Decay of the momentum; closer to 1 is slower."),
         decoupledDecayParam(0.0)},
        0.0001,
        make};
}

} // namespace gradwright::recipes
