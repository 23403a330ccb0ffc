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

std::chrono::year_month_day calendarDay(const DateCell& date) {
    return std::chrono::year(date.year) / date.month / date.day;
}

} // namespace

std::optional<DateCell> dateOf(std::string_view cell, std::string_view order) {
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
    if (!isTime(cell) || date.year < 1 || date.month < 1 || date.month > 12 || date.day < 1 ||
        !calendarDay(date).ok())
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
