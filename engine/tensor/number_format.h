// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gradwright {

/// How a computer writes a number in a few bits: sign, exponent and mantissa, or an integer in
/// two's complement. Sources: IEEE 754-2019 (FP64, FP32, FP16), NVIDIA's "A100 Tensor Core GPU
/// Architecture" (TF32), Wang, Kanwar 2019 (BF16), the Open Compute Project's "OCP 8-bit Floating
/// Point Specification" 1.0 (E4M3, E5M2).
struct NumberFormat {
    enum class Kind {
        Ieee,       ///< the largest exponent is for infinity and NaN
        NoInfinity, ///< all exponent and mantissa bits set is NaN; the rest are numbers (E4M3)
        Integer,
    };
    std::string_view key;   ///< "bf16"
    std::string_view title; ///< "BF16"
    std::string_view use;   ///< what it is for, in a sentence
    Kind kind = Kind::Ieee;
    int exponentBits = 0; ///< 0 for integers
    int mantissaBits = 0; ///< for integers all but the sign

    [[nodiscard]] int bits() const { return 1 + exponentBits + mantissaBits; }
    [[nodiscard]] int bias() const { return (1 << (exponentBits - 1)) - 1; }
    [[nodiscard]] bool isInteger() const { return kind == Kind::Integer; }
};

/// From FP64 to INT4, the widest first.
std::span<const NumberFormat> numberFormats();
/// Throws Error naming those that there are.
const NumberFormat& numberFormat(std::string_view key);

/// The number that the lowest `format.bits()` bits stand for. Exact: every format fits into FP64.
double decode(const NumberFormat& format, std::uint64_t bits);
/// The bits of the nearest number, of two equally near the one with an even last bit. What is
/// beyond the largest becomes infinity, in a format without it NaN; integers take the nearest limit
/// instead, and 0 for NaN.
std::uint64_t encode(const NumberFormat& format, double number);
/// What the number becomes.
inline double rounded(const NumberFormat& format, double number) {
    return decode(format, encode(format, number));
}

double largestNumber(const NumberFormat& format);
/// The smallest above zero, with its full number of digits; of integers 1.
double smallestNormal(const NumberFormat& format);
/// The smallest above zero at all.
double smallestNumber(const NumberFormat& format);
/// From the number that `number` becomes to the next one away from zero; infinite where there is
/// none.
double spacingAt(const NumberFormat& format, double number);

} // namespace gradwright
