// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/csv_cells.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

inline constexpr char kBlanks = ' '; ///< as a delimiter: any run of blanks
/// Those that are tried, the usual ones first.
inline constexpr std::array<char, 5> kDelimiters = {',', ';', '\t', '|', kBlanks};

/// "commas" for ','.
std::string_view nameOfDelimiter(char delimiter);

/// The rows of a text as they are: each with its own number of fields.
class CsvRows {
public:
    CsvRows() = default;
    explicit CsvRows(CsvCells cells);

    [[nodiscard]] std::size_t size() const { return rows_.size(); }
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    /// The line in which a row begins, from 1.
    [[nodiscard]] std::uint32_t line(std::size_t row) const { return rows_[row].line; }
    [[nodiscard]] std::size_t fields(std::size_t row) const { return rows_[row].fields; }
    [[nodiscard]] std::string_view field(std::size_t row, std::size_t index) const {
        return cells_[rows_[row].first + index];
    }
    [[nodiscard]] std::string_view lastField(std::size_t row) const {
        return field(row, fields(row) - 1);
    }

    void leaveOutRow(std::size_t row);
    /// Takes a predicate of a row's number.
    template <typename Predicate>
    void leaveOutRowsIf(Predicate isLeftOut) {
        std::size_t row = 0;
        std::erase_if(rows_, [&](const Row&) { return isLeftOut(row++); });
    }
    void leaveOutFirstField(std::size_t row);
    void leaveOutLastField(std::size_t row);

    /// The lines in which the rows begin.
    [[nodiscard]] std::vector<std::uint32_t> lines() const;
    /// The fields of all rows, which are equally many, row by row.
    CsvCells takeCells();

private:
    friend class CsvRowReader;
    struct Row {
        std::uint32_t line = 0;
        std::uint32_t first = 0; ///< cell
        std::uint32_t fields = 0;
    };
    CsvCells cells_;
    std::vector<Row> rows_;
};

/// The first `most` rows of a text that are not blank. Blanks around fields without quotes are
/// removed. `owner` keeps the text alive, see CsvCells. Throws Error naming file and line when a
/// quote does not end, or something else than a delimiter follows it.
CsvRows readCsvRows(std::string_view text, const std::shared_ptr<const void>& owner,
                    const std::string& file, char delimiter, char quote,
                    std::size_t most = static_cast<std::size_t>(-1));

} // namespace gradwright
