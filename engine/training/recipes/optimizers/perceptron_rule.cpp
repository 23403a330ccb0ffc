// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/simd.h"
#include "engine/training/recipes/optimizers.h"

namespace gradwright::recipes {
namespace {

/// Rosenblatt: "The perceptron: a probabilistic model for information storage and organization in
/// the brain", 1958, in today's form w ← w + η (t - y) x, where the gradient of the perceptron
/// criterion is -(t - y) x.
template <class T>
[[gnu::always_inline]] inline void correct(const UpdateSpan<T>& span, const UpdateStep& step) {
    const auto rate = static_cast<T>(step.learningRate);
    T* __restrict weight = span.weight;
    const T* __restrict gradient = span.gradient;
    for (std::size_t i = 0; i < span.size; ++i)
        weight[i] -= rate * gradient[i];
}

GRADWRIGHT_CLONES void correctF32(const UpdateSpan<float>& span, const UpdateStep& step) {
    correct(span, step);
}
void correctF64(const UpdateSpan<double>& span, const UpdateStep& step) {
    correct(span, step);
}

UpdateRule make(const Params& /*params*/) {
    UpdateRule rule;
    rule.key = "perceptron-rule";
    rule.f32 = correctF32;
    rule.f64 = correctF64;
    return rule;
}

} // namespace

OptimizerDef perceptronRule() {
    return {"perceptron-rule",
            "Perceptron rule",
            "Rosenblatt's rule of 1958: a wrong answer moves the weights by learning rate times "
            "input, a right one leaves them. For one layer that ends in steps, with the perceptron "
            "criterion as loss; it never settles where classes overlap.",
            {},
            0.01,
            make};
}

} // namespace gradwright::recipes
