// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/adam_family.h"
#include "engine/training/recipes/optimizers/common_params.h"
#include "engine/training/recipes/optimizers/weight_decay.h"

#include <algorithm>
#include <cmath>

namespace gradwright::recipes {
namespace {

/// Reddi, Kale, Kumar: "On the Convergence of Adam and Beyond", 2018, algorithm 2 with Adam's bias
/// correction; slots: first moment, second moment, its largest value so far.
template <class T>
[[gnu::always_inline]] inline void amsgradStep(const UpdateSpan<T>& span, const UpdateStep& step) {
    const auto rate = static_cast<T>(step.learningRate / AdamFactors<T>::firstBias(step));
    const auto secondScale = AdamFactors<T>::secondScale(step);
    const AdamFactors<T> f(step);
    T* __restrict weight = span.weight;
    const T* __restrict gradient = span.gradient;
    T* __restrict first = span.slots[0];
    T* __restrict second = span.slots[1];
    T* __restrict largest = span.slots[2];
    for (std::size_t i = 0; i < span.size; ++i) {
        const T g = gradient[i] + f.decay * weight[i];
        const T m = f.keep1 * first[i] + f.take1 * g;
        const T v = f.keep2 * second[i] + f.take2 * g * g;
        const T top = largest[i] > v ? largest[i] : v;
        first[i] = m;
        second[i] = v;
        largest[i] = top;
        weight[i] -= rate * m / (std::sqrt(top) * secondScale + f.epsilon);
    }
}

GRADWRIGHT_CLONES void amsgradF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    amsgradStep(span, step);
}
void amsgradF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    amsgradStep(span, step);
}

UpdateRule make(const Params& params) {
    return adamRule("amsgrad", 3, params, amsgradF32, amsgradF64);
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
