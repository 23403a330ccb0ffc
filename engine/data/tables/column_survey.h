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
    /// `missing`: further texts that stand for no value; they must outlive the survey.
    ColumnSurvey(const CsvTable& table, std::size_t column,
                 const std::vector<std::string>& missing);

    /// Takes the column's next cell; all must be taken, row by row, before anything else is asked.
    void take(std::string_view cell);

    /// '.' or ',' where the column's numbers can be read with that decimal mark only, 0 where they
    /// do not say.
    [[nodiscard]] char decimalEvidence() const;
    /// `decimal`: what other columns say, 0 for nothing.
    [[nodiscard]] ColumnReading decide(char decimal, char delimiter) const;
    /// The signs and words in a column of this kind that stand for no value, with their numbers.
    [[nodiscard]] std::map<std::string, std::size_t, std::less<>>
    missingIn(const ColumnReading& reading) const;
    /// Whether no cell needs to be written otherwise in a column that is read as numbers.
    [[nodiscard]] bool isPlain() const { return isPlain_; }
    /// The cells' numbers, NaN for those that stand for no value, where all are written as C++
    /// does; else nothing. Can be taken once.
    std::vector<double> takeNumbers();

private:
    void add(std::string_view cell);
    void addNumber(std::string_view cell, std::uint32_t mask, std::string_view unit);
    /// Whether a cell without a value.
    [[nodiscard]] bool isWithoutValue(std::string_view cell) const;
    [[nodiscard]] NumberNotation notation(char decimal, char delimiter, std::size_t& most) const;
    [[nodiscard]] std::string dateOrder() const;
    [[nodiscard]] std::size_t pixels() const;
    [[nodiscard]] bool namesImages() const;

    using Counts = std::map<std::string, std::size_t, std::less<>>;
    struct OfUnit {
        std::array<std::size_t, kNotations> byNotation{};
        std::size_t cells = 0; ///< that are a number in some notation
    };
    using Units = std::map<std::string, OfUnit, std::less<>>;

    const CsvTable& table_;
    std::size_t column_;
    std::string name_;
    const std::vector<std::string>& missing_;
    Counts signs_;
    Counts words_;
    Units units_;
    Units::value_type* lastUnit_ = nullptr;
    std::size_t values_ = 0;  ///< neither signs nor words
    std::size_t numbers_ = 0; ///< in any notation
    std::size_t points_ = 0;  ///< numbers with a '.'
    bool isPlain_ = true;     ///< all cells are empty or numbers written as C++ does
    bool areUsual_ = true;    ///< those that hold a value are
    std::vector<double> usual_;
    std::set<std::string, std::less<>> distinctNumbers_; ///< up to kManyNumbers + 1
    std::set<std::string, std::less<>> distinctOthers_;  ///< up to kFewMarks + 1
};

} // namespace gradwright
