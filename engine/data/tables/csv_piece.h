// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/csv_column.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

inline constexpr char kBlanks = ' '; ///< as a delimiter: any run of blanks

/// "commas" for ','.
std::string_view nameOfDelimiter(char delimiter);

/// A row that has another number of fields than most.
struct OddRow {
    std::size_t row = 0; ///< its number among all rows
    std::vector<std::string> fields;
};

/// What is against the rules of a text, and in which line of it, from 0.
struct CsvFault {
    std::size_t line = 0;
    std::string what;
};

/// The rows of a piece of a text that are not blank.
struct CsvPiece {
    std::vector<CsvColumn> columns;   ///< of the rows with as many fields as there are columns
    std::vector<std::uint32_t> lines; ///< in which each row begins, from 0
    std::vector<OddRow> odd;          ///< the other rows, by their number
    std::size_t lineCount = 0;
    std::size_t newlines = 0; ///< ends of lines of them that are no lone CR
    /// Where a row begins that has not ended; the size of the text where all have.
    std::size_t read = 0;
    std::optional<CsvFault> fault; ///< what comes behind it has not been read
    std::size_t expected = 0;      ///< rows, when it was filled in; 0 where nobody knows

    void clear(std::size_t fields);
};

struct CsvPieceOptions {
    char delimiter = ',';
    char quote = '"';
    std::size_t fields = 1;                          ///< that most rows have
    std::size_t most = static_cast<std::size_t>(-1); ///< rows
    bool isLast = true;       ///< nothing follows, so a quote that does not end is a fault
    bool keepsBlanks = false; ///< at the ends of fields in quotes
};

/// Reads a text that begins with a row and ends with one, unless a field in quotes goes on behind
/// it. Blanks around fields are removed.
void readCsvPiece(std::string_view text, const CsvPieceOptions& options, CsvPiece& piece);

} // namespace gradwright
