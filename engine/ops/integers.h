// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/dtype.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace gradwright {

constexpr bool isRealType(DType type) {
    return type == DType::F32 || type == DType::F64 || type == DType::BF16 || type == DType::F16;
}

/// The smallest and the largest number of an integer type.
struct IntegerRange {
    double least, most;
};
constexpr IntegerRange rangeOf(DType type) {
    switch (type) {
    case DType::I8:
        return {-128, 127};
    case DType::U8:
        return {0, 255};
    case DType::I32:
        return {-2147483648.0, 2147483647.0};
    case DType::Bool:
        return {0, 1};
    default:
        return {-9223372036854775808.0,
                9223372036854775808.0}; // the last is a double; 2^63 - 1 not
    }
}

/// The integer of type `To`, of 32 bits at most, that has the low bits of `x`.
template <class To, class T>
T wrapped(T x) {
    const T low = std::fmod(x, static_cast<T>(4294967296.0)); // exact, and in range
    return static_cast<T>(static_cast<To>(static_cast<std::int64_t>(low)));
}

/// What CastOp makes of a number of type `from`, both kept as real numbers.
template <class T>
T castNumber(T x, DType from, DType to) {
    if (to == DType::Bool)
        return static_cast<T>(x != 0);
    if (isRealType(to))
        return x;
    if (isRealType(from)) {
        const auto [least, most] = rangeOf(to);
        if (std::isnan(x))
            return 0;
        return std::clamp(std::trunc(x), static_cast<T>(least), static_cast<T>(most));
    }
    switch (to) {
    case DType::I8:
        return wrapped<std::int8_t>(x);
    case DType::U8:
        return wrapped<std::uint8_t>(x);
    case DType::I32:
        return from == DType::I64 ? wrapped<std::int32_t>(x) : x;
    default:
        return x;
    }
}

} // namespace gradwright
