// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace gradwright {

/// How a column writes its numbers: 1,234.5 or 1.234,5 or 1 234.5, with a unit or without.
struct NumberNotation {
    char decimal = '.';  ///< '.' or ','
    char grouping = 0;   ///< between groups of digits: ',', '.', ' ' or '\''; 0: none
    std::string unit{};  ///< in front or behind, the same in all cells: "$", "%", "kg"
    bool isTime = false; ///< times of day, 12:15, which are hours: 12.25

    bool operator==(const NumberNotation&) const = default;
};

/// What the cells of a column are, missing ones aside.
struct ColumnReading {
    enum class Kind {
        Empty, ///< none holds a value
        Numbers,
        Texts,
        Mixed, ///< numbers, and other texts that look like mistakes
        Dates,
        Pixels ///< a list of as many numbers in each cell
    };
    std::string name;
    Kind kind = Kind::Texts;
    NumberNotation notation{};        ///< Numbers
    std::vector<std::string> words{}; ///< Texts: "None", "NA" and the like that are values here
    std::string dateOrder{};          ///< Dates: "ymd", "dmy", "mdy" or kCompactDate
    std::size_t pixels = 0;           ///< Pixels: numbers in a cell
    bool isNameless = false;          ///< the header has no name for it
    bool sameCase = false;            ///< texts that differ in case alone are one
    /// Whether a person has said so: of Numbers, cells that are none then have no value; Texts may
    /// be numbers.
    bool isChosen = false;

    bool operator==(const ColumnReading&) const = default;
};

/// The rules by which tables are read, counted up where they change what data a file holds. Since 1
/// blanks at the ends of fields in quotes are no part of them, and columns that are called as the
/// numbers of rows are and hold another one in each row are left out. Since 2 labels that are equal
/// as numbers are equal exactly, blanks beyond ASCII at their ends are no part of them, and all of
/// Excel's errors and long dashes may stand for no value.
inline constexpr int kTableRules = 2;

/// How a table's file was read, so that others can be read alike.
struct TableReading {
    char delimiter = ',';
    char quote = '"';
    bool hasHeader = true;
    bool hasRowNames = false;           ///< a first column without a name, as R writes it, left out
    bool splitsDates = false;           ///< dates are year, month and day of the week
    std::vector<std::string> missing{}; ///< further texts that stand for no value
    std::vector<ColumnReading> columns{};
    std::vector<ColumnReading> dates{}; ///< columns that were split, which `columns` lacks
    int rules = kTableRules;

    bool operator==(const TableReading&) const = default;
};

} // namespace gradwright
