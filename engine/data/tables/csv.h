// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/column_type.h"
#include "engine/data/tables/csv_column.h"
#include "engine/data/tables/table_reading.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// Whether the first line names the columns.
enum class CsvHeader { Detect, Yes, No };

struct CsvOptions {
    char delimiter = 0; ///< 0: detect comma, semicolon, tab, bar or blanks
    CsvHeader header = CsvHeader::Detect;
    bool splitsDates = false;            ///< makes year, month and day of the week of dates
    std::vector<std::string> missing{};  ///< further texts that stand for no value
    std::vector<std::string> texts{};    ///< columns whose cells stay as they are
    std::vector<std::string> sameCase{}; ///< columns whose texts may differ in case
    std::vector<ChosenType> types{};     ///< columns that are read otherwise than detected
    std::optional<TableReading> like{};  ///< reads as another table was read, nothing is detected
    bool keepsPrints = false;            ///< fills in CsvTable::prints
    /// Reads as versions did that looked at 200 rows, and knew no notation but 1.5, or 1,5 between
    /// semicolons.
    bool asBefore = false;

    bool operator==(const CsvOptions&) const = default;
};

/// What a column may be read as.
struct ColumnTypes {
    std::string column;               ///< of the file; a date's parts name the date
    std::vector<ColumnType> others{}; ///< beside Detect, in the order in which a list shows them
};

/// A table as text: comma-separated values and their relatives (RFC 4180).
struct CsvTable {
    std::string file;             ///< for messages
    std::filesystem::path folder; ///< that names of files in its cells are relative to
    char delimiter = ',';
    std::vector<std::string> names; ///< of the columns; "1", "2", … without a header
    /// Blanks around them are removed. One without a value is empty; numbers are written as C++
    /// does, whatever the file's notation.
    CsvCells cells;
    std::vector<std::uint32_t> lines; ///< in which each row begins, from 1
    /// Of columns whose cells were all written as C++ does or hold no value, the numbers of the
    /// cells that stand among the column's texts, NaN for none; other columns have no entries.
    std::vector<std::vector<double>> numbers{};
    /// With an entry for each column; without any where it was read as before, or was not read.
    TableReading reading{};
    /// Where CsvOptions asks for them, a print of the fields of each row as the file has them.
    std::vector<std::uint32_t> prints{};
    /// With an entry for each column where what they are was detected.
    std::vector<ColumnTypes> types{};
    /// What was detected, changed or left out while reading, a line each.
    std::vector<std::string> notes{};

    [[nodiscard]] std::size_t columns() const { return names.size(); }
    [[nodiscard]] std::size_t rows() const { return lines.size(); }
    /// A copy of a cell's text.
    [[nodiscard]] std::string at(std::size_t row, std::size_t column) const {
        return cells[column].text(row);
    }
    [[nodiscard]] bool isEmpty(std::size_t row, std::size_t column) const {
        return cells[column].isEmpty(row);
    }
    /// Whether all cells of a column are known to be numbers or to hold no value.
    [[nodiscard]] bool knowsNumbers(std::size_t column) const {
        return column < numbers.size() && !numbers[column].empty();
    }
    /// The number of a cell in a column whose numbers are known; NaN where it holds no value.
    [[nodiscard]] double number(std::size_t row, std::size_t column) const {
        const auto code = cells[column].code(row);
        return isTextCode(code) ? numbers[column][textOfCode(code)] : decimalValue(code);
    }
    /// Whether it is known how each column was read.
    [[nodiscard]] bool isRead() const {
        return !names.empty() && reading.columns.size() == names.size();
    }
};

/// Reads a table, gzip or not, in UTF-8, UTF-16 or Windows-1252. Throws Error naming file, line and
/// rule when it is empty, in none of these, when a quote does not end or a row has another number
/// of fields than the first.
CsvTable readCsv(const std::filesystem::path& path, const CsvOptions& options = {});
/// The same for text in memory; `name` is for messages, and names of files in it are relative to
/// the working folder.
CsvTable parseCsv(std::string_view text, const std::string& name, const CsvOptions& options = {});

} // namespace gradwright
