// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace gradwright {
namespace {

constexpr std::array<std::string_view, 22> kMissingSigns = {
    "?",      "nan",     "-nan",    "<na>",   "#n/a",    "#na",     "#n/a n/a", "\\n",
    ".",      "..",      "...",     "--",     "---",     "nat",     "<null>",   "(null)",
    "#null!", "#value!", "1.#qnan", "1.#ind", "-1.#ind", "-1.#qnan"};
constexpr std::array<std::string_view, 7> kMissingWords = {"-",    "na",  "n/a", "null",
                                                           "none", "nil", "n.a."};
constexpr std::size_t kLongestMark = 8;

/// A number as most are, which is no mark: told before anything is copied.
bool beginsAsNumber(std::string_view cell) {
    const auto first = cell.size() > 1 && cell[0] == '-' ? cell[1] : cell[0];
    return first >= '0' && first <= '9' && cell.find('#') == std::string_view::npos;
}

template <std::size_t N>
bool isAmong(const std::array<std::string_view, N>& marks, std::string_view cell) {
    return cell.size() <= kLongestMark && !cell.empty() && !beginsAsNumber(cell) &&
           std::ranges::find(marks, std::string_view(lowerCased(cell))) != marks.end();
}

} // namespace

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

std::string lowerCased(std::string_view text) {
    std::string lower(text);
    for (auto& letter : lower)
        if (letter >= 'A' && letter <= 'Z')
            letter = static_cast<char>(letter - 'A' + 'a');
    return lower;
}

bool isMissingSign(std::string_view cell) {
    return cell.empty() || isAmong(kMissingSigns, cell);
}

bool isMissingWord(std::string_view cell) {
    return isAmong(kMissingWords, cell);
}

bool isMissing(std::string_view cell) {
    return isMissingSign(cell) || isMissingWord(cell);
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

std::string labelKey(std::string_view cell) {
    if (const auto number = numberOf(cell, ','))
        return fmt::format("{}", *number == 0 ? 0.0 : *number); // -0 is 0
    if (cell.size() == 4 || cell.size() == 5)
        if (auto lower = lowerCased(cell); lower == "true" || lower == "false")
            return lower;
    return std::string(cell);
}

} // namespace gradwright
