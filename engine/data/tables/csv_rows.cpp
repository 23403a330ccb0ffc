// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv_rows.h"

#include "engine/data/tables/cell.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>

namespace gradwright {
namespace {

constexpr std::size_t kMaxColumns = 100'000;

/// Walks through the text a row at a time.
class RowReader {
public:
    RowReader(std::string_view text, const std::string& name, char delimiter, char quote)
        : rest_(text)
        , name_(name)
        , delimiter_(delimiter)
        , quote_(quote)
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
            fields.push_back(rest_.starts_with(quote_) ? quoted() : plain());
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
                                name_, nextLine_, nameOfDelimiter(delimiter_),
                                excerpt(rest_.substr(0, 12)));
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
            const auto end = rest_.find(quote_);
            if (end == std::string_view::npos)
                throw Error("{}, line {}: a quote begins here and does not end", name_, begin);
            const auto part = rest_.substr(0, end);
            nextLine_ += static_cast<std::size_t>(std::ranges::count(part, '\n'));
            field += part;
            rest_.remove_prefix(end + 1);
            if (!rest_.starts_with(quote_))
                break;
            field += quote_;
            rest_.remove_prefix(1);
        }
        if (delimiter_ != kBlanks)
            skipBlanks();
        return field;
    }

    std::string_view rest_;
    const std::string& name_;
    char delimiter_;
    char quote_;
    std::string ends_; ///< of a field without quotes
    std::size_t line_ = 0;
    std::size_t nextLine_ = 1;
};

} // namespace

std::string_view nameOfDelimiter(char delimiter) {
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

std::vector<CsvRow> readCsvRows(std::string_view text, const std::string& file, char delimiter,
                                char quote, std::size_t most) {
    RowReader reader(text, file, delimiter, quote);
    std::vector<CsvRow> rows;
    std::vector<std::string> fields;
    while (rows.size() < most && reader.next(fields))
        rows.push_back({reader.line(), std::move(fields)});
    return rows;
}

} // namespace gradwright
