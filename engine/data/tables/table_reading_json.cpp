// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/table_reading_json.h"

#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <array>
#include <utility>

namespace gradwright {
namespace {

using Kind = ColumnReading::Kind;

constexpr std::array<std::pair<Kind, const char*>, 6> kColumnKinds = {{{Kind::Empty, "empty"},
                                                                       {Kind::Numbers, "numbers"},
                                                                       {Kind::Texts, "texts"},
                                                                       {Kind::Mixed, "mixed"},
                                                                       {Kind::Dates, "dates"},
                                                                       {Kind::Pixels, "pixels"}}};

std::string textOf(char mark) {
    return mark == 0 ? std::string() : std::string(1, mark);
}

char markFrom(const Json& json, const char* key) {
    const auto text = json.at(key).get<std::string>();
    if (text.size() > 1)
        throw Error("\"{}\" of a table is one letter, not {}", key, dumpExcerpt(json.at(key)));
    return text.empty() ? '\0' : text.front();
}

Json columnToJson(const ColumnReading& column) {
    Json json = {
        {"name", column.name},
        {"kind", std::ranges::find(kColumnKinds, column.kind, &std::pair<Kind, const char*>::first)
                     ->second}};
    if (column.notation != NumberNotation{}) {
        json["decimal"] = textOf(column.notation.decimal);
        json["grouping"] = textOf(column.notation.grouping);
        json["unit"] = column.notation.unit;
        if (column.notation.isTime)
            json["time"] = true;
    }
    if (!column.words.empty())
        json["words"] = column.words;
    if (!column.dateOrder.empty())
        json["date_order"] = column.dateOrder;
    if (column.pixels > 0)
        json["pixels"] = column.pixels;
    if (column.isNameless)
        json["nameless"] = true;
    if (column.sameCase)
        json["same_case"] = true;
    if (column.isChosen)
        json["chosen"] = true;
    return json;
}

ColumnReading readColumn(const Json& json) {
    ColumnReading column;
    json.at("name").get_to(column.name);
    const auto kind = json.at("kind").get<std::string>();
    const auto found =
        std::ranges::find_if(kColumnKinds, [&](const auto& each) { return each.second == kind; });
    if (found == kColumnKinds.end())
        throw Error("\"kind\" of a column cannot be {}", dumpExcerpt(json.at("kind")));
    column.kind = found->first;
    if (json.contains("decimal"))
        column.notation = {markFrom(json, "decimal"), markFrom(json, "grouping"),
                           json.at("unit").get<std::string>(), json.value("time", false)};
    column.words = json.value("words", std::vector<std::string>{});
    column.dateOrder = json.value("date_order", std::string());
    column.pixels = json.value("pixels", std::size_t{0});
    column.isNameless = json.value("nameless", false);
    column.sameCase = json.value("same_case", false);
    column.isChosen = json.value("chosen", false);
    return column;
}

Json columnsToJson(const std::vector<ColumnReading>& columns) {
    auto json = Json::array();
    for (const auto& column : columns)
        json.push_back(columnToJson(column));
    return json;
}

std::vector<ColumnReading> readColumnList(const Json& json) {
    std::vector<ColumnReading> columns;
    for (const auto& column : json)
        columns.push_back(readColumn(column));
    return columns;
}

} // namespace

Json toJson(const TableReading& reading) {
    return {{"delimiter", textOf(reading.delimiter)},
            {"quote", textOf(reading.quote)},
            {"header", reading.hasHeader},
            {"row_names", reading.hasRowNames},
            {"splits_dates", reading.splitsDates},
            {"missing", reading.missing},
            {"columns", columnsToJson(reading.columns)},
            {"dates", columnsToJson(reading.dates)},
            {"rules", reading.rules}};
}

TableReading tableReadingFromJson(const Json& json) {
    TableReading reading;
    reading.delimiter = markFrom(json, "delimiter");
    reading.quote = markFrom(json, "quote");
    json.at("header").get_to(reading.hasHeader);
    json.at("row_names").get_to(reading.hasRowNames);
    json.at("splits_dates").get_to(reading.splitsDates);
    json.at("missing").get_to(reading.missing);
    reading.columns = readColumnList(json.at("columns"));
    reading.dates = readColumnList(json.at("dates"));
    reading.rules = json.value("rules", 0);
    return reading;
}

} // namespace gradwright
