// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv.h"

#include "engine/data/byte_reader.h"
#include "engine/data/images/picture_sample.h"
#include "engine/data/tables/cell.h"
#include "engine/data/text/utf8.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

namespace gradwright {
namespace {

constexpr std::size_t kMaxCsvBytes = std::size_t{1} << 30;
constexpr std::size_t kMaxColumns = 100'000;
constexpr char kBlanks = ' '; ///< as a delimiter: any run of blanks
constexpr std::array<char, 5> kDelimiters = {',', ';', '\t', '|', kBlanks};
/// Rows that delimiter and header are detected from.
constexpr std::size_t kSample = 200;

std::string_view nameOf(char delimiter) {
    switch (delimiter) {
    case ',':
        return "commas";
    case ';':
        return "semicolons";
    case '\t':
        return "tabs";
    case '|':
        return "bars";
    default:
        return "blanks";
    }
}

/// Walks through the text a row at a time.
class RowReader {
public:
    RowReader(std::string_view text, const std::string& name, char delimiter)
        : rest_(text)
        , name_(name)
        , delimiter_(delimiter)
        , ends_(delimiter == kBlanks ? "\r\n \t" : std::string("\r\n") + delimiter) {}

    /// The next row that is not blank, into `fields`; false at the end.
    bool next(std::vector<std::string>& fields) {
        for (;;) {
            if (rest_.empty())
                return false;
            line_ = nextLine_;
            fields.clear();
            readRow(fields);
            if (fields.size() > kMaxColumns)
                throw Error("{}, line {}: more than {} fields", name_, line_, kMaxColumns);
            if (fields.size() > 1 || !fields[0].empty())
                return true;
        }
    }
    /// In which the last row began.
    [[nodiscard]] std::size_t line() const { return line_; }

private:
    void readRow(std::vector<std::string>& fields) {
        if (delimiter_ == kBlanks)
            skipBlanks();
        for (;;) {
            fields.push_back(rest_.starts_with('"') ? quoted() : plain());
            if (delimiter_ == kBlanks) {
                skipBlanks();
                if (endOfLine())
                    return;
            } else if (rest_.starts_with(delimiter_)) {
                rest_.remove_prefix(1);
                skipBlanks();
            } else {
                if (!endOfLine())
                    throw Error("{}, line {}: after a closing quote there must be {} or the end of "
                                "the line, not \"{}\"",
                                name_, nextLine_, nameOf(delimiter_), excerpt(rest_.substr(0, 12)));
                return;
            }
        }
    }

    void skipBlanks() {
        while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t') && rest_[0] != hardBlank())
            rest_.remove_prefix(1);
    }
    /// Between fields that tabs separate, a tab is no blank.
    [[nodiscard]] char hardBlank() const { return delimiter_ == '\t' ? '\t' : '\0'; }

    bool endOfLine() {
        if (rest_.starts_with("\r\n"))
            rest_.remove_prefix(2);
        else if (rest_.starts_with('\n') || rest_.starts_with('\r'))
            rest_.remove_prefix(1);
        else
            return rest_.empty();
        ++nextLine_;
        return true;
    }

    std::string plain() {
        const auto end = std::min(rest_.find_first_of(ends_), rest_.size());
        const auto field = trimmed(rest_.substr(0, end));
        rest_.remove_prefix(end);
        return std::string(field);
    }

    /// A quote within is written twice; line ends within belong to the field.
    std::string quoted() {
        rest_.remove_prefix(1);
        const auto begin = nextLine_;
        std::string field;
        for (;;) {
            const auto end = rest_.find('"');
            if (end == std::string_view::npos)
                throw Error("{}, line {}: a quote begins here and does not end", name_, begin);
            const auto part = rest_.substr(0, end);
            nextLine_ += static_cast<std::size_t>(std::ranges::count(part, '\n'));
            field += part;
            rest_.remove_prefix(end + 1);
            if (!rest_.starts_with('"'))
                break;
            field += '"';
            rest_.remove_prefix(1);
        }
        if (delimiter_ != kBlanks)
            skipBlanks();
        return field;
    }

    std::string_view rest_;
    const std::string& name_;
    char delimiter_;
    std::string ends_; ///< of a field without quotes
    std::size_t line_ = 0;
    std::size_t nextLine_ = 1;
};

/// The number of fields that all sampled rows have with this delimiter, 0 when they differ.
std::size_t fieldsWith(char delimiter, std::string_view text, const std::string& name) {
    RowReader reader(text, name, delimiter);
    std::vector<std::string> fields;
    std::size_t count = 0;
    try {
        for (std::size_t row = 0; row < kSample && reader.next(fields); ++row) {
            if (row > 0 && fields.size() != count)
                return 0;
            count = fields.size();
        }
    } catch (const Error&) {
        return 0;
    }
    return count;
}

/// The first that splits all rows alike; else the first that occurs, whose rows then differ, which
/// is an error with a line.
char detectDelimiter(std::string_view text, const std::string& name) {
    for (const auto delimiter : kDelimiters)
        if (fieldsWith(delimiter, text, name) > 1)
            return delimiter;
    const auto first = text.substr(0, text.find_first_of("\r\n"));
    for (const auto delimiter : {',', ';', '\t', '|'})
        if (first.find(delimiter) != std::string_view::npos)
            return delimiter;
    return ',';
}

/// A first row names the columns when none of it is a number or missing, and it either stands above
/// numbers or says in no column what the rows below say. Empty cells, as above the row names that
/// pandas writes, may be among them.
bool looksLikeHeader(const CsvTable& table) {
    std::set<std::string_view> distinct;
    for (std::size_t c = 0; c < table.columns(); ++c) {
        const auto& cell = table.at(0, c);
        if ((isMissing(cell) && !cell.empty()) || numberOf(cell, table.delimiter) ||
            hasPictureEnding(cell))
            return false;
        distinct.insert(cell);
    }
    const auto rows = std::min(table.rows(), kSample);
    bool repeated = distinct.size() < table.columns();
    for (std::size_t c = 0; c < table.columns(); ++c)
        for (std::size_t r = 1; r < rows; ++r) {
            if (numberOf(table.at(r, c), table.delimiter))
                return true;
            repeated = repeated || table.at(r, c) == table.at(0, c);
        }
    return rows > 1 && !repeated;
}

void takeHeader(CsvTable& table) {
    const auto columns = static_cast<std::ptrdiff_t>(table.columns());
    std::vector<std::string> names(table.cells.begin(), table.cells.begin() + columns);
    for (std::size_t c = 0; c < names.size(); ++c) {
        if (names[c].empty())
            names[c] = std::to_string(c + 1);
        if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(c), names[c]) !=
            names.begin() + static_cast<std::ptrdiff_t>(c))
            throw Error("{}, line {}: two columns are called \"{}\"; each needs a name of its own",
                        table.file, table.lines[0], excerpt(names[c]));
    }
    table.names = std::move(names);
    table.cells.erase(table.cells.begin(), table.cells.begin() + columns);
    table.lines.erase(table.lines.begin());
    if (table.rows() == 0)
        throw Error("{}: names of columns, but no rows follow them", table.file);
}

} // namespace

CsvTable parseCsv(std::string_view text, const std::string& name, const CsvOptions& options) {
    requireText(text, name);
    if (text.starts_with("\xEF\xBB\xBF"))
        text.remove_prefix(3);
    CsvTable table;
    table.file = name;
    table.delimiter = options.delimiter != 0 ? options.delimiter : detectDelimiter(text, name);
    RowReader reader(text, table.file, table.delimiter);
    std::vector<std::string> fields;
    while (reader.next(fields)) {
        if (table.names.empty())
            for (std::size_t c = 0; c < fields.size(); ++c)
                table.names.push_back(std::to_string(c + 1));
        if (fields.size() != table.names.size())
            throw Error("{}, line {}: {} field{}, separated by {}; the first row has {}", name,
                        reader.line(), fields.size(), fields.size() == 1 ? "" : "s",
                        nameOf(table.delimiter), table.names.size());
        std::ranges::move(fields, std::back_inserter(table.cells));
        table.lines.push_back(reader.line());
    }
    if (table.rows() == 0)
        throw Error("{}: the table is empty", name);
    if (options.header == CsvHeader::Yes ||
        (options.header == CsvHeader::Detect && looksLikeHeader(table)))
        takeHeader(table);
    return table;
}

CsvTable readCsv(const std::filesystem::path& path, const CsvOptions& options) {
    auto table = parseCsv(readWholeFile(path, kMaxCsvBytes), path.string(), options);
    table.folder = path.parent_path();
    return table;
}

} // namespace gradwright
