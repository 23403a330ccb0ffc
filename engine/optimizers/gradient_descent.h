// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/optimizers/element_rule.h"

namespace gradwright {

/// Places in the rule's constants.
struct DescentConstant {
    enum : std::size_t { Momentum, WeightDecay, Nesterov };
};

/// w -= rate · (g + decay · w).
template <class T>
struct DescentRule {
    static constexpr std::size_t kSlots = 0;
    T rate, decay;

    [[gnu::always_inline]] explicit DescentRule(const UpdateStep& step)
        : rate(static_cast<T>(step.learningRate))
        , decay(static_cast<T>(step.constants[DescentConstant::WeightDecay])) {}

    GRADWRIGHT_HOST_DEVICE void operator()(T& weight, T gradient) const {
        weight -= rate * (gradient + decay * weight);
    }
};

/// Polyak: "Some methods of speeding up the convergence of iteration methods", 1964; slot: the
/// velocity, v = momentum · v + g. Nesterov's step looks one velocity ahead (Sutskever, Martens,
/// Dahl, Hinton 2013).
template <class T, bool Nesterov>
struct MomentumRule {
    static constexpr std::size_t kSlots = 1;
    T rate, momentum, decay;

    [[gnu::always_inline]] explicit MomentumRule(const UpdateStep& step)
        : rate(static_cast<T>(step.learningRate))
        , momentum(static_cast<T>(step.constants[DescentConstant::Momentum]))
        , decay(static_cast<T>(step.constants[DescentConstant::WeightDecay])) {}

    GRADWRIGHT_HOST_DEVICE void operator()(T& weight, T gradient, T& velocity) const {
        const T g = gradient + decay * weight;
        const T v = momentum * velocity + g;
        velocity = v;
        weight -= rate * (Nesterov ? g + momentum * v : v);
    }
};

/// Rosenblatt: "The Perceptron", 1958: w -= rate · g.
template <class T>
struct PerceptronRule {
    static constexpr std::size_t kSlots = 0;
    T rate;

    [[gnu::always_inline]] explicit PerceptronRule(const UpdateStep& step)
        : rate(static_cast<T>(step.learningRate)) {}

    GRADWRIGHT_HOST_DEVICE void operator()(T& weight, T gradient) const {
        weight -= rate * gradient;
    }
};

/// Places in the constants of LionRule.
struct LionConstant {
    enum : std::size_t { Beta1, Beta2, WeightDecay };
};

/// Chen et al.: "Symbolic Discovery of Optimization Algorithms", 2023, algorithm 2; slot: momentum.
template <class T>
struct LionRule {
    static constexpr std::size_t kSlots = 1;
    T rate, shrink, keep1, take1, keep2, take2;

    [[gnu::always_inline]] explicit LionRule(const UpdateStep& step)
        : rate(static_cast<T>(step.learningRate))
        , shrink(
              static_cast<T>(1.0 - step.learningRate * step.constants[LionConstant::WeightDecay]))
        , keep1(static_cast<T>(step.constants[LionConstant::Beta1]))
        , take1(static_cast<T>(1.0 - step.constants[LionConstant::Beta1]))
        , keep2(static_cast<T>(step.constants[LionConstant::Beta2]))
        , take2(static_cast<T>(1.0 - step.constants[LionConstant::Beta2])) {}

    GRADWRIGHT_HOST_DEVICE void operator()(T& weight, T gradient, T& momentum) const {
        const T mixed = keep1 * momentum + take1 * gradient;
        const T up = mixed > T{0} ? T{1} : T{0};
        const T down = mixed < T{0} ? T{1} : T{0};
        momentum = keep2 * momentum + take2 * gradient;
        weight = shrink * weight - rate * (up - down);
    }
};

} // namespace gradwright
