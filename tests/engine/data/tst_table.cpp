// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/table.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace gradwright;
using namespace gradwright::test;

namespace {

CsvTable parsed(std::string_view text) {
    return parseCsv(text, "t.csv");
}

float targetOf(const DataSource& source, std::int64_t index) {
    float value = 0;
    source.target(index, std::span(&value, 1));
    return value;
}

/// Ten people: a number with a gap, a category, and what is to be guessed.
std::string people() {
    std::string text = "age,colour,tall\n";
    for (int i = 0; i < 10; ++i)
        text += (i == 3 ? "?" : std::to_string(20 + i)) + (i % 2 == 0 ? ",red," : ",blue,") +
                (i < 5 ? "yes\n" : "no\n");
    return text;
}

} // namespace

class TableTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void classifiesByTheLastColumn() {
        const DataChoice choice;
        const auto data = tableDataset(parsed(people()), nullptr, {}, choice);
        QCOMPARE(data.info.classes, (std::vector<std::string>{"no", "yes"}));
        QVERIFY(data.info.input == Shape{3});
        QCOMPARE(data.info.columns.size(), std::size_t{2});
        QCOMPARE(data.info.columns[1].categories, (std::vector<std::string>{"blue", "red"}));
        QCOMPARE(data.training->size(), 8);
        QCOMPARE(data.test->size(), 2);
        // Stratified: one of each.
        QVERIFY(data.test->label(0) != data.test->label(1));
        for (std::int64_t i = 0; i < 8; ++i) {
            const auto row = inputOf(*data.training, i);
            QCOMPARE(row[1] + row[2], 1.0F);
        }
    }

    /// What is told of a row gives the same input again, to the bit.
    void aRowIsToldByItsCells() {
        const auto check = [](const Dataset& data) {
            for (const auto& part : {data.training, data.test})
                for (std::int64_t i = 0; i < part->size(); ++i) {
                    CsvTable row;
                    for (const auto& column : data.info.columns)
                        row.names.push_back(column.name);
                    row.cells = CsvCells(part->cells(i));
                    row.lines = {1};
                    QCOMPARE(row.cells.size(), row.names.size());
                    QCOMPARE(tableInputs(row, 0, data.info.columns), inputOf(*part, i));
                }
        };
        const DataChoice choice;
        const auto few = tableDataset(parsed(people()), nullptr, {}, choice);
        check(few);
        const auto all = [&] {
            std::vector<std::vector<std::string>> rows;
            for (const auto& part : {few.training, few.test})
                for (std::int64_t i = 0; i < part->size(); ++i)
                    rows.push_back(part->cells(i));
            return rows;
        }();
        QVERIFY(std::ranges::find(all, std::vector<std::string>{"24", "red"}) != all.end());
        QVERIFY(std::ranges::find(all, std::vector<std::string>{"", "blue"}) != all.end());
        DataChoice noValidation;
        noValidation.validationFraction = 0;
        const auto large = tableDataset(parsed("a,y\n150,1\n20000,2\n-300,3\n70000,4\n"), nullptr,
                                        {}, noValidation);
        check(large);
        std::vector<std::string> texts;
        for (const auto& part : {large.training, large.test})
            for (std::int64_t i = 0; i < part->size(); ++i)
                texts.push_back(part->cells(i)[0]);
        std::ranges::sort(texts);
        QCOMPARE(texts, (std::vector<std::string>{"-300", "150", "20000", "70000"}));
        DataChoice weather;
        weather.dataset = "seattle-weather";
        check(openDataset(weather));
    }

    void tellsWhatWasSeenInTraining() {
        DataChoice choice;
        choice.validationFraction = 0;
        TableOptions options;
        options.targets = {"y"};
        options.testFraction = 0.25;
        const auto data =
            tableDataset(parsed("a,b,c,y\n1,x,0.5,10\n3,,1.5,20.5\n?,x,-2,30\n5,y,0,40\n"), nullptr,
                         options, choice);
        const auto& columns = data.table->columns;
        QCOMPARE(columns.size(), std::size_t{3});
        // One row tests; what is left is counted by hand from the cells.
        std::vector<double> numbers;
        std::int64_t gaps = 0;
        for (std::int64_t i = 0; i < data.training->size(); ++i) {
            const auto cell = data.training->cells(i)[0];
            if (cell.empty())
                ++gaps;
            else
                numbers.push_back(std::stod(cell));
        }
        QCOMPARE(columns[0].missing, gaps);
        QCOMPARE(columns[0].values, static_cast<std::int64_t>(numbers.size()));
        QCOMPARE(columns[0].least, std::ranges::min(numbers));
        QCOMPARE(columns[0].most, std::ranges::max(numbers));
        QCOMPARE(columns[0].mean, std::accumulate(numbers.begin(), numbers.end(), 0.0) /
                                      static_cast<double>(numbers.size()));
        QVERIFY(columns[0].whole && !columns[2].whole);
        QCOMPARE(columns[1].values + columns[1].missing, 3);
        QCOMPARE(data.table->targets.size(), std::size_t{1});
        QVERIFY(data.table->targets[0].most > 20);
    }

    /// Nothing may be learned from rows that validate or test.
    void scalesByTheTrainingPartAlone() {
        std::string text = "x,y\n";
        for (int i = 0; i < 20; ++i)
            text += fmt::format("{},{}\n", i * i, 2 * i + 0.5);
        const DataChoice choice{.validationFraction = 0.25};
        const auto data = tableDataset(parsed(text), nullptr, {}, choice);
        QVERIFY(!data.info.hasClasses());
        QCOMPARE(data.info.targetNames, (std::vector<std::string>{"y"}));
        const auto split = splitOf(data, choice);
        QCOMPARE(split.training.size(), std::size_t{12});
        QCOMPARE(split.validation.size(), std::size_t{4});
        double sum = 0;
        double squares = 0;
        double targets = 0;
        for (const auto index : split.training) {
            const double value = double{inputOf(*data.training, index)[0]};
            sum += value / 12;
            squares += value * value / 12;
            targets += double{targetOf(*data.training, index)} / 12;
        }
        QVERIFY(std::abs(sum) < 1e-6 && std::abs(squares - 1) < 1e-5 && std::abs(targets) < 1e-6);
        double whole = 0;
        for (std::int64_t i = 0; i < data.training->size(); ++i)
            whole += double{inputOf(*data.training, i)[0]} / 16;
        QVERIFY(std::abs(whole) > 1e-3);
        // The scaling brings the values back.
        const auto& scaling = data.info.targetScaling.at(0);
        const double y = double{targetOf(*data.training, 0)} * scaling.deviation + scaling.mean;
        QVERIFY(std::abs(y - 0.5 - 2 * std::round((y - 0.5) / 2)) < 1e-4);
    }

    void missingValuesAreTheMeanOrLeftOut() {
        std::string text = "x,c,y\n";
        for (int i = 0; i < 12; ++i)
            text += fmt::format("{},{},{}.5\n", i == 5 ? "NA" : std::to_string(i),
                                i == 7 ? "" : "a", i == 9 ? "" : std::to_string(i));
        text += "1,a,null\n"; // no target: of no use
        TableOptions options;
        options.targets = {"y"};
        options.task = TableOptions::Task::Regression;
        const DataChoice choice{.validationFraction = 0};
        const auto mean = tableDataset(parsed(text), nullptr, options, choice);
        QCOMPARE(mean.training->size() + mean.test->size(), 12);
        int zeros = 0;
        int without = 0;
        for (const auto& part : {mean.training, mean.test})
            for (std::int64_t i = 0; i < part->size(); ++i) {
                const auto row = inputOf(*part, i);
                zeros += std::abs(row[0]) < 1e-6F ? 1 : 0;
                without += row[1] == 0.0F ? 1 : 0;
            }
        QVERIFY(zeros >= 1);
        QCOMPARE(without, 1);
        options.missing = TableOptions::Missing::Drop;
        const auto dropped = tableDataset(parsed(text), nullptr, options, choice);
        QCOMPARE(dropped.training->size() + dropped.test->size(), 10);
    }

    void theTaskFollowsTheTarget() {
        const auto classesOf = [](const std::string& target, TableOptions::Task task) {
            std::string text = "x,y\n";
            for (int i = 0; i < 60; ++i)
                text += fmt::format("{},{}\n", i, fmt::format(fmt::runtime(target), i % 30, i % 3));
            TableOptions options;
            options.task = task;
            return tableDataset(parsed(text), nullptr, options, {}).info.classes.size();
        };
        using enum TableOptions::Task;
        QCOMPARE(classesOf("{1}", Detect), std::size_t{3});
        QCOMPARE(classesOf("{1}", Regression), std::size_t{0});
        QCOMPARE(classesOf("{0}", Detect), std::size_t{0});
        QCOMPARE(classesOf("{0}", Classification), std::size_t{30});
        QCOMPARE(classesOf("{1}.5", Detect), std::size_t{0});
        QCOMPARE(classesOf("c{1}", Detect), std::size_t{3});
    }

    void columnsCanBeChosen() {
        TableOptions options;
        options.targets = {"age"};
        options.ignored = {"tall"};
        options.task = TableOptions::Task::Regression;
        options.scale = TableOptions::Scale::None;
        options.scaleTargets = false;
        const auto data = tableDataset(parsed(people()), nullptr, options, {});
        QVERIFY(data.info.input == Shape{2});
        QCOMPARE(data.training->size() + data.test->size(), 9); // one has no age
        QVERIFY(targetOf(*data.training, 0) >= 20.0F);

        TableOptions years;
        years.categorical = {"age"};
        const auto wide = tableDataset(parsed(people()), nullptr, years, {.validationFraction = 0});
        QVERIFY(wide.info.input[0] > 7);
    }

    void aTestTableIsReadByNames() {
        const auto test = parsed("tall,age,colour\nno,40,green\nyes,20,red\n");
        const auto data = tableDataset(parsed(people()), &test, {}, {.validationFraction = 0});
        QCOMPARE(data.training->size(), 10);
        QCOMPARE(data.test->size(), 2);
        QCOMPARE(data.test->label(0), 0);
        QCOMPARE(inputOf(*data.test, 0)[1] + inputOf(*data.test, 0)[2], 0.0F); // green is unknown
        QCOMPARE(inputOf(*data.test, 1)[2], 1.0F);
        QCOMPARE(tableInputs(test, 1, data.info.columns), inputOf(*data.test, 1));
    }

    void splitsDependOnTheirSeed() {
        const auto table = parsed(people());
        const auto first = [&](std::uint64_t seed) {
            const auto data = tableDataset(table, nullptr, {}, {.splitSeed = seed});
            return inputOf(*data.test, 0);
        };
        QCOMPARE(first(1), first(1));
        bool differs = false;
        for (std::uint64_t seed = 2; seed < 8; ++seed)
            differs = differs || first(seed) != first(1);
        QVERIFY(differs);
    }

    void refusesWhatCannotBeLearned_data() {
        QTest::addColumn<std::string>("text");
        QTest::addColumn<std::string>("target");
        QTest::addColumn<std::string>("message");
        std::string numbers = "x,y\n";
        for (int i = 0; i < 19; ++i)
            numbers += fmt::format("{},{}\n", i, i % 2);
        const auto row = [](const char* name, std::string text, std::string target,
                            std::string message) {
            QTest::newRow(name) << std::move(text) << std::move(target) << std::move(message);
        };
        row("a text among numbers", numbers + "oops,1\n", "",
            "t.csv, line 21: column \"x\" holds numbers, but here \"oops\"");
        row("no such column", numbers, "z",
            "t.csv: there is no column \"z\"; there are \"x\", \"y\"");
        row("an empty column", "x,e,y\n1,,a\n2,,b\n3,NA,a\n4,,b\n5,,a\n", "",
            "column \"e\" holds no value; list it as ignored");
        row("one class", "x,y\n1,a\n2,a\n3,a\n4,a\n5,a\n", "", "all rows have the class \"a\"");
        row("no input", "y\na\nb\na\n", "", "there must be a column to learn from");
        row("no target", "x,y\n1,\n2,?\n3,\n", "", "no row has all the values");
        row("too few rows", "x,y\n1,a\n2,b\n", "", "leaves none to test with");
    }
    void refusesWhatCannotBeLearned() {
        QFETCH(std::string, text);
        QFETCH(std::string, target);
        QFETCH(std::string, message);
        TableOptions options;
        if (!target.empty())
            options.targets = {target};
        const auto error = errorOf([&] { tableDataset(parsed(text), nullptr, options, {}); });
        QVERIFY2(!error.empty() && contains(error, message), error.c_str());
    }

    void refusesTextsAmongSeveralTargets() {
        TableOptions options;
        options.targets = {"age", "tall"};
        const auto error = errorOf([&] { tableDataset(parsed(people()), nullptr, options, {}); });
        QVERIFY2(contains(error, "the target \"tall\" holds texts; regression needs numbers"),
                 error.c_str());
    }

    void refusesTestTablesThatDoNotFit() {
        const auto with = [](std::string_view text) {
            const auto test = parsed(text);
            return errorOf([&] { tableDataset(parsed(people()), &test, {}, {}); });
        };
        QVERIFY(contains(with("age,tall\n1,no\n"), "there is no column \"colour\""));
        const auto error = with("age,colour,tall\n1,red,giant\n");
        QVERIFY2(contains(error, "line 2: the class \"giant\" does not occur"), error.c_str());
    }

    void theBundledTableIsWhole() {
        const auto data = openDataset({.dataset = "seattle-weather"});
        QCOMPARE(data.training->size() + data.test->size(), 1461);
        QVERIFY(data.info.input == Shape{9});
        QCOMPARE(data.info.targetNames, (std::vector<std::string>{"temp_max"}));
        QCOMPARE(data.info.columns.back().categories,
                 (std::vector<std::string>{"drizzle", "fog", "rain", "snow", "sun"}));
    }

    /// What is learned from a table comes from the samples outside of the fold that is held out.
    void foldsAreHeldOut() {
        const std::vector<std::int32_t> labels(1169);
        for (std::int64_t fold = 0; fold < 3; ++fold) {
            DataChoice choice{.dataset = "seattle-weather"};
            choice.folds = 3;
            choice.fold = fold;
            const auto data = openDataset(choice);
            QCOMPARE(data.training->size(), std::int64_t{1169});
            const auto split = splitOf(data, choice);
            const auto expected = foldSplit(labels, 1, 3, fold, choice.splitSeed);
            QCOMPARE(split.training, expected.training);
            QCOMPARE(split.validation, expected.validation);
            double sum = 0;
            for (const auto sample : split.training)
                sum += static_cast<double>(inputOf(*data.training, sample)[0]);
            QVERIFY(std::abs(sum / static_cast<double>(split.training.size())) < 1e-5);
        }
    }

    void ownFilesAreOpenedByTheCatalog() {
        const TemporaryFolder folder;
        const auto text = people();
        writeFile(folder / "p.csv", {text.begin(), text.end()});
        const auto data = openDataset(
            {.dataset = "csv",
             .params = {{"file", (folder / "p.csv").string()}, {"target", std::string("colour")}}});
        QCOMPARE(data.info.classes, (std::vector<std::string>{"blue", "red"}));
        QVERIFY(contains(errorOf([] { openDataset({.dataset = "csv"}); }),
                         "Choose the file of the table"));
    }
};

QTEST_APPLESS_MAIN(TableTest)
#include "tst_table.moc"
