// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/common_params.h"

#include <cmath>

namespace gradwright::recipes {
namespace {

enum Constant { kBeta1, kBeta2, kEpsilon, kWeightDecay };

/// You et al.: "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", 2020,
/// algorithm 2, with φ the identity; slots: first and second moment, direction.
template <class T>
[[gnu::always_inline]] inline void lambDirection(const UpdateSpan<T>& span,
                                                 const UpdateStep& step) {
    const double beta1 = step.constants[kBeta1];
    const double beta2 = step.constants[kBeta2];
    const auto time = static_cast<double>(step.step);
    const auto firstScale = static_cast<T>(1.0 / (1.0 - std::pow(beta1, time)));
    const auto secondScale = static_cast<T>(1.0 / std::sqrt(1.0 - std::pow(beta2, time)));
    const auto keep1 = static_cast<T>(beta1);
    const auto take1 = static_cast<T>(1.0 - beta1);
    const auto keep2 = static_cast<T>(beta2);
    const auto take2 = static_cast<T>(1.0 - beta2);
    const auto epsilon = static_cast<T>(step.constants[kEpsilon]);
    const auto decay = static_cast<T>(step.constants[kWeightDecay]);
    const T* __restrict weight = span.weight;
    const T* __restrict gradient = span.gradient;
    T* __restrict first = span.slots[0];
    T* __restrict second = span.slots[1];
    T* __restrict direction = span.slots[2];
    for (std::size_t i = 0; i < span.size; ++i) {
        const T m = keep1 * first[i] + take1 * gradient[i];
        const T v = keep2 * second[i] + take2 * gradient[i] * gradient[i];
        first[i] = m;
        second[i] = v;
        direction[i] = firstScale * m / (std::sqrt(v) * secondScale + epsilon) + decay * weight[i];
    }
}

GRADWRIGHT_CLONES void lambF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    lambDirection(span, step);
}
void lambF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    lambDirection(span, step);
}

UpdateRule make(const Params& params) {
    UpdateRule rule;
    rule.key = "lamb";
    rule.slots = 3;
    rule.layerwise = true;
    rule.constants[kBeta1] = params.real("beta1");
    rule.constants[kBeta2] = params.real("beta2");
    rule.constants[kEpsilon] = params.real("epsilon");
    rule.constants[kWeightDecay] = params.real("weight_decay");
    rule.f32 = lambF32;
    rule.f64 = lambF64;
    return rule;
}

} // namespace

OptimizerDef lamb() {
    return {"lamb",
            "LAMB",
            "AdamW whose step for each weight tensor is as long as the tensor's own norm, which "
            "keeps very large batches stable (You et al. 2020).",
            {beta1Param(), beta2Param(), epsilonParam(1e-6), decoupledDecayParam(0.01)},
            0.001,
            make};
}

} // namespace gradwright::recipes
