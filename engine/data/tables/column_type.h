// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// What the cells of a column are read as.
enum class ColumnType {
    Detect,       ///< whatever they look like
    Numbers,      ///< in the notation that suits most of them; a cell that is none has no value
    PointNumbers, ///< the same, in a notation with a decimal point: 1,234 is 1234
    CommaNumbers, ///< the same, in a notation with a decimal comma: 1,234 is 1.234
    Texts,        ///< categories, as they stand in the file
    Dates,        ///< in the order that suits all of them
    DayFirst,     ///< dates: 1/2/2015 is the first of February
    MonthFirst    ///< dates: 1/2/2015 is the second of January
};

/// What a person has said of a column.
struct ChosenType {
    std::string column;
    ColumnType type = ColumnType::Detect;

    bool operator==(const ChosenType&) const = default;
};

/// The parameter of tables that holds them: "price=decimal_comma, zip=text", in quotes where a name
/// holds a comma.
inline constexpr std::string_view kTypesParam = "types";
/// "numbers", "decimal_point", "decimal_comma", "text", "dates", "day_first", "month_first";
/// "detect".
std::string_view keyOfType(ColumnType type);
/// Throws Error listing the types where one names none.
std::vector<ChosenType> columnTypesFrom(std::string_view text);
std::string columnTypesText(std::span<const ChosenType> types);
/// Detect for a column that is not listed.
ColumnType typeIn(std::span<const ChosenType> types, std::string_view column);

inline bool isNumberType(ColumnType type) {
    return type == ColumnType::Numbers || type == ColumnType::PointNumbers ||
           type == ColumnType::CommaNumbers;
}
inline bool isDateType(ColumnType type) {
    return type == ColumnType::Dates || type == ColumnType::DayFirst ||
           type == ColumnType::MonthFirst;
}

} // namespace gradwright
