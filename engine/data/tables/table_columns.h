// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/csv.h"
#include "engine/data/tables/table.h"
#include "engine/data/tables/table_column.h"
#include "engine/data/tables/table_summary.h"
#include "engine/support/uninitialized.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gradwright {

/// The number of the column of that name. Throws Error listing the names when there is none.
std::size_t columnNamed(const CsvTable& table, std::string_view name);

/// Whether a column holds numbers (and missing values) alone. A few other texts among many numbers
/// are a mistake: throws Error naming the line.
bool holdsNumbers(const CsvTable& table, std::size_t column);

/// The numbers of the given rows in their order, those that are missing left out.
RawVector<double> numbersOf(const CsvTable& table, std::size_t column,
                            std::span<const std::uint32_t> rows);
/// Mean and deviation of these numbers, or whatever the scale asks for. `summary`: of the same.
Scaling scalingOf(std::span<const double> numbers, const ColumnSummary& summary,
                  TableOptions::Scale scale);

/// The different texts of the given rows, sorted, numbers by value; of texts that mean the same,
/// the most frequent. Throws Error when they are more than `most`.
std::vector<std::string> categoriesOf(const CsvTable& table, std::size_t column,
                                      std::span<const std::uint32_t> rows, std::size_t most);

/// What makes two texts of a column one category.
struct SameTexts {
    bool byMeaning = true; ///< 0 and 0.0, true and TRUE: labelKey()
    bool sameCase = false; ///< all but case
    int rules = kTableRules;
};
SameTexts sameTextsOf(const CsvTable& table, std::size_t column);

/// Which of the categories a cell is, equal to the letter or the same; nothing where it is none of
/// them.
std::optional<std::size_t> categoryOf(const std::vector<std::string>& categories,
                                      std::string_view cell, const SameTexts& same);

/// Whether texts of the column that differ in case alone are one category.
bool hasSameCase(const CsvTable& table, std::size_t column);

/// Those of the texts that differ in case alone, group by group: {"No", "no"}, {"YES", "Yes"}.
std::vector<std::vector<std::string>> sameButCase(const std::vector<std::string>& texts);
/// A group as messages name it: "NO", "No" and "no", each in quotes.
std::string listedGroup(const std::vector<std::string>& group);

/// Finds categories as categoryOf() does by meaning, in a time that their number does not matter
/// for.
class CategoryFinder {
public:
    /// The categories must outlive it.
    CategoryFinder(const std::vector<std::string>& categories, const SameTexts& same);
    [[nodiscard]] std::optional<std::size_t> find(std::string_view cell) const;

private:
    const std::vector<std::string>& categories_;
    SameTexts same_;
    std::unordered_map<std::string_view, std::size_t> byText_;
};

/// How the pixels in these columns are scaled: bytes to 0 … 1, other numbers not at all.
Scaling pixelScalingOf(const CsvTable& table, std::span<const std::size_t> columns,
                       std::span<const std::uint32_t> rows);

/// Writes column.inputs() values.
void encodeCell(const CsvTable& table, std::size_t row, std::size_t index,
                const TableColumn& column, std::span<float> out);

/// The shortest text that encodeCell() makes these values of, for a column of numbers or
/// categories; empty for a category that is missing or was not trained on.
std::string cellOf(const TableColumn& column, std::span<const float> values);

/// What the column holds in these rows; see ColumnSummary.
ColumnSummary summaryOf(const CsvTable& table, std::size_t column,
                        std::span<const std::uint32_t> rows, bool isNumeric);
/// The same of the numbers that a column has in so many rows.
ColumnSummary summaryOf(std::span<const double> numbers, std::size_t rows);

} // namespace gradwright
