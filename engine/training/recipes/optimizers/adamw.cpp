// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/common_params.h"

#include <algorithm>
#include <cmath>

namespace gradwright::recipes {
namespace {

enum Constant { kBeta1, kBeta2, kEpsilon, kWeightDecay };

/// Loshchilov, Hutter: "Decoupled Weight Decay Regularization", 2019, algorithm 2; slots: first and
/// second moment.
template <class T>
[[gnu::always_inline]] inline void adamwStep(const UpdateSpan<T>& span, const UpdateStep& step) {
    const double beta1 = step.constants[kBeta1];
    const double beta2 = step.constants[kBeta2];
    const auto time = static_cast<double>(step.step);
    const auto rate = static_cast<T>(step.learningRate / (1.0 - std::pow(beta1, time)));
    const auto secondScale = static_cast<T>(1.0 / std::sqrt(1.0 - std::pow(beta2, time)));
    const auto shrink = static_cast<T>(1.0 - step.learningRate * step.constants[kWeightDecay]);
    const auto keep1 = static_cast<T>(beta1);
    const auto take1 = static_cast<T>(1.0 - beta1);
    const auto keep2 = static_cast<T>(beta2);
    const auto take2 = static_cast<T>(1.0 - beta2);
    const auto epsilon = static_cast<T>(step.constants[kEpsilon]);
    T* __restrict weight = span.weight;
    const T* __restrict gradient = span.gradient;
    T* __restrict first = span.slots[0];
    T* __restrict second = span.slots[1];
    for (std::size_t i = 0; i < span.size; ++i) {
        const T g = gradient[i];
        const T m = keep1 * first[i] + take1 * g;
        const T v = keep2 * second[i] + take2 * g * g;
        first[i] = m;
        second[i] = v;
        weight[i] = shrink * weight[i] - rate * m / (std::sqrt(v) * secondScale + epsilon);
    }
}

GRADWRIGHT_CLONES void adamwF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    adamwStep(span, step);
}
void adamwF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    adamwStep(span, step);
}

UpdateRule make(const Params& params) {
    UpdateRule rule;
    rule.key = "adamw";
    rule.slots = 2;
    rule.constants[kBeta1] = params.real("beta1");
    rule.constants[kBeta2] = params.real("beta2");
    rule.constants[kEpsilon] = params.real("epsilon");
    rule.constants[kWeightDecay] = params.real("weight_decay");
    rule.f32 = adamwF32;
    rule.f64 = adamwF64;
    return rule;
}

} // namespace

OptimizerDef adamw() {
    return {"adamw",
            "AdamW",
            "Adam whose weight decay is separate from the gradient, so that it pulls on all "
            "weights equally (Loshchilov, Hutter 2019). The usual choice for transformers.",
            {beta1Param(), beta2Param(), epsilonParam(1e-8), decoupledDecayParam(0.01)},
            0.001,
            make};
}

} // namespace gradwright::recipes
