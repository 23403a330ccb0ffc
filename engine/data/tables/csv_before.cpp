// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv_before.h"

#include "engine/data/images/picture_sample.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/csv_rows.h"
#include "engine/data/tables/csv_table.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <set>

namespace gradwright {
namespace {

/// Rows that delimiter and header are detected from.
constexpr std::size_t kSample = 200;

bool wasMissing(std::string_view cell) {
    constexpr std::array<std::string_view, 7> signs = {"?",   "-",    "na",  "n/a",
                                                       "nan", "null", "none"};
    return cell.empty() ||
           std::ranges::find(signs, std::string_view(lowerCased(cell))) != signs.end();
}

/// The number of fields that all sampled rows have with this delimiter, 0 when they differ.
std::size_t fieldsBefore(char delimiter, std::string_view text, const std::string& name) {
    try {
        const auto rows = readCsvRows(text, name, delimiter, '"', kSample);
        for (std::size_t row = 0; row < rows.size(); ++row)
            if (rows.fields(row) != rows.fields(0))
                return 0;
        return rows.empty() ? 0 : rows.fields(0);
    } catch (const Error&) {
        return 0;
    }
}

/// The first that splits all rows alike; else the first that occurs, whose rows then differ, which
/// is an error with a line.
char delimiterBefore(std::string_view text, const std::string& name) {
    for (const auto delimiter : kDelimiters)
        if (fieldsBefore(delimiter, text, name) > 1)
            return delimiter;
    const auto first = text.substr(0, text.find_first_of("\r\n"));
    for (const auto delimiter : {',', ';', '\t', '|'})
        if (first.find(delimiter) != std::string_view::npos)
            return delimiter;
    return ',';
}

/// A first row names the columns when none of it is a number or missing, and it either stands above
/// numbers or says in no column what the rows below say. Empty cells, as above the row names that
/// pandas writes, may be among them.
bool lookedLikeHeader(const CsvTable& table) {
    std::set<std::string> distinct;
    for (std::size_t c = 0; c < table.columns(); ++c) {
        const auto cell = table.at(0, c);
        if ((wasMissing(cell) && !cell.empty()) || numberOf(cell, table.delimiter) ||
            hasPictureEnding(cell))
            return false;
        distinct.insert(cell);
    }
    const auto rows = std::min(table.rows(), kSample);
    bool repeated = distinct.size() < table.columns();
    for (std::size_t c = 0; c < table.columns(); ++c)
        for (std::size_t r = 1; r < rows; ++r) {
            if (numberOf(table.at(r, c), table.delimiter))
                return true;
            repeated = repeated || table.at(r, c) == table.at(0, c);
        }
    return rows > 1 && !repeated;
}

} // namespace

CsvTable parseCsvAsBefore(std::string_view text, const std::string& name,
                          const CsvOptions& options) {
    CsvTable table;
    table.file = name;
    table.delimiter = options.delimiter != 0 ? options.delimiter : delimiterBefore(text, name);
    fillTable(table, readCsvRows(text, name, table.delimiter, '"'));
    if (options.header == CsvHeader::Yes ||
        (options.header == CsvHeader::Detect && lookedLikeHeader(table)))
        takeHeader(table, firstRow(table));
    for (std::size_t c = 0; c < table.columns(); ++c) {
        auto& column = table.cells[c];
        std::vector<bool> areMissing;
        for (std::size_t i = 0; i < column.texts().size(); ++i)
            areMissing.push_back(wasMissing(column.texts()[i]));
        column.change([&](CellCode code) {
            return isTextCode(code) && areMissing[textOfCode(code)] ? kEmptyCell : code;
        });
    }
    return table;
}

} // namespace gradwright
