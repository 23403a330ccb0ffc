// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/csv.h"
#include "engine/data/tables/number_notation.h"

#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// What the cells of one column say, before anything is decided.
class ColumnSurvey {
public:
    /// Looks at the column's cells. `missing`: further texts that stand for no value. Both must
    /// outlive the survey.
    ColumnSurvey(const CsvTable& table, std::size_t column,
                 const std::vector<std::string>& missing);

    /// '.' or ',' where the column's numbers can be read with that decimal mark only, 0 where they
    /// do not say.
    [[nodiscard]] char decimalEvidence() const;
    /// `decimal`: what other columns say, 0 for nothing.
    [[nodiscard]] ColumnReading decide(char decimal, char delimiter) const;
    /// The same where a person has said what the column is. Throws Error saying why it cannot be.
    [[nodiscard]] ColumnReading decideAs(ColumnType type, char decimal, char delimiter) const;
    /// What the column may be read as, beside what is detected.
    [[nodiscard]] std::vector<ColumnType> types() const;
    /// The signs and words in a column of this kind that stand for no value, with their numbers.
    [[nodiscard]] std::map<std::string, std::size_t, std::less<>>
    missingIn(const ColumnReading& reading) const;
    /// Whether numbers stand in parentheses, as accountants write negative ones.
    [[nodiscard]] bool hasParentheses() const { return hasParentheses_; }
    /// Whether no cell needs to be written otherwise in a column that is read as numbers.
    [[nodiscard]] bool isPlain() const { return isPlain_; }
    /// The numbers of the column's texts, see CsvTable::numbers; nothing where a cell is neither
    /// written as C++ does nor without a value.
    [[nodiscard]] std::vector<double> textNumbers() const;

private:
    void countDecimals();
    void countTexts();
    void take(std::string_view cell, std::size_t count);
    void add(std::string_view cell, std::size_t count);
    void addNumbers(std::size_t count, std::uint32_t mask, std::string_view unit);
    /// Whether a cell without a value.
    [[nodiscard]] bool isWithoutValue(std::string_view cell) const;
    /// Whether it holds for all texts with a value; false where numbers stand among them.
    template <typename Predicate>
    [[nodiscard]] bool holdsForTexts(Predicate predicate) const;
    [[nodiscard]] bool hasManyNumbers() const;
    [[nodiscard]] NumberNotation notation(char decimal, char delimiter, std::size_t& most) const;
    /// The notation with this decimal mark that suits most numbers, and how many.
    [[nodiscard]] std::pair<NumberNotation, std::size_t> notationWith(char decimal) const;
    /// Whether a decimal point or comma makes a difference.
    [[nodiscard]] bool hasMarks() const;
    [[nodiscard]] bool areDates(std::string_view order) const;
    /// The first cell with a value that no date of this order is, or of any where it is empty:
    /// "line 7 holds "soon"".
    [[nodiscard]] std::string firstOdd(std::string_view dateOrder) const;
    /// The words for missing that are values in a column of texts.
    [[nodiscard]] std::vector<std::string> repeatedWords() const;
    [[nodiscard]] std::string dateOrder() const;
    /// Whether all values are days written as eight digits, 20150131, and several of them differ.
    [[nodiscard]] bool areCompactDates() const;
    /// Whether all values are times of day.
    [[nodiscard]] bool areTimes() const;
    /// How many numbers nearly all cells list, 0 where they do not.
    [[nodiscard]] std::size_t pixels() const;
    [[nodiscard]] bool namesImages() const;

    using Counts = std::map<std::string, std::size_t, std::less<>>;
    struct OfUnit {
        std::array<std::size_t, kNotations> byNotation{};
        std::size_t cells = 0; ///< that are a number in some notation
    };
    using Units = std::map<std::string, OfUnit, std::less<>>;

    const CsvTable& table_;
    const CsvColumn& column_;
    std::string name_;
    const std::vector<std::string>& missing_;
    std::vector<std::size_t> textCounts_; ///< how often each of the column's texts occurs
    std::vector<CellCode> missingCodes_;  ///< of further texts that are written as numbers
    Counts signs_;
    Counts words_;
    Units units_;
    std::size_t values_ = 0;   ///< neither signs nor words
    std::size_t numbers_ = 0;  ///< in any notation
    std::size_t points_ = 0;   ///< numbers with a '.'
    std::size_t decimals_ = 0; ///< cells that are no texts of the column, and hold a value
    bool isPlain_ = true;      ///< all cells are empty or numbers written as C++ does
    bool areUsual_ = true;     ///< those that hold a value are
    bool hasParentheses_ = false;
    std::set<std::string, std::less<>>
        distinctNumbers_;                               ///< among the texts, up to kManyNumbers + 1
    std::set<std::string, std::less<>> distinctOthers_; ///< up to kFewMarks + 1
};

} // namespace gradwright
