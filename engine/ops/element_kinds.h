// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The functions of element-wise ops by name, without anything else: device code includes them too.

namespace gradwright {

enum class ActivationKind {
    Identity,
    Sigmoid,
    Tanh,
    Relu,
    LeakyRelu,
    Step,
    HardSigmoid,
    HardTanh,
    Relu6,
    Elu,
    Selu,
    Celu,
    Gelu,
    GeluTanh,
    Silu,
    Mish,
    HardSwish,
    Softplus,
    Softsign
};

/// The constants of SELU, at which activations of mean 0 and variance 1 keep them (Klambauer et al.
/// 2017).
inline constexpr double kSeluAlpha = 1.6732632423543772;
inline constexpr double kSeluScale = 1.0507009873554805;

enum class UnaryKind {
    Linear, ///< x
    Exponential,
    Logarithm,
    SquareRoot,
    Reciprocal,
    Power, ///< x^a
    Absolute,
    Sign,
    Floor,
    Ceiling,
    Round,  ///< halves to the even number
    Clip,   ///< to [a, b]
    Inside, ///< 1 where a ≤ x ≤ b, else 0
    Sine,
    Cosine,
    ErrorFunction
};

enum class BinaryKind { Add, Subtract, Multiply, Divide, Power, Maximum, Minimum };

enum class Comparison { Equal, Less, LessOrEqual, Greater, GreaterOrEqual };

enum class LogicKind { And, Or, Xor, Not };

} // namespace gradwright
