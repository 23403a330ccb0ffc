// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv_table.h"

#include "engine/support/counted.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace gradwright {
namespace {

/// By their numbers, from 1; a column may be called so already (pandas writes ",0,1,2").
void nameTheNameless(std::vector<std::string>& names) {
    const std::unordered_set<std::string> given(names.begin(), names.end());
    for (std::size_t c = 0; c < names.size(); ++c) {
        if (!names[c].empty())
            continue;
        names[c] = std::to_string(c + 1);
        while (given.contains(names[c]))
            names[c].insert(0, "unnamed ");
    }
}

} // namespace

void fillTable(CsvTable& table, CsvRows rows) {
    if (rows.empty())
        throw Error("{}: the table is empty", table.file);
    const auto columns = rows.fields(0);
    for (std::size_t row = 0; row < rows.size() && !rows.areAlike(); ++row)
        if (rows.fields(row) != columns)
            throw Error("{}, line {}: {}, separated by {}; the first row has {}", table.file,
                        rows.line(row), counted(rows.fields(row), "field"),
                        nameOfDelimiter(table.delimiter), columns);
    for (std::size_t c = 0; c < columns; ++c)
        table.names.push_back(std::to_string(c + 1));
    table.cells = rows.takeCells();
    table.lines = rows.takeLines();
}

std::vector<std::string> firstRow(const CsvTable& table) {
    std::vector<std::string> row;
    for (std::size_t c = 0; c < table.columns(); ++c)
        row.push_back(table.at(0, c));
    return row;
}

void takeHeader(CsvTable& table, std::vector<std::string> names) {
    nameTheNameless(names);
    std::unordered_set<std::string_view> known;
    for (std::size_t c = 0; c < names.size(); ++c) {
        if (!known.insert(names[c]).second)
            throw Error("{}, line {}: two columns are called \"{}\"; each needs a name of its own",
                        table.file, table.lines[0], excerpt(names[c]));
    }
    table.names = std::move(names);
    for (std::size_t c = 0; c < table.columns(); ++c)
        table.cells[c].removeFirst();
    table.lines.erase(table.lines.begin());
    if (table.rows() == 0)
        throw Error(
            "{}: holds one row, which names the columns ({}); the rows of values that belong "
            "below it are missing",
            table.file, excerpt(fmt::format("{}", fmt::join(table.names, ", "))));
}

} // namespace gradwright
