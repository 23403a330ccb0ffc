// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/adam_family.h"
#include "engine/training/recipes/optimizers/common_params.h"

#include <algorithm>
#include <cmath>

namespace gradwright::recipes {
namespace {

/// Loshchilov, Hutter: "Decoupled Weight Decay Regularization", 2019, algorithm 2; slots: first and
/// second moment.
template <class T>
[[gnu::always_inline]] inline void adamwStep(const UpdateSpan<T>& span, const UpdateStep& step) {
    const auto rate = static_cast<T>(step.learningRate / AdamFactors<T>::firstBias(step));
    const auto secondScale = AdamFactors<T>::secondScale(step);
    const auto shrink =
        static_cast<T>(1.0 - step.learningRate * step.constants[AdamConstant::WeightDecay]);
    const AdamFactors<T> f(step);
    T* __restrict weight = span.weight;
    const T* __restrict gradient = span.gradient;
    T* __restrict first = span.slots[0];
    T* __restrict second = span.slots[1];
    for (std::size_t i = 0; i < span.size; ++i) {
        const T g = gradient[i];
        const T m = f.keep1 * first[i] + f.take1 * g;
        const T v = f.keep2 * second[i] + f.take2 * g * g;
        first[i] = m;
        second[i] = v;
        weight[i] = shrink * weight[i] - rate * m / (std::sqrt(v) * secondScale + f.epsilon);
    }
}

GRADWRIGHT_CLONES void adamwF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    adamwStep(span, step);
}
void adamwF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    adamwStep(span, step);
}

UpdateRule make(const Params& params) {
    return adamRule("adamw", 2, params, adamwF32, adamwF64);
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
