// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv.h"
#include "engine/data/tables/csv_column.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <random>
#include <string>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;

namespace {

double parsedNumber(std::string_view text) {
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::string digitsWithPoint(std::mt19937_64& random) {
    const auto digits = 1 + random() % 17;
    std::string text;
    for (std::size_t i = 0; i < digits; ++i)
        text += static_cast<char>('0' + random() % 10);
    if (const auto behind = random() % digits; behind > 0)
        text.insert(text.size() - behind, ".");
    while (text.size() > 1 && text[0] == '0' && text[1] != '.')
        text.erase(0, 1);
    return (random() % 3 == 0 ? "-" : "") + text;
}

/// Rows with a text in quotes that has ends of lines in it, of up to `longest` bytes.
struct QuotedTable {
    std::string text = "a,text,b\n";
    std::vector<std::string> texts;
    std::vector<std::uint32_t> lines;

    QuotedTable(std::size_t rows, std::size_t longest) {
        std::mt19937_64 random(11);
        std::uint32_t line = 2;
        for (std::size_t row = 0; row < rows; ++row) {
            std::string cell;
            for (auto left = random() % longest; left > 0; --left)
                cell += "x\n,\"y"[random() % 5];
            lines.push_back(line);
            text += std::to_string(row) + ",\"";
            for (const char letter : cell) {
                text += letter;
                text += letter == '"' ? "\"" : "";
                line += letter == '\n' ? 1 : 0;
            }
            text += "\"," + std::to_string(row % 7) + "\n";
            ++line;
            // Blanks at its ends are no part of a cell, in quotes neither.
            const auto first = std::min(cell.find_first_not_of('\n'), cell.size());
            const auto last = cell.find_last_not_of('\n');
            texts.push_back(cell.substr(first, last == std::string::npos ? 0 : last + 1 - first));
        }
    }
};

} // namespace

class CsvColumnsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void numbersKeepTextAndValueToTheBit() {
        std::mt19937_64 random(3);
        int taken = 0;
        for (int i = 0; i < 200'000; ++i) {
            const auto text = digitsWithPoint(random);
            const auto code = decimalOf(text);
            if (!code) {
                // Only these are left: "-0", "-0.00".
                QVERIFY2(text[0] == '-' && parsedNumber(text) == 0, text.c_str());
                continue;
            }
            ++taken;
            QCOMPARE(decimalText(*code), text);
            QCOMPARE(std::bit_cast<std::uint64_t>(decimalValue(*code)),
                     std::bit_cast<std::uint64_t>(parsedNumber(text)));
        }
        QVERIFY(taken > 150'000);
    }

    void numbersHalfwayBetweenTwoAreRoundedAsFromCharsDoes() {
        // 2^53 + 1 and its like lie between two numbers that a double has.
        for (const std::int64_t digits :
             {9'007'199'254'740'993, 9'007'199'254'740'995, 18'014'398'509'481'986,
              72'057'594'037'927'940, 72'057'594'037'927'939, 99'999'999'999'999'999})
            for (std::size_t behind = 0; behind < 17; ++behind) {
                auto text = std::to_string(digits);
                if (behind > 0)
                    text = text.size() > behind
                               ? text.insert(text.size() - behind, ".")
                               : "0." + std::string(behind - text.size(), '0') + text;
                const auto code = decimalOf(text);
                if (!code) // 18 digits with the zero in front
                    continue;
                QCOMPARE(std::bit_cast<std::uint64_t>(decimalValue(*code)),
                         std::bit_cast<std::uint64_t>(parsedNumber(text)));
            }
    }

    void otherTextsAreNoDecimals() {
        for (const char* text : {"", "-", "+5", ".5", "5.", "007", "-0", "-0.0", "1e3", "1,5", "1 ",
                                 " 1", "0x1", "nan", "123456789012345678", "1.2.3", "00"})
            QVERIFY2(!decimalOf(text), text);
    }

    void aColumnGivesBackWhatItWasGiven() {
        std::mt19937_64 random(5);
        CsvColumn column;
        std::vector<std::string> texts;
        for (int i = 0; i < 60'000; ++i) {
            std::string text;
            switch (random() % 4) {
            case 0:
                text = digitsWithPoint(random);
                break;
            case 1:
                text = "id " + std::to_string(i); // so many that they are no longer looked for
                break;
            case 2:
                text = "town " + std::to_string(random() % 9);
                break;
            default:
                break;
            }
            column.push(text);
            texts.push_back(std::move(text));
        }
        CsvColumn joined;
        joined.push("first");
        joined.append(column);
        joined.append(column);
        joined.removeFirst();
        QCOMPARE(joined.size(), 2 * texts.size());
        for (std::size_t i = 0; i < texts.size(); ++i) {
            QCOMPARE(column.text(i), texts[i]);
            QCOMPARE(joined.text(texts.size() + i), texts[i]);
            QCOMPARE(joined.isEmpty(i), texts[i].empty());
        }
    }

    void equalTextsHaveOneCodeWhileTheyComeAgain() {
        CsvColumn towns;
        CsvColumn ids;
        for (int i = 0; i < 40'000; ++i) {
            towns.push("town " + std::to_string(i % 12'000));
            ids.push("id " + std::to_string(i));
        }
        QVERIFY(towns.isUnique());
        QCOMPARE(towns.texts().size(), std::size_t{12'001});
        QVERIFY(!ids.isUnique());
    }

    /// Quotes that reach over the pieces that a large text is read in.
    void quotesReachFromPieceToPiece() {
        for (const std::size_t longest : {40, 4'000}) {
            const QuotedTable truth(longest == 40 ? 150'000 : 2'500, longest);
            QVERIFY(truth.text.size() > std::size_t{4} << 20);
            const auto table = parseCsv(truth.text, "t.csv", {.texts = {"text"}});
            QCOMPARE(table.rows(), truth.texts.size());
            QCOMPARE(table.lines, truth.lines);
            for (std::size_t row = 0; row < table.rows(); ++row) {
                QCOMPARE(table.at(row, 0), std::to_string(row));
                QCOMPARE(table.at(row, 2), std::to_string(row % 7));
                const auto cell = table.at(row, 1);
                QCOMPARE(cell, truth.texts[row]);
            }
        }
    }

    void aQuoteWithoutAnEndIsNamedInALargeTextToo() {
        std::string text = "a,b\n";
        while (text.size() < std::size_t{3} << 20)
            text += "1,2\n";
        const auto line = std::count(text.begin(), text.end(), '\n') + 1;
        text += "1,\"";
        while (text.size() < std::size_t{6} << 20)
            text += "word\n";
        const auto message = errorOf([&] { parseCsv(text, "t.csv"); });
        QVERIFY2(contains(message, "line " + std::to_string(line) +
                                       ": a quote begins here and does not end"),
                 message.c_str());
    }

    void whatIsNoTextIsNamedByItsLineInALargeText() {
        std::string text = "a,b\n";
        while (text.size() < std::size_t{5} << 20)
            text += "1,2\n";
        const auto line = std::count(text.begin(), text.end(), '\n') + 1;
        const auto at = text.size() + 2;
        text += "1,\xFF\n1,2\n";
        const auto message = errorOf([&] { parseCsv(text, "t.csv"); });
        QVERIFY2(contains(message, "line " + std::to_string(line) + ", byte " + std::to_string(at) +
                                       ": 0xff is not UTF-8"),
                 message.c_str());
    }
};

QTEST_APPLESS_MAIN(CsvColumnsTest)
#include "tst_csv_columns.moc"
