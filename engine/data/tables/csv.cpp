// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv.h"

#include "engine/data/byte_reader.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/column_reading.h"
#include "engine/data/tables/csv_before.h"
#include "engine/data/tables/csv_header.h"
#include "engine/data/tables/csv_layout.h"
#include "engine/data/tables/csv_table.h"
#include "engine/data/tables/csv_text.h"
#include "engine/data/tables/row_corrections.h"
#include "engine/data/text/text_encoding.h"
#include "engine/data/text/utf8.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace gradwright {
namespace {

/// 'name' without its quotes, and "# name" without the mark of a comment.
void cleanNames(std::vector<std::string>& names) {
    const bool areQuoted = std::ranges::all_of(names, [](const std::string& name) {
        return name.size() >= 2 && name.starts_with('\'') && name.ends_with('\'');
    });
    if (areQuoted)
        for (auto& name : names)
            name = name.substr(1, name.size() - 2);
    if (names.front().size() > 1 && names.front().starts_with('#'))
        names.front() = std::string(trimmed(std::string_view(names.front()).substr(1)));
}

/// Names that are numbers may be values after all.
void noteNumbersAsNames(CsvTable& table) {
    std::vector<std::string> numbers;
    for (const auto& name : table.names)
        if (isNumberInAnyNotation(name))
            numbers.push_back(name);
    if (!numbers.empty() && numbers.size() <= table.columns())
        table.notes.push_back(fmt::format(
            "the first row names the columns, {} among them (data.header=no reads it "
            "as values)",
            fmt::join(std::span(numbers).first(std::min<std::size_t>(4, numbers.size())), ", ")));
}

/// Puts the names that the first line has for 0, 1, … into the last column.
void nameClasses(CsvTable& table, const std::vector<std::string>& classes) {
    auto& column = table.cells[table.columns() - 1];
    std::vector<std::size_t> ofRow;
    ofRow.reserve(table.rows());
    for (std::size_t row = 0; row < table.rows(); ++row) {
        const auto number = numberOf(column.text(row), ',');
        if (!number || *number < 0 || *number >= static_cast<double>(classes.size()))
            return;
        ofRow.push_back(static_cast<std::size_t>(*number));
    }
    std::vector<CellCode> codes;
    for (const auto& name : classes)
        codes.push_back(column.encode(name));
    for (std::size_t row = 0; row < table.rows(); ++row)
        column.set(row, codes[ofRow[row]]);
}

CsvMarks marksFor(std::string_view text, const std::string& name, const CsvOptions& options,
                  char separator) {
    if (!options.like)
        return detectMarks(text, name, options.delimiter != 0 ? options.delimiter : separator,
                           options.header);
    // Another file may have another delimiter; the one that it was trained with comes first.
    const CsvMarks known{options.like->delimiter, options.like->quote};
    const auto first = text.substr(0, text.find_first_of("\r\n"));
    // A file of one column holds no delimiter.
    const bool isOfOneColumn =
        options.like->columns.size() < 2 ||
        (options.like->hasHeader &&
         std::ranges::find(options.like->columns, trimmed(first), &ColumnReading::name) !=
             options.like->columns.end());
    const auto blanks =
        known.delimiter == kBlanks ? std::string(" \t") : std::string(1, known.delimiter);
    if (isOfOneColumn || trimmed(first).find_first_of(blanks) != std::string_view::npos)
        return known;
    return detectMarks(text, name, separator, options.header);
}

CsvTable parse(CsvText& text, const std::string& name, const CsvOptions& options) {
    auto head = text.head();
    if (head.starts_with("\xEF\xBB\xBF"))
        head.remove_prefix(3);
    const char separator = takeSeparatorLine(head);
    const auto prefix = text.head().substr(0, text.head().size() - head.size());
    requireText(prefix, name);
    text.removePrefix(prefix.size());
    auto header = options.header;
    if (options.like)
        header = options.like->hasHeader ? CsvHeader::Yes : CsvHeader::No;
    const auto marks = marksFor(head, name, options, separator);
    const bool keepsBlanks = options.like && options.like->rules < 1;
    auto layout = layoutOf(readCsvRows(text, name, marks.delimiter, marks.quote, keepsBlanks), name,
                           marks.delimiter, header, options.like.has_value());
    CsvTable table;
    table.file = name;
    table.delimiter = marks.delimiter;
    table.notes = std::move(layout.notes);
    if (separator != 0)
        table.notes.emplace_back("the first line, which names the delimiter, is left out");
    auto& reading = table.reading;
    reading.delimiter = marks.delimiter;
    reading.quote = marks.quote;
    reading.hasRowNames = layout.hasRowNames;
    reading.hasHeader = header == CsvHeader::Yes || layout.hasRowNames ||
                        (header == CsvHeader::Detect && !layout.rows.empty() &&
                         (hasHeader(layout.rows) || holdsOnlyNames(layout.rows)));
    fillTable(table, std::move(layout.rows));
    std::vector<bool> nameless(table.columns());
    if (!reading.hasHeader && header == CsvHeader::Detect)
        table.notes.push_back(fmt::format(
            "no header: the columns are called 1 to {} (data.header=yes takes the first "
            "row for their names)",
            table.columns()));
    if (reading.hasHeader) {
        auto names = firstRow(table);
        cleanNames(names);
        for (std::size_t c = 0; c < names.size(); ++c)
            nameless[c] = names[c].empty();
        takeHeader(table, std::move(names));
        if (header == CsvHeader::Detect)
            noteNumbersAsNames(table);
    }
    if (!layout.classes.empty())
        nameClasses(table, layout.classes);
    for (std::size_t c = 0; c < table.columns(); ++c)
        reading.columns.push_back({.name = table.names[c], .isNameless = nameless[c]});
    if (options.keepsPrints)
        keepPrints(table);
    readColumns(table, options);
    return table;
}

CsvTable parseBefore(std::string_view text, const std::string& name, const CsvOptions& options) {
    requireText(text, name);
    if (text.starts_with("\xEF\xBB\xBF"))
        text.remove_prefix(3);
    return parseCsvAsBefore(text, name, options);
}

/// The head may end within a character.
bool fitsUtf8(std::string_view head, bool isWhole) {
    constexpr std::size_t kLongest = 4;
    const auto fault = faultIn(head);
    return !fault || (!isWhole && !fault->isZero && fault->at + kLongest > head.size());
}

/// A file that fits no UTF-8 is read once more, in the encoding that all of it fits.
CsvTable parseFile(const std::filesystem::path& path, const CsvOptions& options) {
    const auto parseIn = [&](TextEncoding encoding) {
        CsvText text(path, encoding);
        auto table = parse(text, path.string(), options);
        table.notes.push_back(encodingNote(encoding));
        return table;
    };
    CsvText text(path);
    if (!fitsUtf8(text.head(), text.isWhole()))
        if (const auto encoding = encodingOf(path); encoding && *encoding != TextEncoding::Utf8)
            return parseIn(*encoding);
    try {
        return parse(text, path.string(), options);
    } catch (const NotUtf8&) {
        const auto encoding = encodingOf(path);
        if (!encoding || *encoding == TextEncoding::Utf8)
            throw;
        return parseIn(*encoding);
    }
}

} // namespace

CsvTable parseCsv(std::string_view text, const std::string& name, const CsvOptions& options) {
    if (options.asBefore)
        return parseBefore(text, name, options);
    std::vector<std::string> notes;
    const auto made = faultIn(text) ? inUtf8(std::string(text), &notes) : std::string();
    CsvText whole(made.empty() ? text : std::string_view(made));
    auto table = parse(whole, name, options);
    std::ranges::move(notes, std::back_inserter(table.notes));
    return table;
}

CsvTable readCsv(const std::filesystem::path& path, const CsvOptions& options) {
    CsvTable table;
    if (options.asBefore) {
        constexpr std::size_t kMost = std::size_t{1} << 30; // bytes
        table = parseBefore(readWholeFile(path, kMost), path.string(), options);
    } else {
        table = parseFile(path, options);
    }
    table.folder = path.parent_path();
    return table;
}

} // namespace gradwright
