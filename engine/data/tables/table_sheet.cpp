// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/table_sheet.h"

#include "engine/data/feed/worker_crew.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/cell_index.h"
#include "engine/data/tables/table_columns.h"
#include "engine/data/tables/table_profile.h"
#include "engine/support/counted.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <unordered_set>

namespace gradwright {
namespace {

using Kind = ColumnReading::Kind;

/// Whole numbers with at most so many different values may be classes.
constexpr std::size_t kFewNumbers = 20;
/// Classes have at least so many rows on average; values as few as these are measured.
constexpr std::size_t kRowsPerClass = 3;
/// Fewer rows say nothing about whether their texts are a name for each.
constexpr std::size_t kLeastRowsOfNames = 8;
/// Texts that differ in so large a share of the rows are names, not categories.
constexpr double kNamesShare = 0.9;

bool isNumericKind(Kind kind) {
    return kind == Kind::Numbers || kind == Kind::Mixed;
}

/// Whether (nearly) every row that has a value has another one.
bool differsInEachRow(const CsvTable& table, std::size_t column, double share) {
    const auto& cells = table.cells[column];
    CellIndex codes;
    TextSet texts; // where a text may have several codes
    std::size_t present = 0;
    // So many repetitions are too many even if all rows have a value.
    const auto most = (1 - share) * static_cast<double>(table.rows());
    const auto distinct = [&] { return codes.size() + texts.size(); };
    for (std::size_t row = 0; row < table.rows(); ++row)
        if (const auto code = cells.code(row); code != kEmptyCell) {
            if (cells.isUnique() || !isTextCode(code))
                codes.add(code);
            else
                texts.add(cells.texts(), textOfCode(code));
            ++present;
            if (static_cast<double>(present - distinct()) > most)
                return false;
        }
    return present >= kLeastRowsOfNames &&
           static_cast<double>(distinct()) >= share * static_cast<double>(present);
}

/// Whether the column has another whole number in each row, and is called as the numbers of rows
/// are.
bool namesRows(const CsvTable& table, std::size_t column) {
    const auto& reading = table.reading.columns[column];
    if (reading.kind != Kind::Numbers || table.rows() < kLeastRowsOfNames ||
        (!reading.isNameless && !isCalledId(table.names[column])) ||
        !differsInEachRow(table, column, 1))
        return false;
    bool areWhole = true;
    table.cells[column].forEach([&](CellCode code) {
        if (code == kEmptyCell || !areWhole)
            return;
        const auto number = isTextCode(code) ? numberOf(table.cells[column].textOf(code), ',')
                                             : std::optional(decimalValue(code));
        areWhole = number && *number == std::floor(*number);
    });
    return areWhole;
}

/// Whether the column counts its rows from 0 or 1, and is called as if it did.
bool countsRows(const CsvTable& table, std::size_t column) {
    const auto& reading = table.reading.columns[column];
    if (reading.kind != Kind::Numbers || table.rows() < kLeastRowsOfNames ||
        (!reading.isNameless && !isCalledId(table.names[column])))
        return false;
    const auto numberAt = [&](std::size_t row) {
        return table.knowsNumbers(column) ? std::optional(table.number(row, column))
                                          : numberOf(table.at(row, column), ',');
    };
    const auto first = numberAt(0);
    if (!first || (*first != 0 && *first != 1))
        return false;
    for (std::size_t row = 1; row < table.rows(); ++row)
        if (numberAt(row) != *first + static_cast<double>(row))
            return false;
    return true;
}

void leaveOutUseless(TableSheet& sheet, const TableOptions& options) {
    const auto& table = *sheet.table;
    if (!table.isRead())
        return;
    std::vector<std::string> reasons(sheet.inputs.size());
    constexpr std::size_t kForOne = 100'000; // cells
    WorkerCrew(table.cells.size() < kForOne ? 0 : usefulHelpers())
        .run(reasons.size(), [&](std::size_t i) {
            const auto column = sheet.inputs[i];
            const auto& name = table.names[column];
            if (!isListed(options.categorical, name) && !isListed(options.kept, name) &&
                !isListed(options.images, name) && !namesImages(table, column, options))
                reasons[i] = whyLeftOut(table, column);
        });
    std::vector<std::size_t> useful;
    for (std::size_t i = 0; i < reasons.size(); ++i)
        if (reasons[i].empty())
            useful.push_back(sheet.inputs[i]);
        else
            sheet.notes.push_back(fmt::format("column \"{}\" is left out: it {}",
                                              table.names[sheet.inputs[i]], reasons[i]));
    if (useful.empty())
        throw Error("{}: nothing is left to learn from; {}", table.file, sheet.notes.front());
    sheet.inputs = std::move(useful);
}

/// Columns that were proposed to be left out are told with the same reason.
void noteIgnored(TableSheet& sheet, const TableOptions& options) {
    const auto& table = *sheet.table;
    if (!table.isRead())
        return;
    for (std::size_t c = 0; c < table.columns(); ++c)
        if (isListed(options.ignored, table.names[c]) &&
            std::ranges::find(sheet.targets, c) == sheet.targets.end())
            if (const auto reason = whyLeftOut(table, c); !reason.empty())
                sheet.notes.push_back(
                    fmt::format("column \"{}\" is left out: it {}", table.names[c], reason));
}

void requireSuitableTarget(const TableSheet& sheet, std::size_t column,
                           const TableOptions& options) {
    const auto& table = *sheet.table;
    if (namesImages(table, column, options))
        throw Error("{}: the target \"{}\" names image files; name a column of classes or "
                    "numbers as the target",
                    table.file, table.names[column]);
    if (!table.isRead())
        return;
    const auto kind = table.reading.columns[column].kind;
    if (kind == Kind::Dates || kind == Kind::Pixels)
        throw Error("{}: the target \"{}\" holds {}; name a column of classes or numbers as the "
                    "target",
                    table.file, table.names[column],
                    kind == Kind::Dates ? "dates" : "lists of numbers");
}

/// The cells of inputs and targets, so that no two rows that differ are written alike.
std::string usedCells(const TableSheet& sheet, std::size_t row) {
    std::string all;
    for (const auto* columns : {&sheet.inputs, &sheet.targets})
        for (const auto column : *columns) {
            const auto cell = sheet.table->at(row, column);
            all += fmt::format("{}:{}", cell.size(), cell);
        }
    return all;
}

/// The different numbers of the target, in order; none when they are more than kFewNumbers or not
/// all whole.
std::set<double> fewWholeNumbers(const TableSheet& sheet) {
    const auto& table = *sheet.table;
    const auto& cells = table.cells[sheet.targets.front()];
    CellIndex known;
    std::set<double> found;
    bool areFew = true;
    const auto take = [&](CellCode code) {
        if (const auto before = known.size(); known.add(code) < before || !areFew)
            return;
        const auto number = numberOf(cells.textOf(code), table.delimiter);
        areFew = number && *number == std::floor(*number);
        if (areFew)
            found.insert(*number);
        areFew = areFew && found.size() <= kFewNumbers;
    };
    constexpr std::size_t kAtOnce = 1000; // rows
    for (std::size_t row = 0; row < sheet.rows.size() && areFew; row += kAtOnce)
        cells.forRows(
            std::span(sheet.rows).subspan(row, std::min(kAtOnce, sheet.rows.size() - row)), take);
    return areFew ? found : std::set<double>();
}

/// Few whole numbers are classes where each has several rows, or they are 0 or 1 to the number of
/// classes and have two.
bool areClasses(const std::set<double>& numbers, std::size_t rows) {
    if (rows >= kRowsPerClass * numbers.size())
        return true;
    const bool areCounted =
        (*numbers.begin() == 0 || *numbers.begin() == 1) &&
        *numbers.rbegin() - *numbers.begin() + 1 == static_cast<double>(numbers.size());
    return areCounted && rows >= 2 * numbers.size();
}

/// Throws where nearly every row has a class of its own; notes classes of one row.
void examineClasses(TableSheet& sheet) {
    const auto& table = *sheet.table;
    const auto column = sheet.targets.front();
    std::map<std::string, std::size_t> counts;
    std::vector<std::size_t*> ofCode; // in counts
    CellIndex known;
    table.cells[column].forRows(sheet.rows, [&](CellCode code) {
        const auto index = known.add(code);
        if (index == ofCode.size()) {
            const auto key = labelKey(table.cells[column].textOf(code), table.reading.rules);
            ofCode.push_back(&counts[hasSameCase(table, column) ? foldedCase(key) : key]);
        }
        ++*ofCode[index];
    });
    const auto single = static_cast<std::size_t>(
        std::ranges::count_if(counts, [](const auto& each) { return each.second == 1; }));
    if (sheet.rows.size() >= kLeastRowsOfNames && 2 * single > sheet.rows.size())
        throw Error("{}: the target \"{}\" has {} different texts in {} rows, {} "
                    "once; a class needs several rows to learn from. Name another column as the "
                    "target",
                    table.file, table.names[column], counts.size(), sheet.rows.size(),
                    counted(single, "of which occurs", "of which occur"));
    if (single > 0)
        sheet.notes.push_back(fmt::format("target \"{}\": {} of {} classes occur{} once",
                                          table.names[column], single, counts.size(),
                                          single == 1 ? "s" : ""));
}

} // namespace

bool TableSheet::isImage(std::size_t column) const {
    return std::ranges::find(images, column) != images.end();
}

std::vector<ImageCells> TableSheet::imageCells() const {
    std::vector<ImageCells> cells;
    for (const auto column : images)
        cells.push_back({table, column, rows});
    return cells;
}

TableSheet TableSheet::only(std::span<const std::uint32_t> part) const {
    TableSheet result{table, inputs, targets, images, std::vector<std::uint32_t>(part.size()),
                      notes};
    std::ranges::transform(part, result.rows.begin(),
                           [&](std::uint32_t index) { return rows[index]; });
    return result;
}

std::string whyLeftOut(const CsvTable& table, std::size_t column) {
    switch (table.reading.columns[column].kind) {
    case Kind::Dates:
        return "holds dates (data.dates=parts makes year, month and day of the week of them)";
    case Kind::Texts:
        return differsInEachRow(table, column, kNamesShare)
                   ? "holds a different text in nearly every row (data.categorical names it to "
                     "keep it)"
                   : "";
    case Kind::Numbers:
        if (countsRows(table, column))
            return "counts the rows (data.keep names it to use it)";
        return table.reading.rules > 0 && namesRows(table, column)
                   ? "has another number in each row, as a name for it (data.keep names it to use "
                     "it)"
                   : "";
    default:
        return {};
    }
}

bool isListed(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

TableSheet sheetOf(const CsvTable& table, const TableOptions& options) {
    TableSheet sheet{.table = &table};
    auto names = options.targets;
    if (names.empty())
        names.push_back(table.names.back());
    for (const auto& name : names)
        sheet.targets.push_back(columnNamed(table, name));
    for (const auto* list : {&options.ignored, &options.categorical, &options.kept,
                             &options.sameCase, &options.images})
        for (const auto& name : *list)
            static_cast<void>(columnNamed(table, name));
    for (std::size_t c = 0; c < table.columns(); ++c)
        if (!isListed(names, table.names[c]) && !isListed(options.ignored, table.names[c]))
            sheet.inputs.push_back(c);
    if (sheet.inputs.empty())
        throw Error("{}: besides the target there must be a column to learn from", table.file);
    for (const auto c : sheet.targets)
        requireSuitableTarget(sheet, c, options);
    leaveOutUseless(sheet, options);
    noteIgnored(sheet, options);
    std::ranges::copy_if(sheet.inputs, std::back_inserter(sheet.images),
                         [&](std::size_t c) { return namesImages(table, c, options); });
    for (const auto& [name, shape] : options.imageShapes)
        if (!sheet.isImage(columnNamed(table, name)))
            throw Error(
                "{}: column \"{}\" is given the image shape {}, but it holds no image files",
                table.file, name, toString(shape));
    return sheet;
}

TableSheet alike(const TableSheet& sheet, const CsvTable& other) {
    TableSheet result{.table = &other};
    for (const auto c : sheet.inputs)
        result.inputs.push_back(columnNamed(other, sheet.table->names[c]));
    for (const auto c : sheet.targets)
        result.targets.push_back(columnNamed(other, sheet.table->names[c]));
    for (const auto c : sheet.images)
        result.images.push_back(columnNamed(other, sheet.table->names[c]));
    return result;
}

namespace {

void noteRows(TableSheet& sheet, std::size_t withoutTarget) {
    const auto& table = *sheet.table;
    if (sheet.rows.empty())
        throw Error("{}: no row has all the values that are needed", table.file);
    auto note = fmt::format("{}: {} used", counted(table.rows(), "row"), sheet.rows.size());
    if (withoutTarget > 0)
        note += fmt::format(", {} without a target left out", withoutTarget);
    if (const auto gaps = table.rows() - sheet.rows.size() - withoutTarget; gaps > 0)
        note += fmt::format(", {} with a missing value left out", gaps);
    sheet.notes.insert(sheet.notes.begin(), std::move(note));
}

} // namespace

void chooseRows(TableSheet& sheet, TableOptions::Missing missing) {
    const auto& table = *sheet.table;
    const auto isThere = [&](std::size_t row) {
        return [&table, row](std::size_t column) { return !table.isEmpty(row, column); };
    };
    std::size_t withoutTarget = 0;
    const auto hasGaps = [&](std::size_t column) {
        bool found = false;
        table.cells[column].forEach([&](CellCode code) { found |= code == kEmptyCell; });
        return found;
    };
    if (missing == TableOptions::Missing::Mean && std::ranges::none_of(sheet.targets, hasGaps)) {
        sheet.rows.resize(table.rows());
        std::iota(sheet.rows.begin(), sheet.rows.end(), std::uint32_t{0});
        return noteRows(sheet, 0);
    }
    sheet.rows.reserve(table.rows());
    for (std::uint32_t row = 0; row < table.rows(); ++row) {
        if (!std::ranges::all_of(sheet.targets, isThere(row)))
            ++withoutTarget;
        else if (missing == TableOptions::Missing::Mean ||
                 std::ranges::all_of(sheet.inputs, isThere(row)))
            sheet.rows.push_back(row);
    }
    noteRows(sheet, withoutTarget);
}

void leaveOutDuplicates(TableSheet& sheet) {
    std::unordered_set<std::string> seen;
    const auto before = sheet.rows.size();
    std::erase_if(sheet.rows,
                  [&](std::size_t row) { return !seen.insert(usedCells(sheet, row)).second; });
    if (const auto count = before - sheet.rows.size(); count > 0)
        sheet.notes.push_back(fmt::format("{} like one before left out", counted(count, "row")));
}

void leaveOutRowsOf(const TableSheet& training, TableSheet& test) {
    std::unordered_set<std::string> seen;
    for (const auto row : training.rows)
        seen.insert(usedCells(training, row));
    const auto before = test.rows.size();
    std::erase_if(test.rows, [&](std::size_t row) { return seen.contains(usedCells(test, row)); });
    if (test.rows.empty())
        throw Error("{}: all rows stand in the table to train on, too", test.table->file);
    if (const auto count = before - test.rows.size(); count > 0)
        test.notes.push_back(
            fmt::format("{} that the table to train on has, too, left out", counted(count, "row")));
}

bool isClassification(TableSheet& sheet, const TableOptions& options) {
    const auto& table = *sheet.table;
    const auto column = sheet.targets.front();
    const auto& name = table.names[column];
    if (options.task == TableOptions::Task::Classification || isListed(options.categorical, name)) {
        if (sheet.targets.size() > 1)
            throw Error("{}: classification has one target, not {}", table.file,
                        sheet.targets.size());
        return true;
    }
    for (const auto target : sheet.targets)
        if (!holdsNumbers(table, target)) {
            if (options.task == TableOptions::Task::Regression || sheet.targets.size() > 1)
                throw Error("{}: the target \"{}\" holds texts; regression needs numbers",
                            table.file, table.names[target]);
            if (table.isRead() && !isNumericKind(table.reading.columns[target].kind))
                examineClasses(sheet);
            return true;
        }
    if (options.task == TableOptions::Task::Regression || sheet.targets.size() > 1)
        return false;
    const auto numbers = fewWholeNumbers(sheet);
    if (numbers.empty())
        return false;
    if (!table.isRead() || areClasses(numbers, sheet.rows.size()))
        return true;
    sheet.notes.push_back(fmt::format("target \"{}\": {} in {} rows are values, not classes "
                                      "(data.task=classification makes them classes)",
                                      name, counted(numbers.size(), "different whole number"),
                                      sheet.rows.size()));
    return false;
}

} // namespace gradwright
