// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/csv.h"
#include "engine/data/tables/number_notation.h"

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace gradwright {

/// What the cells of one column say, before anything is decided.
class ColumnSurvey {
public:
    ColumnSurvey(const CsvTable& table, std::size_t column,
                 const std::vector<std::string>& missing);

    /// '.' or ',' where the column's numbers can be read with that decimal mark only, 0 where they
    /// do not say.
    [[nodiscard]] char decimalEvidence() const;
    /// `decimal`: what other columns say, 0 for nothing.
    [[nodiscard]] ColumnReading decide(char decimal, char delimiter) const;
    /// The signs and words in a column of this kind that stand for no value, with their numbers.
    [[nodiscard]] std::map<std::string, std::size_t> missingIn(const ColumnReading& reading) const;

private:
    void add(const std::string& cell);
    void addNumber(const std::string& cell, std::uint32_t mask, const std::string& unit);
    [[nodiscard]] NumberNotation notation(char decimal, char delimiter, std::size_t& most) const;
    [[nodiscard]] std::string dateOrder() const;
    [[nodiscard]] std::size_t pixels() const;
    [[nodiscard]] bool namesImages() const;

    using Counts = std::array<std::size_t, kNotations>;
    const CsvTable& table_;
    std::size_t column_;
    std::string name_;
    std::map<std::string, std::size_t> signs_;
    std::map<std::string, std::size_t> words_;
    std::map<std::string, Counts> byUnit_;
    std::map<std::string, std::size_t> ofUnit_; ///< cells that are a number in some notation
    std::size_t values_ = 0;                    ///< neither signs nor words
    std::size_t numbers_ = 0;                   ///< in any notation
    std::size_t points_ = 0;                    ///< numbers with a '.'
    std::set<std::string> distinctNumbers_;     ///< up to kManyNumbers + 1
    std::set<std::string> distinctOthers_;      ///< up to kFewMarks + 1
};

} // namespace gradwright
