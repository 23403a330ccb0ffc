// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/table_columns.h"

#include "engine/data/tables/cell.h"
#include "engine/data/tables/cell_index.h"
#include "engine/data/tables/image_column.h"
#include "engine/data/tables/number_list.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>

namespace gradwright {
namespace {

/// One other text among so many numbers is taken for a mistake, not for a category.
constexpr std::size_t kNumbersAMistake = 9;

constexpr double kLongestPlain = 1e15; // written without an exponent
constexpr double kByteMost = 255;

double requiredNumber(const CsvTable& table, std::size_t row, std::size_t column) {
    const auto cell = table.at(row, column);
    if (const auto number = numberOf(cell, table.delimiter))
        return *number;
    throw Error("{}, line {}: column \"{}\" holds numbers, but here \"{}\"; correct it, list the "
                "column as categorical, or name the text in data.missing_marks if it stands for no "
                "value",
                table.file, table.lines[row], table.names[column], excerpt(cell));
}

/// Nothing where the cell holds no value.
std::optional<double> numberIn(const CsvTable& table, std::size_t row, std::size_t column) {
    if (table.knowsNumbers(column)) {
        const auto number = table.number(row, column);
        return std::isnan(number) ? std::nullopt : std::optional(number);
    }
    if (table.isEmpty(row, column))
        return {};
    return requiredNumber(table, row, column);
}

/// A cell without a value is black.
void encodePixels(const CsvTable& table, std::size_t row, std::size_t index,
                  const TableColumn& column, std::span<float> out) {
    const auto cell = table.at(row, index);
    if (isMissing(cell))
        return;
    const auto refuse = [&](const std::string& what) {
        throw Error("{}, line {}: column \"{}\" lists {} numbers in each cell, but here {}",
                    table.file, table.lines[row], table.names[index], column.pixels, what);
    };
    std::size_t count = 0;
    for (NumberList list(cell); !list.isAtEnd(); ++count) {
        const auto text = list.next();
        const auto number = numberOf(text, ',');
        if (text == NumberList::kLeftOut)
            refuse("\"...\", in whose place the others were when the file was written");
        if (!number)
            refuse(fmt::format("\"{}\"", excerpt(text)));
        if (count < out.size())
            out[count] =
                static_cast<float>((*number - column.scaling.mean) / column.scaling.deviation);
    }
    if (count != out.size())
        refuse(fmt::format("{}{}", count < out.size() ? "only " : "", count));
}

std::string categoryKey(std::string_view cell, const SameTexts& same) {
    if (!same.byMeaning)
        return std::string(cell);
    auto key = labelKey(cell, same.rules);
    return same.sameCase ? foldedCase(key) : key;
}

bool lessAsShown(const std::string& a, const std::string& b) {
    const auto x = numberOf(a, ',');
    const auto y = numberOf(b, ',');
    if (x && y && *x != *y)
        return *x < *y;
    if (x.has_value() != y.has_value())
        return x.has_value();
    return a < b;
}

} // namespace

std::size_t columnNamed(const CsvTable& table, std::string_view name) {
    const auto found = std::ranges::find(table.names, name);
    if (found != table.names.end())
        return static_cast<std::size_t>(found - table.names.begin());
    constexpr std::size_t kShown = 12;
    // In quotes, since a name may hold commas.
    const auto shown = std::span(table.names).first(std::min(kShown, table.columns()));
    throw Error("{}: there is no column \"{}\"; there are \"{}\"{}", table.file, excerpt(name),
                fmt::join(shown, "\", \""), table.columns() > kShown ? ", …" : "");
}

bool holdsNumbers(const CsvTable& table, std::size_t column) {
    using enum ColumnReading::Kind;
    const auto kind = table.isRead() ? table.reading.columns[column].kind : Texts;
    if (kind == Numbers)
        return true;
    if (table.isRead() && kind != Mixed && kind != Empty)
        return false;
    if (kind == Mixed)
        for (std::size_t row = 0; row < table.rows(); ++row)
            if (!table.isEmpty(row, column))
                requiredNumber(table, row, column);
    std::size_t numbers = 0;
    std::size_t others = 0;
    std::size_t firstOther = 0;
    for (std::size_t row = 0; row < table.rows(); ++row) {
        const auto cell = table.at(row, column);
        if (cell.empty())
            continue;
        if (numberOf(cell, table.delimiter))
            ++numbers;
        else if (others++ == 0)
            firstOther = row;
    }
    if (others > 0 && numbers >= kNumbersAMistake * others)
        requiredNumber(table, firstOther, column);
    if (numbers + others == 0)
        throw Error("{}: column \"{}\" holds no value; list it as ignored", table.file,
                    table.names[column]);
    return others == 0;
}

RawVector<double> numbersOf(const CsvTable& table, std::size_t column,
                            std::span<const std::uint32_t> rows) {
    RawVector<double> numbers;
    numbers.reserve(rows.size());
    if (table.knowsNumbers(column)) {
        numbers.resize(rows.size());
        auto* place = numbers.data();
        const std::span<const double> known = table.numbers[column];
        table.cells[column].forRows(rows, [&](CellCode code) {
            const auto number = isTextCode(code) ? known[textOfCode(code)] : decimalValue(code);
            *place = number;
            place += std::isnan(number) ? 0 : 1;
        });
        numbers.resize(static_cast<std::size_t>(place - numbers.data()));
        return numbers;
    }
    for (const auto row : rows)
        if (const auto number = numberIn(table, row, column))
            numbers.push_back(*number);
    return numbers;
}

Scaling scalingOf(std::span<const double> numbers, const ColumnSummary& summary,
                  TableOptions::Scale scale) {
    if (numbers.empty() || scale == TableOptions::Scale::None)
        return {};
    const auto count = static_cast<double>(numbers.size());
    const double mean = summary.mean;
    if (scale == TableOptions::Scale::Range)
        return {summary.least, summary.most > summary.least ? summary.most - summary.least : 1.0};
    double squares = 0;
    for (const double value : numbers)
        squares += (value - mean) * (value - mean);
    const double deviation = std::sqrt(squares / count);
    return {mean, deviation > 0 ? deviation : 1.0};
}

std::vector<std::string> categoriesOf(const CsvTable& table, std::size_t column,
                                      std::span<const std::uint32_t> rows, std::size_t most) {
    // By what they mean: each spelling and how often it occurs.
    std::map<std::string, std::map<std::string, std::size_t>> found;
    const auto& cells = table.cells[column];
    const auto same = sameTextsOf(table, column);
    CellIndex known;
    std::vector<std::size_t> counts;   // by their numbers in known
    std::vector<std::size_t*> ofFound; // the same in found
    cells.forRows(rows, [&](CellCode code) {
        if (code == kEmptyCell)
            return;
        const auto index = known.add(code);
        if (index == counts.size()) {
            auto cell = cells.textOf(code);
            auto& spellings = found[categoryKey(cell, same)];
            ofFound.push_back(&spellings[std::move(cell)]);
            counts.push_back(0);
            if (found.size() > most)
                throw Error(
                    "{}: column \"{}\" holds more than {} different texts; list it as ignored",
                    table.file, table.names[column], most);
        }
        ++counts[index];
    });
    for (std::size_t i = 0; i < counts.size(); ++i)
        *ofFound[i] += counts[i];
    std::vector<std::string> sorted;
    for (const auto& [key, spellings] : found)
        sorted.push_back(std::ranges::max_element(spellings, [](const auto& a, const auto& b) {
                             return a.second != b.second ? a.second < b.second
                                                         : a.first.size() > b.first.size();
                         })->first);
    std::ranges::sort(sorted, lessAsShown);
    return sorted;
}

std::optional<std::size_t> categoryOf(const std::vector<std::string>& categories,
                                      std::string_view cell, const SameTexts& same) {
    auto found = std::ranges::find(categories, cell);
    if (found == categories.end() && same.byMeaning && !cell.empty())
        found = std::ranges::find(categories, categoryKey(cell, same),
                                  [&](const std::string& each) { return categoryKey(each, same); });
    if (found == categories.end())
        return {};
    return static_cast<std::size_t>(found - categories.begin());
}

SameTexts sameTextsOf(const CsvTable& table, std::size_t column) {
    return {table.isRead(), hasSameCase(table, column), table.reading.rules};
}

bool hasSameCase(const CsvTable& table, std::size_t column) {
    return table.isRead() && table.reading.columns[column].sameCase;
}

std::vector<std::vector<std::string>> sameButCase(const std::vector<std::string>& texts) {
    std::map<std::string, std::vector<std::string>> byFolded;
    for (const auto& text : texts)
        byFolded[foldedCase(text)].push_back(text);
    std::vector<std::vector<std::string>> groups;
    for (auto& [folded, group] : byFolded)
        if (group.size() > 1) {
            std::ranges::sort(group);
            groups.push_back(std::move(group));
        }
    return groups;
}

std::string listedGroup(const std::vector<std::string>& group) {
    std::string list;
    for (std::size_t i = 0; i < group.size(); ++i)
        list += fmt::format("{}\"{}\"",
                            i == 0                  ? ""
                            : i + 1 == group.size() ? " and "
                                                    : ", ",
                            excerpt(group[i]));
    return list;
}

CategoryFinder::CategoryFinder(const std::vector<std::string>& categories, const SameTexts& same)
    : categories_(categories)
    , same_(same) {
    same_.byMeaning = true;
    for (std::size_t i = 0; i < categories.size(); ++i)
        byText_.emplace(categories[i], i);
}

std::optional<std::size_t> CategoryFinder::find(std::string_view cell) const {
    const auto found = byText_.find(cell);
    return found != byText_.end() ? found->second : categoryOf(categories_, cell, same_);
}

void encodeCell(const CsvTable& table, std::size_t row, std::size_t index,
                const TableColumn& column, std::span<float> out) {
    if (column.image)
        return ImageFiles({&table, index, {static_cast<std::uint32_t>(row)}}, *column.image)
            .read(0, out);
    const auto scaled = [&](double value) {
        return static_cast<float>((value - column.scaling.mean) / column.scaling.deviation);
    };
    std::ranges::fill(out, 0.0F);
    if (column.pixels > 0)
        return encodePixels(table, row, index, column, out);
    if (column.isNumeric()) {
        const bool isThere = table.knowsNumbers(index) || !isMissing(table.at(row, index));
        const auto number = isThere ? numberIn(table, row, index) : std::nullopt;
        out[0] = scaled(number.value_or(column.missing));
        return;
    }
    auto same = sameTextsOf(table, index);
    same.byMeaning = true;
    if (const auto found = categoryOf(column.categories, table.at(row, index), same))
        out[*found] = 1;
}

Scaling pixelScalingOf(const CsvTable& table, std::span<const std::size_t> columns,
                       std::span<const std::uint32_t> rows) {
    double highest = 0;
    for (const auto row : rows)
        for (const auto column : columns) {
            const auto cell = table.at(row, column);
            for (NumberList list(cell); !list.isAtEnd();) {
                const auto number = numberOf(list.next(), ',').value_or(0);
                if (number < 0 || number > kByteMost)
                    return {};
                highest = std::max(highest, number);
            }
        }
    return highest > 1 ? Scaling{0, kByteMost} : Scaling{};
}

std::string cellOf(const TableColumn& column, std::span<const float> values) {
    if (column.pixels > 0) {
        std::string text;
        for (const auto value : values) {
            const TableColumn one{.name = column.name, .scaling = column.scaling};
            text += (text.empty() ? "" : " ") + cellOf(one, std::span(&value, 1));
        }
        return text;
    }
    if (!column.isNumeric()) {
        const auto found = std::ranges::find(values, 1.0F);
        return found == values.end()
                   ? std::string()
                   : column.categories[static_cast<std::size_t>(found - values.begin())];
    }
    const auto& [mean, deviation] = column.scaling;
    const double number = column.scaling.restored(static_cast<double>(values[0]));
    std::string text;
    for (int digits = 1; digits <= std::numeric_limits<double>::max_digits10; ++digits) {
        text = fmt::format("{:.{}g}", number, digits);
        if (static_cast<float>((*numberOf(text, ',') - mean) / deviation) == values[0])
            break;
    }
    // 150, not 1.5e+02.
    if (text.find("e+") != std::string::npos && std::abs(number) < kLongestPlain)
        text = fmt::format("{:.0f}", *numberOf(text, ','));
    return text;
}

ColumnSummary summaryOf(const CsvTable& table, std::size_t column,
                        std::span<const std::uint32_t> rows, bool isNumeric) {
    if (!isNumeric) {
        const std::int64_t missing = std::ranges::count_if(
            rows, [&](std::size_t row) { return table.isEmpty(row, column); });
        return {.values = std::ssize(rows) - missing, .missing = missing};
    }
    return summaryOf(numbersOf(table, column, rows), rows.size());
}

ColumnSummary summaryOf(std::span<const double> numbers, std::size_t rows) {
    ColumnSummary summary{.values = std::ssize(numbers),
                          .missing = static_cast<std::int64_t>(rows) - std::ssize(numbers)};
    if (numbers.empty())
        return summary;
    summary.least = summary.most = numbers.front();
    summary.whole = true;
    double sum = 0;
    for (const double value : numbers) {
        sum += value;
        summary.least = std::min(summary.least, value);
        summary.most = std::max(summary.most, value);
        summary.whole = summary.whole && value == std::floor(value);
    }
    summary.mean = sum / static_cast<double>(numbers.size());
    return summary;
}

} // namespace gradwright
