// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/common_params.h"
#include "engine/training/recipes/optimizers/weight_decay.h"

#include <algorithm>
#include <cmath>

namespace gradwright::recipes {
namespace {

enum Constant { kRho, kEpsilon, kWeightDecay };

/// Zeiler: "ADADELTA: An Adaptive Learning Rate Method", 2012, algorithm 1; slots: mean square of
/// the gradients and of the steps.
template <class T>
[[gnu::always_inline]] inline void adadeltaStep(const UpdateSpan<T>& span, const UpdateStep& step) {
    const auto rate = static_cast<T>(step.learningRate);
    const auto keep = static_cast<T>(step.constants[kRho]);
    const auto take = static_cast<T>(1.0 - step.constants[kRho]);
    const auto epsilon = static_cast<T>(step.constants[kEpsilon]);
    const auto decay = static_cast<T>(step.constants[kWeightDecay]);
    T* __restrict weight = span.weight;
    const T* __restrict gradient = span.gradient;
    T* __restrict square = span.slots[0];
    T* __restrict steps = span.slots[1];
    for (std::size_t i = 0; i < span.size; ++i) {
        const T g = gradient[i] + decay * weight[i];
        const T v = keep * square[i] + take * g * g;
        const T delta = std::sqrt(steps[i] + epsilon) / std::sqrt(v + epsilon) * g;
        square[i] = v;
        steps[i] = keep * steps[i] + take * delta * delta;
        weight[i] -= rate * delta;
    }
}

GRADWRIGHT_CLONES void adadeltaF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    adadeltaStep(span, step);
}
void adadeltaF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    adadeltaStep(span, step);
}

UpdateRule make(const Params& params) {
    UpdateRule rule;
    rule.key = "adadelta";
    rule.slots = 2;
    rule.constants[kRho] = params.real("rho");
    rule.constants[kEpsilon] = params.real("epsilon");
    rule.constants[kWeightDecay] = params.real("weight_decay");
    rule.f32 = adadeltaF32;
    rule.f64 = adadeltaF64;
    return rule;
}

} // namespace

OptimizerDef adadelta() {
    return {"adadelta",
            "Adadelta",
            "Adagrad with a running mean in place of the sum and steps in the weights' own units; "
            "a learning rate of 1 is as published (Zeiler 2012).",
            {decayRateParam("rho", "Rho", 0.9,
                            "Decay of the running mean squares; closer to 1 is slower."),
             epsilonParam(1e-6), weightDecayParam()},
            1.0,
            make};
}

} // namespace gradwright::recipes
