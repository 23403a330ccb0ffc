// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/decimal_cell.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace gradwright {

/// So many characters a short decimal has beside its sign.
inline constexpr std::ptrdiff_t kShortDecimal = 8;

/// decimalOf() of texts of up to kShortDecimal characters beside a sign, all of them at once,
/// without a branch for each digit. As many digits are expected behind the point as the last number
/// of the column had, so that everything about the point is known before the text is read.
class ShortDecimals {
public:
    /// The text ends at `end` and has so many characters, 1 to kShortDecimal, behind a minus sign
    /// (sign 1) or none (0). The eight bytes in front of its end must be readable. Returns false,
    /// and leaves the code as it is, where the text is no number.
    bool take(const char* end, std::ptrdiff_t length, std::ptrdiff_t sign, CellCode& code) {
        return takeAsBefore(end, length, sign, code) ||
               (expect(end, length) && takeAsBefore(end, length, sign, code));
    }

private:
    static constexpr std::uint64_t kOnes = 0x0101010101010101;
    static constexpr std::uint64_t kDigits = kOnes * '0';
    static constexpr std::uint64_t kHighs = kOnes * 0x80;
    static constexpr std::uint64_t kAboveNine = kOnes * (0x80 - 10);

    // Signs and lengths come in no order, so nothing branches by them.
    bool takeAsBefore(const char* end, std::ptrdiff_t length, std::ptrdiff_t sign,
                      CellCode& code) const {
        const auto whole = length - notWhole_;
        if (whole < 1)
            return false;
        // The last character is the highest byte; what stands in front of the number is cut off.
        std::uint64_t word = 0;
        std::memcpy(&word, end - kShortDecimal, sizeof word);
        word = (word ^ expected_) & (~std::uint64_t{0} << (8 * (kShortDecimal - length)));
        const bool isOther = ((word | (word + tooMuch_)) & kHighs) != 0;
        word = ((word & inFront_) << 8) | (word & ~inFront_);
        // Eight digits as pairs, as fours, as one (Lemire, "Number parsing at a gigabyte per
        // second", 2021).
        word = word * 10 + (word >> 8);
        constexpr std::uint64_t pairs = 0x000000FF000000FF;
        const auto number = static_cast<std::int64_t>(
            ((word & pairs) * 0x000F424000000064 + ((word >> 16) & pairs) * 0x0000271000000001) >>
            32);
        if (isOther | ((whole > 1) & (end[-length] == '0')) | ((sign != 0) & (number == 0)))
            return false;
        code = (((number ^ -sign) + sign) << kCodeShift) + behind_;
        return true;
    }

    /// Expects the point where this text has it; returns false where it cannot have one there, or
    /// was expected to.
    bool expect(const char* end, std::ptrdiff_t length) {
        std::ptrdiff_t behind = 0;
        while (behind < length && end[-1 - behind] != '.')
            ++behind;
        behind = behind == length ? 0 : behind;
        const bool hasPoint = behind > 0;
        if (behind == behind_ || (!hasPoint && end[-1] == '.'))
            return false;
        const auto shift = 8 * (kShortDecimal - 1 - behind);
        const auto point = hasPoint ? std::uint64_t{0xFF} << shift : 0;
        behind_ = behind;
        notWhole_ = hasPoint ? behind + 1 : 0;
        expected_ = (kDigits & ~point) | ((kOnes * '.') & point);
        tooMuch_ = (kAboveNine & ~point) | ((kOnes * 0x7F) & point);
        inFront_ = hasPoint ? (std::uint64_t{1} << shift) - 1 : 0;
        return true;
    }

    std::ptrdiff_t behind_ = 0;          ///< digits behind the point
    std::ptrdiff_t notWhole_ = 0;        ///< the same, and the point
    std::uint64_t expected_ = kDigits;   ///< becomes 0 to 9, and 0 in place of the point
    std::uint64_t tooMuch_ = kAboveNine; ///< makes the highest bit of whatever is more
    std::uint64_t inFront_ = 0;          ///< of the point
};

} // namespace gradwright
