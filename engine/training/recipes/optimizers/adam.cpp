// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/adam_family.h"
#include "engine/training/recipes/optimizers/common_params.h"
#include "engine/training/recipes/optimizers/weight_decay.h"

#include <cmath>

namespace gradwright::recipes {
namespace {

/// Kingma, Ba: "Adam: A Method for Stochastic Optimization", 2015, algorithm 1; slots: first and
/// second moment. What does not depend on the element is computed once, in double.
template <class T>
[[gnu::always_inline]] inline void adamStep(const UpdateSpan<T>& span, const UpdateStep& step) {
    const auto rate = static_cast<T>(step.learningRate / AdamFactors<T>::firstBias(step));
    const auto secondScale = AdamFactors<T>::secondScale(step);
    const AdamFactors<T> f(step);
    T* __restrict weight = span.weight;
    const T* __restrict gradient = span.gradient;
    T* __restrict first = span.slots[0];
    T* __restrict second = span.slots[1];
    for (std::size_t i = 0; i < span.size; ++i) {
        const T g = gradient[i] + f.decay * weight[i];
        const T m = f.keep1 * first[i] + f.take1 * g;
        const T v = f.keep2 * second[i] + f.take2 * g * g;
        first[i] = m;
        second[i] = v;
        weight[i] -= rate * m / (std::sqrt(v) * secondScale + f.epsilon);
    }
}

GRADWRIGHT_CLONES void adamF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    adamStep(span, step);
}
void adamF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    adamStep(span, step);
}

UpdateRule make(const Params& params) {
    return adamRule("adam", 2, params, adamF32, adamF64);
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
