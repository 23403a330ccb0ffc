// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <fmt/ranges.h>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

namespace {

using Texts = std::vector<std::string>;

CsvTable parsed(std::string_view text, const CsvOptions& options = {}) {
    return parseCsv(text, "t.csv", options);
}

/// Names and cells as "a|b / 1|2 / 3|4".
std::string shown(const CsvTable& table) {
    std::string text = fmt::format("{}", fmt::join(table.names, "|"));
    for (std::size_t row = 0; row < table.rows(); ++row) {
        text += " / ";
        for (std::size_t c = 0; c < table.columns(); ++c)
            text += fmt::format("{}{}", c > 0 ? "|" : "", table.at(row, c));
    }
    return text;
}

bool isNoted(const CsvTable& table, std::string_view part) {
    return std::ranges::any_of(table.notes,
                               [&](const std::string& note) { return contains(note, part); });
}

std::string repeated(std::string_view rows, int times) {
    std::string text;
    for (int i = 0; i < times; ++i)
        text += rows;
    return text;
}

} // namespace

/// What is detected from the whole file, and what the cells become by it.
class CsvReadingTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsTables_data() {
        QTest::addColumn<std::string>("text");
        QTest::addColumn<std::string>("expected");
        const auto row = [](const char* name, std::string text, std::string expected) {
            QTest::newRow(name) << std::move(text) << std::move(expected);
        };
        // Names that look like values.
        row("Na among names", "RI,Na,Type\n-1.5,2,1\n3,-4.5,2\n",
            "RI|Na|Type / -1.5|2|1 / 3|-4.5|2");
        row("NA as a name", "K,NA,grp\n1,2,1\n3,4,2\n", "K|NA|grp / 1|2|1 / 3|4|2");
        row("none as a name", "a,none,grp\n1,2,1\n3,4,2\n", "a|none|grp / 1|2|1 / 3|4|2");
        row("years as names", "1990,1991,grp\n1.5,2,1\n3,4,2\n", "1990|1991|grp / 1.5|2|1 / 3|4|2");
        row("years above decimals", "1990;1991;1992\n0,51;0,48;0,53\n0,61;0,58;0,63\n",
            "1990|1991|1992 / 0.51|0.48|0.53 / 0.61|0.58|0.63");
        row("years behind a name", "country,1990,1991\nChad,0.5,1\nPeru,0.75,2.5\n",
            "country|1990|1991 / Chad|0.5|1 / Peru|0.75|2.5");
        row("every fifth year", "1990,1995,2000\n-0.5,1.5,7.25\n3.5,4,5.5\n",
            "1990|1995|2000 / -0.5|1.5|7.25 / 3.5|4|5.5");
        row("years above whole numbers", "1990,1991\n1985,2003\n1971,2001\n",
            "1|2 / 1990|1991 / 1985|2003 / 1971|2001");
        row("numbers like years that do not follow each other", "1990,1991,1507\n0.5,1.5,2.5\n",
            "1|2|3 / 1990|1991|1507 / 0.5|1.5|2.5");
        row("numbers of four digits, one with a point", "1990,1991.5\n1.5,2.5\n",
            "1|2 / 1990|1991.5 / 1.5|2.5");
        // Names that are numbers in equal steps.
        row("as pandas calls columns", "0,1,2,3\n7,0,12,5\n9,4,11,6\n8,2,10,9\n",
            "0|1|2|3 / 7|0|12|5 / 9|4|11|6 / 8|2|10|9");
        row("pixels beside a label", "label,0,1,2\ncat,7,8,3\ndog,9,4,6\ncat,8,3,9\n",
            "label|0|1|2 / cat|7|8|3 / dog|9|4|6 / cat|8|3|9");
        row("questions in front of a label", "1,2,3,kind\n7,9,5,a\n8,4,6,b\n9,7,4,a\n",
            "1|2|3|kind / 7|9|5|a / 8|4|6|b / 9|7|4|a");
        row("pandas' index, and decimals", ",0,1,2\n5,0.5,1.25,7.5\n3,2.5,0.25,1.5\n",
            "unnamed 1|0|1|2 / 5|0.5|1.25|7.5 / 3|2.5|0.25|1.5");
        row("wavelengths", "350,355,360\n0.51,0.48,0.53\n0.61,0.58,0.63\n",
            "350|355|360 / 0.51|0.48|0.53 / 0.61|0.58|0.63");
        row("micrometres", "0.4,0.5,0.6,0.7,0.8\n3,9,1,4,7\n2,8,5,6,1\n7,7,9,3,2\n",
            "0.4|0.5|0.6|0.7|0.8 / 3|9|1|4|7 / 2|8|5|6|1 / 7|7|9|3|2");
        row("values in steps in every row", "1,2,3,4,5\n2,4,6,8,10\n3,6,9,12,15\n5,6,7,8,9\n",
            "1|2|3|4|5 / 1|2|3|4|5 / 2|4|6|8|10 / 3|6|9|12|15 / 5|6|7|8|9");
        row("answers from 1 to 5", "1,2,3,4\n1,2,5,4\n2,1,3,4\n5,2,1,1\n",
            "1|2|3|4 / 1|2|3|4 / 1|2|5|4 / 2|1|3|4 / 5|2|1|1");
        row("a column that counts from 1", "1,2,3\n2,7,9\n3,8,3\n4,2,11\n",
            "1|2|3 / 1|2|3 / 2|7|9 / 3|8|3 / 4|2|11");
        row("two whole numbers", "0,1\n7,5\n9,4\n3,8\n", "1|2 / 0|1 / 7|5 / 9|4 / 3|8");
        row("numbers that do not follow each other", "0,1,2,4\n7,5,8,9\n6,4,3,1\n9,9,7,8\n",
            "1|2|3|4 / 0|1|2|4 / 7|5|8|9 / 6|4|3|1 / 9|9|7|8");
        row("a decimal as a name", "0.5,0.9,kind\n1,2,7\n3,4,8\n", "0.5|0.9|kind / 1|2|7 / 3|4|8");
        row("names above texts", "x,kind\n?,red\n?,red\n?,blue\n", "x|kind / |red / |red / |blue");
        row("no header", "1,2,x\n3,4,y\n", "1|2|3 / 1|2|x / 3|4|y");
        // Delimiters and decimal commas.
        row("semicolons, commas, no header", "0,5;2,6;setosa\n4,8;1,1;versi\n",
            "1|2|3 / 0.5|2.6|setosa / 4.8|1.1|versi");
        row("tabs, commas, no header", "0,5\t2,6\n4,8\t1,1\n", "1|2 / 0.5|2.6 / 4.8|1.1");
        row("tabs, commas", "a\ty\n8,1\t4,1\n2,0\t0,9\n", "a|y / 8.1|4.1 / 2.0|0.9");
        row("blanks, commas", "a b\n69,47 55,2\n5,1 -7,25\n", "a|b / 69.47|55.2 / 5.1|-7.25");
        row("quotes, commas", "a,b\n\"69,47\",\"5,2\"\n\"1,5\",\"0,25\"\n",
            "a|b / 69.47|5.2 / 1.5|0.25");
        row("bars, commas", "a|b\n1,5|x\n2,25|y\n", "a|b / 1.5|x / 2.25|y");
        row("semicolons, points", "a;b\n1.5;2\n3;4.25\n", "a|b / 1.5|2 / 3|4.25");
        row("texts with commas between semicolons", "name;x\nBonn, Rhein;1\nUlm, Donau;2\n",
            "name|x / Bonn, Rhein|1 / Ulm, Donau|2");
        row("quoted names between blanks", "\"first name\" \"x\"\n\"A B\" 1\n\"C D\" 2\n",
            "first name|x / A B|1 / C D|2");
        row("single quotes", "'popul'\t'TVnews'\n0\t7\n190\t1\n", "popul|TVnews / 0|7 / 190|1");
        row("single quotes around fields", "'a, b','c'\n'x, y',1\n'z, w',2\n",
            "a, b|c / x, y|1 / z, w|2");
        row("single quotes around cells alone", "a,b\n'1,5','2,25'\n'3,5','4,75'\n",
            "a|b / 1.5|2.25 / 3.5|4.75");
        row("single quotes around some names", "'Price; net';b\n1.5;2\n3.5;4\n",
            "Price; net|b / 1.5|2 / 3.5|4");
        row("apostrophes are no quotes", "name,x\nO'Neill,1\n'90s,2\nrock 'n' roll,3\n",
            "name|x / O'Neill|1 / '90s|2 / rock 'n' roll|3");
        // Thousands and units.
        row("thousands", "a,b\n\"5,360.11\",1\n\"813.27\",2\n", "a|b / 5360.11|1 / 813.27|2");
        row("whole thousands", "a,b\n\"5,360\",1\n\"12,345,678\",2\n", "a|b / 5360|1 / 12345678|2");
        row("points as thousands", "a;b\n1.234,5;1\n12.345,25;2\n", "a|b / 1234.5|1 / 12345.25|2");
        row("another column tells", "a;b\n1.234;0,5\n12.345;0,25\n", "a|b / 1234|0.5 / 12345|0.25");
        row("apostrophes", "a,b\n1'234.5,1\n12'345,2\n", "a|b / 1234.5|1 / 12345|2");
        row("blanks as thousands",
            "a;b\n1 234,5;1\n12\xC2\xA0"
            "345;2\n",
            "a|b / 1234.5|1 / 12345|2");
        row("bars, points as thousands", "a|b\n1.234,5|1\n12.345,25|2\n",
            "a|b / 1234.5|1 / 12345.25|2");
        row("tabs, apostrophes as thousands", "a\tb\n1'234,5\t1\n12'345,25\t2\n",
            "a|b / 1234.5|1 / 12345.25|2");
        row("yen", "a,b\n¥1200,1\n¥15,2\n", "a|b / 1200|1 / 15|2");
        row("per mille behind a decimal comma", "a;b\n0,5 ‰;1\n12,25 ‰;2\n",
            "a|b / 0.5|1 / 12.25|2");
        row("dollars", "a,b\n$5360.11,1\n-$813.27,2\n", "a|b / 5360.11|1 / -813.27|2");
        row("euros", "a;b\n1,50 €;1\n2,25 €;2\n", "a|b / 1.50|1 / 2.25|2");
        row("per cent", "a,b\n12%,1\n7.5 %,2\n", "a|b / 12|1 / 7.5|2");
        row("kilograms", "a,b\n12 kg,1\n7.5 kg,2\n", "a|b / 12|1 / 7.5|2");
        row("accountants' minus", "a,b\n(12),1\n\"1,007\",2\n", "a|b / -12|1 / 1007|2");
        row("a typographic minus",
            "a,b\n\xE2\x88\x92"
            "12,1\n7,2\n",
            "a|b / -12|1 / 7|2");
        // Around the table.
        row("an empty last name", "id,r,k,\n1,5.5,B\n2,6,M\n3,7,B\n",
            "id|r|k / 1|5.5|B / 2|6|M / 3|7|B");
        row("empty ends of rows", "r,k\n5.5,B,\n6,M,\n", "r|k / 5.5|B / 6|M");
        row("empty ends everywhere", "r,s,k,\n5.5,1,B,\n6,2,M,\n", "r|s|k / 5.5|1|B / 6|2|M");
        row("an empty column within stays", "r,,k\n5.5,,B\n6,,M\n", "r|2|k / 5.5||B / 6||M");
        row("R's row names", "mpg,cyl\nMazda RX4,21,6\nDatsun,22.8,4\n", "mpg|cyl / 21|6 / 22.8|4");
        row("R's quoted row numbers", "\"x\" \"y\"\n\"1\" 2.5 a\n\"2\" 3.5 b\n",
            "x|y / 2.5|a / 3.5|b");
        row("comments", "# measured 2019, unit mm\nr,s,k\n1,2,B\n# pause\n3,4,M\n",
            "r|s|k / 1|2|B / 3|4|M");
        row("names in a comment, as NumPy writes them", "# r,k\n1,2\n3,4\n", "r|k / 1|2 / 3|4");
        row("sep=| and bars", "sep=|\na|b\n1.5|2\n3|4\n", "a|b / 1.5|2 / 3|4");
        row("empty names and empty ends between tabs", "r\tk\t\n5.5\tB\t\n6\tM\t\n",
            "r|k / 5.5|B / 6|M");
        row("Inf and NULL as names", "Inf,NULL,grp\n1,2,1\n3,4,2\n",
            "Inf|NULL|grp / 1|2|1 / 3|4|2");
        row("a column called #", "#,k\n1,B\n2,M\n", "#|k / 1|B / 2|M");
        row("sep=;", "sep=;\na;b\n1,5;2\n3;4\n", "a|b / 1.5|2 / 3|4");
        row("counts and classes of scikit-learn",
            "3,2,setosa,versicolor\n5.1,3.5,0\n4.9,3.0,1\n4.7,3.2,0\n",
            "1|2|3 / 5.1|3.5|setosa / 4.9|3.0|versicolor / 4.7|3.2|setosa");
        row("counts, and names behind them", "2,2,,\nCRIM,ZN,MEDV\n0.5,18,24\n0.25,0,21\n",
            "CRIM|ZN|MEDV / 0.5|18|24 / 0.25|0|21");
        row("CR alone", "a,b\r1,2\r3,4\r", "a|b / 1|2 / 3|4");
    }
    void readsTables() {
        QFETCH(std::string, text);
        QFETCH(std::string, expected);
        QCOMPARE(shown(parsed(text)), expected);
    }

    void wordsThatOccurAgainAreValues() {
        const auto table = parsed("x,kind\n" + repeated("1.5,None\n2,Insomnia\n3,Apnea\n", 3));
        QCOMPARE(table.at(0, 1), std::string("None"));
        QCOMPARE(table.reading.columns[1].words, Texts{"None"});
        QVERIFY(isNoted(table, "\"None\" is a value here"));
        QCOMPARE(parsed("x,c\n" + repeated("1,NA\n2,EU\n", 2)).at(0, 1), std::string("NA"));
        QCOMPARE(parsed("x,c\n" + repeated("1,-\n2,+\n", 2)).at(0, 1), std::string("-"));
        QCOMPARE(parsed("x,c\n" + repeated("1,n/a\n2,yes\n", 2)).at(0, 1), std::string("n/a"));
        // Once is a gap, and so is a word among numbers, however often it occurs.
        QCOMPARE(parsed("x,c\n1,NA\n2,EU\n3,EU\n").at(0, 1), std::string());
        QCOMPARE(parsed("x,y\n" + repeated("None,1\n2,2\n", 9)).at(0, 0), std::string());
        // A list of images stays one.
        QCOMPARE(parsed("f,y\n" + repeated("NA,1\na.png,2\n", 3)).at(0, 0), std::string());
        // Whoever knows better says so.
        const auto told =
            parsed("x,kind\n" + repeated("1.5,None\n2,Insomnia\n", 3), {.missing = {"None"}});
        QCOMPARE(told.at(0, 1), std::string());
        QVERIFY(isNoted(told, "missing values: kind 3 (\"None\")"));
    }

    void signsForMissingDoNotDependOnTheirShare_data() {
        QTest::addColumn<std::string>("sign");
        for (const auto* sign :
             {"#N/A", "<NA>", ".", "..", "\\N", "NaN", "#VALUE!", "n.a.", "#DIV/0!", "#REF!",
              "#NUM!", "#NAME?", "\xE2\x80\x94", "\xE2\x80\x93", "\xC2\xA0", "\xE3\x80\x80"})
            QTest::newRow(sign) << std::string(sign);
    }
    void signsForMissingDoNotDependOnTheirShare() {
        QFETCH(std::string, sign);
        for (const int every : {33, 3, 2}) {
            std::string text = "amount,y\n";
            int missing = 0;
            for (int i = 0; i < 99; ++i) {
                missing += i % every == 0 ? 1 : 0;
                text += fmt::format("{},{}\n", i % every == 0 ? sign : fmt::format("{}.5", i), i);
            }
            const auto table = parsed(text);
            QVERIFY(table.reading.columns[0].kind == ColumnReading::Kind::Numbers);
            QCOMPARE(table.at(0, 0), std::string());
            QCOMPARE(table.at(1, 0), std::string("1.5"));
            QVERIFY2(isNoted(table, fmt::format("amount {} (\"{}\")", missing, sign)),
                     fmt::format("{}", fmt::join(table.notes, "; ")).c_str());
        }
    }

    void otherTextsAmongNumbersAreNamedWhateverTheirShare() {
        for (const auto* odd : {"inf", "-inf", "unknown", "12%"})
            for (const int every : {33, 3, 2}) {
                std::string text = "amount,y\n";
                for (int i = 0; i < 99; ++i)
                    text +=
                        fmt::format("{},{}\n", i % every == 1 ? odd : fmt::format("{}.5", i), i);
                const auto table = parsed(text);
                QVERIFY2(table.reading.columns[0].kind == ColumnReading::Kind::Mixed, odd);
                const auto told = parsed(text, {.missing = {odd}});
                QVERIFY2(told.reading.columns[0].kind == ColumnReading::Kind::Numbers, odd);
            }
        // Codes of categories may be numbers and texts.
        const auto codes = parsed("kids,y\n" + repeated("0,1\n1,2\n2,3\n3+,4\n", 5));
        QVERIFY(codes.reading.columns[0].kind == ColumnReading::Kind::Texts);
    }

    void notesTellHowNumbersWereRead() {
        const auto table = parsed("a;b;c\n1,5;$7;1.234,5\n2,5;$8;12.345,0\n");
        QVERIFY(isNoted(table, "numbers with decimal commas: a, c"));
        QVERIFY(isNoted(table, "numbers with \".\" between thousands: c"));
        QVERIFY(isNoted(table, "numbers of which the unit \"$\" is left out: b"));
        QVERIFY(isNoted(parsed("1990,x\n1,2\n3,4\n"), "1990 among them (data.header=no"));
        QVERIFY(isNoted(parsed("a,b\n(1.5),1\n2.5,2\n"),
                        "numbers in parentheses are negative ones: a"));
        QVERIFY(isNoted(parsed("1,2,x\n3,4,y\n"),
                        "no header: the columns are called 1 to 3 (data.header=yes takes the first "
                        "row for their names)"));
        QVERIFY(isNoted(parsed("# a\nr,s,k\n1,2,B\n3,4,M\n"), "1 comment line is left out"));
        QVERIFY(isNoted(parsed("r,k\n5.5,B,\n6,M,\n"), "the empty last column is left out"));
        QVERIFY(isNoted(parsed("mpg,cyl\nA,21,6\nB,22.8,4\n"), "as R writes names of rows"));
        QVERIFY(parsed("a,b\n1,2\n3,4\n").notes.empty());
    }

    void tellsWhatStandsAroundATable() {
        const auto error = [](std::string_view text) { return errorOf([&] { parsed(text); }); };
        QVERIFY(contains(error("a,b,c\n1,2,3\n4,5,6\nSource: city, 2019\n"),
                         "line 4: 2 fields, separated by commas; the first row has 3; remove what "
                         "stands below the table"));
        QVERIFY(contains(error("Sales, 2019\na,b,c\n1,2,3\n4,5,6\n"),
                         "line 1: 2 fields, separated by commas; the other rows have 3; remove "
                         "what stands above the table"));
        QVERIFY(contains(error("a,b,c\n1,2\n1,2,3\n4,5,6\n4,5\n4,5,6\n"),
                         "line 2: 2 fields, separated by commas; the first row has 3; 2 rows end "
                         "early: a cell without a value needs its delimiter, too"));
        // The same where most rows are short.
        QVERIFY(contains(error("a,b,c\n1,2\n4,5\n1,2\n4,5,6\n"), "3 rows end early"));
        QVERIFY(contains(error("a,b,c\n1,2\n1,2,3\n4,5,6,7\n4,5,6\n"), "2 rows do not have 3"));
        QVERIFY(contains(error("a,b,c\nnote\n1,2,3\nnote\n4,5,6\n"), "2 rows do not have 3"));
    }

    void datesAreFoundAndSplit() {
        const CsvOptions parts{.splitsDates = true};
        QCOMPARE(shown(parsed("day,y\n2015-01-31,1\n2016-02-29,2\n", parts)),
                 std::string("day (year)|day (month)|day (weekday)|y / 2015|Jan|Sat|1 / "
                             "2016|Feb|Mon|2"));
        QCOMPARE(shown(parsed("day,y\n31.01.2015,1\n,2\n", parts)),
                 std::string("day (year)|day (month)|day (weekday)|y / 2015|Jan|Sat|1 / |||2"));
        const auto kindOf = [](std::string_view text) {
            return parsed(text).reading.columns[0].dateOrder;
        };
        QCOMPARE(kindOf("d,y\n2015-01-31 12:30:00,1\n2015-02-01T00:00Z,2\n"), std::string("ymd"));
        QCOMPARE(kindOf("d,y\n1/31/2015,1\n2/1/2015,2\n"), std::string("mdy"));
        QCOMPARE(kindOf("d,y\n31/1/2015,1\n1/2/2015,2\n"), std::string("dmy"));
        QCOMPARE(kindOf("d,y\n1/2/2015,1\n3/4/2015,2\n"), std::string("mdy"));
        QCOMPARE(kindOf("d,y\n30.02.2015,1\n01.02.2015,2\n"), std::string()); // no such day
        QCOMPARE(kindOf("d,y\n2015-01-31,1\nlater,2\n"), std::string());
        // Months that are words, in English and German.
        QCOMPARE(shown(parsed("day;y\n31 Jan 2015;1\n29-February-2016 12:30;2\n1. März 2015;3\n",
                              parts)),
                 std::string("day (year)|day (month)|day (weekday)|y / 2015|Jan|Sat|1 / "
                             "2016|Feb|Mon|2 / 2015|Mar|Sun|3"));
        QCOMPARE(kindOf("d;y\nJan 31, 2015;1\nSept 1 2015, 10:00;2\n"), std::string("mdy"));
        QCOMPARE(kindOf("d;y\n2015-Okt-31;1\n2015/Dez/01;2\n"), std::string("ymd"));
        QCOMPARE(kindOf("d;y\n31 Jam 2015;1\n1 Feb 2015;2\n"), std::string());
        QCOMPARE(kindOf("d;y\n30 Feb 2015;1\n1 Feb 2015;2\n"), std::string());
    }

    void anotherFileIsReadAlike() {
        const auto trained = parsed("a;kind;day;y\n1,5;None;2015-01-31;1\n2,25;None;2015-02-01;2\n"
                                    "3;red;2015-02-02;1\n",
                                    {.splitsDates = true});
        const auto like = [&](std::string_view text, const TableReading& reading) {
            return parsed(text, {.like = reading});
        };
        // A single row shows none of it.
        QCOMPARE(shown(like("a;kind;day\n7;None;2016-02-29\n", trained.reading)),
                 std::string("a|kind|day (year)|day (month)|day (weekday) / 7|None|2016|Feb|Mon"));
        QCOMPARE(like("kind;a;day\nNone;1,25;\n", trained.reading).at(0, 1), std::string("1.25"));
        // Saved with another delimiter, it is found again.
        QCOMPARE(like("a,kind,day\n\"1,25\",red,2016-02-29\n", trained.reading).at(0, 0),
                 std::string("1.25"));
        const auto plain =
            parsed("red,round,good\nblue,flat,bad\nred,flat,good\n", {.header = CsvHeader::No});
        QCOMPARE(shown(like("red,round\nblue,flat\n", plain.reading)),
                 std::string("1|2 / red|round / blue|flat"));
        const auto years = parsed("1990,1991\n1,2\n3,4\n", {.header = CsvHeader::Yes});
        QCOMPARE(shown(like("1990,1991\n5,6\n", years.reading)), std::string("1990|1991 / 5|6"));
        const auto ambiguous = parsed("a,y\n\"1,234.5\",1\n\"2,000\",2\n");
        QCOMPARE(like("a\n\"1,234\"\n", ambiguous.reading).at(0, 0), std::string("1234"));
    }

    void readsAsBefore() {
        const auto before = [](std::string_view text) {
            return shown(parsed(text, {.asBefore = true}));
        };
        QCOMPARE(before("x,kind\n1,None\n2,None\n3,a\n"), std::string("x|kind / 1| / 2| / 3|a"));
        QCOMPARE(before("0,5;2,6;a\n4,8;1,1;b\n"), std::string("1|2|3 / 0|5;2|6;a / 4|8;1|1;b"));
        QCOMPARE(before("a;b\n1,5;2\n"), std::string("a|b / 1,5|2"));
        QCOMPARE(before("a,b\n#N/A,1\n2,2\n"), std::string("a|b / #N/A|1 / 2|2"));
    }
};

QTEST_APPLESS_MAIN(CsvReadingTest)
#include "tst_csv_reading.moc"
