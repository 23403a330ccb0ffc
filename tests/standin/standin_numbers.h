// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The number formats of tensor cores. All but TF32 round to the nearest, ties to even; TF32 takes
// ties away from zero, as cvt.rna does. NaN stays NaN.

#include <bit>
#include <cmath>
#include <cstdint>

namespace gradwright::cuda::standin {

inline float floatOfBf16(std::uint16_t bits) {
    return std::bit_cast<float>(std::uint32_t{bits} << 16);
}
inline std::uint16_t bf16Of(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7fffffffU) > 0x7f800000U)
        return 0x7fff;
    return static_cast<std::uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16);
}

inline constexpr float kMostF16 = 65504; ///< the largest finite number of FP16

/// Sign, 5 bits of exponent, 10 behind the point; subnormal numbers below 2^-14.
inline float floatOfF16(std::uint16_t bits) {
    const int exponent = bits >> 10 & 0x1f;
    const int fraction = bits & 0x3ff;
    const float sign = bits & 0x8000 ? -1.0F : 1.0F;
    if (exponent == 0x1f)
        return fraction != 0 ? std::bit_cast<float>(0x7fffffffU)
                             : sign * std::bit_cast<float>(0x7f800000U);
    return sign * (exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                 : std::ldexp(static_cast<float>(fraction | 0x400), exponent - 25));
}
inline std::uint16_t f16Of(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000U);
    const std::uint32_t size = bits & 0x7fffffffU;
    if (size > 0x7f800000U)
        return 0x7fff;
    if (size >= 0x477ff000U) // halfway between 65504 and the number that would be next
        return sign | 0x7c00;
    if (size < 0x38800000U) { // a multiple of 2^-24, which nearbyint rounds by the current mode
        const float steps = std::nearbyint(std::ldexp(std::bit_cast<float>(size), 24));
        return static_cast<std::uint16_t>(sign | static_cast<std::uint16_t>(steps));
    }
    const std::uint32_t rounded = size + 0xfffU + (size >> 13 & 1U);
    return static_cast<std::uint16_t>(sign | (rounded - 0x38000000U) >> 13);
}

inline constexpr std::uint32_t kBelowTf32 = 0x1fff; ///< bits of FP32 that TF32 does not have

inline float tf32Of(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7f800000U) == 0x7f800000U)
        return std::bit_cast<float>((bits & 0x7fffffffU) > 0x7f800000U ? 0x7fffe000U : bits);
    return std::bit_cast<float>((bits + 0x1000U) & ~kBelowTf32);
}

} // namespace gradwright::cuda::standin
