// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/optimizers/element_rule.h"

#include <cmath>

namespace gradwright {

/// Places in the rule's constants, which Adam and its relatives have in common.
struct AdamConstant {
    enum : std::size_t { Beta1, Beta2, Epsilon, WeightDecay, MomentumDecay };
};

/// What the relatives share: the decays of the two running means, and the corrections of their bias
/// towards zero (Kingma, Ba 2015, section 3).
template <class T>
struct AdamFactors {
    [[gnu::always_inline]] explicit AdamFactors(const UpdateStep& step)
        : keep1(static_cast<T>(step.constants[AdamConstant::Beta1]))
        , take1(static_cast<T>(1.0 - step.constants[AdamConstant::Beta1]))
        , keep2(static_cast<T>(step.constants[AdamConstant::Beta2]))
        , take2(static_cast<T>(1.0 - step.constants[AdamConstant::Beta2]))
        , epsilon(static_cast<T>(step.constants[AdamConstant::Epsilon]))
        , decay(static_cast<T>(step.constants[AdamConstant::WeightDecay])) {}

    T keep1, take1; ///< m = keep1 · m + take1 · g
    T keep2, take2; ///< v = keep2 · v + take2 · g²
    T epsilon;
    T decay;

    struct Means {
        T first, second;
    };
    /// Moves both running means towards a gradient and its square.
    GRADWRIGHT_HOST_DEVICE Means follow(T gradient, T& first, T& second) const {
        const T m = keep1 * first + take1 * gradient;
        const T v = keep2 * second + take2 * gradient * gradient;
        first = m;
        second = v;
        return {m, v};
    }

    /// 1 - beta1^step, which m is divided by.
    [[gnu::always_inline]] static double firstBias(const UpdateStep& step) {
        return 1.0 - std::pow(step.constants[AdamConstant::Beta1], static_cast<double>(step.step));
    }
    /// What the root of v is multiplied with: 1 / sqrt(1 - beta2^step).
    [[gnu::always_inline]] static T secondScale(const UpdateStep& step) {
        return static_cast<T>(1.0 / std::sqrt(1.0 - std::pow(step.constants[AdamConstant::Beta2],
                                                             static_cast<double>(step.step))));
    }
};

/// Kingma, Ba: "Adam: A Method for Stochastic Optimization", 2015, algorithm 1; slots: first and
/// second moment.
template <class T>
struct AdamRule {
    static constexpr std::size_t kSlots = 2;
    AdamFactors<T> f;
    T rate, secondScale;

    [[gnu::always_inline]] explicit AdamRule(const UpdateStep& step)
        : f(step)
        , rate(static_cast<T>(step.learningRate / AdamFactors<T>::firstBias(step)))
        , secondScale(AdamFactors<T>::secondScale(step)) {}

    GRADWRIGHT_HOST_DEVICE void operator()(T& weight, T gradient, T& first, T& second) const {
        const T g = gradient + f.decay * weight;
        const auto [m, v] = f.follow(g, first, second);
        weight -= rate * m / (std::sqrt(v) * secondScale + f.epsilon);
    }
};

/// Loshchilov, Hutter: "Decoupled Weight Decay Regularization", 2019, algorithm 2; slots: first and
/// second moment.
template <class T>
struct AdamwRule {
    static constexpr std::size_t kSlots = 2;
    AdamFactors<T> f;
    T rate, secondScale, shrink;

    [[gnu::always_inline]] explicit AdamwRule(const UpdateStep& step)
        : f(step)
        , rate(static_cast<T>(step.learningRate / AdamFactors<T>::firstBias(step)))
        , secondScale(AdamFactors<T>::secondScale(step))
        , shrink(static_cast<T>(1.0 -
                                step.learningRate * step.constants[AdamConstant::WeightDecay])) {}

    GRADWRIGHT_HOST_DEVICE void operator()(T& weight, T gradient, T& first, T& second) const {
        const auto [m, v] = f.follow(gradient, first, second);
        weight = shrink * weight - rate * m / (std::sqrt(v) * secondScale + f.epsilon);
    }
};

/// Reddi, Kale, Kumar: "On the Convergence of Adam and Beyond", 2018, algorithm 2 with Adam's bias
/// correction; slots: first moment, second moment, its largest value so far.
template <class T>
struct AmsgradRule {
    static constexpr std::size_t kSlots = 3;
    AdamFactors<T> f;
    T rate, secondScale;

    [[gnu::always_inline]] explicit AmsgradRule(const UpdateStep& step)
        : f(step)
        , rate(static_cast<T>(step.learningRate / AdamFactors<T>::firstBias(step)))
        , secondScale(AdamFactors<T>::secondScale(step)) {}

    GRADWRIGHT_HOST_DEVICE void operator()(T& weight, T gradient, T& first, T& second,
                                           T& largest) const {
        const T g = gradient + f.decay * weight;
        const auto [m, v] = f.follow(g, first, second);
        const T top = largest > v ? largest : v;
        largest = top;
        weight -= rate * m / (std::sqrt(top) * secondScale + f.epsilon);
    }
};

/// Kingma, Ba: "Adam: A Method for Stochastic Optimization", 2015, algorithm 2; slots: first moment
/// and infinity norm. A gradient of exactly 0 leaves the norm without epsilon, so that padding,
/// which never has another, keeps a norm of 0.
template <class T>
struct AdamaxRule {
    static constexpr std::size_t kSlots = 2;
    AdamFactors<T> f;
    T rate;

    [[gnu::always_inline]] explicit AdamaxRule(const UpdateStep& step)
        : f(step)
        , rate(static_cast<T>(step.learningRate / AdamFactors<T>::firstBias(step))) {}

    GRADWRIGHT_HOST_DEVICE void operator()(T& weight, T gradient, T& first, T& norm) const {
        const T g = gradient + f.decay * weight;
        const T m = f.keep1 * first + f.take1 * g;
        const T size = std::abs(g);
        const T lifted = size + (size > T{0} ? T{1} : T{0}) * f.epsilon;
        const T kept = f.keep2 * norm;
        const T u = kept > lifted ? kept : lifted;
        first = m;
        norm = u;
        weight -= rate * m / (u + (u > T{0} ? T{0} : T{1}));
    }
};

/// You et al.: "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", 2020,
/// algorithm 2, with φ the identity; slots: first and second moment, direction. Leaves the weight,
/// which a layer-wise rate then moves along the direction.
template <class T>
struct LambRule {
    static constexpr std::size_t kSlots = 3;
    AdamFactors<T> f;
    T firstScale, secondScale;

    [[gnu::always_inline]] explicit LambRule(const UpdateStep& step)
        : f(step)
        , firstScale(static_cast<T>(1.0 / AdamFactors<T>::firstBias(step)))
        , secondScale(AdamFactors<T>::secondScale(step)) {}

    GRADWRIGHT_HOST_DEVICE void operator()(T& weight, T gradient, T& first, T& second,
                                           T& direction) const {
        const auto [m, v] = f.follow(gradient, first, second);
        direction = firstScale * m / (std::sqrt(v) * secondScale + f.epsilon) + f.decay * weight;
    }
};

/// Liu et al.: "On the Variance of the Adaptive Learning Rate and Beyond", 2020, algorithm 2: while
/// the variance of the adaptive rate is unknown, plain momentum is used. Slots: first and second
/// moment.
template <class T>
struct RadamRule {
    static constexpr std::size_t kSlots = 2;
    AdamFactors<T> f;
    T rate;
    /// Without adaptation the divisor is 1: nothing of the second moment, and 1 for epsilon.
    T useSecond, epsilon;

    [[gnu::always_inline]] explicit RadamRule(const UpdateStep& step)
        : f(step) {
        const double beta2 = step.constants[AdamConstant::Beta2];
        const auto time = static_cast<double>(step.step);
        const double power2 = std::pow(beta2, time);
        const double longest = 2.0 / (1.0 - beta2) - 1.0;
        const double length = longest - 2.0 * time * power2 / (1.0 - power2);
        const double plainRate = step.learningRate / AdamFactors<T>::firstBias(step);
        const bool adaptive = length > 5.0;
        const double rectification = adaptive
                                         ? std::sqrt((length - 4.0) * (length - 2.0) * longest /
                                                     ((longest - 4.0) * (longest - 2.0) * length))
                                         : 1.0;
        rate =
            static_cast<T>(plainRate * rectification * (adaptive ? std::sqrt(1.0 - power2) : 1.0));
        useSecond = static_cast<T>(adaptive ? 1.0 : 0.0);
        epsilon = static_cast<T>(adaptive ? step.constants[AdamConstant::Epsilon] : 1.0);
    }

    GRADWRIGHT_HOST_DEVICE void operator()(T& weight, T gradient, T& first, T& second) const {
        const T g = gradient + f.decay * weight;
        const auto [m, v] = f.follow(g, first, second);
        weight -= rate * m / (useSecond * std::sqrt(v) + epsilon);
    }
};

} // namespace gradwright
