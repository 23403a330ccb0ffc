// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/data_info_json.h"
#include "engine/data/tables/table.h"
#include "engine/data/tables/table_columns.h"
#include "engine/data/tables/table_params.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
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

Dataset opened(std::string_view text, const TableOptions& options = {}) {
    return tableDataset(parsed(text), nullptr, options, {.validationFraction = 0});
}

bool isNoted(const Dataset& data, std::string_view part) {
    return std::ranges::any_of(data.notes,
                               [&](const std::string& note) { return contains(note, part); });
}

/// Rows of "x,target" with x = 0.5, 1.5, … and the targets in turn.
std::string rowsOf(const Texts& targets, int count) {
    std::string text = "x,y\n";
    for (int i = 0; i < count; ++i)
        text += fmt::format("{}.5,{}\n", i, targets[static_cast<std::size_t>(i) % targets.size()]);
    return text;
}

Texts columnsOf(const Dataset& data) {
    Texts names;
    for (const auto& column : data.info.columns)
        names.push_back(column.name);
    return names;
}

} // namespace

/// What a table that was read becomes: task, classes, what is left out and what is said of it.
class TableReadingTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void labelsThatMeanTheSameAreOneClass_data() {
        QTest::addColumn<Texts>("labels");
        QTest::addColumn<Texts>("classes");
        QTest::newRow("0 and 0.0") << Texts{"0", "1", "0", "1", "0.0", "1.0"} << Texts{"0", "1"};
        QTest::newRow("true in any case")
            << Texts{"False", "TRUE", "false", "true", "false", "true"} << Texts{"false", "true"};
        QTest::newRow("leading zeros") << Texts{"00", "01", "0", "1", "0", "1"} << Texts{"0", "1"};
        QTest::newRow("as pandas writes them") << Texts{"1.0", "2.0"} << Texts{"1.0", "2.0"};
        QTest::newRow("powers of ten")
            << Texts{"1e2", "100", "100.0", "2e2", "0.2E+3", "200"} << Texts{"100", "200"};
        QTest::newRow("signs") << Texts{"+1", "-1", "1.0", "-01", "1", "-1"} << Texts{"-1", "1"};
        QTest::newRow("more digits than a double keeps")
            << Texts{"12345678901234567890", "12345678901234567891", "12345678901234567890.0"}
            << Texts{"12345678901234567890", "12345678901234567891"};
        QTest::newRow("no-break blanks")
            << Texts{"pos", "neg", "pos\xC2\xA0", "neg", "pos", "neg"} << Texts{"neg", "pos"};
        QTest::newRow("blanks of typography") << Texts{"a",
                                                       "b",
                                                       "\xE2\x80\x89"
                                                       "a",
                                                       "b\xE3\x80\x80",
                                                       "a",
                                                       "b"}
                                              << Texts{"a", "b"};
        QTest::newRow("texts in other cases") << Texts{"a", "A"} << Texts{"A", "a"};
    }
    void labelsThatMeanTheSameAreOneClass() {
        QFETCH(Texts, labels);
        QFETCH(Texts, classes);
        QCOMPARE(opened(rowsOf(labels, 24)).info.classes, classes);
    }

    void labelsAreEqualInTheTestTableToo() {
        const auto table = parsed(rowsOf({"0", "1"}, 12));
        const auto test =
            parseCsv("x,y\n1.5,0.0\n2.5,1.0\n3.5,01\n", "test.csv", {.like = table.reading});
        const auto data = tableDataset(table, &test, {}, {.validationFraction = 0});
        QCOMPARE(data.test->label(0), 0);
        QCOMPARE(data.test->label(1), 1);
        QCOMPARE(data.test->label(2), 1);
        QVERIFY(isNoted(data, "test table: 3 rows: 3 used"));
        // Categories of inputs as well.
        const auto codes = parsed("c,x,y\n0,1,a\n1,2,b\n0,3,a\n1,4,b\n0,5,a\n");
        TableOptions options;
        options.categorical = {"c"};
        const auto other = parseCsv("c,x,y\n1.0,1,a\n", "test.csv", {.like = codes.reading});
        const auto coded = tableDataset(codes, &other, options, {.validationFraction = 0});
        QCOMPARE(inputOf(*coded.test, 0)[1], 1.0F);
    }

    void valuesAreToldFromClassesByTheirRows_data() {
        QTest::addColumn<Texts>("targets");
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("classes"); // 0: values
        QTest::newRow("four values in four rows") << Texts{"10", "20", "30", "40"} << 4 << 0;
        QTest::newRow("16 values in 16 rows")
            << Texts{"60", "61", "65", "70", "75", "76", "80",  "81",
                     "90", "95", "96", "97", "98", "99", "100", "101"}
            << 16 << 0;
        QTest::newRow("two rows each") << Texts{"7", "9", "13"} << 6 << 0;
        QTest::newRow("three rows each") << Texts{"7", "9", "13"} << 9 << 3;
        QTest::newRow("counted from 0") << Texts{"0", "1"} << 4 << 2;
        QTest::newRow("counted from 1") << Texts{"1", "2", "3"} << 6 << 3;
        QTest::newRow("grades") << Texts{"3", "4", "5", "6", "7", "8"} << 60 << 6;
    }
    void valuesAreToldFromClassesByTheirRows() {
        QFETCH(Texts, targets);
        QFETCH(int, rows);
        QFETCH(int, classes);
        TableOptions options;
        options.testFraction = 0.25;
        const auto data = opened(rowsOf(targets, rows), options);
        QCOMPARE(data.info.classes.size(), static_cast<std::size_t>(classes));
        QCOMPARE(isNoted(data, "are values, not classes (data.task=classification"), classes == 0);
    }

    void targetsThatOccurOnceAreRefused() {
        Texts names;
        for (int i = 0; i < 30; ++i)
            names.push_back(fmt::format("name{}", i));
        const auto error = errorOf([&] { opened(rowsOf(names, 30)); });
        QVERIFY2(contains(error, "the target \"y\" has 30 different texts in 30 rows, 30 of which "
                                 "occur once"),
                 error.c_str());
        QVERIFY(!contains(error, "ignored"));
        names.resize(3);
        for (int i = 0; i < 17; ++i)
            names.emplace_back(i % 2 == 0 ? "a" : "b");
        const auto data = opened(rowsOf(names, 20));
        QVERIFY(isNoted(data, "3 of 5 classes occur once"));
        QVERIFY(contains(errorOf([] { opened("x,y\n1,2015-01-01\n2,2015-01-02\n3,2015-01-03\n"); }),
                         "the target \"y\" holds dates"));
    }

    void idsAndDatesAreLeftOutAndNoted() {
        std::string text = "customer,day,id,x,kind\n";
        for (int i = 0; i < 40; ++i)
            text += fmt::format("C{:05},2015-01-{:02},{},{}.5,{}\n", i, i % 28 + 1, i + 1, i,
                                i % 2 == 0 ? "a" : "b");
        const auto data = opened(text);
        QCOMPARE(columnsOf(data), Texts{"x"});
        QVERIFY(isNoted(data, "column \"customer\" is left out: it holds a different text"));
        QVERIFY(isNoted(data, "column \"day\" is left out: it holds dates (data.dates=parts"));
        QVERIFY(isNoted(data, "column \"id\" is left out: it counts the rows"));
        QVERIFY(isNoted(data, "40 rows: 40 used"));
        TableOptions options;
        options.categorical = {"customer"};
        QCOMPARE(columnsOf(opened(text, options)), (Texts{"customer", "x"}));
        const auto split = tableDataset(parsed(text, {.splitsDates = true}), nullptr, {},
                                        {.validationFraction = 0});
        QCOMPARE(columnsOf(split), (Texts{"day (year)", "day (month)", "day (weekday)", "x"}));
        QCOMPARE(split.info.columns[2].categories,
                 (Texts{"Fri", "Mon", "Sat", "Sun", "Thu", "Tue", "Wed"}));
        // Numbers that count nothing, or are not called so, are data.
        std::string hours = "hour,y\n";
        for (int i = 0; i < 30; ++i)
            hours += fmt::format("{},{}.5\n", i, i);
        QCOMPARE(columnsOf(opened(hours)), Texts{"hour"});
        QVERIFY(contains(errorOf([] {
                             std::string only = "name,y\n";
                             for (int i = 0; i < 20; ++i)
                                 only += fmt::format("n{},{}\n", i, i % 2);
                             opened(only);
                         }),
                         "nothing is left to learn from; column \"name\" is left out"));
    }

    void rowsAreCounted() {
        std::string text = "x,z,y\n";
        for (int i = 0; i < 20; ++i)
            text += fmt::format("{},{},{}\n", i == 3 ? "" : std::to_string(i), i * i,
                                i == 5 || i == 7 ? ""
                                : i % 2 == 0     ? "a"
                                                 : "b");
        QVERIFY(isNoted(opened(text), "20 rows: 18 used, 2 without a target left out"));
        TableOptions options;
        options.missing = TableOptions::Missing::Drop;
        QVERIFY(isNoted(opened(text, options), "20 rows: 17 used, 2 without a target left out, 1 "
                                               "with a missing value left out"));
    }

    void namesMayHoldCommas() {
        const Texts known = {"Life expectancy at birth, total (years)", "GDP, current", "GDP", "a"};
        const auto names = [&](std::string_view text) { return columnNamesIn(text, known); };
        QCOMPARE(names("Life expectancy at birth, total (years)"), Texts{known[0]});
        QCOMPARE(names("GDP, current"), Texts{known[1]});
        QCOMPARE(names("a, GDP, current"), (Texts{"a", known[1]}));
        QCOMPARE(names("GDP, a"), (Texts{"GDP", "a"}));
        QCOMPARE(names("\"GDP, current\",a"), (Texts{known[1], "a"}));
        QCOMPARE(names("b, c"), (Texts{"b", "c"}));
        const TemporaryFolder folder;
        std::string text = "\"GDP, current\",a,y\n";
        for (int i = 0; i < 20; ++i)
            text += fmt::format("{},{},{}.5\n", i * i, 7 * i % 5, i);
        writeFile(folder / "t.csv", {text.begin(), text.end()});
        const auto data = openDataset({.dataset = "csv",
                                       .params = {{"file", (folder / "t.csv").string()},
                                                  {"ignore", std::string("GDP, current")}}});
        QCOMPARE(columnsOf(data), Texts{"a"});
    }

    void pixelsAreAnImage() {
        // Two columns of four pixels; classes by which half is bright.
        std::string wide = "label,p0,p1,p2,p3\n";
        std::string list = "label,pixels\n";
        for (int i = 0; i < 20; ++i) {
            wide += i % 2 == 0 ? "a,255,0,51,0\n" : "b,0,255,0,102\n";
            list += i % 2 == 0 ? "a,255 0 51 0\n" : "b,0 255 0 102\n";
        }
        // As NumPy and pandas write lists, and others.
        const auto listedBy = [&](const std::string& begin, const std::string& between,
                                  const std::string& end) {
            std::string text = "label,pixels\n";
            for (int i = 0; i < 20; ++i)
                text += fmt::format(
                    "{},\"{}{}{}\"\n", i % 2 == 0 ? "a" : "b", begin,
                    fmt::join(i % 2 == 0 ? std::vector{255, 0, 51, 0} : std::vector{0, 255, 0, 102},
                              between),
                    end);
            return text;
        };
        for (const auto& text : {wide, list, listedBy("", ",", ""), listedBy("[", ", ", "]"),
                                 listedBy("(", ";", ")"), listedBy("[ ", "\n  ", "]")}) {
            TableOptions options;
            options.targets = {"label"};
            options.pixels = Shape{1, 2, 2};
            const auto data = opened(text, options);
            QVERIFY(data.info.input == (Shape{1, 2, 2}));
            for (std::int64_t i = 0; i < data.training->size(); ++i)
                QCOMPARE(inputOf(*data.training, i), data.training->label(i) == 0
                                                         ? (std::vector<float>{1, 0, 0.2F, 0})
                                                         : (std::vector<float>{0, 1, 0, 0.4F}));
            options.pixels = Shape{1, 3, 3};
            const auto error = errorOf([&] { opened(text, options); });
            QVERIFY2(contains(error, "has 9 pixels, but the columns hold 4 numbers"),
                     error.c_str());
        }
        TableOptions options;
        options.targets = {"label"};
        const auto vector = opened(list, options);
        QVERIFY(vector.info.input == Shape{4});
        QVERIFY(isNoted(vector, "4 numbers in each cell (data.pixels"));
        // A row that is told gives the same input.
        CsvTable row;
        row.names = {"pixels"};
        row.cells = CsvCells(vector.training->cells(0));
        row.lines = {1};
        QCOMPARE(tableInputs(row, 0, vector.info.columns), inputOf(*vector.training, 0));
        row.cells = CsvCells(std::vector<std::string>{"1 2 3"});
        QVERIFY(contains(errorOf([&] { tableInputs(row, 0, vector.info.columns); }),
                         "lists 4 numbers in each cell, but here only 3"));
        row.cells = CsvCells(std::vector<std::string>{"1 2 3 4 5"});
        QVERIFY(contains(errorOf([&] { tableInputs(row, 0, vector.info.columns); }), "but here 5"));
    }

    void marksOfNinesAreNamed_data() {
        QTest::addColumn<std::string>("mark");
        QTest::addColumn<int>("times");
        QTest::addColumn<bool>("isNoted");
        QTest::newRow("-999") << std::string("-999") << 9 << true;
        QTest::newRow("-999.0") << std::string("-999.0") << 9 << true;
        QTest::newRow("99999") << std::string("99999") << 9 << true;
        QTest::newRow("once") << std::string("-999") << 1 << false;
        QTest::newRow("another number") << std::string("-998") << 9 << false;
        QTest::newRow("99 among numbers up to 60") << std::string("99") << 9 << false;
    }
    void marksOfNinesAreNamed() {
        QFETCH(const std::string, mark);
        QFETCH(const int, times);
        QFETCH(const bool, isNoted);
        std::string text = "size,kind\n";
        for (int i = 0; i < 60; ++i)
            text += fmt::format("{},{}\n", i + 1 > 60 - times ? mark : std::to_string(i + 1),
                                i % 2 == 0 ? "a" : "b");
        DataChoice all{.dataset = "csv", .validationFraction = 0.0};
        TableOptions options;
        options.testFraction = 1.0 / 60;
        const auto notes = tableDataset(parsed(text), nullptr, options, all).notes;
        const auto found = std::ranges::find_if(
            notes, [](const std::string& note) { return contains(note, "far from all other"); });
        QCOMPARE(found != notes.end(), isNoted);
        if (isNoted)
            QVERIFY2(contains(*found, fmt::format("data.missing_marks={} says so",
                                                  mark == "-999.0" ? "-999" : mark)),
                     found->c_str());
        // What the note says leaves them out.
        if (mark != "-999")
            return;
        const auto marked = parsed(text, {.missing = {"-999"}});
        int missing = 0;
        for (std::size_t row = 0; row < marked.rows(); ++row)
            missing += marked.isEmpty(row, 0) ? 1 : 0;
        QCOMPARE(missing, times);
    }

    void oneClassIsToldFromRowsWithout() {
        const auto refused = [](const Texts& labels) {
            return errorOf([&] { opened(rowsOf(labels, 24)); });
        };
        QCOMPARE(refused({"x"}),
                 std::string("t.csv: all rows have the class \"x\"; there must be two or more"));
        QVERIFY2(contains(refused({"x", "NaN", "?"}), "have the class \"x\", or none: 16 rows "),
                 refused({"x", "NaN", "?"}).c_str());
    }

    void valuesThatAreAllTheSameAreNoted() {
        const auto data = opened(rowsOf({"1.10", "1.1"}, 24));
        QVERIFY(!data.info.hasClasses());
        QVERIFY(isNoted(data, "target \"y\": all rows to train on have the value 1.1, so there is "
                              "nothing to learn"));
        QVERIFY(!isNoted(opened(rowsOf({"1.10", "1.2"}, 24)), "nothing to learn"));
    }

    void numbersLongerThanADoubleAreNoted_data() {
        QTest::addColumn<std::string>("number");
        QTest::addColumn<bool>("isNoted");
        QTest::newRow("2^53 + 1") << std::string("9007199254740993") << true;
        QTest::newRow("20 digits") << std::string("-12345678901234567891") << true;
        QTest::newRow("2^53") << std::string("9007199254740992") << false;
        QTest::newRow("2^54, which a double holds") << std::string("18014398509481984") << false;
        QTest::newRow("with an exponent") << std::string("1e300") << false;
    }
    void numbersLongerThanADoubleAreNoted() {
        QFETCH(const std::string, number);
        QFETCH(const bool, isNoted);
        std::string text = "code,y\n";
        for (int i = 0; i < 24; ++i)
            text += fmt::format("{},{}\n", i % 3 == 0 ? number : std::to_string(i),
                                i % 2 == 0 ? "a" : "b");
        TableOptions options;
        options.testFraction = 1.0 / 24;
        const auto notes =
            tableDataset(parsed(text), nullptr, options, {.validationFraction = 0}).notes;
        const auto found = std::ranges::find_if(
            notes, [](const std::string& note) { return contains(note, "more digits than"); });
        QCOMPARE(found != notes.end(), isNoted);
        if (isNoted)
            QVERIFY2(contains(*found, "data.categorical=code"), found->c_str());
    }

    void theReadingIsKept() {
        const auto table =
            parsed("a;kind;day;px;y\n1.234,5;None;2015-01-31;1 2 3 4;1\n"
                   "12.345,0;None;2015-02-01;5 6 7 8;2\n3;red;2015-02-02;1 1 1 1;1\n",
                   {.splitsDates = true, .missing = {"unknown"}});
        TableOptions options;
        options.task = TableOptions::Task::Regression;
        options.testFraction = 0.4;
        const auto data = tableDataset(table, nullptr, options, {.validationFraction = 0});
        QVERIFY(data.info.reading.has_value());
        const auto read = dataInfoFromJson(toJson(data.info));
        QVERIFY(read.reading.has_value());
        QCOMPARE(read.columns, data.info.columns);
        const std::string row = "a;kind;day;px\n2.000;None;2016-02-29;9 9 9 9\n";
        const auto one = parsed(row, {.like = data.info.reading});
        const auto two = parsed(row, {.like = read.reading});
        QCOMPARE(one.cells.texts(), two.cells.texts());
        QCOMPARE(one.at(0, 0), std::string("2000"));
        QCOMPARE(one.names, two.names);
        QCOMPARE(tableInputs(two, 0, read.columns), tableInputs(one, 0, data.info.columns));
        // Runs of versions before have none.
        auto json = toJson(data.info);
        json.erase("reading");
        QVERIFY(!dataInfoFromJson(json).reading);
    }
};

QTEST_APPLESS_MAIN(TableReadingTest)
#include "tst_table_reading.moc"
