// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv_rows.h"

#include "engine/data/tables/cell.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

constexpr std::size_t kMaxColumns = 100'000;

} // namespace

/// Walks through the text a row at a time.
class CsvRowReader {
public:
    CsvRowReader(CsvRows& rows, std::string_view text, const std::string& name, char delimiter,
                 char quote)
        : rows_(rows)
        , rest_(text)
        , name_(name)
        , delimiter_(delimiter)
        , quote_(quote) {
        for (const char end : {'\r', '\n', delimiter})
            ends_[static_cast<unsigned char>(end)] = true;
        if (delimiter == kBlanks)
            ends_[static_cast<unsigned char>('\t')] = true;
        else
            rows.cells_.reserve(mostCells(text));
    }

    /// Adds the next row that is not blank; false at the end.
    bool next() {
        while (!rest_.empty()) {
            const auto line = nextLine_;
            const auto first = rows_.cells_.size();
            readRow();
            const auto fields = rows_.cells_.size() - first;
            if (fields > kMaxColumns)
                throw Error("{}, line {}: more than {} fields", name_, line, kMaxColumns);
            if (fields > 1 || !rows_.cells_[first].empty()) {
                rows_.rows_.push_back({static_cast<std::uint32_t>(line),
                                       static_cast<std::uint32_t>(first),
                                       static_cast<std::uint32_t>(fields)});
                return true;
            }
        }
        return false;
    }

private:
    /// Each cell but the last one has a delimiter or an end of line behind it.
    [[nodiscard]] std::size_t mostCells(std::string_view text) const {
        const auto ends = std::ranges::count_if(text, [this](char letter) {
            return letter == delimiter_ || letter == '\n' || letter == '\r';
        });
        return static_cast<std::size_t>(ends) + 1;
    }

    void readRow() {
        if (delimiter_ == kBlanks)
            skipBlanks();
        for (;;) {
            if (rest_.starts_with(quote_))
                readQuoted();
            else
                readPlain();
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

    void readPlain() {
        std::size_t end = 0;
        while (end < rest_.size() && !ends_[static_cast<unsigned char>(rest_[end])])
            ++end;
        rows_.cells_.push(trimmed(rest_.substr(0, end)));
        rest_.remove_prefix(end);
    }

    /// A quote within is written twice; line ends within belong to the field.
    void readQuoted() {
        rest_.remove_prefix(1);
        const auto begin = nextLine_;
        std::string field; // where a quote is in it
        bool hasQuotes = false;
        for (;;) {
            const auto end = rest_.find(quote_);
            if (end == std::string_view::npos)
                throw Error("{}, line {}: a quote begins here and does not end", name_, begin);
            const auto part = rest_.substr(0, end);
            nextLine_ += static_cast<std::size_t>(std::ranges::count(part, '\n'));
            rest_.remove_prefix(end + 1);
            const bool goesOn = rest_.starts_with(quote_);
            if (goesOn || hasQuotes)
                field += part;
            if (!goesOn) {
                if (hasQuotes)
                    rows_.cells_.push(rows_.cells_.write(field));
                else
                    rows_.cells_.push(part);
                break;
            }
            hasQuotes = true;
            field += quote_;
            rest_.remove_prefix(1);
        }
        if (delimiter_ != kBlanks)
            skipBlanks();
    }

    CsvRows& rows_;
    std::string_view rest_;
    const std::string& name_;
    char delimiter_;
    char quote_;
    std::array<bool, 256> ends_{}; ///< of a field without quotes
    std::size_t nextLine_ = 1;
};

CsvRows::CsvRows(CsvCells cells)
    : cells_(std::move(cells)) {}

void CsvRows::leaveOutRow(std::size_t row) {
    rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(row));
}

void CsvRows::leaveOutFirstField(std::size_t row) {
    ++rows_[row].first;
    --rows_[row].fields;
}

void CsvRows::leaveOutLastField(std::size_t row) {
    --rows_[row].fields;
}

std::vector<std::uint32_t> CsvRows::lines() const {
    std::vector<std::uint32_t> lines;
    lines.reserve(rows_.size());
    for (const auto& row : rows_)
        lines.push_back(row.line);
    return lines;
}

CsvCells CsvRows::takeCells() {
    std::vector<std::uint32_t> firsts;
    firsts.reserve(rows_.size());
    for (const auto& row : rows_)
        firsts.push_back(row.first);
    cells_.keep(firsts, rows_.empty() ? 0 : rows_.front().fields);
    return std::move(cells_);
}

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

CsvRows readCsvRows(std::string_view text, const std::shared_ptr<const void>& owner,
                    const std::string& file, char delimiter, char quote, std::size_t most) {
    CsvRows rows(CsvCells(text, owner));
    CsvRowReader reader(rows, text, file, delimiter, quote);
    while (rows.size() < most && reader.next()) {
    }
    return rows;
}

} // namespace gradwright
