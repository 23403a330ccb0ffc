// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/decimal_cell.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace gradwright {
namespace {

__extension__ using Wide = unsigned __int128;

} // namespace

double roundedQuotient(std::int64_t digits, int decimals) {
    if (decimals == 0)
        return static_cast<double>(digits);
    std::uint64_t power = 1;
    for (int i = 0; i < decimals; ++i)
        power *= 10;
    // The quotient has more bits than a double, and whatever is cut off sets its last one, so the
    // conversion rounds it once.
    constexpr int kScale = 64;
    const Wide scaled = static_cast<Wide>(static_cast<std::uint64_t>(std::abs(digits))) << kScale;
    Wide quotient = scaled / power;
    bool isCut = scaled % power != 0;
    int shift = 0;
    if (const auto high = static_cast<std::uint64_t>(quotient >> kScale); high != 0) {
        shift = kScale - std::countl_zero(high);
        isCut = isCut || (quotient & ((Wide{1} << shift) - 1)) != 0;
        quotient >>= shift;
    }
    const auto rounded = static_cast<std::uint64_t>(quotient) | (isCut ? 1U : 0U);
    const auto magnitude = std::ldexp(static_cast<double>(rounded), shift - kScale);
    return digits < 0 ? -magnitude : magnitude;
}

std::optional<CellCode> decimalOf(std::string_view text) {
    CellCode code = 0;
    const auto* const end = text.data() + text.size();
    if (text.empty() || takeDecimal(text.data(), end, code) != end)
        return {};
    return code;
}

std::string decimalText(CellCode decimal) {
    const auto digits = digitsOf(decimal);
    const auto behind = static_cast<std::size_t>(decimalsOf(decimal));
    std::array<char, 24> buffer{};
    const auto* const end =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(digits)).ptr;
    const std::string_view all(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
    std::string text(digits < 0 ? "-" : "");
    if (behind == 0)
        return text += all;
    if (all.size() > behind)
        text += all.substr(0, all.size() - behind);
    else
        text += '0';
    text += '.';
    if (all.size() < behind)
        text.append(behind - all.size(), '0');
    return text += all.substr(all.size() - std::min(behind, all.size()));
}

} // namespace gradwright
