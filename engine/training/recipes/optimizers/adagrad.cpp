// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/common_params.h"
#include "engine/training/recipes/optimizers/weight_decay.h"

#include <algorithm>
#include <cmath>

namespace gradwright::recipes {
namespace {

enum Constant { kEpsilon, kRateDecay, kInitial, kWeightDecay };

/// Duchi, Hazan, Singer: "Adaptive Subgradient Methods", 2011; slot: sum of squares, without the
/// initial value, so that it starts at zero as every slot does.
template <class T>
[[gnu::always_inline]] inline void adagradStep(const UpdateSpan<T>& span, const UpdateStep& step) {
    const auto rate =
        static_cast<T>(step.learningRate /
                       (1.0 + (static_cast<double>(step.step) - 1.0) * step.constants[kRateDecay]));
    const auto initial = static_cast<T>(step.constants[kInitial]);
    const auto epsilon = static_cast<T>(step.constants[kEpsilon]);
    const auto decay = static_cast<T>(step.constants[kWeightDecay]);
    T* __restrict weight = span.weight;
    const T* __restrict gradient = span.gradient;
    T* __restrict sum = span.slots[0];
    for (std::size_t i = 0; i < span.size; ++i) {
        const T g = gradient[i] + decay * weight[i];
        const T s = sum[i] + g * g;
        sum[i] = s;
        weight[i] -= rate * g / (std::sqrt(s + initial) + epsilon);
    }
}

GRADWRIGHT_CLONES void adagradF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    adagradStep(span, step);
}
void adagradF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    adagradStep(span, step);
}

UpdateRule make(const Params& params) {
    UpdateRule rule;
    rule.key = "adagrad";
    rule.slots = 1;
    rule.constants[kEpsilon] = params.real("epsilon");
    rule.constants[kRateDecay] = params.real("rate_decay");
    rule.constants[kInitial] = params.real("initial");
    rule.constants[kWeightDecay] = params.real("weight_decay");
    rule.f32 = adagradF32;
    rule.f64 = adagradF64;
    return rule;
}

} // namespace

OptimizerDef adagrad() {
    auto rateDecay = realParam("rate_decay", "Rate decay", 0.0, 0.0, 1.0,
                               "Divides the learning rate by 1 + decay · (step - 1).");
    rateDecay.advanced = true;
    auto initial = realParam("initial", "Initial sum", 0.0, 0.0, 1000.0,
                             "Initial value of each sum of squares.");
    initial.advanced = true;
    return {"adagrad",
            "Adagrad",
            "Divides each gradient by the root of the sum of all its squares so far: rare features "
            "keep large steps (Duchi, Hazan, Singer 2011).",
            {rateDecay, initial, epsilonParam(1e-10), weightDecayParam()},
            0.01,
            make};
}

} // namespace gradwright::recipes
