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

/// Liu et al.: "On the Variance of the Adaptive Learning Rate and Beyond", 2020, algorithm 2: while
/// the variance of the adaptive rate is unknown, plain momentum is used. Slots: first and second
/// moment.
template <class T>
[[gnu::always_inline]] inline void radamStep(const UpdateSpan<T>& span, const UpdateStep& step) {
    const double beta1 = step.constants[kBeta1];
    const double beta2 = step.constants[kBeta2];
    const auto time = static_cast<double>(step.step);
    const double power2 = std::pow(beta2, time);
    const double longest = 2.0 / (1.0 - beta2) - 1.0;
    const double length = longest - 2.0 * time * power2 / (1.0 - power2);
    const double plainRate = step.learningRate / (1.0 - std::pow(beta1, time));
    const bool adaptive = length > 5.0;
    const double rectification = adaptive ? std::sqrt((length - 4.0) * (length - 2.0) * longest /
                                                      ((longest - 4.0) * (longest - 2.0) * length))
                                          : 1.0;
    const auto rate =
        static_cast<T>(plainRate * rectification * (adaptive ? std::sqrt(1.0 - power2) : 1.0));
    // Without adaptation the divisor is 1: nothing of the second moment, and 1 for epsilon.
    const auto useSecond = static_cast<T>(adaptive ? 1.0 : 0.0);
    const auto epsilon = static_cast<T>(adaptive ? step.constants[kEpsilon] : 1.0);
    const auto keep1 = static_cast<T>(beta1);
    const auto take1 = static_cast<T>(1.0 - beta1);
    const auto keep2 = static_cast<T>(beta2);
    const auto take2 = static_cast<T>(1.0 - beta2);
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
        weight[i] -= rate * m / (useSecond * std::sqrt(v) + epsilon);
    }
}

GRADWRIGHT_CLONES void radamF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    radamStep(span, step);
}
void radamF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    radamStep(span, step);
}

UpdateRule make(const Params& params) {
    UpdateRule rule;
    rule.key = "radam";
    rule.slots = 2;
    rule.constants[kBeta1] = params.real("beta1");
    rule.constants[kBeta2] = params.real("beta2");
    rule.constants[kEpsilon] = params.real("epsilon");
    rule.constants[kWeightDecay] = params.real("weight_decay");
    rule.f32 = radamF32;
    rule.f64 = radamF64;
    return rule;
}

} // namespace

OptimizerDef radam() {
    return {"radam",
            "RAdam",
            "Adam that starts as plain momentum until it knows the spread of the gradients, so it "
            "needs no warm-up (Liu et al. 2020).",
            {beta1Param(), beta2Param(), epsilonParam(1e-8), weightDecayParam()},
            0.001,
            make};
}

} // namespace gradwright::recipes
