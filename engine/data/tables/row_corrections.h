// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/data/tables/csv.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// What a person says about a row of a table: it belongs to another class, or is left out. The file
/// stays as it is.
struct RowCorrection {
    std::uint32_t line = 0; ///< of the file, in which the row begins
    std::string print{};    ///< of what the row held then, see printOfRow()
    std::string name{};     ///< of the class; empty: the row is left out
    bool isOfTestFile = false;

    bool operator==(const RowCorrection&) const = default;
};

/// The parameter of tables that holds them: "17/3fa85c01=rose, test:18/9b2e77aa=", in quotes where
/// one holds a comma.
inline constexpr std::string_view kRowCorrectionsParam = "corrections";
/// Throws Error where one is written otherwise.
std::vector<RowCorrection> rowCorrectionsFrom(std::string_view text);
std::string rowCorrectionsText(const std::vector<RowCorrection>& corrections);

/// Eight digits that two rows of different fields share once in 4 · 10⁹ times. The table was read
/// with CsvOptions::keepsPrints.
std::string printOfRow(const CsvTable& table, std::size_t row);
/// Fills in CsvTable::prints; the cells are as the file has them.
void keepPrints(CsvTable& table);

/// Applies those of a table, or of the one to test with, and notes how many they are, and which are
/// not applied since their line holds another row by now. `target` is the column that holds the
/// classes. Throws Error when one names no class that the column has, or nothing is left.
void correctRows(CsvTable& table, const std::vector<RowCorrection>& corrections,
                 const std::string& target, bool isTest);

/// A correction of the row that begins in a line, and what it was in the file before.
struct FoundRow {
    RowCorrection correction;
    std::string before;
};
/// Reads the file of a choice again. Throws Error where no row begins in that line any more.
FoundRow findRow(const DataChoice& choice, std::uint32_t line, bool isOfTestFile,
                 const std::string& name);
/// A choice of a table with one more correction, in place of an earlier one of the row. One that
/// names the class that the row has in the file takes the earlier one back.
DataChoice withRowCorrection(DataChoice choice, const FoundRow& found);

} // namespace gradwright
