// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/adam_family.h"
#include "engine/training/recipes/optimizers/common_params.h"

#include <cmath>

namespace gradwright::recipes {
namespace {

/// You et al.: "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", 2020,
/// algorithm 2, with φ the identity; slots: first and second moment, direction.
template <class T>
[[gnu::always_inline]] inline void lambDirection(const UpdateSpan<T>& span,
                                                 const UpdateStep& step) {
    const auto firstScale = static_cast<T>(1.0 / AdamFactors<T>::firstBias(step));
    const auto secondScale = AdamFactors<T>::secondScale(step);
    const AdamFactors<T> f(step);
    const T* __restrict weight = span.weight;
    const T* __restrict gradient = span.gradient;
    T* __restrict first = span.slots[0];
    T* __restrict second = span.slots[1];
    T* __restrict direction = span.slots[2];
    for (std::size_t i = 0; i < span.size; ++i) {
        const T m = f.keep1 * first[i] + f.take1 * gradient[i];
        const T v = f.keep2 * second[i] + f.take2 * gradient[i] * gradient[i];
        first[i] = m;
        second[i] = v;
        direction[i] =
            firstScale * m / (std::sqrt(v) * secondScale + f.epsilon) + f.decay * weight[i];
    }
}

GRADWRIGHT_CLONES void lambF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    lambDirection(span, step);
}
void lambF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    lambDirection(span, step);
}

UpdateRule make(const Params& params) {
    auto rule = adamRule("lamb", 3, params, lambF32, lambF64);
    rule.layerwise = true;
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
