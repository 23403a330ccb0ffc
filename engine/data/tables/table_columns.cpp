// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/table_columns.h"

#include "engine/data/tables/cell.h"
#include "engine/data/tables/image_column.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace gradwright {
namespace {

/// One other text among so many numbers is taken for a mistake, not for a category.
constexpr std::size_t kNumbersAMistake = 9;

constexpr double kLongestPlain = 1e15; // written without an exponent

double requiredNumber(const CsvTable& table, std::size_t row, std::size_t column) {
    const auto& cell = table.at(row, column);
    if (const auto number = numberOf(cell, table.delimiter))
        return *number;
    throw Error("{}, line {}: column \"{}\" holds numbers, but here \"{}\"; correct it, or list "
                "the column as categorical",
                table.file, table.lines[row], table.names[column], excerpt(cell));
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
    const auto shown = std::span(table.names).first(std::min(kShown, table.columns()));
    throw Error("{}: there is no column \"{}\"; there are {}{}", table.file, excerpt(name),
                fmt::join(shown, ", "), table.columns() > kShown ? ", …" : "");
}

bool holdsNumbers(const CsvTable& table, std::size_t column) {
    std::size_t numbers = 0;
    std::size_t others = 0;
    std::size_t firstOther = 0;
    for (std::size_t row = 0; row < table.rows(); ++row) {
        const auto& cell = table.at(row, column);
        if (isMissing(cell))
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

Scaling scalingOf(const CsvTable& table, std::size_t column, std::span<const std::size_t> rows,
                  TableOptions::Scale scale) {
    double sum = 0;
    double count = 0;
    double lowest = std::numeric_limits<double>::infinity();
    double highest = -lowest;
    const auto each = [&](auto&& visit) {
        for (const auto row : rows)
            if (!isMissing(table.at(row, column)))
                visit(requiredNumber(table, row, column));
    };
    each([&](double value) {
        sum += value;
        count += 1;
        lowest = std::min(lowest, value);
        highest = std::max(highest, value);
    });
    if (count == 0)
        return {};
    const double mean = sum / count;
    if (scale == TableOptions::Scale::None)
        return {};
    if (scale == TableOptions::Scale::Range)
        return {lowest, highest > lowest ? highest - lowest : 1.0};
    double squares = 0;
    each([&](double value) { squares += (value - mean) * (value - mean); });
    const double deviation = std::sqrt(squares / count);
    return {mean, deviation > 0 ? deviation : 1.0};
}

std::vector<std::string> categoriesOf(const CsvTable& table, std::size_t column,
                                      std::span<const std::size_t> rows, std::size_t most) {
    std::set<std::string> found;
    for (const auto row : rows) {
        const auto& cell = table.at(row, column);
        if (!isMissing(cell))
            found.insert(cell);
        if (found.size() > most)
            throw Error("{}: column \"{}\" holds more than {} different texts; list it as ignored",
                        table.file, table.names[column], most);
    }
    std::vector<std::string> sorted(found.begin(), found.end());
    std::ranges::sort(sorted, lessAsShown);
    return sorted;
}

void encodeCell(const CsvTable& table, std::size_t row, std::size_t index,
                const TableColumn& column, std::span<float> out) {
    if (column.image)
        return ImageFiles({&table, index, {row}}, *column.image).read(0, out);
    const auto& cell = table.at(row, index);
    std::ranges::fill(out, 0.0F);
    if (column.isNumeric()) {
        if (isMissing(cell))
            out[0] = static_cast<float>((column.missing - column.scaling.mean) /
                                        column.scaling.deviation);
        else
            out[0] = static_cast<float>((requiredNumber(table, row, index) - column.scaling.mean) /
                                        column.scaling.deviation);
        return;
    }
    const auto found = std::ranges::find(column.categories, cell);
    if (found != column.categories.end())
        out[static_cast<std::size_t>(found - column.categories.begin())] = 1;
}

std::string cellOf(const TableColumn& column, std::span<const float> values) {
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
                        std::span<const std::size_t> rows, bool isNumeric) {
    ColumnSummary summary{.least = std::numeric_limits<double>::infinity(),
                          .most = -std::numeric_limits<double>::infinity(),
                          .whole = isNumeric};
    for (const auto row : rows) {
        if (isMissing(table.at(row, column))) {
            ++summary.missing;
            continue;
        }
        ++summary.values;
        if (!isNumeric)
            continue;
        const double value = requiredNumber(table, row, column);
        summary.least = std::min(summary.least, value);
        summary.most = std::max(summary.most, value);
        summary.mean += value;
        summary.whole = summary.whole && value == std::floor(value);
    }
    if (!isNumeric || summary.values == 0)
        return {.values = summary.values, .missing = summary.missing};
    summary.mean /= static_cast<double>(summary.values);
    return summary;
}

} // namespace gradwright
