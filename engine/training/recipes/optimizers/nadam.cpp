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

constexpr std::size_t kMomentumDecay = AdamConstant::Count;

/// Momentum of a step: beta1 · (1 - 0.5 · 0.96^(step · decay)).
double momentumAt(double beta1, double decay, double time) {
    return beta1 * (1.0 - 0.5 * std::pow(0.96, time * decay));
}

/// The product of momentumAt(1 … time) without a loop over the steps: the logarithm of a factor
/// 1 - q^i / 2 is the series -Σ_k (q^i / 2)^k / k, and each sum over i is geometric.
double momentumProduct(double beta1, double decay, double time) {
    const double logRatio = decay * std::log(0.96);
    const double ratio = std::exp(logRatio);
    const double ratioToTime = std::exp(logRatio * time);
    const double one = -std::expm1(logRatio); // 1 - q
    const double oneToTime = -std::expm1(logRatio * time);
    double power = 1;    // q^k
    double rest = 0;     // 1 - q^k, summed without cancellation
    double restTime = 0; // 1 - q^(k · time)
    double half = 1;
    double sum = 0;
    for (int k = 1; k <= 54; ++k) {
        power *= ratio;
        rest = rest * ratio + one;
        restTime = restTime * ratioToTime + oneToTime;
        half *= 0.5;
        sum -= half / k * (rest == 0 ? time : power * restTime / rest);
    }
    return std::exp(sum) * std::pow(beta1, time);
}

/// Dozat: "Incorporating Nesterov Momentum into Adam", 2016; slots: first and second moment.
template <class T>
[[gnu::always_inline]] inline void nadamStep(const UpdateSpan<T>& span, const UpdateStep& step) {
    const double beta1 = step.constants[AdamConstant::Beta1];
    const double momentumDecay = step.constants[kMomentumDecay];
    const auto time = static_cast<double>(step.step);
    const double now = momentumAt(beta1, momentumDecay, time);
    const double next = momentumAt(beta1, momentumDecay, time + 1);
    const double product = momentumProduct(beta1, momentumDecay, time);
    const auto gradientRate = static_cast<T>(step.learningRate * (1.0 - now) / (1.0 - product));
    const auto firstRate = static_cast<T>(step.learningRate * next / (1.0 - product * next));
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
        weight[i] -= (gradientRate * g + firstRate * m) / (std::sqrt(v) * secondScale + f.epsilon);
    }
}

GRADWRIGHT_CLONES void nadamF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    nadamStep(span, step);
}
void nadamF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    nadamStep(span, step);
}

UpdateRule make(const Params& params) {
    auto rule = adamRule("nadam", 2, params, nadamF32, nadamF64);
    rule.constants[kMomentumDecay] = params.real("momentum_decay");
    return rule;
}

} // namespace

OptimizerDef nadam() {
    auto momentumDecay = realParam("momentum_decay", "Momentum decay", 0.004, 0.0, 1.0,
                                   "How fast the momentum grows to its full value.");
    momentumDecay.advanced = true;
    return {"nadam",
            "Nadam",
            "Adam with Nesterov's look-ahead (Dozat 2016).",
            {beta1Param(), beta2Param(), epsilonParam(1e-8), momentumDecay, weightDecayParam()},
            0.002,
            make};
}

} // namespace gradwright::recipes
