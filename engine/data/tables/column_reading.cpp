// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/column_reading.h"

#include "engine/data/feed/worker_crew.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/column_survey.h"
#include "engine/data/tables/date_cell.h"
#include "engine/data/tables/table_columns.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
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

/// The cells of one column as CsvTable says they are. Returns how many have no value because they
/// are no numbers in a column that is to hold such.
std::size_t rewrite(CsvTable& table, std::size_t number, const ColumnReading& reading,
                    const std::vector<std::string>& missing) {
    auto& column = table.cells[number];
    const bool isNumeric = reading.kind == Kind::Numbers || reading.kind == Kind::Mixed;
    const bool isUsual = reading.notation == NumberNotation{};
    const auto rules = table.reading.rules;
    // In place of each text, which may be the text of many cells.
    std::vector<CellCode> others;
    const auto texts = column.texts().size();
    others.reserve(texts);
    std::vector<char> isOdd(texts);
    for (std::size_t i = 0; i < texts; ++i) {
        const std::string cell(column.texts()[i]);
        others.push_back(codeOfText(i));
        if (isMissingSign(cell, rules) || isIn(missing, cell) ||
            (isMissingWord(cell, rules) && !isIn(reading.words, cell)))
            others.back() = kEmptyCell;
        else if (isNumeric && !(isUsual && numberOf(cell, ','))) {
            if (const auto plain = plainNumber(cell, reading.notation)) {
                others.back() = column.encode(*plain);
            } else if (reading.isChosen) {
                others.back() = kEmptyCell;
                isOdd[i] = 1;
            }
        }
    }
    std::vector<CellCode> marks;
    for (const auto& mark : missing)
        if (const auto code = decimalOf(mark))
            marks.push_back(*code);
    std::size_t odd = 0;
    column.change([&](CellCode code) {
        if (isTextCode(code)) {
            odd += isOdd[textOfCode(code)] != 0 ? 1 : 0;
            return others[textOfCode(code)];
        }
        if (std::ranges::find(marks, code) != marks.end())
            return kEmptyCell;
        if (!isNumeric || isUsual)
            return code;
        const auto plain = plainNumber(decimalText(code), reading.notation);
        if (!plain && reading.isChosen)
            ++odd;
        return plain ? column.encode(*plain) : reading.isChosen ? kEmptyCell : code;
    });
    return odd;
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
    const auto& [decimal, grouping, unit, isTime] = reading.notation;
    if (reading.kind == Kind::Numbers) {
        if (decimal == ',')
            notes.add("numbers with decimal commas", reading.name);
        if (grouping != 0)
            notes.add(fmt::format("numbers with \"{}\" between thousands", grouping), reading.name);
        if (isTime)
            notes.add("times of day, which are read as hours (12:15 is 12.25)", reading.name);
        if (survey.hasParentheses())
            notes.add("numbers in parentheses are negative ones", reading.name);
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

std::string listOfTypes(const std::vector<ColumnType>& types) {
    std::string list = "detect";
    for (const auto type : types)
        list += fmt::format(", {}", keyOfType(type));
    return list;
}

std::vector<ColumnSurvey> surveyOf(const CsvTable& table, const CsvOptions& options,
                                   WorkerCrew& crew) {
    std::vector<std::optional<ColumnSurvey>> found(table.columns());
    crew.run(table.columns(), [&](std::size_t c) { found[c].emplace(table, c, options.missing); });
    std::vector<ColumnSurvey> surveys;
    surveys.reserve(table.columns());
    for (auto& survey : found)
        surveys.push_back(*std::move(survey));
    return surveys;
}

ColumnReading readingOf(const CsvTable& table, const ColumnSurvey& survey, std::size_t column,
                        const CsvOptions& options, char decimal) {
    const auto type = typeIn(options.types, table.names[column]);
    if (type == ColumnType::Detect)
        return survey.decide(decimal, table.delimiter);
    try {
        return survey.decideAs(type, decimal, table.delimiter);
    } catch (const Error& error) {
        throw Error("{}: {}; it can be read as: {}", table.file, error.what(),
                    listOfTypes(survey.types()));
    }
}

/// Returns the columns whose cells have to be rewritten.
std::vector<char> detect(CsvTable& table, const CsvOptions& options, WorkerCrew& crew) {
    for (const auto& chosen : options.types)
        columnNamed(table, chosen.column); // throws where there is none
    const auto surveys = surveyOf(table, options, crew);
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
    table.types.clear();
    table.numbers.resize(table.columns());
    std::vector<ColumnReading> readings(table.columns());
    crew.run(table.columns(), [&](std::size_t c) {
        readings[c] = readingOf(table, surveys[c], c, options, decimal);
    });
    std::vector<char> toRewrite(table.columns());
    for (std::size_t c = 0; c < table.columns(); ++c) {
        auto& reading = readings[c];
        table.types.push_back({reading.name, surveys[c].types()});
        if (isIn(options.texts, reading.name) && !reading.isChosen &&
            (reading.kind == Kind::Dates || reading.kind == Kind::Pixels ||
             reading.notation.isTime))
            reading = {.name = reading.name};
        reading.sameCase = reading.kind == Kind::Texts && isIn(options.sameCase, reading.name);
        reading.isNameless = nameless[c];
        noteColumn(reading, surveys[c], table.rows(), notes);
        const bool isUsual = reading.kind == Kind::Numbers && reading.notation == NumberNotation{};
        if (isUsual)
            table.numbers[c] = surveys[c].textNumbers();
        toRewrite[c] = !isUsual || !surveys[c].isPlain() ? 1 : 0;
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

/// Year, month and day of the week of a column of dates.
std::array<CsvColumn, 3> partsOfDates(const CsvTable& table, std::size_t column,
                                      const std::string& order) {
    std::array<CsvColumn, 3> parts;
    for (std::size_t row = 0; row < table.rows(); ++row) {
        const auto cell = table.at(row, column);
        const auto date = dateOf(cell, order);
        if (!date && !cell.empty())
            throw Error("{}, line {}: column \"{}\" holds dates, but here \"{}\"", table.file,
                        table.lines[row], table.names[column], excerpt(cell));
        parts[0].push(date ? std::to_string(date->year) : std::string());
        parts[1].push(date ? monthName(*date) : std::string_view());
        parts[2].push(date ? weekdayName(*date) : std::string_view());
    }
    return parts;
}

/// Puts year, month and day of the week where a date was.
void splitDates(CsvTable& table) {
    const auto isDate = [&](std::size_t c) { return table.reading.columns[c].kind == Kind::Dates; };
    std::vector<std::string> names;
    std::vector<ColumnReading> readings;
    std::vector<std::vector<double>> numbers;
    std::vector<CsvColumn> columns;
    std::vector<ColumnTypes> types;
    const auto takeTypes = [&](std::size_t c) {
        if (c < table.types.size())
            types.push_back(table.types[c]);
    };
    for (std::size_t c = 0; c < table.columns(); ++c) {
        const auto& reading = table.reading.columns[c];
        if (!isDate(c)) {
            names.push_back(table.names[c]);
            readings.push_back(reading);
            numbers.emplace_back(c < table.numbers.size() ? std::move(table.numbers[c])
                                                          : std::vector<double>());
            columns.push_back(std::move(table.cells[c]));
            takeTypes(c);
            continue;
        }
        table.reading.dates.push_back(reading);
        for (const auto* part : {"year", "month", "weekday"}) {
            names.push_back(fmt::format("{} ({})", table.names[c], part));
            numbers.emplace_back();
            takeTypes(c);
            readings.push_back(
                {.name = names.back(),
                 .kind = part == std::string_view("year") ? Kind::Numbers : Kind::Texts});
        }
        table.notes.push_back(
            fmt::format("\"{}\" is split into year, month and day of the week", table.names[c]));
        for (auto& part : partsOfDates(table, c, reading.dateOrder))
            columns.push_back(std::move(part));
    }
    table.names = std::move(names);
    table.reading.columns = std::move(readings);
    table.numbers = std::move(numbers);
    table.types = std::move(types);
    table.cells = CsvCells(std::move(columns));
}

/// Fills in CsvTable::numbers where all cells of a column of numbers are such or hold no value.
void knowNumbers(CsvTable& table) {
    table.numbers.resize(table.columns());
    for (std::size_t c = 0; c < table.columns(); ++c) {
        if (table.reading.columns[c].kind != Kind::Numbers)
            continue;
        const auto& texts = table.cells[c].texts();
        std::vector<char> occurs(texts.size());
        table.cells[c].forEach([&](CellCode code) {
            if (isTextCode(code))
                occurs[textOfCode(code)] = 1;
        });
        std::vector<double> numbers(texts.size(), std::numeric_limits<double>::quiet_NaN());
        bool areNumbers = true;
        for (std::size_t i = 1; i < texts.size() && areNumbers; ++i)
            if (occurs[i] != 0) {
                const auto number = numberOf(texts[i], ',');
                areNumbers = number.has_value();
                numbers[i] = number.value_or(numbers[i]);
            }
        if (areNumbers)
            table.numbers[c] = std::move(numbers);
    }
}

} // namespace

void readColumns(CsvTable& table, const CsvOptions& options) {
    table.reading.splitsDates = options.like ? options.like->splitsDates : options.splitsDates;
    table.reading.rules = options.like ? options.like->rules : kTableRules;
    table.reading.missing = options.like ? options.like->missing : options.missing;
    std::vector<char> toRewrite(table.columns(), 1);
    WorkerCrew crew(table.cells.size() < kCellsForOne ? 0 : usefulHelpers());
    if (options.like)
        takeOver(table, *options.like);
    else
        toRewrite = detect(table, options, crew);
    std::vector<std::size_t> odd(table.columns());
    crew.run(table.columns(), [&](std::size_t c) {
        if (toRewrite[c] != 0)
            odd[c] = rewrite(table, c, table.reading.columns[c], table.reading.missing);
    });
    ColumnNotes notes;
    for (std::size_t c = 0; c < table.columns(); ++c)
        if (odd[c] > 0)
            notes.add("cells that are no numbers and count as missing, as the column's type says",
                      fmt::format("{} {}", table.names[c], odd[c]));
    notes.moveTo(table.notes);
    if (options.like)
        knowNumbers(table);
    const bool hasDates = std::ranges::find(table.reading.columns, Kind::Dates,
                                            &ColumnReading::kind) != table.reading.columns.end();
    if (table.reading.splitsDates && hasDates)
        splitDates(table);
}

bool isNumberInAnyNotation(std::string_view cell) {
    return numberOf(cell, ',') || (mayBeNumber(cell) && notationsOf(withoutUnit(cell).digits) != 0);
}

bool isTypedCell(std::string_view cell) {
    const auto isDate = [&](std::string_view order) { return dateOf(cell, order).has_value(); };
    return isMissing(cell) || std::ranges::any_of(kDateOrders, isDate) ||
           isNumberInAnyNotation(cell);
}

} // namespace gradwright
