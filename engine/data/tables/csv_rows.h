// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/csv_column.h"
#include "engine/data/tables/csv_piece.h"
#include "engine/data/tables/csv_text.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// The delimiters that are tried, the usual ones first.
inline constexpr std::array<char, 5> kDelimiters = {',', ';', '\t', '|', kBlanks};

/// The rows of a text as they are: each with its own number of fields. Those that have as many as
/// most are kept by column.
class CsvRows {
public:
    CsvRows() = default;
    /// `fields`: that most rows will have.
    explicit CsvRows(std::size_t fields)
        : columns_(fields) {}

    [[nodiscard]] std::size_t size() const { return lines_.size(); }
    [[nodiscard]] bool empty() const { return lines_.empty(); }
    /// Whether all rows are known to have equally many fields.
    [[nodiscard]] bool areAlike() const { return odd_.empty(); }
    /// The code of a field and the texts that it may stand for, unless the row is an odd one.
    [[nodiscard]] std::optional<CellCode> code(std::size_t row, std::size_t index) const {
        return oddRow(row) ? std::nullopt : std::optional(columns_[index].code(placeOf(row)));
    }
    [[nodiscard]] const TextPool& texts(std::size_t index) const { return columns_[index].texts(); }
    /// The line in which a row begins, from 1.
    [[nodiscard]] std::uint32_t line(std::size_t row) const { return lines_[row]; }
    [[nodiscard]] std::size_t fields(std::size_t row) const {
        const auto* const odd = oddRow(row);
        return odd ? odd->fields.size() : columns_.size();
    }
    [[nodiscard]] std::string field(std::size_t row, std::size_t index) const {
        const auto* const odd = oddRow(row);
        return odd ? odd->fields[index] : columns_[index].text(placeOf(row));
    }
    [[nodiscard]] std::string lastField(std::size_t row) const {
        return field(row, fields(row) - 1);
    }
    /// Whether a field is written as decimal_cell.h says.
    [[nodiscard]] bool isDecimal(std::size_t row, std::size_t index) const {
        return !oddRow(row) && !isTextCode(columns_[index].code(placeOf(row)));
    }
    /// The number of fields that most rows have, the larger one of two that are as frequent.
    [[nodiscard]] std::size_t usualFields() const;

    /// Adds the rows of the text's next piece, whose first line has this number, from 1.
    void append(const CsvPiece& piece, std::size_t firstLine);
    void reserve(std::size_t rows);

    void leaveOutRow(std::size_t row);
    /// Takes a predicate of a row's number.
    template <typename Predicate>
    void leaveOutRowsIf(Predicate isLeftOut) {
        std::vector<std::size_t> left;
        for (std::size_t row = 0; row < size(); ++row)
            if (isLeftOut(row))
                left.push_back(row);
        leaveOutRows(left);
    }
    void leaveOutFirstField(std::size_t row);
    void leaveOutLastField(std::size_t row);
    /// The same of all rows but the first, which have equally many fields.
    void leaveOutFirstFieldBelowFirst();
    void leaveOutLastFieldBelowFirst();

    /// The lines in which the rows begin.
    [[nodiscard]] std::vector<std::uint32_t> takeLines() { return std::move(lines_); }
    /// The fields of all rows, which are equally many.
    CsvCells takeCells();

private:
    [[nodiscard]] const OddRow* oddRow(std::size_t row) const {
        return odd_.empty() || row > odd_.back().row ? nullptr : findOdd(row);
    }
    [[nodiscard]] const OddRow* findOdd(std::size_t row) const;
    /// Where a row that is not odd stands in the columns.
    [[nodiscard]] std::size_t placeOf(std::size_t row) const;
    void leaveOutRows(const std::vector<std::size_t>& rows);
    /// Keeps a row as an odd one, so that its fields can be changed.
    OddRow& asOdd(std::size_t row);
    /// Makes all rows but the first rows of the columns, or all odd ones.
    void makeAlikeBelowFirst();

    std::vector<CsvColumn> columns_;
    std::vector<std::uint32_t> lines_;
    std::vector<OddRow> odd_; ///< by their number
};

/// The first `most` rows of a text that are not blank. Blanks around fields without quotes are
/// removed. Throws Error naming file and line when a quote does not end, or something else than a
/// delimiter follows it.
CsvRows readCsvRows(std::string_view text, const std::string& file, char delimiter, char quote,
                    std::size_t most = static_cast<std::size_t>(-1));
/// All rows of what the text gives, which several threads read. Throws Error naming file and line
/// when it is no text in UTF-8, too. `keepsBlanks`: at the ends of fields in quotes.
CsvRows readCsvRows(CsvText& text, const std::string& file, char delimiter, char quote,
                    bool keepsBlanks = false);

} // namespace gradwright
