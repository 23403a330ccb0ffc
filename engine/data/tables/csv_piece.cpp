// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv_piece.h"

#include "engine/data/tables/cell.h"
#include "engine/support/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <utility>

namespace gradwright {
namespace {

constexpr std::size_t kMaxColumns = 100'000;

/// So many bytes takeShortDecimal() looks at.
constexpr std::ptrdiff_t kShortDecimal = 9;

/// takeDecimal() of a number that has at most eight characters beside its sign, one behind it
/// included: all of them at once, without a branch for each digit. Returns `begin` for others.
const char* takeShortDecimal(const char* begin, CellCode& code) {
    if constexpr (std::endian::native != std::endian::little)
        return begin;
    const bool isNegative = *begin == '-';
    std::uint64_t word = 0;
    std::memcpy(&word, begin + (isNegative ? 1 : 0), sizeof word);
    constexpr std::uint64_t high = 0x8080808080808080;
    word ^= 0x3030303030303030; // digits become 0 to 9
    const auto others = (word | (word + 0x7676767676767676)) & high;
    if (others == 0)
        return begin;
    const auto whole = std::countr_zero(others) / 8; // digits in front of what is none
    const bool hasPoint = ((word >> (8 * whole)) & 0xFF) == ('.' ^ '0');
    const auto rest = hasPoint ? others & (others - 1) : others;
    if (rest == 0)
        return begin;
    const auto end = std::countr_zero(rest) / 8;
    const auto behind = hasPoint ? end - whole - 1 : 0;
    const auto digits = whole + behind;
    if (whole == 0 || (whole > 1 && (word & 0xFF) == 0) || (hasPoint && behind == 0))
        return begin;
    const auto front = (std::uint64_t{1} << (8 * whole)) - 1;
    auto packed = hasPoint ? (word & front) | ((word >> 8) & ~front) : word;
    packed <<= 64 - 8 * digits; // zeros in front, what is behind the number falls out
    // Eight digits as pairs, as fours, as one (Lemire, "Number parsing at a gigabyte per second",
    // 2021).
    packed = packed * 10 + (packed >> 8);
    constexpr std::uint64_t pairs = 0x000000FF000000FF;
    const auto value = static_cast<std::int64_t>(
        ((packed & pairs) * 0x000F424000000064 + ((packed >> 16) & pairs) * 0x0000271000000001) >>
        32);
    if (isNegative && (value & 0xFFFFFFFF) == 0)
        return begin;
    const auto number = value & 0xFFFFFFFF;
    code = (isNegative ? -number : number) * (CellCode{1} << kCodeShift) + behind;
    return begin + (isNegative ? 1 : 0) + end;
}

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
        , quote_(options.quote) {
        for (const char end : {'\r', '\n', delimiter_})
            ends_[static_cast<unsigned char>(end)] = true;
        if (delimiter_ == kBlanks)
            ends_[static_cast<unsigned char>('\t')] = true;
        splitsNumbers_ =
            std::string_view("0123456789.-").find(delimiter_) != std::string_view::npos;
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
        piece_.read = static_cast<std::size_t>(at_ - begin_);
        piece_.lineCount = line_;
        piece_.newlines = newlines_;
    }

private:
    // ---- rows

    void add(CellCode code) {
        if (fields_ < piece_.columns.size())
            piece_.columns[fields_].push(code);
        else
            more_.push_back(isTextCode(code) ? std::string() : decimalText(code));
        ++fields_;
    }
    /// A text that is no number.
    void addText(std::string_view text) {
        if (fields_ < piece_.columns.size()) {
            piece_.columns[fields_].pushText(text);
            ++fields_;
        } else {
            add(text);
        }
    }
    void add(std::string_view text) {
        if (fields_ < piece_.columns.size())
            piece_.columns[fields_].push(text);
        else
            more_.emplace_back(text);
        ++fields_;
    }

    /// Takes the cells of a row that is not finished out of the columns.
    std::vector<std::string> takeBack() {
        std::vector<std::string> texts;
        for (std::size_t c = 0; c < std::min(fields_, piece_.columns.size()); ++c) {
            auto& column = piece_.columns[c];
            texts.push_back(column.text(column.size() - 1));
            column.pop();
        }
        std::ranges::move(more_, std::back_inserter(texts));
        more_.clear();
        return texts;
    }

    void finishRow(std::size_t line) {
        if (fields_ > kMaxColumns && !piece_.fault)
            piece_.fault = {line, fmt::format("more than {} fields", kMaxColumns)};
        const auto row = piece_.lines.size();
        const bool isRegular = fields_ == piece_.columns.size();
        const auto isBlank = [&] {
            return fields_ == 1 &&
                   (piece_.columns.empty()
                        ? more_.front().empty()
                        : piece_.columns.front().isEmpty(piece_.columns.front().size() - 1));
        };
        if (isBlank()) {
            takeBack();
            return;
        }
        if (!isRegular)
            piece_.odd.push_back({row, takeBack()});
        piece_.lines.push_back(static_cast<std::uint32_t>(line));
        if (piece_.fault)
            at_ = end_;
    }

    /// Returns false where a field in quotes does not end.
    bool readRow() {
        if (delimiter_ == kBlanks)
            skipBlanks();
        for (;;) {
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

    [[nodiscard]] bool isAtEnd() const {
        return at_ == end_ || ends_[static_cast<unsigned char>(*at_)];
    }

    void readPlain() {
        const auto* const begin = at_;
        CellCode code = kEmptyCell;
        if (!splitsNumbers_) {
            at_ = end_ - begin >= kShortDecimal ? takeShortDecimal(begin, code) : begin;
            if (at_ == begin)
                at_ = takeDecimal(begin, end_, code);
        }
        if (isAtEnd())
            return add(code); // an empty one where nothing was taken
        const bool isNoNumber = at_ == begin && !splitsNumbers_;
        while (!isAtEnd())
            ++at_;
        const auto text = trimmed({begin, static_cast<std::size_t>(at_ - begin)});
        if (isNoNumber && text.data() == begin)
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
                add(hasQuotes ? std::string_view(field) : part);
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
    std::array<bool, 256> ends_{}; ///< of a field without quotes
    bool splitsNumbers_ = false;   ///< the delimiter may be a part of a number
    std::size_t line_ = 0;         ///< the next one
    std::size_t newlines_ = 0;
    std::size_t fields_ = 0;        ///< of the row that is read
    std::vector<std::string> more_; ///< its fields beyond the columns
};

} // namespace

void CsvPiece::clear(std::size_t fields) {
    const auto rows = lines.size();
    columns.assign(fields, {});
    for (auto& column : columns)
        column.reserve(rows + rows / 4); // the next piece is about as long
    lines.clear();
    odd.clear();
    fault.reset();
    lineCount = newlines = read = 0;
}

void readCsvPiece(std::string_view text, const CsvPieceOptions& options, CsvPiece& piece) {
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
