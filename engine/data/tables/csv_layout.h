// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/csv.h"
#include "engine/data/tables/csv_rows.h"

#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// The rows of a table, all with the same number of fields.
struct CsvLayout {
    CsvRows rows;
    std::vector<std::string> classes; ///< of the last column, where the first line has named them
    bool hasRowNames = false;         ///< a first column that R wrote was left out
    std::vector<std::string> notes;   ///< what was left out
};

/// Leaves out what is around a table: comments, an empty last column, R's row names, the counts and
/// class names in the first line of scikit-learn's own files. `header`: where it is known whether
/// there is one. `isAlike`: another file tells it, and there may be counts all the same. Throws
/// Error naming the line of a row that has another number of fields.
CsvLayout layoutOf(CsvRows rows, const std::string& file, char delimiter, CsvHeader header,
                   bool isAlike = false);

/// Delimiter and quote.
struct CsvMarks {
    char delimiter = ',';
    char quote = '"';
};
/// Those that make most cells numbers, dates or missing, and rows of equal length. `delimiter`: 0,
/// or the one that is known.
CsvMarks detectMarks(std::string_view text, const std::string& file, char delimiter,
                     CsvHeader header);

/// Takes a first line "sep=;" off the text and returns its delimiter, 0 where there is none.
char takeSeparatorLine(std::string_view& text);

} // namespace gradwright
