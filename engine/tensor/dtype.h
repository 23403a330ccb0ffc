// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/error.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gradwright {

enum class DType { F32, F64, BF16, F16, I64, I32, I8, U8, Bool };

constexpr std::size_t sizeOf(DType type) {
    switch (type) {
    case DType::F64:
    case DType::I64:
        return 8;
    case DType::F32:
    case DType::I32:
        return 4;
    case DType::BF16:
    case DType::F16:
        return 2;
    case DType::I8:
    case DType::U8:
    case DType::Bool:
        return 1;
    }
    return 0;
}

/// The name that safetensors uses.
constexpr std::string_view nameOf(DType type) {
    switch (type) {
    case DType::F64:
        return "F64";
    case DType::F32:
        return "F32";
    case DType::BF16:
        return "BF16";
    case DType::F16:
        return "F16";
    case DType::I64:
        return "I64";
    case DType::I32:
        return "I32";
    case DType::I8:
        return "I8";
    case DType::U8:
        return "U8";
    case DType::Bool:
        return "BOOL";
    }
    return "?";
}

template <class T>
inline constexpr bool kHasDType = false;
template <class T>
constexpr DType dtypeOf();

#define GRADWRIGHT_DTYPE(type, dtype)                                                              \
    template <>                                                                                    \
    inline constexpr bool kHasDType<type> = true;                                                  \
    template <>                                                                                    \
    constexpr DType dtypeOf<type>() {                                                              \
        return dtype;                                                                              \
    }
GRADWRIGHT_DTYPE(float, DType::F32)
GRADWRIGHT_DTYPE(double, DType::F64)
GRADWRIGHT_DTYPE(std::int64_t, DType::I64)
GRADWRIGHT_DTYPE(std::int32_t, DType::I32)
GRADWRIGHT_DTYPE(std::int8_t, DType::I8)
GRADWRIGHT_DTYPE(std::uint8_t, DType::U8)
#undef GRADWRIGHT_DTYPE

} // namespace gradwright
