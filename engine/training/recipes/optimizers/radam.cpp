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

/// Liu et al.: "On the Variance of the Adaptive Learning Rate and Beyond", 2020, algorithm 2: while
/// the variance of the adaptive rate is unknown, plain momentum is used. Slots: first and second
/// moment.
template <class T>
[[gnu::always_inline]] inline void radamStep(const UpdateSpan<T>& span, const UpdateStep& step) {
    const double beta2 = step.constants[AdamConstant::Beta2];
    const auto time = static_cast<double>(step.step);
    const double power2 = std::pow(beta2, time);
    const double longest = 2.0 / (1.0 - beta2) - 1.0;
    const double length = longest - 2.0 * time * power2 / (1.0 - power2);
    const double plainRate = step.learningRate / AdamFactors<T>::firstBias(step);
    const bool adaptive = length > 5.0;
    const double rectification = adaptive ? std::sqrt((length - 4.0) * (length - 2.0) * longest /
                                                      ((longest - 4.0) * (longest - 2.0) * length))
                                          : 1.0;
    const auto rate =
        static_cast<T>(plainRate * rectification * (adaptive ? std::sqrt(1.0 - power2) : 1.0));
    // Without adaptation the divisor is 1: nothing of the second moment, and 1 for epsilon.
    const auto useSecond = static_cast<T>(adaptive ? 1.0 : 0.0);
    const auto epsilon = static_cast<T>(adaptive ? step.constants[AdamConstant::Epsilon] : 1.0);
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
    return adamRule("radam", 2, params, radamF32, radamF64);
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
