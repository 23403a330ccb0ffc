// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/element_functions.h"

#include "engine/backend/onednn/kernels/activation.h"
#include "engine/support/simd.h"
#include "engine/support/vector_math.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradwright::onednn {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();

// Part of each clone of the function that calls it.
template <class F>
[[gnu::always_inline]] inline void each(float* out, std::size_t size, const F& f) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = f(i);
}

/// std::exp, which overflows to infinity and underflows to 0.
[[gnu::always_inline]] inline float exponential(float x) {
    // Above 88 in two steps: the vectored one stops at the largest power of two.
    const bool isLarge = x > 88;
    const float y = vectored::exp(isLarge ? x - 0.693147181F : x) * (isLarge ? 2.0F : 1.0F);
    const float bounded = x > 88.7228394F ? kInfinity : y;
    return x < -87.3365479F ? 0.0F : bounded;
}

/// std::log.
[[gnu::always_inline]] inline float logarithm(float x) {
    constexpr float least = std::numeric_limits<float>::min();
    const bool isSmall = x < least; // denormal, or none of the next three
    const float y =
        vectored::log(isSmall ? x * 8388608.0F : x) - (isSmall ? 15.9423851F : 0.0F); // 2^23
    const float ofZero = x == 0 ? -kInfinity : y;
    const float ofInfinity = x == kInfinity ? x : ofZero;
    return x >= 0 ? ofInfinity : kNotANumber;
}

GRADWRIGHT_CLONES
void unaryLoop(const UnaryOp& op, float* out, const float* in, std::size_t size) {
    const auto scale = static_cast<float>(op.scale);
    const auto shift = static_cast<float>(op.shift);
    const auto a = static_cast<float>(op.a);
    const auto b = static_cast<float>(op.b);
    switch (op.kind) {
    case UnaryKind::Linear:
        return each(out, size, [=](std::size_t i) { return scale * in[i] + shift; });
    case UnaryKind::Exponential:
        return each(out, size, [=](std::size_t i) { return scale * exponential(in[i]) + shift; });
    case UnaryKind::Logarithm:
        return each(out, size, [=](std::size_t i) { return scale * logarithm(in[i]) + shift; });
    case UnaryKind::SquareRoot:
        return each(out, size, [=](std::size_t i) { return scale * std::sqrt(in[i]) + shift; });
    case UnaryKind::Reciprocal:
        return each(out, size, [=](std::size_t i) { return scale * (1.0F / in[i]) + shift; });
    case UnaryKind::Power:
        if (a == 2)
            return each(out, size, [=](std::size_t i) { return scale * (in[i] * in[i]) + shift; });
        if (a == 3)
            return each(out, size,
                        [=](std::size_t i) { return scale * (in[i] * in[i] * in[i]) + shift; });
        if (a == -2)
            return each(out, size,
                        [=](std::size_t i) { return scale * (1.0F / (in[i] * in[i])) + shift; });
        return each(out, size, [=](std::size_t i) { return scale * std::pow(in[i], a) + shift; });
    case UnaryKind::Absolute:
        return each(out, size, [=](std::size_t i) { return scale * std::abs(in[i]) + shift; });
    case UnaryKind::Sign:
        return each(out, size, [=](std::size_t i) {
            return scale * ((in[i] > 0 ? 1.0F : 0.0F) - (in[i] < 0 ? 1.0F : 0.0F)) + shift;
        });
    case UnaryKind::Floor:
        return each(out, size, [=](std::size_t i) { return scale * std::floor(in[i]) + shift; });
    case UnaryKind::Ceiling:
        return each(out, size, [=](std::size_t i) { return scale * std::ceil(in[i]) + shift; });
    case UnaryKind::Round:
        return each(out, size,
                    [=](std::size_t i) { return scale * std::nearbyint(in[i]) + shift; });
    case UnaryKind::Clip:
        return each(out, size, [=](std::size_t i) {
            const float low = in[i] < a ? a : in[i]; // a NaN passes
            return scale * (b < low ? b : low) + shift;
        });
    case UnaryKind::Inside:
        return each(out, size, [=](std::size_t i) {
            const float fromLow = a <= in[i] ? 1.0F : 0.0F;
            return scale * (in[i] <= b ? fromLow : 0.0F) + shift;
        });
    case UnaryKind::Sine:
        return each(out, size, [=](std::size_t i) { return scale * std::sin(in[i]) + shift; });
    case UnaryKind::Cosine:
        return each(out, size, [=](std::size_t i) { return scale * std::cos(in[i]) + shift; });
    case UnaryKind::ErrorFunction:
        return each(out, size, [=](std::size_t i) { return scale * std::erf(in[i]) + shift; });
    }
}

GRADWRIGHT_CLONES
void binaryLoop(const BinaryOp& op, float* out, const float* a, const float* b, std::size_t size) {
    const auto scale = static_cast<float>(op.scale);
    const auto shift = static_cast<float>(op.shift);
    switch (op.kind) {
    case BinaryKind::Add:
        return each(out, size, [=](std::size_t i) { return scale * (a[i] + b[i]) + shift; });
    case BinaryKind::Subtract:
        return each(out, size, [=](std::size_t i) { return scale * (a[i] - b[i]) + shift; });
    case BinaryKind::Multiply:
        return each(out, size, [=](std::size_t i) { return scale * (a[i] * b[i]) + shift; });
    case BinaryKind::Divide:
        return each(out, size, [=](std::size_t i) { return scale * (a[i] / b[i]) + shift; });
    case BinaryKind::Power:
        return each(out, size, [=](std::size_t i) { return scale * std::pow(a[i], b[i]) + shift; });
    case BinaryKind::Maximum: // a NaN passes
        return each(out, size, [=](std::size_t i) {
            const float larger = a[i] > b[i] ? a[i] : b[i];
            return scale * (a[i] != a[i] ? a[i] : larger) + shift;
        });
    case BinaryKind::Minimum:
        return each(out, size, [=](std::size_t i) {
            const float smaller = a[i] < b[i] ? a[i] : b[i];
            return scale * (a[i] != a[i] ? a[i] : smaller) + shift;
        });
    }
}

GRADWRIGHT_CLONES
void compareLoop(Comparison comparison, float* out, const float* a, const float* b,
                 std::size_t size) {
    switch (comparison) {
    case Comparison::Equal:
        return each(out, size, [=](std::size_t i) { return a[i] == b[i] ? 1.0F : 0.0F; });
    case Comparison::Less:
        return each(out, size, [=](std::size_t i) { return a[i] < b[i] ? 1.0F : 0.0F; });
    case Comparison::LessOrEqual:
        return each(out, size, [=](std::size_t i) { return a[i] <= b[i] ? 1.0F : 0.0F; });
    case Comparison::Greater:
        return each(out, size, [=](std::size_t i) { return a[i] > b[i] ? 1.0F : 0.0F; });
    case Comparison::GreaterOrEqual:
        return each(out, size, [=](std::size_t i) { return a[i] >= b[i] ? 1.0F : 0.0F; });
    }
}

GRADWRIGHT_CLONES
void logicLoop(LogicKind kind, float* out, const float* a, const float* b, std::size_t size) {
    switch (kind) {
    case LogicKind::And:
        return each(out, size, [=](std::size_t i) {
            const float second = b[i] != 0 ? 1.0F : 0.0F;
            return a[i] != 0 ? second : 0.0F;
        });
    case LogicKind::Or:
        return each(out, size, [=](std::size_t i) {
            const float second = b[i] != 0 ? 1.0F : 0.0F;
            return a[i] != 0 ? 1.0F : second;
        });
    case LogicKind::Xor:
        return each(out, size, [=](std::size_t i) {
            const float same = b[i] != 0 ? 1.0F : 0.0F;
            const float other = b[i] != 0 ? 0.0F : 1.0F;
            return a[i] != 0 ? other : same;
        });
    case LogicKind::Not:
        return each(out, size, [=](std::size_t i) { return a[i] != 0 ? 0.0F : 1.0F; });
    }
}

GRADWRIGHT_CLONES
void whereLoop(float* out, const float* condition, const float* a, const float* b,
               std::size_t size) {
    each(out, size, [=](std::size_t i) {
        const float first = a[i];
        const float second = b[i];
        return condition[i] != 0 ? first : second;
    });
}

GRADWRIGHT_CLONES
void truthLoop(float* out, const float* in, std::size_t size) {
    each(out, size, [=](std::size_t i) { return in[i] != 0 ? 1.0F : 0.0F; });
}

GRADWRIGHT_CLONES
void sumLoop(float* out, const float* a, const float* b, std::size_t size) {
    each(out, size, [=](std::size_t i) { return a[i] + b[i]; });
}

} // namespace

void applyFunction(const UnaryOp& op, float* out, ElementInputs in, std::size_t size) {
    unaryLoop(op, out, in[0], size);
}

void applyFunction(const BinaryOp& op, float* out, ElementInputs in, std::size_t size) {
    binaryLoop(op, out, in[0], in[1], size);
}

void applyFunction(const CompareOp& op, float* out, ElementInputs in, std::size_t size) {
    compareLoop(op.comparison, out, in[0], in[1], size);
}

void applyFunction(const LogicOp& op, float* out, ElementInputs in, std::size_t size) {
    logicLoop(op.kind, out, in[0], op.kind == LogicKind::Not ? nullptr : in[1], size);
}

void applyFunction(const WhereOp& /*op*/, float* out, ElementInputs in, std::size_t size) {
    whereLoop(out, in[0], in[1], in[2], size);
}

void applyFunction(const CastOp& op, float* out, ElementInputs in, std::size_t size) {
    if (op.to == DType::Bool)
        return truthLoop(out, in[0], size);
    if (out != in[0])
        std::copy_n(in[0], size, out);
}

void applyFunction(const ActivationOp& op, float* out, ElementInputs in, std::size_t size) {
    activatePiece(op.activation, out, in[0], size);
}

void applyFunction(const ActivationSlope& op, float* out, ElementInputs in, std::size_t size) {
    activateBackwardPiece(op.activation, out, in[1], in[0], size);
}

void applyFunction(const AddOp& /*op*/, float* out, ElementInputs in, std::size_t size) {
    sumLoop(out, in[0], in[1], size);
    for (const auto* term : in.subspan(2))
        sumLoop(out, out, term, size);
}

} // namespace gradwright::onednn
