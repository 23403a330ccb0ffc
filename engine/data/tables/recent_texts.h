// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/csv_column.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace gradwright {

/// The codes of short texts that a column has had, each in the place of its hash, so that the texts
/// of a few categories are told apart by two numbers.
class RecentTexts {
public:
    static constexpr std::size_t kLongest = 16;

    /// The code of a text of 1 to kLongest bytes, which is added to the column where it is new. The
    /// eight bytes in front of its end must be readable.
    CellCode code(CsvColumn& column, std::string_view text) {
        const auto size = text.size();
        Text found{.size = size};
        std::memcpy(&found.last, text.data() + size - kWord, kWord);
        if (size <= kWord)
            found.last &= ~std::uint64_t{0} << (8 * (kWord - size)); // bytes in front of it
        else
            std::memcpy(&found.first, text.data(), kWord);
        if (texts_.empty())
            texts_.resize(std::size_t{1} << kPlaceBits);
        constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15; // of Fibonacci hashing
        auto& known = texts_[((found.first + found.last + size) * kFactor) >> (64 - kPlaceBits)];
        if (known.last == found.last && known.first == found.first && known.size == size) {
            column.countKnownText();
            return known.code;
        }
        found.code = column.encodeText(text);
        known = found;
        return known.code;
    }

private:
    static constexpr std::size_t kWord = 8;
    static constexpr int kPlaceBits = 7;

    struct Text {
        std::uint64_t first = 0; ///< bytes of a text that has more than eight
        std::uint64_t last = 0;  ///< bytes
        std::size_t size = 0;
        CellCode code = kEmptyCell;
    };
    std::vector<Text> texts_;
};

} // namespace gradwright
