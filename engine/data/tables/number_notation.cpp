// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/number_notation.h"

#include "engine/data/tables/cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

/// Longer ones before those that they begin with.
constexpr std::array<std::string_view, 24> kUnits = {
    "US$", "CA$", "AU$", "HK$", "R$",  "A$",  "C$",  "$",  "€",  "£",  "¥", "₹",
    "₽", "₩",   "USD", "EUR", "GBP", "CHF", "JPY", "Kč", "zł", "kr", "%", "‰"};

bool isDigit(char letter) {
    return letter >= '0' && letter <= '9';
}

bool isLetter(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           static_cast<unsigned char>(letter) >= 0x80;
}

/// Typographic blanks, minus signs and apostrophes as those of ASCII.
std::string inAscii(std::string_view cell) {
    static constexpr std::array<std::pair<std::string_view, char>, 6> same = {
        {{"\xC2\xA0", ' '},
         {"\xE2\x80\xAF", ' '},
         {"\xE2\x80\x89", ' '},
         {"\xE2\x88\x92", '-'},
         {"\xE2\x80\x99", '\''},
         {"\xC2\xB4", '\''}}};
    const auto isAscii = [](char letter) { return static_cast<unsigned char>(letter) < 0x80; };
    if (std::ranges::all_of(cell, isAscii))
        return std::string(cell);
    std::string text;
    while (!cell.empty()) {
        const auto found = std::ranges::find_if(
            same, [&](const auto& each) { return cell.starts_with(each.first); });
        const auto length = found == same.end() ? 1 : found->first.size();
        text += found == same.end() ? cell.front() : found->second;
        cell.remove_prefix(length);
    }
    return text;
}

std::string_view unitBefore(std::string_view text) {
    const auto found = std::ranges::find_if(kUnits, [&](std::string_view unit) {
        return !text.empty() && text.front() == unit.front() && text.starts_with(unit);
    });
    return found == kUnits.end() ? std::string_view() : *found;
}

std::string_view unitBehind(std::string_view text) {
    for (const auto unit : kUnits)
        if (text.ends_with(unit))
            return unit;
    // "3.5 kg": a word after a blank.
    auto begin = text.size();
    while (begin > 0 && isLetter(text[begin - 1]))
        --begin;
    const bool isWord =
        begin < text.size() && begin > 1 && text[begin - 1] == ' ' && isDigit(text[begin - 2]);
    return isWord ? text.substr(begin) : std::string_view();
}

/// Whether groups of digits between these marks may be a number's: 1,234,567, or 12,34,567 as in
/// India.
bool areGroups(std::string_view whole, char mark) {
    std::size_t length = 0;
    std::vector<std::size_t> lengths;
    for (const char letter : whole) {
        if (letter != mark) {
            ++length;
            continue;
        }
        lengths.push_back(std::exchange(length, 0));
    }
    lengths.push_back(length);
    if (lengths.size() < 2)
        return false;
    if (lengths.front() < 1 || lengths.front() > 3 || lengths.back() != 3 || whole[0] == '0')
        return false;
    const auto isOf = [&](std::size_t size) {
        return std::all_of(lengths.begin() + 1, lengths.end() - 1,
                           [&](std::size_t each) { return each == size; });
    };
    return isOf(3) || (mark == ',' && isOf(2) && lengths.front() <= 2);
}

bool areDigits(std::string_view text) {
    return std::ranges::all_of(text, isDigit);
}

std::optional<std::string> plainDigits(std::string_view digits, const NumberNotation& notation) {
    std::string plain;
    if (digits.starts_with('+') || digits.starts_with('-')) {
        if (digits.front() == '-')
            plain = "-";
        digits.remove_prefix(1);
    }
    const auto power = std::min(digits.find_first_of("eE"), digits.size());
    const auto mantissa = digits.substr(0, power);
    const auto point = std::min(mantissa.find(notation.decimal), mantissa.size());
    std::string whole(mantissa.substr(0, point));
    if (notation.grouping != 0 && whole.find(notation.grouping) != std::string::npos) {
        if (!areGroups(whole, notation.grouping))
            return {};
        std::erase(whole, notation.grouping);
    }
    const auto behind = mantissa.substr(std::min(point + 1, mantissa.size()));
    if (!areDigits(whole) || !areDigits(behind))
        return {};
    plain += whole;
    if (point < mantissa.size()) {
        plain += '.';
        plain += behind;
    }
    plain += digits.substr(power);
    if (!numberOf(plain, ','))
        return {};
    return plain;
}

} // namespace

const std::array<NumberNotation, kNotations>& numberNotations() {
    static const std::array<NumberNotation, kNotations> all = {{{'.', 0},
                                                                {'.', ','},
                                                                {',', 0},
                                                                {',', '.'},
                                                                {'.', ' '},
                                                                {',', ' '},
                                                                {'.', '\''},
                                                                {',', '\''}}};
    return all;
}

bool mayBeNumber(std::string_view cell) {
    if (std::ranges::none_of(cell, isDigit))
        return false;
    const auto first = cell.front();
    const bool isPlainLetter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
    constexpr std::string_view kFirstOfUnits = "UCAHREGJKzk"; // of kUnits
    return !isPlainLetter ||
           (kFirstOfUnits.find(first) != std::string_view::npos && !unitBefore(cell).empty());
}

NumberText withoutUnit(std::string_view cell) {
    const auto ascii = inAscii(cell);
    std::string_view rest = trimmed(ascii);
    bool isNegative = false;
    if (rest.starts_with('(') && rest.ends_with(')') && rest.size() > 2) { // as accountants do
        isNegative = true;
        rest = trimmed(rest.substr(1, rest.size() - 2));
    }
    const auto takeSign = [&] {
        if (!rest.starts_with('-') && !rest.starts_with('+'))
            return;
        isNegative = isNegative != rest.starts_with('-');
        rest = trimmed(rest.substr(1));
    };
    takeSign();
    std::string unit(unitBefore(rest));
    rest.remove_prefix(unit.size());
    if (unit.empty()) {
        unit = unitBehind(rest);
        rest.remove_suffix(unit.size());
    }
    rest = trimmed(rest);
    if (!unit.empty())
        takeSign();
    return {std::move(unit), (isNegative ? "-" : "") + std::string(rest)};
}

std::uint32_t notationsOf(std::string_view digits) {
    std::uint32_t mask = 0;
    const auto isOdd = [](char letter) {
        return !isDigit(letter) &&
               std::string_view("+-.,' eE").find(letter) == std::string_view::npos;
    };
    if (std::ranges::any_of(digits, isOdd))
        return mask;
    for (std::size_t i = 0; i < kNotations; ++i)
        if (plainDigits(digits, numberNotations()[i]))
            mask |= 1U << i;
    return mask;
}

std::uint32_t notationsOfUsual(std::string_view number) {
    constexpr std::size_t kLongest = 100; // finite, whatever the digits are
    constexpr std::uint32_t all = (1U << kNotations) - 1;
    if (number.starts_with('-') || number.starts_with('+'))
        number.remove_prefix(1);
    const auto point = std::min(number.find('.'), number.size());
    const auto whole = number.substr(0, point);
    const auto behind = number.substr(std::min(point + 1, number.size()));
    if (number.size() > kLongest || !areDigits(whole) || !areDigits(behind))
        return 0;
    if (point == number.size())
        return all;
    static const auto masks = [] {
        std::array<std::uint32_t, 2>
            found{}; // of a number, of one that may be a group of thousands
        for (std::size_t i = 0; i < kNotations; ++i) {
            const auto& [decimal, grouping, unit, isTime] = numberNotations()[i];
            found[0] |= decimal == '.' ? 1U << i : 0;
            found[1] |= decimal == '.' || grouping == '.' ? 1U << i : 0;
        }
        return found;
    }();
    const bool isGroup =
        !whole.empty() && whole.size() <= 3 && whole.front() != '0' && behind.size() == 3;
    return masks[isGroup ? 1 : 0];
}

std::optional<std::string> plainNumber(std::string_view cell, const NumberNotation& notation) {
    if (notation.isTime) {
        if (const auto hours = hoursOf(cell))
            return fmt::format("{}", *hours);
        return numberOf(cell, ',') ? std::optional(std::string(cell)) : std::nullopt;
    }
    const auto [unit, digits] = withoutUnit(cell);
    if (unit != notation.unit)
        return {};
    return plainDigits(digits, notation);
}

} // namespace gradwright
