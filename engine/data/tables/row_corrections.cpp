// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/row_corrections.h"

#include "engine/data/catalog.h"
#include "engine/data/content_print.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/csv_cache.h"
#include "engine/data/tables/table_columns.h"
#include "engine/data/tables/table_params.h"
#include "engine/support/counted.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

namespace gradwright {
namespace {

constexpr std::string_view kTestRows = "test:";
constexpr std::size_t kPrintDigits = 8;
constexpr std::size_t kMostListedLines = 5;

/// "17/3fa85c01=rose".
std::optional<RowCorrection> rowCorrectionOf(std::string_view entry) {
    RowCorrection found;
    found.isOfTestFile = entry.starts_with(kTestRows);
    if (found.isOfTestFile)
        entry.remove_prefix(kTestRows.size());
    const auto slash = entry.find('/');
    const auto equals = entry.find('=');
    if (slash == std::string_view::npos || equals != slash + 1 + kPrintDigits)
        return {};
    const auto* const end = entry.data() + slash;
    const auto [at, error] = std::from_chars(entry.data(), end, found.line);
    if (error != std::errc() || at != end)
        return {};
    found.print = entry.substr(slash + 1, kPrintDigits);
    found.name = entry.substr(equals + 1);
    return found;
}

std::size_t rowInLine(const CsvTable& table, std::uint32_t line) {
    const auto found = std::ranges::lower_bound(table.lines, line);
    return found == table.lines.end() || *found != line
               ? table.rows()
               : static_cast<std::size_t>(found - table.lines.begin());
}

/// What the column's cells are called as classes.
std::vector<std::string> classesIn(const CsvTable& table, std::size_t column) {
    constexpr std::size_t kMost = 1000;
    std::vector<std::uint32_t> rows(table.rows());
    std::iota(rows.begin(), rows.end(), std::uint32_t{0});
    return categoriesOf(table, column, rows, kMost);
}

/// The text of a class put into a cell, with what is known of the column's numbers.
void setClass(CsvTable& table, std::size_t row, std::size_t column, const std::string& name) {
    auto& cells = table.cells[column];
    cells.set(row, cells.encode(name));
    if (!table.knowsNumbers(column))
        return;
    for (auto i = table.numbers[column].size(); i < cells.texts().size(); ++i)
        table.numbers[column].push_back(
            numberOf(cells.texts()[i], ',').value_or(std::numeric_limits<double>::quiet_NaN()));
}

void erase(CsvTable& table, const std::vector<std::size_t>& rows) {
    if (rows.empty())
        return;
    for (std::size_t column = 0; column < table.columns(); ++column)
        table.cells[column].erase(rows);
    auto next = rows.begin();
    std::size_t kept = 0;
    for (std::size_t row = 0; row < table.lines.size(); ++row) {
        if (next != rows.end() && *next == row) {
            ++next;
            continue;
        }
        table.lines[kept++] = table.lines[row];
    }
    table.lines.resize(kept);
    table.prints.clear(); // they were of the rows before
}

} // namespace

std::vector<RowCorrection> rowCorrectionsFrom(std::string_view text) {
    std::vector<RowCorrection> corrections;
    for (const auto& entry : columnNamesIn(text)) {
        auto found = rowCorrectionOf(entry);
        if (!found)
            throw Error("corrections of rows are written as \"17/3fa85c01=rose\" (line, print of "
                        "the row, class), or \"17/3fa85c01=\" to leave the row out, not \"{}\"",
                        excerpt(entry));
        corrections.push_back(*std::move(found));
    }
    return corrections;
}

std::string rowCorrectionsText(const std::vector<RowCorrection>& corrections) {
    std::vector<std::string> entries;
    for (const auto& [line, print, name, isOfTestFile] : corrections)
        entries.push_back(
            fmt::format("{}{}/{}={}", isOfTestFile ? kTestRows : "", line, print, name));
    return columnList(entries);
}

std::string printOfRow(const CsvTable& table, std::size_t row) {
    return row < table.prints.size() ? fmt::format("{:08x}", table.prints[row]) : std::string();
}

void keepPrints(CsvTable& table) {
    std::vector<std::uint64_t> prints(table.rows());
    for (std::size_t column = 0; column < table.columns(); ++column) {
        const auto& cells = table.cells[column];
        std::vector<std::uint64_t> ofText;
        for (std::size_t i = 0; i < cells.texts().size(); ++i) {
            const std::string text(cells.texts()[i]);
            ofText.push_back(printOf(std::span<const char>(text)).low);
        }
        std::size_t row = 0;
        cells.forEach([&](CellCode code) {
            const auto cell = isTextCode(code) ? ofText[textOfCode(code)]
                                               : scrambled(static_cast<std::uint64_t>(code));
            prints[row] = scrambled(prints[row] + cell);
            ++row;
        });
    }
    table.prints.clear();
    for (const auto print : prints)
        table.prints.push_back(static_cast<std::uint32_t>(print));
}

void correctRows(CsvTable& table, const std::vector<RowCorrection>& corrections,
                 const std::string& target, bool isTest) {
    const auto column = columnNamed(table, target);
    const auto classes = classesIn(table, column);
    std::size_t moved = 0;
    std::vector<std::size_t> leftOut;
    std::vector<std::uint32_t> lost;
    for (const auto& each : corrections) {
        if (each.isOfTestFile != isTest)
            continue;
        const auto row = rowInLine(table, each.line);
        if (row == table.rows() || printOfRow(table, row) != each.print) {
            lost.push_back(each.line);
            continue;
        }
        if (each.name.empty()) {
            leftOut.push_back(row);
            continue;
        }
        if (!categoryOf(classes, each.name, sameTextsOf(table, column)))
            throw Error(
                "{}, line {}: corrected to \"{}\", which is no value of the target \"{}\" "
                "({})",
                table.file, each.line, excerpt(each.name), target,
                fmt::join(std::span(classes).first(std::min(kMostListedLines, classes.size())),
                          ", "));
        setClass(table, row, column, each.name);
        ++moved;
    }
    if (moved + leftOut.size() + lost.size() == 0)
        return;
    auto note =
        fmt::format("corrected by hand: {} to another class, {} left out", moved, leftOut.size());
    if (!lost.empty())
        note += fmt::format(
            "; {} not applied, since the file holds {} by now (line {}{})", lost.size(),
            lost.size() == 1 ? "another row in its place" : "other rows in their place",
            fmt::join(std::span(lost).first(std::min(kMostListedLines, lost.size())), ", "),
            lost.size() > kMostListedLines ? ", …" : "");
    std::ranges::sort(leftOut);
    leftOut.erase(std::unique(leftOut.begin(), leftOut.end()), leftOut.end());
    if (leftOut.size() == table.rows())
        throw Error("{}: no row is left after the corrections", table.file);
    erase(table, leftOut);
    table.notes.push_back(std::move(note));
}

FoundRow findRow(const DataChoice& choice, std::uint32_t line, bool isOfTestFile,
                 const std::string& name) {
    const Params params(dataset(choice.dataset).params, choice.params);
    auto options = csvOptionsOf(params, choice.asBefore);
    options.keepsPrints = true;
    const auto training = sharedCsv(params.text("file"), options);
    auto table = training;
    if (isOfTestFile) {
        options.like = training->reading;
        table = sharedCsv(params.text("test_file"), options);
    }
    const auto row = rowInLine(*table, line);
    if (row == table->rows() || table->prints.empty())
        throw Error("{}: no row begins in line {} any more; the file has been changed", table->file,
                    line);
    auto targets = columnNamesIn(params.text("target"), table->names);
    if (targets.empty())
        targets.push_back(table->names.back());
    return {{line, printOfRow(*table, row), name, isOfTestFile},
            table->at(row, columnNamed(*table, targets.front()))};
}

DataChoice withRowCorrection(DataChoice choice, const FoundRow& found) {
    const Params params(dataset(choice.dataset).params, choice.params);
    const std::string key(kRowCorrectionsParam);
    auto corrections = rowCorrectionsFrom(params.text(key));
    const auto& made = found.correction;
    std::erase_if(corrections, [&](const RowCorrection& each) {
        return each.line == made.line && each.isOfTestFile == made.isOfTestFile;
    });
    if (made.name.empty() || labelKey(made.name) != labelKey(found.before))
        corrections.push_back(made);
    if (corrections.empty())
        choice.params.erase(key);
    else
        choice.params.insert_or_assign(key, rowCorrectionsText(corrections));
    return choice;
}

} // namespace gradwright
