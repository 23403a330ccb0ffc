// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/optimizers/adam_family.h"

namespace gradwright {

/// Dozat: "Incorporating Nesterov Momentum into Adam", 2016; slots: first and second moment.
template <class T>
struct NadamRule {
    static constexpr std::size_t kSlots = 2;
    AdamFactors<T> f;
    T gradientRate, firstRate, secondScale;

    [[gnu::always_inline]] explicit NadamRule(const UpdateStep& step)
        : f(step)
        , secondScale(AdamFactors<T>::secondScale(step)) {
        const double beta1 = step.constants[AdamConstant::Beta1];
        const double decay = step.constants[AdamConstant::MomentumDecay];
        const auto time = static_cast<double>(step.step);
        const double now = momentumAt(beta1, decay, time);
        const double next = momentumAt(beta1, decay, time + 1);
        const double product = momentumProduct(beta1, decay, time);
        gradientRate = static_cast<T>(step.learningRate * (1.0 - now) / (1.0 - product));
        firstRate = static_cast<T>(step.learningRate * next / (1.0 - product * next));
    }

    GRADWRIGHT_HOST_DEVICE void operator()(T& weight, T gradient, T& first, T& second) const {
        const T g = gradient + f.decay * weight;
        const auto [m, v] = f.follow(g, first, second);
        weight -= (gradientRate * g + firstRate * m) / (std::sqrt(v) * secondScale + f.epsilon);
    }

private:
    /// Momentum of a step: beta1 · (1 - 0.5 · 0.96^(step · decay)).
    static double momentumAt(double beta1, double decay, double time) {
        return beta1 * (1.0 - 0.5 * std::pow(0.96, time * decay));
    }

    /// The product of momentumAt(1 … time) without a loop over the steps: the logarithm of a factor
    /// 1 - q^i / 2 is the series -Σ_k (q^i / 2)^k / k, and each sum over i is geometric.
    static double momentumProduct(double beta1, double decay, double time) {
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
};

} // namespace gradwright
