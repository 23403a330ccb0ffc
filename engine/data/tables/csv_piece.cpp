// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv_piece.h"

#include "engine/data/tables/cell.h"
#include "engine/data/tables/field_ends.h"
#include "engine/data/tables/recent_texts.h"
#include "engine/data/tables/short_decimal.h"
#include "engine/support/json.h"
#include "engine/support/simd.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <utility>

namespace gradwright {
namespace {

constexpr std::size_t kMaxColumns = 100'000;

/// Walks through a text a row at a time.
class CsvPieceReader {
public:
    CsvPieceReader(std::string_view text, const CsvPieceOptions& options, CsvPiece& piece)
        : piece_(piece)
        , begin_(text.data())
        , at_(begin_)
        , end_(begin_ + text.size())
        , options_(options)
        , delimiter_(options.delimiter)
        , quote_(options.quote)
        , ends_(text, delimiter_, delimiter_ == kBlanks ? '\t' : delimiter_)
        , narrow_(piece.columns.size())
        , decimals_(piece.columns.size() + 1)
        , recent_(piece.columns.size()) {
        splitsNumbers_ =
            std::string_view("0123456789.-").find(delimiter_) != std::string_view::npos;
        makeRoom(rowsExpected(text));
    }

    void run() {
        while (at_ != end_ && piece_.lines.size() < options_.most) {
            const auto* const begin = at_;
            const auto line = line_;
            const auto newlines = newlines_;
            fields_ = 0;
            if (!readRow()) {
                takeBack();
                at_ = begin;
                line_ = line;
                newlines_ = newlines;
                break;
            }
            finishRow(line);
        }
        for (auto& column : piece_.columns)
            column.resize(rows_);
        piece_.read = static_cast<std::size_t>(at_ - begin_);
        piece_.lineCount = line_;
        piece_.newlines = newlines_;
    }

private:
    // ---- rows

    /// About how many there are: as many as in the piece before, or of the first one's length.
    [[nodiscard]] std::size_t rowsExpected(std::string_view text) const {
        const auto line = std::min(text.find('\n'), text.size()) + 1;
        const auto most = text.size() / (2 * std::max<std::size_t>(1, narrow_.size()));
        const auto rows =
            piece_.expected > 0 ? piece_.expected : std::min(text.size() / line, most);
        return std::min(rows + rows / 4, options_.most) + 16;
    }
    void makeRoom(std::size_t rows) {
        room_ = rows;
        for (std::size_t c = 0; c < narrow_.size(); ++c) {
            piece_.columns[c].resize(rows);
            narrow_[c] = piece_.columns[c].narrowCells();
        }
    }

    /// The next field of the row.
    void add(CellCode code) {
        if (fields_ < narrow_.size())
            put(code);
        else
            more_.push_back(isTextCode(code) ? std::string() : decimalText(code));
        ++fields_;
    }
    /// A text that is no number.
    void addText(std::string_view text) {
        if (fields_ < narrow_.size()) {
            put(piece_.columns[fields_].encodeText(text));
            ++fields_;
        } else {
            add(text);
        }
    }
    void add(std::string_view text) {
        if (fields_ < narrow_.size())
            put(piece_.columns[fields_].encode(text));
        else
            more_.emplace_back(text);
        ++fields_;
    }
    void put(CellCode code) {
        auto* const cells = narrow_[fields_];
        if (cells && code == static_cast<std::int32_t>(code))
            cells[rows_] = static_cast<std::int32_t>(code);
        else
            putWide(code);
    }
    void putWide(CellCode code) {
        auto& column = piece_.columns[fields_];
        if (narrow_[fields_]) {
            column.resize(rows_); // what has a code
            column.push(code);
            column.resize(room_);
            narrow_[fields_] = nullptr;
        } else {
            column.set(rows_, code);
        }
    }

    /// Takes the cells of a row that is not finished out of the columns.
    std::vector<std::string> takeBack() {
        std::vector<std::string> texts;
        for (std::size_t c = 0; c < std::min(fields_, narrow_.size()); ++c)
            texts.push_back(piece_.columns[c].text(rows_));
        std::ranges::move(more_, std::back_inserter(texts));
        more_.clear();
        return texts;
    }

    void finishRow(std::size_t line) {
        if (fields_ > kMaxColumns && !piece_.fault)
            piece_.fault = {line, fmt::format("more than {} fields", kMaxColumns)};
        const auto row = piece_.lines.size();
        const bool isRegular = fields_ == narrow_.size();
        const auto isBlank = [&] {
            return fields_ == 1 && (narrow_.empty() ? more_.front().empty()
                                                    : piece_.columns.front().isEmpty(rows_));
        };
        if (isBlank()) {
            takeBack();
            return;
        }
        if (!isRegular)
            piece_.odd.push_back({row, takeBack()});
        else if (++rows_ == room_)
            makeRoom(2 * room_);
        piece_.lines.push_back(static_cast<std::uint32_t>(line));
        if (piece_.fault)
            at_ = end_;
    }

    /// Returns false where a field in quotes does not end.
    bool readRow() {
        if (delimiter_ == kBlanks)
            skipBlanks();
        for (;;) {
            if (takeFields())
                return endOfLine();
            if (at_ != end_ && *at_ == quote_) {
                if (!readQuoted())
                    return false;
            } else {
                readPlain();
            }
            if (delimiter_ == kBlanks) {
                skipBlanks();
                if (endOfLine())
                    return true;
            } else if (at_ != end_ && *at_ == delimiter_) {
                ++at_;
                skipBlanks();
            } else {
                if (!endOfLine()) {
                    const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
                    piece_.fault = {
                        line_,
                        fmt::format("after a closing quote there must be {} or the end of "
                                    "the line, not \"{}\"",
                                    nameOfDelimiter(delimiter_), excerpt(rest.substr(0, 12)))};
                    at_ = end_;
                }
                return true;
            }
        }
    }

    void skipBlanks() {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\t') && *at_ != hardBlank())
            ++at_;
    }
    /// Between fields that tabs separate, a tab is no blank.
    [[nodiscard]] char hardBlank() const { return delimiter_ == '\t' ? '\t' : '\0'; }

    bool endOfLine() {
        if (at_ == end_)
            return true;
        if (*at_ != '\r' && *at_ != '\n')
            return false;
        const bool isLoneReturn = *at_ == '\r' && (at_ + 1 == end_ || at_[1] != '\n');
        at_ += *at_ == '\r' && !isLoneReturn ? 2 : 1;
        ++line_;
        newlines_ += isLoneReturn ? 0 : 1;
        return true;
    }

    // ---- fields

    /// Takes fields as long as they stand without blanks and quotes between delimiters, and there
    /// are columns for them. Returns true at the end of a line, and else leaves the next field to
    /// others. What it uses is in its own hands, so that fields do not wait for each other.
    bool takeFields() {
        if (delimiter_ == kBlanks || splitsNumbers_)
            return false;
        const auto columns = narrow_.size();
        const char* at = at_;
        auto field = fields_;
        auto block = ends_.from(at);
        bool isEnd = false;
        while (field < columns && !isEnd) {
            if (block.ends == 0) {
                if (!ends_.next(block))
                    break;
                continue;
            }
            const char* const end = block.begin + std::countr_zero(block.ends);
            CellCode code = kEmptyCell;
            if (end != at && !takeNumber(at, end, decimals_[field], code)) {
                if (*at == quote_ || isBlank(*at) || isBlank(end[-1]))
                    break;
                code = textCode(field, {at, static_cast<std::size_t>(end - at)});
            }
            block.ends &= block.ends - 1;
            auto* const cells = narrow_[field];
            if (cells && code == static_cast<std::int32_t>(code)) {
                cells[rows_] = static_cast<std::int32_t>(code);
            } else {
                fields_ = field;
                putWide(code);
            }
            ++field;
            isEnd = *end != delimiter_;
            at = end + (isEnd ? 0 : 1);
        }
        const bool isBehindDelimiter = at != at_ && !isEnd;
        at_ = at;
        fields_ = field;
        if (isBehindDelimiter)
            skipBlanks();
        return isEnd;
    }
    [[nodiscard]] static bool isBlank(char c) { return c == ' ' || c == '\t'; }

    /// The code of a text that is a number as a whole.
    bool takeNumber(const char* begin, const char* end, ShortDecimals& decimals,
                    CellCode& code) const {
        const std::ptrdiff_t sign = *begin == '-' ? 1 : 0;
        if (begin + sign == end)
            return false;
        if (static_cast<unsigned char>(begin[sign] - '0') > 9)
            return false; // which holds for whole columns
        const auto length = end - begin - sign;
        const bool isShort = length <= kShortDecimal;
        if (!isShort || end - begin_ < kShortDecimal)
            return takeDecimal(begin, end, code) == end;
        return decimals.take(end, length, sign, code);
    }

    CellCode textCode(std::size_t field, std::string_view text) {
        auto& column = piece_.columns[field];
        const auto offset = text.data() - begin_;
        return text.size() <= RecentTexts::kLongest && offset >= kShortDecimal
                   ? recent_[field].code(column, text)
                   : column.encodeText(text);
    }

    void readPlain() {
        const auto* const begin = at_;
        const auto* const end = ends_.find(begin);
        at_ = end;
        if (begin == end)
            return add(kEmptyCell);
        CellCode code = 0;
        if (!splitsNumbers_ && takeNumber(begin, end, decimals_.back(), code))
            return add(code);
        const auto text = trimmed({begin, static_cast<std::size_t>(end - begin)});
        if (!splitsNumbers_ && text.size() == static_cast<std::size_t>(end - begin))
            addText(text);
        else
            add(text);
    }

    /// A quote within is written twice; line ends within belong to the field.
    bool readQuoted() {
        ++at_;
        const auto begin = line_;
        std::string field; // where a quote is in it
        bool hasQuotes = false;
        for (;;) {
            const auto* const end =
                at_ == end_ ? nullptr
                            : static_cast<const char*>(
                                  std::memchr(at_, quote_, static_cast<std::size_t>(end_ - at_)));
            if (!end) {
                if (options_.isLast)
                    piece_.fault = {begin, "a quote begins here and does not end"};
                return false;
            }
            const std::string_view part(at_, static_cast<std::size_t>(end - at_));
            const auto within = static_cast<std::size_t>(std::ranges::count(part, '\n'));
            line_ += within;
            newlines_ += within;
            at_ = end + 1;
            const bool goesOn = at_ != end_ && *at_ == quote_;
            if (goesOn || hasQuotes)
                field += part;
            if (!goesOn) {
                const auto whole = hasQuotes ? std::string_view(field) : part;
                add(options_.keepsBlanks ? whole : trimmed(whole));
                break;
            }
            hasQuotes = true;
            field += quote_;
            ++at_;
        }
        if (delimiter_ != kBlanks)
            skipBlanks();
        return true;
    }

    CsvPiece& piece_;
    const char* begin_;
    const char* at_;
    const char* end_;
    const CsvPieceOptions& options_;
    char delimiter_;
    char quote_;
    FieldEnds ends_;                      ///< of fields without quotes
    bool splitsNumbers_ = false;          ///< the delimiter may be a part of a number
    std::vector<std::int32_t*> narrow_;   ///< the columns' cells, nullptr for those of 8 bytes
    std::vector<ShortDecimals> decimals_; ///< of the columns, and of fields that are read singly
    std::vector<RecentTexts> recent_;
    std::size_t rows_ = 0; ///< in the columns
    std::size_t room_ = 0; ///< for more, in all columns
    std::size_t line_ = 0; ///< the next one
    std::size_t newlines_ = 0;
    std::size_t fields_ = 0;        ///< of the row that is read
    std::vector<std::string> more_; ///< its fields beyond the columns
};

} // namespace

void CsvPiece::clear(std::size_t fields) {
    expected = lines.size(); // the next piece is about as long
    columns.resize(fields);
    for (auto& column : columns)
        column.clear();
    lines.clear();
    odd.clear();
    fault.reset();
    lineCount = newlines = read = 0;
}

GRADWRIGHT_CLONES [[gnu::flatten]] void
readCsvPiece(std::string_view text, const CsvPieceOptions& options, CsvPiece& piece) {
    piece.clear(options.fields);
    CsvPieceReader(text, options, piece).run();
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

} // namespace gradwright
