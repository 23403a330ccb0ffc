// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/common_params.h"
#include "engine/training/recipes/optimizers/weight_decay.h"

#include <cmath>

namespace gradwright::recipes {
namespace {

enum Constant { kBeta1, kBeta2, kEpsilon, kWeightDecay };

/// Kingma, Ba: "Adam: A Method for Stochastic Optimization", 2015, algorithm 1; slots: first and
/// second moment. What does not depend on the element is computed once, in double.
template <class T>
[[gnu::always_inline]] inline void adamStep(const UpdateSpan<T>& span, const UpdateStep& step) {
    const double beta1 = step.constants[kBeta1];
    const double beta2 = step.constants[kBeta2];
    const auto time = static_cast<double>(step.step);
    const auto rate = static_cast<T>(step.learningRate / (1.0 - std::pow(beta1, time)));
    const auto secondScale = static_cast<T>(1.0 / std::sqrt(1.0 - std::pow(beta2, time)));
    const auto keep1 = static_cast<T>(beta1);
    const auto take1 = static_cast<T>(1.0 - beta1);
    const auto keep2 = static_cast<T>(beta2);
    const auto take2 = static_cast<T>(1.0 - beta2);
    const auto epsilon = static_cast<T>(step.constants[kEpsilon]);
    const auto decay = static_cast<T>(step.constants[kWeightDecay]);
    T* __restrict weight = span.weight;
    const T* __restrict gradient = span.gradient;
    T* __restrict first = span.slots[0];
    T* __restrict second = span.slots[1];
    for (std::size_t i = 0; i < span.size; ++i) {
        const T g = gradient[i] + decay * weight[i];
        const T m = keep1 * first[i] + take1 * g;
        const T v = keep2 * second[i] + take2 * g * g;
        first[i] = m;
        second[i] = v;
        weight[i] -= rate * m / (std::sqrt(v) * secondScale + epsilon);
    }
}

GRADWRIGHT_CLONES void adamF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    adamStep(span, step);
}
void adamF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    adamStep(span, step);
}

UpdateRule make(const Params& params) {
    UpdateRule rule;
    rule.key = "adam";
    rule.slots = 2;
    rule.constants[kBeta1] = params.real("beta1");
    rule.constants[kBeta2] = params.real("beta2");
    rule.constants[kEpsilon] = params.real("epsilon");
    rule.constants[kWeightDecay] = params.real("weight_decay");
    rule.f32 = adamF32;
    rule.f64 = adamF64;
    return rule;
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
