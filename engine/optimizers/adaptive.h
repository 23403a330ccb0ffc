// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/optimizers/element_rule.h"

#include <cmath>

namespace gradwright {

/// Places in the constants of AdagradRule.
struct AdagradConstant {
    enum : std::size_t { Epsilon, RateDecay, Initial, WeightDecay };
};

/// Duchi, Hazan, Singer: "Adaptive Subgradient Methods", 2011; slot: sum of squares, without the
/// initial value, so that it starts at zero as every slot does.
template <class T>
struct AdagradRule {
    static constexpr std::size_t kSlots = 1;
    T rate, initial, epsilon, decay;

    [[gnu::always_inline]] explicit AdagradRule(const UpdateStep& step)
        : rate(static_cast<T>(step.learningRate /
                              (1.0 + (static_cast<double>(step.step) - 1.0) *
                                         step.constants[AdagradConstant::RateDecay])))
        , initial(static_cast<T>(step.constants[AdagradConstant::Initial]))
        , epsilon(static_cast<T>(step.constants[AdagradConstant::Epsilon]))
        , decay(static_cast<T>(step.constants[AdagradConstant::WeightDecay])) {}

    GRADWRIGHT_HOST_DEVICE void operator()(T& weight, T gradient, T& sum) const {
        const T g = gradient + decay * weight;
        const T s = sum + g * g;
        sum = s;
        weight -= rate * g / (std::sqrt(s + initial) + epsilon);
    }
};

/// Places in the constants of AdadeltaRule.
struct AdadeltaConstant {
    enum : std::size_t { Rho, Epsilon, WeightDecay };
};

/// Zeiler: "ADADELTA: An Adaptive Learning Rate Method", 2012, algorithm 1; slots: mean square of
/// the gradients and of the steps.
template <class T>
struct AdadeltaRule {
    static constexpr std::size_t kSlots = 2;
    T rate, keep, take, epsilon, decay;

    [[gnu::always_inline]] explicit AdadeltaRule(const UpdateStep& step)
        : rate(static_cast<T>(step.learningRate))
        , keep(static_cast<T>(step.constants[AdadeltaConstant::Rho]))
        , take(static_cast<T>(1.0 - step.constants[AdadeltaConstant::Rho]))
        , epsilon(static_cast<T>(step.constants[AdadeltaConstant::Epsilon]))
        , decay(static_cast<T>(step.constants[AdadeltaConstant::WeightDecay])) {}

    GRADWRIGHT_HOST_DEVICE void operator()(T& weight, T gradient, T& square, T& steps) const {
        const T g = gradient + decay * weight;
        const T v = keep * square + take * g * g;
        const T delta = std::sqrt(steps + epsilon) / std::sqrt(v + epsilon) * g;
        square = v;
        steps = keep * steps + take * delta * delta;
        weight -= rate * delta;
    }
};

/// Places in the constants of RmspropRule.
struct RmspropConstant {
    enum : std::size_t { Alpha, Epsilon, Momentum, WeightDecay, Centered };
};

/// Tieleman, Hinton: "Lecture 6.5 - RMSProp", 2012; centered as in Graves 2013. Slots: mean square,
/// then the mean (centered), then the velocity (with momentum).
template <class T, bool Centered, bool Momentum>
struct RmspropRule {
    static constexpr std::size_t kSlots = 1 + (Centered ? 1 : 0) + (Momentum ? 1 : 0);
    T rate, keep, take, epsilon, momentum, decay;

    [[gnu::always_inline]] explicit RmspropRule(const UpdateStep& step)
        : rate(static_cast<T>(step.learningRate))
        , keep(static_cast<T>(step.constants[RmspropConstant::Alpha]))
        , take(static_cast<T>(1.0 - step.constants[RmspropConstant::Alpha]))
        , epsilon(static_cast<T>(step.constants[RmspropConstant::Epsilon]))
        , momentum(static_cast<T>(step.constants[RmspropConstant::Momentum]))
        , decay(static_cast<T>(step.constants[RmspropConstant::WeightDecay])) {}

    /// `others`: the mean, the velocity, as far as they are kept.
    template <class... Others>
    GRADWRIGHT_HOST_DEVICE void operator()(T& weight, T gradient, T& square,
                                           Others&... others) const {
        T* const kept[] = {&others..., nullptr};
        const T g = gradient + decay * weight;
        const T v = keep * square + take * g * g;
        square = v;
        T variance = v;
        if constexpr (Centered) {
            const T m = keep * *kept[0] + take * g;
            *kept[0] = m;
            // Rounding may leave a hair below 0.
            variance = v - m * m;
            variance = variance > T{0} ? variance : T{0};
        }
        T delta = g / (std::sqrt(variance) + epsilon);
        if constexpr (Momentum) {
            delta += momentum * *kept[Centered ? 1 : 0];
            *kept[Centered ? 1 : 0] = delta;
        }
        weight -= rate * delta;
    }
};

} // namespace gradwright
