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

/// Most cells are no marks, which is told before anything is copied: marks begin with these, or
/// are "1.#IND" and the like.
bool mayBeMark(std::string_view cell, std::string_view beginnings) {
    const std::size_t sign = cell.size() > 1 && cell[0] == '-' ? 1 : 0;
    if (cell[sign] >= '0' && cell[sign] <= '9')
        return cell.size() > sign + 2 && cell[sign + 2] == '#';
    return beginnings.find(cell[0]) != std::string_view::npos;
}

template <std::size_t N>
bool isAmong(const std::array<std::string_view, N>& marks, std::string_view beginnings,
             std::string_view cell) {
    return cell.size() <= kLongestMark && !cell.empty() && mayBeMark(cell, beginnings) &&
           std::ranges::find(marks, std::string_view(lowerCased(cell))) != marks.end();
}

} // namespace

std::string_view trimmed(std::string_view text) {
    const auto isBlank = [](char letter) {
        return letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n';
    };
    while (!text.empty() && isBlank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && isBlank(text.back()))
        text.remove_suffix(1);
    return text;
}

std::string lowerCased(std::string_view text) {
    std::string lower(text);
    for (auto& letter : lower)
        if (letter >= 'A' && letter <= 'Z')
            letter = static_cast<char>(letter - 'A' + 'a');
    return lower;
}

bool isMissingSign(std::string_view cell) {
    return cell.empty() || isAmong(kMissingSigns, "?nN-<#\\.(", cell);
}

bool isMissingWord(std::string_view cell) {
    return isAmong(kMissingWords, "nN-", cell);
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
