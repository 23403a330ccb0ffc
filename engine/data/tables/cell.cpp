// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/cell.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace gradwright {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

bool isMissing(std::string_view cell) {
    constexpr std::array<std::string_view, 7> signs = {"?",   "-",    "na",  "n/a",
                                                       "nan", "null", "none"};
    if (cell.empty())
        return true;
    if (cell.size() > 4)
        return false;
    std::string lower(cell);
    for (auto& letter : lower)
        if (letter >= 'A' && letter <= 'Z')
            letter = static_cast<char>(letter - 'A' + 'a');
    return std::ranges::find(signs, lower) != signs.end();
}

std::optional<double> numberOf(std::string_view cell, char delimiter) {
    std::string changed;
    if (delimiter == ';' && std::ranges::count(cell, ',') == 1 &&
        cell.find('.') == std::string_view::npos) {
        changed = cell;
        changed[cell.find(',')] = '.';
        cell = changed;
    }
    if (cell.starts_with('+'))
        cell.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (cell.empty() || error != std::errc{} || end != cell.data() + cell.size() ||
        !std::isfinite(value))
        return {};
    return value;
}

} // namespace gradwright
