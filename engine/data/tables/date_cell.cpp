// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/date_cell.h"

#include "engine/data/tables/cell.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace gradwright {
namespace {

/// Takes a number of `least` to `most` digits off the beginning.
std::optional<int> takeDigits(std::string_view& text, std::size_t least, std::size_t most) {
    std::size_t length = 0;
    while (length < text.size() && length <= most && text[length] >= '0' && text[length] <= '9')
        ++length;
    if (length < least || length > most)
        return {};
    int value = 0;
    std::from_chars(text.data(), text.data() + length, value);
    text.remove_prefix(length);
    return value;
}

/// Whether this is empty or a time of day, with or without a zone.
bool isTime(std::string_view text) {
    if (text.empty())
        return true;
    if (text.front() != ' ' && text.front() != 'T')
        return false;
    text = trimmed(text.substr(1));
    return !text.empty() && text[0] >= '0' && text[0] <= '9' &&
           text.find(':') != std::string_view::npos &&
           text.find_first_not_of("0123456789:.,+-ZAPMapm ") == std::string_view::npos;
}

/// Takes a word off the beginning, letters beyond ASCII included.
std::string_view takeWord(std::string_view& text) {
    std::size_t length = 0;
    const auto isLetter = [](char each) {
        return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') ||
               static_cast<unsigned char>(each) >= 0x80;
    };
    while (length < text.size() && isLetter(text[length]))
        ++length;
    const auto word = text.substr(0, length);
    text.remove_prefix(length);
    return word;
}

/// The month of that name, written out or cut after three letters or more; 0 for other words.
int monthCalled(std::string_view word) {
    static constexpr std::array<std::array<std::string_view, 2>, 12> names = {
        {{"january", "januar"},
         {"february", "februar"},
         {"march", "märz"},
         {"april", "april"},
         {"may", "mai"},
         {"june", "juni"},
         {"july", "juli"},
         {"august", "august"},
         {"september", "september"},
         {"october", "oktober"},
         {"november", "november"},
         {"december", "dezember"}}};
    constexpr std::size_t kLeast = 3;
    if (word.size() < kLeast)
        return 0;
    const auto lower = lowerCased(word);
    for (std::size_t i = 0; i < names.size(); ++i)
        for (const auto name : names[i])
            if (name.starts_with(lower))
                return static_cast<int>(i + 1);
    return 0;
}

/// Takes what stands between the parts of a date off the beginning: one of "-/." or blanks, with a
/// point or a comma in front of them.
void takeGap(std::string_view& text) {
    if (!text.empty() && (text.front() == '.' || text.front() == ','))
        text.remove_prefix(1);
    if (!text.empty() && (text.front() == '-' || text.front() == '/'))
        text.remove_prefix(1);
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
}

/// A date whose month is a word.
std::optional<DateCell> worded(std::string_view cell, std::string_view order) {
    DateCell date;
    for (const char part : order) {
        if (part == 'm') {
            date.month = monthCalled(takeWord(cell));
            if (date.month == 0)
                return {};
        } else {
            const auto number = takeDigits(cell, part == 'y' ? 4 : 1, part == 'y' ? 4 : 2);
            if (!number)
                return {};
            (part == 'y' ? date.year : date.day) = *number;
        }
        if (part != order.back())
            takeGap(cell);
    }
    if (!isTime(cell) && !isTime(cell.substr(std::min<std::size_t>(cell.starts_with(','), 1))))
        return {};
    return date;
}

std::chrono::year_month_day calendarDay(const DateCell& date) {
    return std::chrono::year(date.year) / date.month / date.day;
}

bool isDay(const DateCell& date) {
    return date.year >= 1 && date.month >= 1 && date.month <= 12 && date.day >= 1 &&
           calendarDay(date).ok();
}

} // namespace

std::optional<DateCell> dateOf(std::string_view cell, std::string_view order) {
    if (order == kCompactDate) {
        const auto digits = takeDigits(cell, kCompactDate.size(), kCompactDate.size());
        if (!digits || !isTime(cell))
            return {};
        const DateCell date{*digits / 10'000, *digits / 100 % 100, *digits % 100};
        return isDay(date) ? std::optional(date) : std::nullopt;
    }
    if (const auto date = worded(cell, order); date && isDay(*date))
        return date;
    DateCell date;
    char mark = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const bool isYear = order[i] == 'y';
        const auto number = takeDigits(cell, isYear ? 4 : 1, isYear ? 4 : 2);
        if (!number)
            return {};
        (isYear ? date.year : order[i] == 'm' ? date.month : date.day) = *number;
        if (i + 1 == order.size())
            break;
        if (cell.empty() || (cell.front() != '-' && cell.front() != '/' && cell.front() != '.') ||
            (mark != 0 && cell.front() != mark))
            return {};
        mark = cell.front();
        cell.remove_prefix(1);
    }
    if (mark == '.' && order == "mdy") // nobody writes so
        return {};
    if (!isTime(cell) || !isDay(date))
        return {};
    return date;
}

std::string_view monthName(const DateCell& date) {
    static constexpr std::array<std::string_view, 12> names = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return names[static_cast<std::size_t>(date.month - 1)];
}

std::string_view weekdayName(const DateCell& date) {
    static constexpr std::array<std::string_view, 7> names = {"Sun", "Mon", "Tue", "Wed",
                                                              "Thu", "Fri", "Sat"};
    return names[std::chrono::weekday(std::chrono::sys_days(calendarDay(date))).c_encoding()];
}

} // namespace gradwright
