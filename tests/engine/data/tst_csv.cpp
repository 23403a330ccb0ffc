// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/cell.h"
#include "engine/data/tables/csv.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace {

using Names = std::vector<std::string>;

CsvTable parsed(std::string_view text, const CsvOptions& options = {}) {
    return parseCsv(text, "t.csv", options);
}

Bytes bytesOf(std::string_view text) {
    return {text.begin(), text.end()};
}

} // namespace

class CsvTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void findsTheDelimiter_data() {
        QTest::addColumn<std::string>("text");
        QTest::addColumn<char>("delimiter");
        QTest::newRow("comma") << std::string("a,b\n1,2\n3,4\n") << ',';
        QTest::newRow("semicolon") << std::string("a;b\n1,5;2\n3;4\n") << ';';
        QTest::newRow("tab") << std::string("a\tb c\n1\t2\n") << '\t';
        QTest::newRow("bar") << std::string("a|b\n1|2\n") << '|';
        QTest::newRow("blanks") << std::string("  1  2.5   3\n 4 5      6\n") << ' ';
        QTest::newRow("commas within quotes") << std::string("\"a,b\";c\n\"d,e,f\";g\n") << ';';
        QTest::newRow("one column") << std::string("a\n1\n2\n") << ',';
    }
    void findsTheDelimiter() {
        QFETCH(std::string, text);
        QFETCH(char, delimiter);
        QCOMPARE(parsed(text).delimiter, delimiter);
    }

    void findsTheHeader() {
        QCOMPARE(parsed("age,name\n1,x\n2,y\n").names, (Names{"age", "name"}));
        QCOMPARE(parsed("1,x\n2,y\n").names, (Names{"1", "2"}));
        // As pandas writes it: nothing above the numbers of the rows.
        QCOMPARE(parsed(",age,name\n0,30,x\n1,40,y\n").names, (Names{"1", "age", "name"}));
        QCOMPARE(parsed("colour,shape\nred,round\nred,long\n").names, (Names{"colour", "shape"}));
        QCOMPARE(parsed("red,round\nblue,round\nred,long\n").names, (Names{"1", "2"}));
        QCOMPARE(parsed("a,b\n1,2\n", {.header = CsvHeader::No}).rows(), std::size_t{2});
        QCOMPARE(parsed("1,2\n3,4\n", {.header = CsvHeader::Yes}).names, (Names{"1", "2"}));
        QCOMPARE(parsed("1,2\n3,4\n", {.header = CsvHeader::Yes}).rows(), std::size_t{1});
    }

    /// RFC 4180, and what programs make of it.
    void readsFields() {
        const auto table =
            parsed("\xEF\xBB\xBFname, note \r\n\"Smith, J.\",\"says \"\"hi\"\"\"\r\n\r\n"
                   " x ,\"two\nlines\"\r\nlast,\"\"");
        QCOMPARE(table.names, (Names{"name", "note"}));
        QCOMPARE(table.cells.texts(),
                 (Names{"Smith, J.", "says \"hi\"", "x", "two\nlines", "last", ""}));
        QCOMPARE(table.lines, (std::vector<std::uint32_t>{2, 4, 6}));
        QCOMPARE(table.at(1, 1), std::string_view("two\nlines"));
    }

    void readsGzipToo() {
        const TemporaryFolder folder;
        writeFile(folder / "t.csv.gz", gzip(bytesOf("a,b\n1,2\n")));
        QCOMPARE(readCsv(folder / "t.csv.gz").rows(), std::size_t{1});
    }

    void readsNumbers() {
        QCOMPARE(numberOf("-1.5e3", ','), std::optional(-1500.0));
        QCOMPARE(numberOf("+7", ','), std::optional(7.0));
        QCOMPARE(numberOf("1,5", ';'), std::optional(1.5));
        for (const auto* text : {"1,5", "", "x", "1x", "inf", "nan", "0x10", "1e999", "--1"})
            QVERIFY2(!numberOf(text, ','), text);
        for (const auto* text : {"", "?", "NA", "n/a", "NaN", "null", "None", "-"})
            QVERIFY2(isMissing(text), text);
        for (const auto* text : {"0", "no", "nab", "nothing"})
            QVERIFY2(!isMissing(text), text);
    }

    void refusesBrokenFiles_data() {
        QTest::addColumn<std::string>("text");
        QTest::addColumn<std::string>("message");
        const auto row = [](const char* name, std::string text, std::string message) {
            QTest::newRow(name) << std::move(text) << std::move(message);
        };
        row("empty", "", "t.csv: the table is empty");
        row("blank lines", "\n\r\n  \n", "t.csv: the table is empty");
        row("a field too few", "a,b,c\n1,2,3\n4,5\n",
            "t.csv, line 3: 2 fields, separated by commas; the first row has 3");
        row("a field too many", "a,b\n1,2\n\n3,4,5\n", "t.csv, line 4: 3 fields");
        row("a quote without end", "a,b\n1,\"2\n3,4\n",
            "t.csv, line 2: a quote begins here and does not end");
        row("text after a quote", "a,b\n\"1\"x,2\n", "t.csv, line 2: after a closing quote");
        row("UTF-8 that is broken once", "a,b\nfür,M\xFCller\n",
            "t.csv, line 2, byte 10: 0xfc is not UTF-8");
        row("a zero byte", std::string("a,b\n1,\0\n", 8), "t.csv, line 2, byte 6: a zero byte");
        row("twice the same name", "a,b,a\n1,2,3\n", "line 1: two columns are called \"a\"");
        row("a picture", "\x89PNG\r\n\x1a\n", "t.csv, line 1, byte 0: 0x89 is not UTF-8");
    }
    void refusesBrokenFiles() {
        QFETCH(std::string, text);
        QFETCH(std::string, message);
        const auto error = errorOf([&] { parsed(text); });
        QVERIFY2(contains(error, message), error.c_str());
    }

    void refusesFilesThatCannotBeRead() {
        const TemporaryFolder folder;
        QVERIFY(contains(errorOf([&] { readCsv(folder / "absent.csv"); }), "no such file"));
        QVERIFY(contains(errorOf([&] { readCsv(folder.path()); }), "not a file"));
        auto packed = gzip(bytesOf(std::string(5000, 'x') + "\n"));
        packed.resize(packed.size() / 2);
        writeFile(folder / "cut.csv.gz", packed);
        QVERIFY(contains(errorOf([&] { readCsv(folder / "cut.csv.gz"); }), "gzip data is"));
        writeFile(folder / "names.csv", bytesOf("a,b\n"));
        // Whether or not somebody has said that there is a header.
        for (const auto header : {CsvHeader::Yes, CsvHeader::Detect})
            QVERIFY(contains(errorOf([&] { readCsv(folder / "names.csv", {.header = header}); }),
                             "holds one row, which names the columns (a, b); the rows of values "
                             "that belong below it are missing"));
    }
};

QTEST_APPLESS_MAIN(CsvTest)
#include "tst_csv.moc"
