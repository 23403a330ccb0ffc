// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/table_notes.h"

#include "engine/data/tables/cell.h"
#include "engine/data/tables/table_columns.h"
#include "engine/data/tables/table_params.h"
#include "engine/support/counted.h"
#include "engine/support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <span>

namespace gradwright {
namespace {

/// Nines that programs write for a missing value: 99, -999, 9999, …
bool isOfNines(double value) {
    constexpr double kLeast = 99;
    constexpr double kMost = 99'999'999;
    for (double nines = kLeast; nines <= kMost; nines = 10 * nines + 9)
        if (std::abs(value) == nines)
            return true;
    return false;
}

/// How often the value occurs where it lies further from all others than these from each other,
/// and comes again; 0 elsewhere.
std::size_t countFarOut(std::span<const double> numbers, double value) {
    std::size_t count = 0;
    double least = std::numeric_limits<double>::infinity();
    double most = -least;
    for (const auto number : numbers) {
        if (number == value) {
            ++count;
            continue;
        }
        least = std::min(least, number);
        most = std::max(most, number);
    }
    const bool isFar = least <= most && std::min(std::abs(value - least), std::abs(value - most)) >
                                            std::max(1.0, most - least);
    return isFar && count > 1 ? count : 0;
}

/// How many whole numbers have more digits than a double keeps.
std::size_t countLong(const CsvTable& table, std::size_t column,
                      std::span<const std::uint32_t> rows, const ColumnSummary& summary) {
    constexpr double kExact = 9007199254740992; // 2^53: integers up to it are exact
    if (summary.values == 0 || std::max(-summary.least, summary.most) < kExact)
        return 0;
    std::size_t changed = 0;
    table.cells[column].forRows(rows, [&](CellCode code) {
        const auto text = table.cells[column].textOf(code);
        const auto number = numberOf(text, ',');
        if (number && text.find_first_not_of("+-0123456789") == std::string::npos &&
            labelKey(text) != labelKey(fmt::format("{:.0f}", *number)))
            ++changed;
    });
    return changed;
}

bool isMeasuredColumn(const TableColumn& column) {
    return column.isNumeric() && !column.image && column.pixels == 0;
}

} // namespace

void noteMarks(const TableSheet& training, const DataInfo& info, const TableSummary& summary,
               std::vector<std::string>& notes) {
    for (std::size_t i = 0; i < info.columns.size(); ++i) {
        const auto& column = info.columns[i];
        if (!isMeasuredColumn(column))
            continue;
        for (const auto value : {summary.columns[i].least, summary.columns[i].most}) {
            if (!isOfNines(value))
                continue;
            const auto count =
                countFarOut(numbersOf(*training.table, training.inputs[i], training.rows), value);
            if (count > 0)
                notes.push_back(fmt::format(
                    "{}: {:.0f} stands in {}, far from all other numbers; if it stands for no "
                    "value, data.missing_marks={:.0f} says so",
                    column.name, value, counted(count, "row to train on", "rows to train on"),
                    value));
        }
    }
}

void noteCase(TableSheet& sheet, const std::vector<std::string>& classes) {
    const auto& table = *sheet.table;
    const auto column = sheet.targets.front();
    const auto& name = table.names[column];
    if (!hasSameCase(table, column)) {
        for (const auto& group : sameButCase(classes))
            sheet.notes.push_back(fmt::format(
                "target \"{}\": {} differ in case alone and are {} classes (data.same_case={} "
                "makes them one)",
                name, listedGroup(group), group.size(), columnList(std::span(&name, 1))));
        return;
    }
    std::set<std::string> spellings;
    const auto& cells = table.cells[column];
    cells.forRows(sheet.rows, [&, last = kEmptyCell](CellCode code) mutable {
        if (code != last && code != kEmptyCell)
            spellings.insert(cells.textOf(code));
        last = code;
    });
    for (const auto& group : sameButCase({spellings.begin(), spellings.end()}))
        sheet.notes.push_back(
            fmt::format("target \"{}\": {} are one class", name, listedGroup(group)));
}

void noteLongNumbers(const TableSheet& training, const DataInfo& info, const TableSummary& summary,
                     std::vector<std::string>& notes) {
    for (std::size_t i = 0; i < info.columns.size(); ++i) {
        const auto& column = info.columns[i];
        if (!isMeasuredColumn(column))
            continue;
        const auto count =
            countLong(*training.table, training.inputs[i], training.rows, summary.columns[i]);
        if (count > 0)
            notes.push_back(fmt::format(
                "{}: {} more digits than are computed with (15 to 17), so that some may become "
                "equal (data.categorical={} keeps them apart)",
                column.name, counted(count, "number has", "numbers have"),
                columnList(std::span(&column.name, 1))));
    }
}

void noteConstant(const std::string& target, const ColumnSummary& summary,
                  std::vector<std::string>& notes) {
    if (summary.values > 1 && summary.least == summary.most)
        notes.push_back(fmt::format(
            "target \"{}\": all rows to train on have the value {}, so there is nothing to learn",
            target, summary.most));
}

void failOneClass(const CsvTable& table, std::size_t target, const std::string& only) {
    std::size_t missing = 0;
    for (std::size_t row = 0; row < table.rows(); ++row)
        missing += table.isEmpty(row, target) ? 1 : 0;
    if (missing == 0)
        throw Error("{}: all rows have the class \"{}\"; there must be two or more", table.file,
                    only);
    throw Error("{}: all rows have the class \"{}\", or none: {} holds no value in column \"{}\"; "
                "there must be two or more classes. If what stands there is one, write it as "
                "a word",
                table.file, only, counted(missing, "row"), table.names[target]);
}

} // namespace gradwright
