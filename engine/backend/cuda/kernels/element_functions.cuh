// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/language.h"
#include "engine/ops/element_kinds.h"

// The functions of element-wise ops, in FP32.

namespace gradwright::cuda::kernels {

__device__ inline float clampTo(float x, float low, float high) {
    return fminf(fmaxf(x, low), high);
}
/// Without overflow for large |x|.
__device__ inline float sigmoid(float x) {
    const float e = expf(-fabsf(x));
    return (x >= 0 ? 1.0F : e) / (1.0F + e);
}
/// log(1 + e^x), exact to rounding for large |x|.
__device__ inline float softplus(float x) {
    return fmaxf(x, 0.0F) + log1pf(expf(-fabsf(x)));
}
__device__ inline float normalCdf(float x) {
    return 0.5F * erfcf(-x * 0.70710678118654752F);
}

inline constexpr float kGeluTanhScale = 0.79788456080286536F; ///< √(2/π)
inline constexpr float kGeluTanhCubic = 0.044715F;

__device__ inline float activationOf(ActivationKind kind, float alpha, float x) {
    switch (kind) {
    case ActivationKind::Identity:
        return x;
    case ActivationKind::Sigmoid:
        return sigmoid(x);
    case ActivationKind::Tanh:
        return tanhf(x);
    case ActivationKind::Relu:
        return x > 0 ? x : 0.0F;
    case ActivationKind::LeakyRelu:
        return x > 0 ? x : alpha * x;
    case ActivationKind::Step:
        return x > 0 ? 1.0F : 0.0F;
    case ActivationKind::HardSigmoid:
        return clampTo(x + 3.0F, 0.0F, 6.0F) / 6.0F;
    case ActivationKind::HardTanh:
        return clampTo(x, -1.0F, 1.0F);
    case ActivationKind::Relu6:
        return clampTo(x, 0.0F, 6.0F);
    case ActivationKind::Elu:
        return x > 0 ? x : alpha * expm1f(x);
    case ActivationKind::Selu:
        return static_cast<float>(kSeluScale) *
               (x > 0 ? x : static_cast<float>(kSeluAlpha) * expm1f(x));
    case ActivationKind::Celu:
        return x > 0 ? x : alpha * expm1f(x / alpha);
    case ActivationKind::Gelu:
        return x * normalCdf(x);
    case ActivationKind::GeluTanh:
        return 0.5F * x * (1.0F + tanhf(kGeluTanhScale * (x + kGeluTanhCubic * x * x * x)));
    case ActivationKind::Silu:
        return x * sigmoid(x);
    case ActivationKind::Mish:
        return x * tanhf(softplus(x));
    case ActivationKind::HardSwish:
        return x * clampTo(x + 3.0F, 0.0F, 6.0F) / 6.0F;
    case ActivationKind::Softplus:
        return softplus(x);
    case ActivationKind::Softsign:
        return x / (1.0F + fabsf(x));
    }
    return x;
}

/// At a kink the derivative from the left, as gradwright::derivative().
__device__ inline float derivativeOf(ActivationKind kind, float alpha, float x) {
    switch (kind) {
    case ActivationKind::Identity:
        return 1.0F;
    case ActivationKind::Sigmoid:
        return sigmoid(x) * sigmoid(-x);
    case ActivationKind::Tanh: {
        const float y = tanhf(x);
        return 1.0F - y * y;
    }
    case ActivationKind::Relu:
        return x > 0 ? 1.0F : 0.0F;
    case ActivationKind::LeakyRelu:
        return x > 0 ? 1.0F : alpha;
    case ActivationKind::Step:
        return 0.0F;
    case ActivationKind::HardSigmoid:
        return x > -3.0F && x <= 3.0F ? 1.0F / 6.0F : 0.0F;
    case ActivationKind::HardTanh:
        return x > -1.0F && x <= 1.0F ? 1.0F : 0.0F;
    case ActivationKind::Relu6:
        return x > 0 && x <= 6.0F ? 1.0F : 0.0F;
    case ActivationKind::Elu:
        return x > 0 ? 1.0F : alpha * expf(x);
    case ActivationKind::Selu:
        return static_cast<float>(kSeluScale) *
               (x > 0 ? 1.0F : static_cast<float>(kSeluAlpha) * expf(x));
    case ActivationKind::Celu:
        return x > 0 ? 1.0F : expf(x / alpha);
    case ActivationKind::Gelu:
        return normalCdf(x) + x * expf(-0.5F * x * x) * 0.39894228040143268F; // 1 / √(2π)
    case ActivationKind::GeluTanh: {
        const float t = tanhf(kGeluTanhScale * (x + kGeluTanhCubic * x * x * x));
        return 0.5F * (1.0F + t) +
               0.5F * x * (1.0F - t * t) * kGeluTanhScale * (1.0F + 3.0F * kGeluTanhCubic * x * x);
    }
    case ActivationKind::Silu:
        return sigmoid(x) * (1.0F + x * sigmoid(-x));
    case ActivationKind::Mish: {
        const float t = tanhf(softplus(x));
        return t + x * (1.0F - t * t) * sigmoid(x);
    }
    case ActivationKind::HardSwish:
        return x <= -3.0F ? 0.0F : x <= 3.0F ? (2.0F * x + 3.0F) / 6.0F : 1.0F;
    case ActivationKind::Softplus:
        return sigmoid(x);
    case ActivationKind::Softsign: {
        const float d = 1.0F + fabsf(x);
        return 1.0F / (d * d);
    }
    }
    return 1.0F;
}

__device__ inline float unaryOf(UnaryKind kind, float a, float b, float x) {
    switch (kind) {
    case UnaryKind::Linear:
        return x;
    case UnaryKind::Exponential:
        return expf(x);
    case UnaryKind::Logarithm:
        return logf(x);
    case UnaryKind::SquareRoot:
        return sqrtf(x);
    case UnaryKind::Reciprocal:
        return 1.0F / x;
    case UnaryKind::Power:
        return powf(x, a);
    case UnaryKind::Absolute:
        return fabsf(x);
    case UnaryKind::Sign:
        return static_cast<float>(x > 0) - static_cast<float>(x < 0);
    case UnaryKind::Floor:
        return floorf(x);
    case UnaryKind::Ceiling:
        return ceilf(x);
    case UnaryKind::Round:
        return rintf(x);
    case UnaryKind::Clip: {
        const float low = x < a ? a : x; // a NaN passes
        return low > b ? b : low;
    }
    case UnaryKind::Inside:
        return static_cast<float>(a <= x && x <= b);
    case UnaryKind::Sine:
        return sinf(x);
    case UnaryKind::Cosine:
        return cosf(x);
    case UnaryKind::ErrorFunction:
        return erff(x);
    }
    return x;
}

__device__ inline float binaryOf(BinaryKind kind, float a, float b) {
    switch (kind) {
    case BinaryKind::Add:
        return a + b;
    case BinaryKind::Subtract:
        return a - b;
    case BinaryKind::Multiply:
        return a * b;
    case BinaryKind::Divide:
        return a / b;
    case BinaryKind::Power:
        return powf(a, b);
    case BinaryKind::Maximum:
        return a > b || a != a ? a : b; // a NaN passes
    case BinaryKind::Minimum:
        return a < b || a != a ? a : b;
    }
    return a;
}

__device__ inline bool holds(Comparison comparison, float a, float b) {
    switch (comparison) {
    case Comparison::Equal:
        return a == b;
    case Comparison::Less:
        return a < b;
    case Comparison::LessOrEqual:
        return a <= b;
    case Comparison::Greater:
        return a > b;
    case Comparison::GreaterOrEqual:
        return a >= b;
    }
    return false;
}

__device__ inline bool logicOf(LogicKind kind, bool a, bool b) {
    switch (kind) {
    case LogicKind::And:
        return a && b;
    case LogicKind::Or:
        return a || b;
    case LogicKind::Xor:
        return a != b;
    case LogicKind::Not:
        return !a;
    }
    return false;
}

} // namespace gradwright::cuda::kernels
