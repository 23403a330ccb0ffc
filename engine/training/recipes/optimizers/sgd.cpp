// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/optimizers/weight_decay.h"

namespace gradwright::recipes {
namespace {

enum Constant { kMomentum, kWeightDecay };

template <class T>
[[gnu::always_inline]] inline void plain(const UpdateSpan<T>& span, const UpdateStep& step) {
    const auto rate = static_cast<T>(step.learningRate);
    const auto decay = static_cast<T>(step.constants[kWeightDecay]);
    T* __restrict weight = span.weight;
    const T* __restrict gradient = span.gradient;
    for (std::size_t i = 0; i < span.size; ++i)
        weight[i] -= rate * (gradient[i] + decay * weight[i]);
}

/// Slot 0: the velocity, v = momentum · v + g. Nesterov's step looks one velocity ahead.
template <class T, bool Nesterov>
[[gnu::always_inline]] inline void withMomentum(const UpdateSpan<T>& span, const UpdateStep& step) {
    const auto rate = static_cast<T>(step.learningRate);
    const auto momentum = static_cast<T>(step.constants[kMomentum]);
    const auto decay = static_cast<T>(step.constants[kWeightDecay]);
    T* __restrict weight = span.weight;
    const T* __restrict gradient = span.gradient;
    T* __restrict velocity = span.slots[0];
    for (std::size_t i = 0; i < span.size; ++i) {
        const T g = gradient[i] + decay * weight[i];
        const T v = momentum * velocity[i] + g;
        velocity[i] = v;
        weight[i] -= rate * (Nesterov ? g + momentum * v : v);
    }
}

GRADWRIGHT_CLONES void plainF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    plain(span, step);
}
GRADWRIGHT_CLONES void momentumF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    withMomentum<float, false>(span, step);
}
GRADWRIGHT_CLONES void nesterovF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    withMomentum<float, true>(span, step);
}
void plainF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    plain(span, step);
}
void momentumF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    withMomentum<double, false>(span, step);
}
void nesterovF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    withMomentum<double, true>(span, step);
}

UpdateRule make(const Params& params) {
    UpdateRule rule;
    rule.key = "sgd";
    rule.constants[kMomentum] = params.real("momentum");
    rule.constants[kWeightDecay] = params.real("weight_decay");
    const bool hasMomentum = params.real("momentum") > 0;
    const bool nesterov = params.boolean("nesterov");
    rule.slots = hasMomentum ? 1 : 0;
    rule.f32 = !hasMomentum ? plainF32 : nesterov ? nesterovF32 : momentumF32;
    rule.f64 = !hasMomentum ? plainF64 : nesterov ? nesterovF64 : momentumF64;
    return rule;
}

} // namespace

OptimizerDef sgd() {
    auto momentum = realParam("momentum", "Momentum", 0.9, 0.0, 1.0,
                              "How much of the last step is kept: 0.9 averages over about ten "
                              "batches, 0 switches it off (Polyak 1964).");
    momentum.maximumExclusive = true;
    return {
        "sgd",
        "Stochastic gradient descent",
        "A step down the gradient of each batch, optionally with momentum. Steady and well "
        "understood; the learning rate needs more care than with Adam.",
        {momentum,
         boolParam("nesterov", "Nesterov", false,
                   "Takes the gradient as if the momentum's step had been made already (Sutskever, "
                   "Martens, Dahl, Hinton 2013); without momentum it changes nothing."),
         weightDecayParam()},
        0.01,
        make,
    };
}

} // namespace gradwright::recipes
