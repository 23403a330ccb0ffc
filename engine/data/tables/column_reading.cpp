// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/column_reading.h"

#include "engine/data/feed/worker_crew.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/column_survey.h"
#include "engine/data/tables/date_cell.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace gradwright {
namespace {

using Kind = ColumnReading::Kind;

constexpr std::size_t kMostNamed = 8;         ///< columns that a note lists one by one
constexpr std::size_t kCellsForOne = 100'000; ///< so few are surveyed by one thread

bool isIn(const std::vector<std::string>& texts, std::string_view text) {
    return std::ranges::find(texts, text) != texts.end();
}

/// The cells of one column as CsvTable says they are.
void rewrite(CsvTable& table, std::size_t column, const ColumnReading& reading,
             const std::vector<std::string>& missing) {
    const bool isNumeric = reading.kind == Kind::Numbers || reading.kind == Kind::Mixed;
    const bool isUsual = reading.notation == NumberNotation{};
    for (std::size_t row = 0; row < table.rows(); ++row) {
        const auto index = row * table.columns() + column;
        const auto cell = table.cells[index];
        if (isMissingSign(cell) || isIn(missing, cell) ||
            (isMissingWord(cell) && !isIn(reading.words, cell))) {
            table.cells.clear(index);
            continue;
        }
        if (!isNumeric || (isUsual && numberOf(cell, ',')))
            continue;
        if (const auto plain = plainNumber(cell, reading.notation))
            table.cells.set(index, table.cells.write(*plain));
    }
}

/// Collects what is said of several columns in one line.
class ColumnNotes {
public:
    void add(std::string what, const std::string& column) {
        auto found = std::ranges::find(lines_, what, &Line::first);
        if (found == lines_.end())
            found = lines_.insert(found, {std::move(what), {}});
        found->second.push_back(column);
    }
    void moveTo(std::vector<std::string>& notes) const {
        for (const auto& [what, columns] : lines_) {
            const auto shown = std::span(columns).first(std::min(kMostNamed, columns.size()));
            const auto more = columns.size() - shown.size();
            notes.push_back(fmt::format("{}: {}{}", what, fmt::join(shown, ", "),
                                        more > 0 ? fmt::format(" and {} more", more) : ""));
        }
    }

private:
    using Line = std::pair<std::string, std::vector<std::string>>;
    std::vector<Line> lines_;
};

std::string listOf(const std::map<std::string, std::size_t, std::less<>>& marks) {
    std::string list;
    std::size_t shown = 0;
    for (const auto& [mark, count] : marks)
        if (!mark.empty() && shown++ < 3)
            list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", excerpt(mark));
    return list;
}

void noteColumn(const ColumnReading& reading, const ColumnSurvey& survey, std::size_t rows,
                ColumnNotes& notes) {
    const auto& [decimal, grouping, unit] = reading.notation;
    if (reading.kind == Kind::Numbers) {
        if (decimal == ',')
            notes.add("numbers with decimal commas", reading.name);
        if (grouping != 0)
            notes.add(fmt::format("numbers with \"{}\" between thousands", grouping), reading.name);
        if (!unit.empty())
            notes.add(fmt::format("numbers of which the unit \"{}\" is left out", unit),
                      reading.name);
    }
    if (reading.kind == Kind::Pixels)
        notes.add(fmt::format("{} numbers in each cell (data.pixels makes an image of them)",
                              reading.pixels),
                  reading.name);
    if (!reading.words.empty())
        notes.add(fmt::format("\"{}\" is a value here, not a missing one (data.missing_marks "
                              "names what is missing)",
                              fmt::join(reading.words, "\", \"")),
                  reading.name);
    std::size_t count = 0;
    const auto marks = survey.missingIn(reading);
    for (const auto& [mark, cells] : marks)
        count += cells;
    if (count == 0 || count == rows)
        return;
    const auto list = listOf(marks);
    notes.add("missing values",
              fmt::format("{} {}{}", reading.name, count, list.empty() ? "" : " (" + list + ")"));
}

std::vector<ColumnSurvey> surveyOf(const CsvTable& table, const CsvOptions& options) {
    std::vector<ColumnSurvey> surveys;
    surveys.reserve(table.columns());
    for (std::size_t c = 0; c < table.columns(); ++c)
        surveys.emplace_back(table, c, options.missing);
    // Row by row, as the text lies in memory; of each row, several threads take a share.
    const auto helpers = table.cells.size() < kCellsForOne ? 0 : usefulHelpers();
    const auto shares = std::min(table.columns(), helpers + 1);
    WorkerCrew(helpers).run(shares, [&](std::size_t share) {
        for (std::size_t row = 0; row < table.rows(); ++row)
            for (auto c = share; c < table.columns(); c += shares)
                surveys[c].take(table.at(row, c));
    });
    return surveys;
}

/// Returns the columns whose cells have to be rewritten.
std::vector<bool> detect(CsvTable& table, const CsvOptions& options) {
    auto surveys = surveyOf(table, options);
    std::size_t points = 0;
    std::size_t commas = 0;
    for (const auto& survey : surveys) {
        const auto evidence = survey.decimalEvidence();
        points += evidence == '.' ? 1 : 0;
        commas += evidence == ',' ? 1 : 0;
    }
    const char decimal = points == commas ? '\0' : points > commas ? '.' : ',';
    ColumnNotes notes;
    std::vector<bool> nameless;
    for (const auto& column : table.reading.columns)
        nameless.push_back(column.isNameless);
    table.reading.columns.clear();
    table.numbers.resize(table.columns());
    std::vector<bool> toRewrite(table.columns());
    for (std::size_t c = 0; c < table.columns(); ++c) {
        auto reading = surveys[c].decide(decimal, table.delimiter);
        if (isIn(options.texts, reading.name) &&
            (reading.kind == Kind::Dates || reading.kind == Kind::Pixels))
            reading = {.name = reading.name};
        reading.isNameless = nameless[c];
        noteColumn(reading, surveys[c], table.rows(), notes);
        const bool isUsual = reading.kind == Kind::Numbers && reading.notation == NumberNotation{};
        if (isUsual)
            table.numbers[c] = surveys[c].takeNumbers();
        toRewrite[c] = !isUsual || !surveys[c].isPlain();
        table.reading.columns.push_back(std::move(reading));
    }
    notes.moveTo(table.notes);
    return toRewrite;
}

/// Columns are found by name: the other table may have them in another order, or lack some.
void takeOver(CsvTable& table, const TableReading& like) {
    const auto in = [](const std::vector<ColumnReading>& all, const std::string& name) {
        const auto found = std::ranges::find(all, name, &ColumnReading::name);
        return found != all.end() ? std::optional(*found) : std::nullopt;
    };
    std::vector<ColumnReading> columns;
    for (const auto& name : table.names) {
        auto found = in(like.dates, name);
        if (!found)
            found = in(like.columns, name);
        columns.push_back(found.value_or(ColumnReading{.name = name}));
    }
    table.reading.columns = std::move(columns);
}

/// Puts year, month and day of the week where a date was.
void splitDates(CsvTable& table) {
    const auto isDate = [&](std::size_t c) { return table.reading.columns[c].kind == Kind::Dates; };
    CsvTable split = table;
    split.names.clear();
    split.cells.removeAll();
    split.cells.reserve(table.cells.size());
    split.reading.columns.clear();
    split.numbers.clear();
    for (std::size_t c = 0; c < table.columns(); ++c) {
        const auto& reading = table.reading.columns[c];
        if (!isDate(c)) {
            split.names.push_back(table.names[c]);
            split.reading.columns.push_back(reading);
            split.numbers.emplace_back(c < table.numbers.size() ? std::move(table.numbers[c])
                                                                : std::vector<double>());
            continue;
        }
        split.reading.dates.push_back(reading);
        for (const auto* part : {"year", "month", "weekday"}) {
            split.names.push_back(fmt::format("{} ({})", table.names[c], part));
            split.numbers.emplace_back();
            split.reading.columns.push_back(
                {.name = split.names.back(),
                 .kind = part == std::string_view("year") ? Kind::Numbers : Kind::Texts});
        }
        split.notes.push_back(
            fmt::format("\"{}\" is split into year, month and day of the week", table.names[c]));
    }
    std::map<std::string, CsvCells::Place, std::less<>> written;
    const auto push = [&](std::string_view text) {
        auto found = written.find(text);
        if (found == written.end())
            found = written.emplace(text, split.cells.write(text)).first;
        split.cells.push(found->second);
    };
    for (std::size_t row = 0; row < table.rows(); ++row)
        for (std::size_t c = 0; c < table.columns(); ++c) {
            if (!isDate(c)) {
                split.cells.push(table.cells.place(row * table.columns() + c));
                continue;
            }
            const auto cell = table.at(row, c);
            const auto date = dateOf(cell, table.reading.columns[c].dateOrder);
            if (!date && !cell.empty())
                throw Error("{}, line {}: column \"{}\" holds dates, but here \"{}\"", table.file,
                            table.lines[row], table.names[c], excerpt(cell));
            push(date ? std::to_string(date->year) : std::string());
            push(date ? monthName(*date) : "");
            push(date ? weekdayName(*date) : "");
        }
    table = std::move(split);
}

} // namespace

void readColumns(CsvTable& table, const CsvOptions& options) {
    table.reading.splitsDates = options.like ? options.like->splitsDates : options.splitsDates;
    table.reading.missing = options.like ? options.like->missing : options.missing;
    std::vector<bool> toRewrite(table.columns(), true);
    if (options.like)
        takeOver(table, *options.like);
    else
        toRewrite = detect(table, options);
    for (std::size_t c = 0; c < table.columns(); ++c)
        if (toRewrite[c])
            rewrite(table, c, table.reading.columns[c], table.reading.missing);
    const bool hasDates = std::ranges::find(table.reading.columns, Kind::Dates,
                                            &ColumnReading::kind) != table.reading.columns.end();
    if (table.reading.splitsDates && hasDates)
        splitDates(table);
}

bool isNumberInAnyNotation(std::string_view cell) {
    return numberOf(cell, ',') || (mayBeNumber(cell) && notationsOf(withoutUnit(cell).digits) != 0);
}

bool isTypedCell(std::string_view cell) {
    return isMissing(cell) || isNumberInAnyNotation(cell) ||
           std::ranges::any_of(kDateOrders, [&](std::string_view order) {
               return dateOf(cell, order).has_value();
           });
}

} // namespace gradwright
