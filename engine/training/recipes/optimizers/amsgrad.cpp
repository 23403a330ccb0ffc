// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/common_params.h"
#include "engine/training/recipes/optimizers/weight_decay.h"

#include <algorithm>
#include <cmath>

namespace gradwright::recipes {
namespace {

enum Constant { kBeta1, kBeta2, kEpsilon, kWeightDecay };

/// Reddi, Kale, Kumar: "On the Convergence of Adam and Beyond", 2018, algorithm 2 with Adam's bias
/// correction; slots: first moment, second moment, its largest value so far.
template <class T>
[[gnu::always_inline]] inline void amsgradStep(const UpdateSpan<T>& span, const UpdateStep& step) {
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
    T* __restrict largest = span.slots[2];
    for (std::size_t i = 0; i < span.size; ++i) {
        const T g = gradient[i] + decay * weight[i];
        const T m = keep1 * first[i] + take1 * g;
        const T v = keep2 * second[i] + take2 * g * g;
        const T top = largest[i] > v ? largest[i] : v;
        first[i] = m;
        second[i] = v;
        largest[i] = top;
        weight[i] -= rate * m / (std::sqrt(top) * secondScale + epsilon);
    }
}

GRADWRIGHT_CLONES void amsgradF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    amsgradStep(span, step);
}
void amsgradF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    amsgradStep(span, step);
}

UpdateRule make(const Params& params) {
    UpdateRule rule;
    rule.key = "amsgrad";
    rule.slots = 3;
    rule.constants[kBeta1] = params.real("beta1");
    rule.constants[kBeta2] = params.real("beta2");
    rule.constants[kEpsilon] = params.real("epsilon");
    rule.constants[kWeightDecay] = params.real("weight_decay");
    rule.f32 = amsgradF32;
    rule.f64 = amsgradF64;
    return rule;
}

} // namespace

OptimizerDef amsgrad() {
    return {"amsgrad",
            "AMSGrad",
            "Adam that never forgets the largest square of a gradient, so steps do not grow again "
            "(Reddi, Kale, Kumar 2018).",
            {beta1Param(), beta2Param(), epsilonParam(1e-8), weightDecayParam()},
            0.001,
            make};
}

} // namespace gradwright::recipes
