// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/fused.h"

#include <algorithm>
#include <cmath>
#include <span>

// What elementwise ops do to one element, alone and fused.

namespace gradwright::reference {

template <class T>
T unaryOf(const UnaryOp& op, T x) {
    const auto a = static_cast<T>(op.a);
    const auto b = static_cast<T>(op.b);
    switch (op.kind) {
    case UnaryKind::Linear:
        return x;
    case UnaryKind::Exponential:
        return std::exp(x);
    case UnaryKind::Logarithm:
        return std::log(x);
    case UnaryKind::SquareRoot:
        return std::sqrt(x);
    case UnaryKind::Reciprocal:
        return 1 / x;
    case UnaryKind::Power:
        return std::pow(x, a);
    case UnaryKind::Absolute:
        return std::abs(x);
    case UnaryKind::Sign:
        return static_cast<T>(x > 0) - static_cast<T>(x < 0);
    case UnaryKind::Floor:
        return std::floor(x);
    case UnaryKind::Ceiling:
        return std::ceil(x);
    case UnaryKind::Round:
        return std::nearbyint(x);
    case UnaryKind::Clip:
        return std::min(std::max(x, a), b);
    case UnaryKind::Inside:
        return static_cast<T>(a <= x && x <= b);
    case UnaryKind::Sine:
        return std::sin(x);
    case UnaryKind::Cosine:
        return std::cos(x);
    case UnaryKind::ErrorFunction:
        return std::erf(x);
    }
    return x;
}

template <class T>
T binaryOf(BinaryKind kind, T a, T b) {
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
        return std::pow(a, b);
    case BinaryKind::Maximum:
        return a > b || std::isnan(a) ? a : b; // a NaN passes
    case BinaryKind::Minimum:
        return a < b || std::isnan(a) ? a : b;
    }
    return a;
}

template <class T>
bool holds(Comparison comparison, T a, T b) {
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

inline bool logicOf(LogicKind kind, bool a, bool b) {
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

inline bool isWhole(DType type) {
    return type != DType::F32 && type != DType::F64 && type != DType::BF16 && type != DType::F16;
}

/// The op's result for the elements of its inputs.
template <class T>
T elementOf(const UnaryOp& op, std::span<const T> x) {
    return static_cast<T>(op.scale) * unaryOf(op, x[0]) + static_cast<T>(op.shift);
}
template <class T>
T elementOf(const BinaryOp& op, std::span<const T> x) {
    return static_cast<T>(op.scale) * binaryOf(op.kind, x[0], x[1]) + static_cast<T>(op.shift);
}
template <class T>
T elementOf(const CompareOp& op, std::span<const T> x) {
    return static_cast<T>(holds(op.comparison, x[0], x[1]));
}
template <class T>
T elementOf(const LogicOp& op, std::span<const T> x) {
    return static_cast<T>(logicOf(op.kind, x[0] != 0, x.back() != 0));
}
template <class T>
T elementOf(const WhereOp& /*op*/, std::span<const T> x) {
    return x[0] != 0 ? x[1] : x[2];
}
/// To real numbers or truth values; other casts are not fused.
template <class T>
T elementOf(const CastOp& op, std::span<const T> x) {
    return op.to == DType::Bool ? static_cast<T>(x[0] != 0) : x[0];
}
template <class T>
T elementOf(const ActivationOp& op, std::span<const T> x) {
    return static_cast<T>(evaluate(op.activation, static_cast<double>(x[0])));
}
template <class T>
T elementOf(const ActivationSlope& op, std::span<const T> x) {
    // A fused gradient is added to a zero, which makes -0 a 0.
    return T{0} + x[0] * static_cast<T>(derivative(op.activation, static_cast<double>(x[1])));
}
template <class T>
T elementOf(const AddOp& /*op*/, std::span<const T> x) {
    T sum = 0;
    for (const auto value : x)
        sum += value;
    return sum;
}

} // namespace gradwright::reference
