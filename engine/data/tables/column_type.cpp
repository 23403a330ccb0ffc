// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/column_type.h"

#include "engine/data/tables/table_params.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gradwright {
namespace {

constexpr std::array<std::pair<ColumnType, std::string_view>, 8> kColumnTypes = {
    {{ColumnType::Detect, "detect"},
     {ColumnType::Numbers, "numbers"},
     {ColumnType::PointNumbers, "decimal_point"},
     {ColumnType::CommaNumbers, "decimal_comma"},
     {ColumnType::Texts, "text"},
     {ColumnType::Dates, "dates"},
     {ColumnType::DayFirst, "day_first"},
     {ColumnType::MonthFirst, "month_first"}}};

} // namespace

std::string_view keyOfType(ColumnType type) {
    for (const auto& [each, key] : kColumnTypes)
        if (each == type)
            return key;
    return {};
}

std::vector<ChosenType> columnTypesFrom(std::string_view text) {
    std::vector<ChosenType> types;
    for (const auto& entry : columnNamesIn(text)) {
        const auto equals = entry.rfind('=');
        const auto key = equals == std::string::npos ? std::string() : entry.substr(equals + 1);
        const auto found = std::ranges::find_if(
            kColumnTypes, [&](const auto& each) { return each.second == key; });
        if (found == kColumnTypes.end() || equals == 0)
            throw Error("types of columns are written as \"price=decimal_comma\", not \"{}\"; "
                        "there are numbers, decimal_point, decimal_comma, text, dates, day_first, "
                        "month_first and detect",
                        excerpt(entry));
        const auto column = entry.substr(0, equals);
        std::erase_if(types, [&](const ChosenType& each) { return each.column == column; });
        if (found->first != ColumnType::Detect)
            types.push_back({column, found->first});
    }
    return types;
}

std::string columnTypesText(std::span<const ChosenType> types) {
    std::vector<std::string> entries;
    for (const auto& [column, type] : types)
        entries.push_back(fmt::format("{}={}", column, keyOfType(type)));
    return columnList(entries);
}

ColumnType typeIn(std::span<const ChosenType> types, std::string_view column) {
    for (const auto& each : types)
        if (each.column == column)
            return each.type;
    return ColumnType::Detect;
}

} // namespace gradwright
