// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/feed/worker_crew.h"
#include "engine/data/tables/csv_rows.h"
#include "engine/data/text/utf8.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

namespace gradwright {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 19; ///< bytes that a thread reads at once
constexpr std::size_t kFew = 8;                      ///< pieces that take no memory to speak of
constexpr std::size_t kSampled = 100;                ///< rows that tell how many fields most have
constexpr std::size_t kMostOfRow = std::size_t{1} << 30;

/// The number of fields that most of the first rows have.
std::size_t fieldsOfMost(std::string_view text, char delimiter, char quote) {
    CsvPiece piece;
    readCsvPiece(text, {.delimiter = delimiter, .quote = quote, .fields = 0, .most = kSampled},
                 piece);
    std::map<std::size_t, std::size_t> counts;
    for (const auto& odd : piece.odd)
        ++counts[odd.fields.size()];
    const auto most = std::ranges::max_element(
        counts, [](const auto& a, const auto& b) { return a.second < b.second; });
    return most == counts.end() ? 1 : most->first;
}

[[noreturn]] void failRow(const std::string& file, std::size_t firstLine, const CsvFault& fault) {
    throw Error("{}, line {}: {}", file, firstLine + fault.line, fault.what);
}

/// A piece of the text, and what is found in it.
struct Share {
    std::string buffer;
    std::string_view text;
    CsvPiece piece;
    std::optional<TextFault> fault;
};

/// Reads pieces on several threads, each as if a row began with it, and joins them. Where a field
/// in quotes reaches into the next piece, that one is read again behind what it belongs to.
class CsvTextReader {
public:
    CsvTextReader(CsvText& text, const std::string& file, char delimiter, char quote,
                  bool keepsBlanks)
        : text_(text)
        , file_(file)
        , options_{.delimiter = delimiter,
                   .quote = quote,
                   .fields = fieldsOfMost(text.head(), delimiter, quote),
                   .isLast = false,
                   .keepsBlanks = keepsBlanks}
        , rows_(options_.fields)
        , offset_(text.offset())
        , size_(text.offset() + text.left()) {}

    CsvRows run() {
        const auto helpers = text_.left() > kPiece ? usefulHelpers() : 0;
        WorkerCrew crew(helpers);
        // While some pieces are cut into cells, those before them are joined and the next ones
        // read.
        std::array<Round, 3> rounds;
        // With one task beside them, each of few threads gets three.
        for (auto& round : rounds)
            round.shares.resize(std::min(3 * (helpers + 1) - 1, std::max(helpers + 2, kFew)));
        takeNext(rounds[0]);
        for (std::size_t turn = 0;; ++turn) {
            auto& current = rounds[turn % 3];
            auto& next = rounds[(turn + 1) % 3];
            auto& previous = rounds[(turn + 2) % 3];
            if (current.count == 0 && previous.count == 0)
                break;
            crew.run(current.count + 1, [&](std::size_t i) {
                if (i == 0) {
                    for (std::size_t k = 0; k < previous.count; ++k)
                        add(previous.shares[k]);
                    previous.count = 0;
                    takeNext(next);
                    return;
                }
                auto& share = current.shares[i - 1];
                share.fault = faultIn(share.text);
                readCsvPiece(share.text, options_, share.piece);
            });
        }
        finish();
        return std::move(rows_);
    }

private:
    struct Round {
        std::vector<Share> shares;
        std::size_t count = 0; ///< of them that hold a piece
    };

    void takeNext(Round& round) {
        for (round.count = 0; round.count < round.shares.size(); ++round.count) {
            auto& share = round.shares[round.count];
            share.text = text_.next(kPiece, share.buffer);
            if (share.text.empty())
                return;
        }
    }

    void add(Share& share) {
        if (share.fault)
            failText(share.text, *share.fault);
        newlines_ += newlinesOf(share);
        offset_ += share.text.size();
        if (fault_)
            return; // that all of it is text is looked at first
        if (pending_.empty()) {
            addPiece(share.piece, share.text);
            if (rows_.size() > 0 && !hasReserved_)
                reserve();
            return;
        }
        pending_ += share.text;
        if (pending_.size() < tryAt_)
            return;
        CsvPiece piece;
        readCsvPiece(pending_, options_, piece);
        const auto text = std::exchange(pending_, {});
        addPiece(piece, text);
    }

    /// Those behind what was cut into cells are counted here.
    static std::size_t newlinesOf(const Share& share) {
        const auto& piece = share.piece;
        const auto counted = piece.fault ? 0 : piece.newlines;
        const auto rest = piece.fault ? share.text : share.text.substr(piece.read);
        return counted + static_cast<std::size_t>(std::ranges::count(rest, '\n'));
    }

    void addPiece(const CsvPiece& piece, std::string_view text) {
        rows_.append(piece, line_);
        if (piece.fault) {
            fault_ = {line_ + piece.fault->line, piece.fault->what};
            return;
        }
        line_ += piece.lineCount;
        pending_ = text.substr(piece.read);
        if (pending_.size() > kMostOfRow)
            throw Error("{}, line {}: a row has more than {} bytes", file_, line_, kMostOfRow);
        // Twice as much each time, so that what is read again grows with the text alone.
        tryAt_ = std::max(2 * pending_.size(), pending_.size() + 1);
    }

    /// The first rows tell how many there will be.
    void reserve() {
        hasReserved_ = true;
        if (size_ > 2 * kPiece)
            rows_.reserve(rows_.size() * (size_ / offset_ + 2));
    }

    void finish() {
        if (!fault_ && !pending_.empty()) {
            options_.isLast = true;
            CsvPiece piece;
            readCsvPiece(pending_, options_, piece);
            rows_.append(piece, line_);
            if (piece.fault)
                fault_ = {line_ + piece.fault->line, piece.fault->what};
        }
        if (fault_)
            failRow(file_, 0, *fault_);
    }

    [[noreturn]] void failText(std::string_view text, const TextFault& fault) const {
        failAt(file_, text, fault, newlines_, offset_);
    }

    CsvText& text_;
    const std::string& file_;
    CsvPieceOptions options_;
    CsvRows rows_;
    std::size_t line_ = 1;     ///< of the next row
    std::size_t newlines_ = 0; ///< in front of the next piece
    std::size_t offset_;       ///< of the next piece
    std::size_t size_;         ///< of the text, as far as that is known
    std::string pending_;      ///< from a row on that has not ended
    std::size_t tryAt_ = 0;    ///< size from which on it is read again
    std::optional<CsvFault> fault_;
    bool hasReserved_ = false;
};

} // namespace

CsvRows readCsvRows(std::string_view text, const std::string& file, char delimiter, char quote,
                    std::size_t most) {
    CsvPiece piece;
    const auto fields = fieldsOfMost(text, delimiter, quote);
    readCsvPiece(text,
                 {.delimiter = delimiter,
                  .quote = quote,
                  .fields = fields,
                  .most = most,
                  .keepsBlanks = true},
                 piece);
    if (piece.fault)
        failRow(file, 1, *piece.fault);
    CsvRows rows(fields);
    rows.append(piece, 1);
    return rows;
}

CsvRows readCsvRows(CsvText& text, const std::string& file, char delimiter, char quote,
                    bool keepsBlanks) {
    return CsvTextReader(text, file, delimiter, quote, keepsBlanks).run();
}

} // namespace gradwright
