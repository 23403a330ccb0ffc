// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace gradwright {

struct DateCell {
    int year = 0;
    int month = 0; ///< 1 to 12
    int day = 0;

    bool operator==(const DateCell&) const = default;
};

/// The orders in which dates are written, the usual ones first.
inline constexpr std::array<std::string_view, 3> kDateOrders = {"ymd", "dmy", "mdy"};

/// The order of dates that are eight digits, 20150131: numbers, unless all of a column are days.
inline constexpr std::string_view kCompactDate = "yyyymmdd";

/// A day such as 2015-01-31, 31.01.2015, 1/31/2015, 31 Jan 2015 or January 31, 2015, with or
/// without a time behind it; months are called as in English or German. Nothing for other text and
/// for days that no calendar has.
std::optional<DateCell> dateOf(std::string_view cell, std::string_view order);

/// "Jan" to "Dec".
std::string_view monthName(const DateCell& date);
/// "Mon" to "Sun", by the Gregorian calendar.
std::string_view weekdayName(const DateCell& date);

} // namespace gradwright
