// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// Whether the first line names the columns.
enum class CsvHeader { Detect, Yes, No };

struct CsvOptions {
    char delimiter = 0; ///< 0: detect comma, semicolon, tab, bar or blanks
    CsvHeader header = CsvHeader::Detect;
};

/// A table as text: comma-separated values and their relatives (RFC 4180).
struct CsvTable {
    std::string file;             ///< for messages
    std::filesystem::path folder; ///< that names of files in its cells are relative to
    char delimiter = ',';
    std::vector<std::string> names; ///< of the columns; "1", "2", … without a header
    std::vector<std::string> cells; ///< row-major, blanks around them removed
    std::vector<std::size_t> lines; ///< in which each row begins, from 1

    [[nodiscard]] std::size_t columns() const { return names.size(); }
    [[nodiscard]] std::size_t rows() const { return lines.size(); }
    [[nodiscard]] const std::string& at(std::size_t row, std::size_t column) const {
        return cells[row * columns() + column];
    }
};

/// Reads a table, gzip or not. Throws Error naming file, line and rule when it is empty, no UTF-8,
/// when a quote does not end or a row has another number of fields than the first.
CsvTable readCsv(const std::filesystem::path& path, const CsvOptions& options = {});
/// The same for text in memory; `name` is for messages, and names of files in it are relative to
/// the working folder.
CsvTable parseCsv(std::string_view text, const std::string& name, const CsvOptions& options = {});

} // namespace gradwright
