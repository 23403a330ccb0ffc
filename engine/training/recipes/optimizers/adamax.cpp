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

/// Kingma, Ba: "Adam: A Method for Stochastic Optimization", 2015, algorithm 2; slots: first moment
/// and infinity norm. A gradient of exactly 0 leaves the norm without epsilon, so that padding,
/// which never has another, keeps a norm of 0.
template <class T>
[[gnu::always_inline]] inline void adamaxStep(const UpdateSpan<T>& span, const UpdateStep& step) {
    const auto rate = static_cast<T>(step.learningRate / AdamFactors<T>::firstBias(step));
    const AdamFactors<T> f(step);
    T* __restrict weight = span.weight;
    const T* __restrict gradient = span.gradient;
    T* __restrict first = span.slots[0];
    T* __restrict norm = span.slots[1];
    for (std::size_t i = 0; i < span.size; ++i) {
        const T g = gradient[i] + f.decay * weight[i];
        const T m = f.keep1 * first[i] + f.take1 * g;
        const T size = std::abs(g);
        const T lifted = size + (size > T{0} ? T{1} : T{0}) * f.epsilon;
        const T kept = f.keep2 * norm[i];
        const T u = kept > lifted ? kept : lifted;
        first[i] = m;
        norm[i] = u;
        weight[i] -= rate * m / (u + (u > T{0} ? T{0} : T{1}));
    }
}

GRADWRIGHT_CLONES void adamaxF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    adamaxStep(span, step);
}
void adamaxF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    adamaxStep(span, step);
}

UpdateRule make(const Params& params) {
    return adamRule("adamax", 2, params, adamaxF32, adamaxF64);
}

} // namespace

OptimizerDef adamax() {
    return {"adamax",
            "Adamax",
            "Adam with the largest recent gradient in place of the mean square (Kingma, Ba 2015, "
            "section 7).",
            {beta1Param(), beta2Param(), epsilonParam(1e-8), weightDecayParam()},
            0.002,
            make};
}

} // namespace gradwright::recipes
