// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv_piece.h"
#include "engine/data/tables/csv_rows.h"
#include "engine/data/tables/field_ends.h"
#include "engine/data/tables/short_decimal.h"

#include <QTest>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using namespace gradwright;

namespace {

using Fields = std::vector<std::string>;

/// A text of these pieces in any order.
std::string drawn(std::mt19937_64& random, const std::vector<std::string>& from,
                  std::size_t pieces) {
    std::string text;
    for (std::size_t i = 0; i < pieces; ++i)
        text += from[random() % from.size()];
    return text;
}

std::string withoutBlanks(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return std::string(text.substr(first, text.find_last_not_of(" \t") + 1 - first));
}

/// The rows of a text between commas, a character at a time; none where a quote does not end or
/// something else than a comma follows it.
std::vector<Fields> rowsOf(std::string_view text, bool& isRight) {
    std::vector<Fields> rows;
    std::size_t at = 0;
    const auto skipBlanks = [&] {
        while (at < text.size() && (text[at] == ' ' || text[at] == '\t'))
            ++at;
    };
    isRight = true;
    while (at < text.size() && isRight) {
        Fields row;
        for (bool goesOn = true; goesOn;) {
            if (at < text.size() && text[at] == '"') {
                std::string field;
                for (++at; at < text.size(); ++at) {
                    if (text[at] == '"' && (at + 1 == text.size() || text[at + 1] != '"'))
                        break;
                    at += text[at] == '"' ? 1 : 0;
                    field += text[at];
                }
                isRight = isRight && at < text.size();
                ++at;
                skipBlanks();
                row.push_back(field);
            } else {
                const auto end = std::min(text.find_first_of(",\r\n", at), text.size());
                row.push_back(withoutBlanks(text.substr(at, end - at)));
                at = end;
            }
            goesOn = at < text.size() && text[at] == ',';
            if (goesOn) {
                ++at;
                skipBlanks();
            }
        }
        if (at < text.size()) {
            isRight = isRight && (text[at] == '\n' || text[at] == '\r');
            at += text.substr(at, 2) == "\r\n" ? 2 : 1;
        }
        if (row.size() > 1 || !row.front().empty())
            rows.push_back(row);
    }
    return rows;
}

} // namespace

/// What a text is cut into, against cutting it a character at a time.
class CsvPiecesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void endsOfFieldsAreFound() {
        std::mt19937_64 random(2);
        for (int i = 0; i < 2'000; ++i) {
            const auto text =
                drawn(random,
                      {"a", "b", std::string(random() % 90, 'x'), ",", ";", "\n", "\r", "\xC3\xA4"},
                      random() % 12);
            FieldEnds ends(text, ',', ';');
            // Forwards, with jumps, and back.
            for (std::size_t step = 0; step < 12; ++step) {
                const auto at = random() % (text.size() + 1);
                const auto expected = std::min(text.find_first_of(",;\r\n", at), text.size());
                QCOMPARE(ends.find(text.data() + at) - text.data(),
                         static_cast<std::ptrdiff_t>(expected));
                auto block = ends.from(text.data() + at);
                while (block.ends == 0 && ends.next(block))
                    ;
                QCOMPARE(block.ends != 0, expected < text.size());
            }
        }
    }

    void shortDecimalsAreThoseOfOthers() {
        // All texts of few characters, in an order that changes what is expected all the time.
        constexpr std::string_view letters = "0159.-+/:e \x80";
        ShortDecimals decimals;
        int taken = 0;
        for (int number = 0; number < 12 * 12 * 12 * 12 * 12; ++number) {
            std::string text = "       1";
            for (int rest = number; rest > 0; rest /= 12)
                text += letters[static_cast<std::size_t>(rest % 12)];
            check(decimals, std::string_view(text).substr(8), taken);
        }
        QVERIFY(taken > 500);
        std::mt19937_64 random(5);
        for (int i = 0; i < 200'000; ++i) {
            std::string text = "9.999.99";
            text += random() % 3 == 0 ? "-" : "";
            for (auto left = 1 + random() % 8; left > 0; --left)
                text += random() % 9 == 0 ? '.' : static_cast<char>('0' + random() % 10);
            check(decimals, std::string_view(text).substr(8), taken);
        }
        QVERIFY(taken > 50'000);
    }

    void piecesAreCutAsACharacterAtATime_data() {
        QTest::addColumn<bool>("hasQuotes");
        QTest::newRow("plain") << false;
        QTest::newRow("with quotes") << true;
    }
    void piecesAreCutAsACharacterAtATime() {
        QFETCH(const bool, hasQuotes);
        std::mt19937_64 random(hasQuotes ? 7 : 8);
        int right = 0;
        for (int i = 0; i < 3'000; ++i) {
            std::vector<std::string> cells = {"1",
                                              "-2.5",
                                              "12.3456",
                                              "-12.3456",
                                              "",
                                              "red",
                                              "blue",
                                              "town 12",
                                              " padded ",
                                              "0.5",
                                              "-",
                                              "\tx",
                                              "1e5",
                                              "007",
                                              "3.",
                                              "2026",
                                              "-123456789.25",
                                              "98765432109876543210",
                                              std::string(random() % 70, 'y'),
                                              "it's",
                                              "\xC3\xA4",
                                              "sixteen letters.",
                                              "seventeen letters"};
            if (hasQuotes)
                for (const auto* quoted :
                     {"\"a, b\"", " \"behind a blank\" ", "\"with \"\"quotes\"\"\"", "\"\"",
                      "\"two\nlines\"", "in \"the\" middle"})
                    cells.emplace_back(quoted);
            const auto columns = 1 + random() % 6;
            const std::string end = std::vector{"\n", "\r\n", "\r"}[random() % 3];
            std::string text;
            for (auto row = random() % 30; row > 0; --row) {
                const auto fields = random() % 20 == 0 ? 1 + random() % 8 : columns;
                for (std::size_t c = 0; c < fields; ++c) {
                    text += c > 0 ? "," : "";
                    text += cells[random() % cells.size()];
                }
                text += row == 1 && random() % 2 == 0 ? "" : end;
            }
            bool isRight = true;
            const auto expected = rowsOf(text, isRight);
            CsvPiece piece;
            // The same once more, with what was kept of the first time.
            for (int time = 0; time < 2; ++time) {
                readCsvPiece(text, {.fields = columns}, piece);
                QCOMPARE(!piece.fault, isRight);
                if (!isRight)
                    continue;
                CsvRows rows(columns);
                rows.append(piece, 1);
                rows.append(piece, 1);
                QCOMPARE(rows.size(), 2 * expected.size());
                for (std::size_t row = 0; row < rows.size(); ++row) {
                    Fields fields;
                    for (std::size_t c = 0; c < rows.fields(row); ++c)
                        fields.push_back(rows.field(row, c));
                    QVERIFY2(fields == expected[row % expected.size()], text.c_str());
                }
                right += time;
            }
        }
        QVERIFY(right > 1'000);
    }

    void aColumnOfLongNumbersBehindShortOnesKeepsThemAll() {
        // From the middle on they take 8 bytes, and the piece has more rows than were expected.
        std::string text;
        for (int row = 0; row < 5'000; ++row)
            text += (row < 2'500 ? std::to_string(row) : std::to_string(row) + "000000000") + ",t" +
                    std::to_string(row % 3) + "\n";
        CsvPiece piece;
        readCsvPiece(text, {.fields = 2}, piece);
        QCOMPARE(piece.lines.size(), std::size_t{5'000});
        for (const std::size_t row : {0U, 2'499U, 2'500U, 4'999U}) {
            QCOMPARE(piece.columns[0].text(row),
                     std::to_string(row) + (row < 2'500 ? "" : "000000000"));
            QCOMPARE(piece.columns[1].text(row), fmt::format("t{}", row % 3));
        }
        QCOMPARE(piece.columns[1].texts().size(), std::size_t{4});
    }

private:
    static void check(ShortDecimals& decimals, std::string_view text, int& taken) {
        const std::ptrdiff_t sign = text.starts_with('-') ? 1 : 0;
        const auto length = std::ssize(text) - sign;
        if (length < 1 || length > kShortDecimal)
            return;
        CellCode code = kEmptyCell;
        const bool isTaken = decimals.take(text.data() + text.size(), length, sign, code);
        const auto expected = decimalOf(text);
        QVERIFY2(isTaken == expected.has_value(), std::string(text).c_str());
        QVERIFY2(code == expected.value_or(kEmptyCell), std::string(text).c_str());
        taken += isTaken ? 1 : 0;
    }
};

QTEST_APPLESS_MAIN(CsvPiecesTest)
#include "tst_csv_pieces.moc"
