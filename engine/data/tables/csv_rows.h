// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

inline constexpr char kBlanks = ' '; ///< as a delimiter: any run of blanks
/// Those that are tried, the usual ones first.
inline constexpr std::array<char, 5> kDelimiters = {',', ';', '\t', '|', kBlanks};

/// "commas" for ','.
std::string_view nameOfDelimiter(char delimiter);

struct CsvRow {
    std::size_t line = 0; ///< in which it begins, from 1
    std::vector<std::string> fields;
};

/// The first `most` rows of a text that are not blank, as they are: each with its own number of
/// fields. Blanks around fields without quotes are removed. Throws Error naming file and line when
/// a quote does not end, or something else than a delimiter follows it.
std::vector<CsvRow> readCsvRows(std::string_view text, const std::string& file, char delimiter,
                                char quote, std::size_t most = static_cast<std::size_t>(-1));

} // namespace gradwright
