// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv_table.h"

#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gradwright {

void fillTable(CsvTable& table, std::vector<CsvRow> rows) {
    if (rows.empty())
        throw Error("{}: the table is empty", table.file);
    for (std::size_t c = 0; c < rows.front().fields.size(); ++c)
        table.names.push_back(std::to_string(c + 1));
    table.cells.reserve(rows.size() * table.columns());
    table.lines.reserve(rows.size());
    for (auto& row : rows) {
        if (row.fields.size() != table.columns())
            throw Error("{}, line {}: {} field{}, separated by {}; the first row has {}",
                        table.file, row.line, row.fields.size(), row.fields.size() == 1 ? "" : "s",
                        nameOfDelimiter(table.delimiter), table.columns());
        std::ranges::move(row.fields, std::back_inserter(table.cells));
        table.lines.push_back(row.line);
        row.fields = {};
    }
}

void takeHeader(CsvTable& table) {
    const auto columns = static_cast<std::ptrdiff_t>(table.columns());
    std::vector<std::string> names(table.cells.begin(), table.cells.begin() + columns);
    for (std::size_t c = 0; c < names.size(); ++c) {
        if (names[c].empty())
            names[c] = std::to_string(c + 1);
        if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(c), names[c]) !=
            names.begin() + static_cast<std::ptrdiff_t>(c))
            throw Error("{}, line {}: two columns are called \"{}\"; each needs a name of its own",
                        table.file, table.lines[0], excerpt(names[c]));
    }
    table.names = std::move(names);
    table.cells.erase(table.cells.begin(), table.cells.begin() + columns);
    table.lines.erase(table.lines.begin());
    if (table.rows() == 0)
        throw Error("{}: names of columns, but no rows follow them", table.file);
}

} // namespace gradwright
