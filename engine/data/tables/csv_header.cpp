// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv_header.h"

#include "engine/data/images/picture_sample.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/column_reading.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace gradwright {
namespace {

/// What a column holds below a first row.
struct Below {
    std::size_t numbers = 0;
    std::size_t others = 0;
    std::size_t fractions = 0; ///< numbers with a point or a comma
    bool repeatsFirst = false;
    bool repeatsItself = false;

    [[nodiscard]] bool isNumeric() const {
        constexpr std::size_t kNumbersPerOddCell = 9;
        return numbers > 0 && numbers >= kNumbersPerOddCell * others;
    }
};

Below belowFirst(const CsvRows& rows, std::size_t first, std::size_t column) {
    Below below;
    std::unordered_set<std::string> seen;
    const auto above = rows.field(first, column);
    constexpr std::size_t kMostSeen = 1000;
    constexpr std::size_t kEnough = 5000; // rows, from all over the table
    const auto distance = 1 + (rows.size() - first) / kEnough;
    for (std::size_t row = first + 1; row < rows.size(); row += distance) {
        auto cell = rows.field(row, column);
        if (cell == above)
            below.repeatsFirst = true;
        const bool isDecimal = rows.isDecimal(row, column);
        if (!isDecimal && isMissing(cell))
            continue;
        if (isDecimal || isNumberInAnyNotation(cell)) {
            ++below.numbers;
            below.fractions += cell.find_first_of(".,") != std::string::npos ? 1 : 0;
        } else
            ++below.others;
        if (!below.repeatsItself && seen.size() < kMostSeen && !seen.insert(std::move(cell)).second)
            below.repeatsItself = true;
    }
    return below;
}

bool mayBeName(const std::string& cell) {
    return !isMissing(cell) && !isNumberInAnyNotation(cell) && !hasPictureEnding(cell) &&
           !isTypedCell(cell);
}

/// Numbers in equal steps in neighbouring cells of a row, with texts or nothing beside them.
struct Steps {
    std::size_t begin = 0; ///< the column of the first of them
    std::size_t count = 0;
    double first = 0;
    double step = 0;
    bool isWhole = true; ///< none is written with a point or an exponent

    [[nodiscard]] bool areYears() const {
        constexpr double kFirst = 1000;
        constexpr double kLast = 2200;
        const auto last = first + step * static_cast<double>(count - 1);
        return isWhole && std::min(first, last) >= kFirst && std::max(first, last) < kLast;
    }
    /// 0, 1, 2, … as pandas calls columns without names, or 1, 2, 3, …
    [[nodiscard]] bool isCount() const {
        return isWhole && step == 1 && (first == 0 || first == 1);
    }
};

std::optional<Steps> stepsIn(const CsvRows& rows, std::size_t row) {
    std::vector<double> numbers;
    Steps steps;
    bool hasEnded = false;
    for (std::size_t c = 0; c < rows.fields(row); ++c) {
        const auto cell = rows.field(row, c);
        if (mayBeName(cell) || cell.empty()) {
            hasEnded = !numbers.empty();
            continue;
        }
        const auto number = numberOf(cell, ',');
        if (!number || hasEnded)
            return {};
        if (numbers.empty())
            steps.begin = c;
        steps.isWhole = steps.isWhole && cell.find_first_of(".eE") == std::string::npos;
        numbers.push_back(*number);
    }
    steps.count = numbers.size();
    if (steps.count < 2)
        return {};
    steps.first = numbers[0];
    steps.step = numbers[1] - numbers[0];
    constexpr double kRounding = 1e-6;
    for (std::size_t i = 1; i < numbers.size(); ++i)
        if (std::abs(numbers[i] - numbers[i - 1] - steps.step) > kRounding * std::abs(steps.step))
            return {};
    return steps.step != 0 ? std::optional(steps) : std::nullopt;
}

/// How likely the first cell of a column is a value: by how often it occurs below and how far the
/// numbers there reach, 1 where they count on from it.
double chanceOf(const CsvRows& rows, std::size_t first, std::size_t column, double name) {
    double least = name;
    double most = name;
    std::size_t same = 0;
    std::size_t count = 0;
    bool countsOn = true;
    constexpr std::size_t kEnough = 1000; // rows, from all over the table
    const auto distance = 1 + (rows.size() - first) / kEnough;
    for (std::size_t row = first + 1; row < rows.size(); row += distance) {
        const auto number = numberOf(rows.field(row, column), ',');
        if (!number)
            continue;
        ++count;
        same += *number == name ? 1 : 0;
        countsOn = countsOn && *number - name == static_cast<double>(row - first);
        least = std::min(least, *number);
        most = std::max(most, *number);
    }
    if (countsOn)
        return 1;
    return std::max(static_cast<double>(same + 1) / static_cast<double>(count + 2),
                    1 / (most - least + 1));
}

/// Whether a first row names columns by numbers in equal steps, perhaps beside texts. Values may
/// lie so as well, by chance in few columns; more evidence is that what stands below is written
/// otherwise (1990;1991;1992 above 0.51;0.48;0.53) or that these numbers are rare there.
/// `hasLabels`: texts in the row are names already.
bool namesInSteps(const CsvRows& rows, std::size_t first, bool hasLabels) {
    const auto steps = stepsIn(rows, first);
    if (!steps)
        return false;
    constexpr std::size_t kFew = 3; // two numbers always have one step
    if (const auto next = stepsIn(rows, first + 1);
        next && next->count >= kFew && next->begin == steps->begin && next->count == steps->count)
        return false;         // values that grow from column to column
    bool areFractions = true; // half of what stands below each
    double chance = hasLabels ? 0.1 : 1;
    for (std::size_t i = 0; i < steps->count; ++i) {
        const auto column = steps->begin + i;
        const auto below = belowFirst(rows, first, column);
        if (!below.isNumeric())
            return false;
        areFractions = areFractions && 2 * below.fractions >= below.numbers;
        chance *=
            chanceOf(rows, first, column, steps->first + static_cast<double>(i) * steps->step);
    }
    if (areFractions && steps->isWhole && (steps->areYears() || steps->count >= kFew))
        return true;
    constexpr double kUnlikely = 0.002;
    return chance < kUnlikely && steps->count >= (steps->isCount() ? kFew : kFew + 2);
}

} // namespace

bool holdsOnlyNames(const CsvRows& rows) {
    if (rows.size() != 1)
        return false;
    for (std::size_t c = 0; c < rows.fields(0); ++c)
        if (!mayBeName(rows.field(0, c)))
            return false;
    return true;
}

bool hasHeader(const CsvRows& rows, std::size_t first) {
    const auto columns = rows.fields(first);
    bool mayBe = rows.size() > first + 1;
    std::set<std::string> distinct;
    for (std::size_t c = 0; c < columns; ++c)
        distinct.insert(rows.field(first, c));
    bool repeats = distinct.size() < columns;
    bool hasNumbersBelow = false;
    bool hasLabels = false; // texts that repeat, below a text of another kind
    bool mayBeNames = true;
    for (std::size_t c = 0; c < columns; ++c) {
        const auto below = belowFirst(rows, first, c);
        const auto cell = rows.field(first, c);
        const bool isText = mayBeName(cell);
        if (isText && below.isNumeric())
            return true;
        hasNumbersBelow = hasNumbersBelow || below.numbers > 0;
        repeats = repeats || below.repeatsFirst;
        hasLabels = hasLabels || (isText && below.repeatsItself && !below.repeatsFirst);
        mayBeNames = mayBeNames && (isText || cell.empty());
        if (!isText && below.isNumeric() && isNumberInAnyNotation(cell))
            mayBe = false;
    }
    if (mayBeNames && hasNumbersBelow)
        return true;
    if (rows.size() > first + 1 && namesInSteps(rows, first, hasLabels))
        return true;
    // "NA" or nothing above numbers says little; then a text above texts must be a name.
    return mayBe && !repeats && (mayBeNames || hasLabels);
}

} // namespace gradwright
