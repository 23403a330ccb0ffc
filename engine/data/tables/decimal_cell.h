// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gradwright {

/// What a cell of a column holds, in one integer. A number as it is mostly written ("-12.50") is
/// its digits as a whole number and how many of them stand behind the point, from which both its
/// text and its value can be told; any other text is a number in the column's TextPool.
using CellCode = std::int64_t;

inline constexpr int kCodeShift = 5; ///< bits of the count of digits behind the point
inline constexpr CellCode kTextMark = (CellCode{1} << kCodeShift) - 1; ///< in place of that count
inline constexpr CellCode kEmptyCell = kTextMark; ///< the text 0 of each pool is empty

constexpr bool isTextCode(CellCode code) {
    return (code & kTextMark) == kTextMark;
}
constexpr std::size_t textOfCode(CellCode code) {
    return static_cast<std::size_t>(code >> kCodeShift);
}
constexpr CellCode codeOfText(std::size_t index) {
    return (static_cast<CellCode>(index) << kCodeShift) | kTextMark;
}
/// The digits without the point, with their sign.
constexpr std::int64_t digitsOf(CellCode decimal) {
    return decimal >> kCodeShift;
}
/// How many digits stand behind the point.
constexpr int decimalsOf(CellCode decimal) {
    return static_cast<int>(decimal & kTextMark);
}

/// So many digits of a number fit into a code.
inline constexpr int kMostDigits = 17;

/// Reads a number of up to kMostDigits digits as it is mostly written: "0", "-3", "12.50", with no
/// sign but '-', a digit on each side of a point, and no zero too many in front. Returns where it
/// ends, or `begin` where there is none; the code then stays as it is.
inline const char* takeDecimal(const char* begin, const char* end, CellCode& code) {
    const char* at = begin;
    const bool isNegative = at != end && *at == '-';
    at += isNegative ? 1 : 0;
    const char* const whole = at;
    std::uint64_t digits = 0;
    const auto take = [&] {
        for (; at != end; ++at) {
            const auto digit = static_cast<unsigned>(static_cast<unsigned char>(*at)) - '0';
            if (digit > 9)
                break;
            digits = 10 * digits + digit; // what overflows is too long, too
        }
    };
    take();
    auto length = at - whole;
    if (length == 0 || (length > 1 && *whole == '0'))
        return begin;
    std::int64_t behind = 0;
    if (at != end && *at == '.') {
        ++at;
        const char* const point = at;
        take();
        behind = at - point;
        if (behind == 0)
            return begin;
        length += behind;
    }
    if (length > kMostDigits || (isNegative && digits == 0)) // "-0" is another value
        return begin;
    const auto value = static_cast<std::int64_t>(digits);
    code = ((isNegative ? -value : value) * (CellCode{1} << kCodeShift)) + behind;
    return at;
}

/// The code of a text that is such a number as a whole.
std::optional<CellCode> decimalOf(std::string_view text);
/// The text that a code of a number was made of.
std::string decimalText(CellCode decimal);
/// Powers of ten that a double holds exactly.
inline constexpr std::array<double, kMostDigits + 1> kPowersOfTen = {
    1e0, 1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,
    1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17};
/// digits / 10^decimals, rounded to the nearest; the digits are beyond 2^53.
double roundedQuotient(std::int64_t digits, int decimals);

/// The number nearest to it, as std::from_chars() gives it.
inline double decimalValue(CellCode decimal) {
    constexpr std::int64_t kExact = std::int64_t{1} << 53; // integers up to it are exact
    const auto digits = digitsOf(decimal);
    const auto decimals = decimalsOf(decimal);
    // Both are exact, so the division rounds once (Clinger, "How to read floating point numbers
    // accurately", 1990).
    if (digits <= kExact && digits >= -kExact)
        return static_cast<double>(digits) / kPowersOfTen[static_cast<std::size_t>(decimals)];
    return roundedQuotient(digits, decimals);
}

} // namespace gradwright
