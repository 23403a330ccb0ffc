// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace gradwright {
namespace {

constexpr std::array<std::string_view, 22> kMissingSigns = {
    "?",      "nan",     "-nan",    "<na>",   "#n/a",    "#na",     "#n/a n/a", "\\n",
    ".",      "..",      "...",     "--",     "---",     "nat",     "<null>",   "(null)",
    "#null!", "#value!", "1.#qnan", "1.#ind", "-1.#ind", "-1.#qnan"};
constexpr std::array<std::string_view, 4> kSignsSince2 = {"#ref!", "#div/0!", "#num!", "#name?"};
constexpr std::array<std::string_view, 7> kMissingWords = {"-",    "na",  "n/a", "null",
                                                           "none", "nil", "n.a."};
constexpr std::array<std::string_view, 2> kDashes = {"\xE2\x80\x93", "\xE2\x80\x94"}; // en, em
constexpr std::size_t kLongestMark = 8;

/// Most cells are no marks, which is told before anything is copied: marks begin with these, or
/// are "1.#IND" and the like.
bool mayBeMark(std::string_view cell, std::string_view beginnings) {
    const std::size_t sign = cell.size() > 1 && cell[0] == '-' ? 1 : 0;
    if (cell[sign] >= '0' && cell[sign] <= '9')
        return cell.size() > sign + 2 && cell[sign + 2] == '#';
    return beginnings.find(cell[0]) != std::string_view::npos;
}

/// The length in bytes of the blank beyond ASCII that a text begins (or ends) with, 0 for none: the
/// no-break space, those of typography (U+2000 to U+200A, U+202F) and the ideographic one.
std::size_t wideBlankAt(std::string_view text, bool atEnd) {
    const auto part = [&](std::size_t length) {
        return atEnd ? text.substr(text.size() - length) : text.substr(0, length);
    };
    constexpr std::size_t kShort = 2;
    constexpr std::size_t kLong = 3;
    if (text.size() >= kShort && part(kShort) == "\xC2\xA0")
        return kShort;
    if (text.size() < kLong)
        return 0;
    const auto three = part(kLong);
    const auto last = static_cast<unsigned char>(three[2]);
    const bool isTypographic =
        three.starts_with("\xE2\x80") && ((last >= 0x80 && last <= 0x8A) || last == 0xAF);
    return isTypographic || three == "\xE3\x80\x80" ? kLong : 0;
}

/// Without such blanks at its ends, and those of ASCII between them.
std::string_view withoutWideBlanks(std::string_view text) {
    while (const auto length = wideBlankAt(text, false)) {
        text.remove_prefix(length);
        text = trimmed(text);
    }
    while (const auto length = wideBlankAt(text, true)) {
        text.remove_suffix(length);
        text = trimmed(text);
    }
    return text;
}

/// A number as its digits without zeros at their ends and the power of ten behind them: "12e-1" of
/// "1.20". Two are equal exactly if the numbers are, however many digits they have. `number`: as
/// numberOf() reads it.
std::string exactDecimal(std::string_view number) {
    const bool isNegative = number.starts_with('-');
    if (isNegative || number.starts_with('+'))
        number.remove_prefix(1);
    std::int64_t power = 0;
    if (const auto at = number.find_first_of("eE"); at != std::string_view::npos) {
        auto exponent = number.substr(at + 1);
        if (exponent.starts_with('+'))
            exponent.remove_prefix(1);
        std::from_chars(exponent.data(), exponent.data() + exponent.size(), power);
        number = number.substr(0, at);
    }
    std::string digits;
    bool isBehind = false;
    for (const char letter : number) {
        if (letter == '.') {
            isBehind = true;
            continue;
        }
        power -= isBehind ? 1 : 0;
        if (letter != '0' || !digits.empty())
            digits += letter;
    }
    while (digits.ends_with('0')) {
        digits.pop_back();
        ++power;
    }
    return digits.empty() ? "0" : fmt::format("{}{}e{}", isNegative ? "-" : "", digits, power);
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

bool isMissingSign(std::string_view cell, int rules) {
    if (cell.empty() || isAmong(kMissingSigns, "?nN-<#\\.(", cell))
        return true;
    return rules >= 2 &&
           (isAmong(kSignsSince2, "#", cell) ||
            (static_cast<unsigned char>(cell.front()) >= 0xC2 && withoutWideBlanks(cell).empty()));
}

bool isMissingWord(std::string_view cell, int rules) {
    return isAmong(kMissingWords, "nN-", cell) || (rules >= 2 && isAmong(kDashes, "\xE2", cell));
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

std::string labelKey(std::string_view cell, int rules) {
    if (rules >= 2)
        cell = withoutWideBlanks(cell);
    if (const auto number = numberOf(cell, ','))
        return rules >= 2 ? exactDecimal(cell) : fmt::format("{}", *number == 0 ? 0.0 : *number);
    if (cell.size() == 4 || cell.size() == 5)
        if (auto lower = lowerCased(cell); lower == "true" || lower == "false")
            return lower;
    return std::string(cell);
}

std::string foldedCase(std::string_view text) {
    auto folded = lowerCased(text);
    const auto byteAt = [&](std::size_t i) { return static_cast<unsigned char>(folded[i]); };
    const auto put = [&](std::size_t i, unsigned code) { // of two bytes
        folded[i] = static_cast<char>(0xC0U | (code >> 6U));
        folded[i + 1] = static_cast<char>(0x80U | (code & 0x3FU));
    };
    for (std::size_t i = 0; i + 1 < folded.size(); ++i) {
        if (byteAt(i) < 0xC3 || byteAt(i) > 0xD0 || (byteAt(i + 1) & 0xC0U) != 0x80)
            continue;
        const unsigned code = ((byteAt(i) & 0x1FU) << 6U) | (byteAt(i + 1) & 0x3FU);
        const auto isIn = [&](unsigned first, unsigned last) {
            return code >= first && code <= last;
        };
        if ((isIn(0xC0, 0xDE) && code != 0xD7) || (isIn(0x391, 0x3A9) && code != 0x3A2) ||
            isIn(0x410, 0x42F))
            put(i, code + 0x20);
        else if (isIn(0x400, 0x40F))
            put(i, code + 0x50);
    }
    return folded;
}

std::optional<double> hoursOf(std::string_view cell) {
    const auto takeNumber = [&](std::size_t least) -> std::optional<int> {
        std::size_t length = 0;
        while (length < cell.size() && length < 2 && cell[length] >= '0' && cell[length] <= '9')
            ++length;
        if (length < least)
            return {};
        int value = 0;
        std::from_chars(cell.data(), cell.data() + length, value);
        cell.remove_prefix(length);
        return value;
    };
    const auto takeColon = [&] {
        const bool isThere = cell.starts_with(':');
        cell.remove_prefix(isThere ? 1 : 0);
        return isThere;
    };
    constexpr int kMinutes = 60; // and seconds
    constexpr double kSeconds = 3600;
    auto hours = takeNumber(1);
    if (!hours || !takeColon())
        return {};
    const auto minutes = takeNumber(2);
    std::optional<int> seconds = 0;
    double part = 0;
    if (takeColon()) {
        seconds = takeNumber(2);
        if (cell.size() > 1 && cell.front() == '.') {
            std::size_t length = 1;
            while (length < cell.size() && cell[length] >= '0' && cell[length] <= '9')
                ++length;
            part = numberOf("0" + std::string(cell.substr(0, length)), ',').value_or(0);
            cell.remove_prefix(length);
        }
    }
    if (!minutes || !seconds || *minutes >= kMinutes || *seconds >= kMinutes)
        return {};
    const auto half = lowerCased(trimmed(cell));
    if (half == "am" || half == "pm") {
        constexpr int kNoon = 12;
        if (*hours < 1 || *hours > kNoon)
            return {};
        hours = *hours % kNoon + (half == "pm" ? kNoon : 0);
    } else if (!half.empty()) {
        return {};
    }
    constexpr int kDay = 24;
    if (*hours >= kDay)
        return {};
    return *hours + (*minutes * kMinutes + *seconds + part) / kSeconds;
}

} // namespace gradwright
