// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/common_params.h"
#include "engine/training/recipes/optimizers/weight_decay.h"

#include <algorithm>
#include <cmath>

namespace gradwright::recipes {
namespace {

enum Constant { kAlpha, kEpsilon, kMomentum, kWeightDecay };

/// Tieleman, Hinton: "Lecture 6.5 - RMSProp", 2012; centered as in Graves 2013. Slots: mean square,
/// then the mean (centered), then the velocity (with momentum).
template <class T, bool Centered, bool Momentum>
[[gnu::always_inline]] inline void rmspropStep(const UpdateSpan<T>& span, const UpdateStep& step) {
    const auto rate = static_cast<T>(step.learningRate);
    const auto keep = static_cast<T>(step.constants[kAlpha]);
    const auto take = static_cast<T>(1.0 - step.constants[kAlpha]);
    const auto epsilon = static_cast<T>(step.constants[kEpsilon]);
    const auto momentum = static_cast<T>(step.constants[kMomentum]);
    const auto decay = static_cast<T>(step.constants[kWeightDecay]);
    T* __restrict weight = span.weight;
    const T* __restrict gradient = span.gradient;
    T* __restrict square = span.slots[0];
    T* __restrict mean = span.slots[1];                    // read only if Centered
    T* __restrict velocity = span.slots[Centered ? 2 : 1]; // read only if Momentum
    for (std::size_t i = 0; i < span.size; ++i) {
        const T g = gradient[i] + decay * weight[i];
        const T v = keep * square[i] + take * g * g;
        square[i] = v;
        T variance = v;
        if constexpr (Centered) {
            const T m = keep * mean[i] + take * g;
            mean[i] = m;
            // Rounding may leave a hair below 0.
            variance = v - m * m;
            variance = variance > T{0} ? variance : T{0};
        }
        T delta = g / (std::sqrt(variance) + epsilon);
        if constexpr (Momentum) {
            delta += momentum * velocity[i];
            velocity[i] = delta;
        }
        weight[i] -= rate * delta;
    }
}

GRADWRIGHT_CLONES void plainF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    rmspropStep<float, false, false>(span, step);
}
void plainF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    rmspropStep<double, false, false>(span, step);
}
GRADWRIGHT_CLONES void momentumF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    rmspropStep<float, false, true>(span, step);
}
void momentumF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    rmspropStep<double, false, true>(span, step);
}
GRADWRIGHT_CLONES void centeredF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    rmspropStep<float, true, false>(span, step);
}
void centeredF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    rmspropStep<double, true, false>(span, step);
}
GRADWRIGHT_CLONES void centeredMomentumF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    rmspropStep<float, true, true>(span, step);
}
void centeredMomentumF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    rmspropStep<double, true, true>(span, step);
}

UpdateRule make(const Params& params) {
    UpdateRule rule;
    rule.key = "rmsprop";
    const bool centered = params.boolean("centered");
    const bool momentum = params.real("momentum") > 0;
    rule.slots = 1U + (centered ? 1U : 0U) + (momentum ? 1U : 0U);
    rule.constants[kAlpha] = params.real("alpha");
    rule.constants[kEpsilon] = params.real("epsilon");
    rule.constants[kMomentum] = params.real("momentum");
    rule.constants[kWeightDecay] = params.real("weight_decay");
    rule.f32 = centered ? (momentum ? centeredMomentumF32 : centeredF32)
                        : (momentum ? momentumF32 : plainF32);
    rule.f64 = centered ? (momentum ? centeredMomentumF64 : centeredF64)
                        : (momentum ? momentumF64 : plainF64);
    return rule;
}

} // namespace

OptimizerDef rmsprop() {
    auto momentum = realParam("momentum", "Momentum", 0.0, 0.0, 1.0,
                              "How much of the last step is kept; 0 switches it off.");
    momentum.maximumExclusive = true;
    return {"rmsprop",
            "RMSprop",
            "Divides each gradient by the root of its running mean square (Tieleman, Hinton 2012). "
            "Long the first choice for recurrent networks.",
            {decayRateParam("alpha", "Alpha", 0.99,
                            "Decay of the running mean square; closer to 1 is slower."),
             momentum,
             boolParam("centered", "Centered", false,
                       "Divides by the deviation around the mean gradient (Graves 2013)."),
             epsilonParam(1e-8), weightDecayParam()},
            0.01,
            make};
}

} // namespace gradwright::recipes
