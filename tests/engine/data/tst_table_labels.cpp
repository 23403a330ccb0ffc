// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/data_info_json.h"
#include "engine/data/survey/column_roles.h"
#include "engine/data/survey/data_problems.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/date_cell.h"
#include "engine/data/tables/table.h"
#include "engine/data/tables/table_params.h"
#include "engine/data/tables/table_profile.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

namespace {

using Texts = std::vector<std::string>;

bool isNoted(const Texts& notes, std::string_view part) {
    return std::ranges::any_of(notes,
                               [&](const std::string& note) { return contains(note, part); });
}

Texts columnsOf(const Dataset& data) {
    Texts names;
    for (const auto& column : data.info.columns)
        names.push_back(column.name);
    return names;
}

/// Rows of x, target with the targets in turn.
std::string answers(const Texts& targets, int count = 36) {
    std::string text = "x,answer\n";
    for (int i = 0; i < count; ++i)
        text += fmt::format("{}.5,{}\n", i, targets[static_cast<std::size_t>(i) % targets.size()]);
    return text;
}

} // namespace

/// Labels that differ in blanks or case, and columns that are no measurements: names of rows, days
/// and times.
class TableLabelsTest : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<TemporaryFolder> folder_;

    [[nodiscard]] DataChoice tableOf(std::string_view text, ParamValues params = {}) const {
        const auto file = *folder_ / "t.csv";
        writeFile(file, Bytes(text.begin(), text.end()));
        params["file"] = file.string();
        return {.dataset = "csv", .params = std::move(params), .validationFraction = 0};
    }
    /// 40 orders of customers whose numbers are in no order.
    [[nodiscard]] static std::string orders(const char* name = "customer_id") {
        std::string text = fmt::format("{},size,kind\n", name);
        for (int i = 0; i < 40; ++i)
            text += fmt::format("{},{}.5,{}\n", 5000 + i * 37 % 41, i % 9, i % 2 == 0 ? "a" : "b");
        return text;
    }

private Q_SLOTS:
    void init() { folder_ = std::make_unique<TemporaryFolder>(); }

    void blanksAreNoPartOfALabel() {
        const auto data = openDataset(
            tableOf(answers({"\"cat\"", "\"cat \"", "\" dog\"", "dog", "\"dog\t\""}, 40)));
        QCOMPARE(data.info.classes, (Texts{"cat", "dog"}));
        const auto table = parseCsv("\" 5 \",\" a \"\n6,\"b\"\"\"\n7,a\n", "t.csv");
        QCOMPARE(table.cells.texts(), (Texts{"5", "a", "6", "b\"", "7", "a"}));
    }

    /// A run's data stay what they were.
    void runsOfBeforeKeepTheirBlanks() {
        const auto choice = tableOf(answers({"\"cat\"", "\"cat \""}));
        auto reading = parseCsv(answers({"cat", "dog"}), "t.csv").reading;
        reading.rules = 0;
        QCOMPARE(openDataset(choice, reading).info.classes, (Texts{"cat", "cat "}));
        // And so do columns that are left out by now.
        const auto ids = tableOf(orders());
        auto before = parseCsv(orders(), "t.csv").reading;
        before.rules = 0;
        QCOMPARE(columnsOf(openDataset(ids, before)), (Texts{"customer_id", "size"}));
        QCOMPARE(columnsOf(openDataset(ids)), (Texts{"size"}));
        // The rules are kept with the run; runs that do not name them are from before.
        auto info = openDataset(ids).info;
        QCOMPARE(dataInfoFromJson(toJson(info)).reading->rules, kTableRules);
        auto json = toJson(info);
        json["reading"].erase("rules");
        QCOMPARE(dataInfoFromJson(json).reading->rules, 0);
    }

    void runsOfTheFirstRulesKeepTheirLabels() {
        const auto classesBy = [this](const Texts& labels, int rules) {
            const auto choice = tableOf(answers(labels));
            auto reading = parseCsv(answers({"cat", "dog"}), "t.csv").reading;
            reading.rules = rules;
            return openDataset(choice, reading).info.classes;
        };
        const Texts dashes{"yes", "\xE2\x80\x94", "no"};
        QCOMPARE(classesBy(dashes, 1).size(), std::size_t{3});
        QCOMPARE(classesBy(dashes, 2), (Texts{"no", "yes"}));
        const Texts errors{"yes", "#REF!", "no"};
        QCOMPARE(classesBy(errors, 1).size(), std::size_t{3});
        QCOMPARE(classesBy(errors, 2), (Texts{"no", "yes"}));
        const Texts blanks{"cat", "cat\xC2\xA0", "dog"};
        QCOMPARE(classesBy(blanks, 1), (Texts{"cat", "cat\xC2\xA0", "dog"}));
        QCOMPARE(classesBy(blanks, 2), (Texts{"cat", "dog"}));
        const Texts digits{"12345678901234567890", "12345678901234567891", "7"};
        QCOMPARE(classesBy(digits, 1), (Texts{"7", "12345678901234567890"}));
        QCOMPARE(classesBy(digits, 2),
                 (Texts{"7", "12345678901234567890", "12345678901234567891"}));
    }

    void caseIsToldAndJoinedWhenAsked() {
        const Texts spellings{"yes", "Yes", "YES", "no", "No", "NO", "yes", "no"};
        auto choice = tableOf(answers(spellings, 80));
        choice.params["same_case"] = std::string("answr");
        QVERIFY(contains(errorOf([&] { openDataset(choice); }), "there is no column \"answr\""));
        choice.params.erase("same_case");
        const auto apart = openDataset(choice);
        QCOMPARE(apart.info.classes.size(), std::size_t{6});
        QVERIFY(isNoted(apart.notes, "target \"answer\": \"NO\", \"No\" and \"no\" differ in case "
                                     "alone and are 3 classes (data.same_case=answer makes them "
                                     "one)"));
        const auto problems = tableProblems(surveyTable(choice).value(), choice);
        const auto found = std::ranges::find(problems, DataProblemKind::Case, &DataProblem::kind);
        QVERIFY(found != problems.end());
        QCOMPARE(found->column, std::string("answer"));
        QVERIFY2(contains(found->message, "\"NO\", \"No\" and \"no\" differ in capital letters "
                                          "alone and are classes of their own"),
                 found->message.c_str());
        choice.params["same_case"] = std::string("answer");
        const auto joined = openDataset(choice);
        QCOMPARE(joined.info.classes, (Texts{"no", "yes"})); // the most frequent spellings
        QVERIFY(isNoted(joined.notes, "\"YES\", \"Yes\" and \"yes\" are one class"));
        const auto& labels = *joined.training;
        std::size_t yes = 0;
        for (std::int64_t i = 0; i < labels.size(); ++i)
            yes += labels.label(i) == 1 ? 1 : 0;
        QCOMPARE(yes, std::size_t{32}); // half of 64: eight of each ten are trained on
        const auto again = tableProblems(surveyTable(choice).value(), choice);
        QVERIFY(std::ranges::find(again, DataProblemKind::Case, &DataProblem::kind) == again.end());
    }

    /// What a run's reading says holds for other files: evaluate and predict go this way.
    void caseStaysJoinedForOtherFiles() {
        auto choice = tableOf("colour,x,answer\nRed,1,Yes\nblue,2,no\nred,3,yes\nred,4,yes\n"
                              "BLUE,5,No\nred,6,no\nblue,7,no\nblue,8,yes\n",
                              {{"same_case", std::string("colour, answer")},
                               {"normalize", std::string("none")},
                               {"test_fraction", 0.25}});
        const auto info = openDataset(choice).info;
        QCOMPARE(info.classes, (Texts{"no", "yes"}));
        QCOMPARE(info.columns.front().categories, (Texts{"blue", "red"}));
        const auto kept = dataInfoFromJson(toJson(info));
        const auto other =
            parseCsv("answer,colour,x\nYES,RED,9\n", "o.csv", {.like = kept.reading});
        QCOMPARE(tableInputs(other, 0, kept.columns), (std::vector<float>{0, 1, 9}));
        const auto test = *folder_ / "test.csv";
        const std::string_view rows = "colour,x,answer\nRED,1,YES\nBlue,2,NO\n";
        writeFile(test, Bytes(rows.begin(), rows.end()));
        choice.params["test_file"] = test.string();
        const auto data = openDataset(choice, kept.reading);
        QCOMPARE(data.test->label(0), 1);
        QCOMPARE(data.test->label(1), 0);
        // Without the choice another spelling is no class of these.
        choice.params.erase("same_case");
        QVERIFY(
            contains(errorOf([&] { openDataset(choice); }), "the class \"YES\" does not occur"));
    }

    void caseIsFoldedBeyondAscii() {
        QCOMPARE(foldedCase("ÄÖÜ Ñ É ×"), std::string("äöü ñ é ×"));
        QCOMPARE(foldedCase("ΑΩ"), std::string("αω"));
        QCOMPARE(foldedCase("ДА Ё"), std::string("да ё"));
        QCOMPARE(foldedCase("日本 aß"), std::string("日本 aß"));
    }

    // ---- names of rows

    void namesOfRowsAreLeftOutEverywhere() {
        auto choice = tableOf(orders());
        const auto data = openDataset(choice);
        QCOMPARE(columnsOf(data), (Texts{"size"}));
        const std::string note =
            "column \"customer_id\" is left out: it has another number in each row";
        QVERIFY(isNoted(data.notes, note));
        // The proposal for one's own data has the same rule, and the note stands there, too.
        const auto profile = profileOf(parseCsv(orders(), "t.csv"));
        QCOMPARE(proposalFor(profile, "t.csv").ignored, (Texts{"customer_id"}));
        choice.params["ignore"] = std::string("customer_id");
        QVERIFY(isNoted(openDataset(choice).notes, note));
        // It can be used all the same.
        const auto survey = surveyTable(choice).value();
        QVERIFY(roleOf(choice, survey, "customer_id") == ColumnRole::LeftOut);
        const auto used = withRole(choice, survey, "customer_id", ColumnRole::Input);
        QCOMPARE(columnsOf(openDataset(used)), (Texts{"customer_id", "size"}));
        QVERIFY(roleOf(used, survey, "customer_id") == ColumnRole::Input);
        const auto back = withRole(used, survey, "customer_id", ColumnRole::LeftOut);
        QCOMPARE(columnsOf(openDataset(back)), (Texts{"size"}));
        QVERIFY(!back.params.contains("keep"));
    }
    void numbersThatNameNothingStay() {
        for (const char* const name : {"weight", "year"}) {
            QCOMPARE(columnsOf(openDataset(tableOf(orders(name)))), (Texts{name, "size"}));
            const auto profile = profileOf(parseCsv(orders(name), "t.csv"));
            QVERIFY(proposalFor(profile, "t.csv").ignored.empty());
        }
    }
    void whatIsLeftOutHasNoRelationWithTheTarget() {
        auto choice = tableOf(orders());
        const auto survey = surveyTable(choice).value();
        QVERIFY(survey.find("customer_id")->association == Association{});
        QVERIFY(survey.find("size")->association.measure != Association::Measure::None);
        choice.params["keep"] = std::string("customer_id");
        QVERIFY(surveyTable(choice).value().find("customer_id")->association.measure !=
                Association::Measure::None);
    }

    // ---- days and times

    void daysAreEightDigits() {
        std::string text = "day,size,kind\n";
        for (int i = 0; i < 40; ++i)
            text += fmt::format("{},{}.5,{}\n", 20150101 + 100 * (i % 12) + i % 28, i % 9,
                                i % 2 == 0 ? "a" : "b");
        auto choice = tableOf(text);
        const auto data = openDataset(choice);
        QCOMPARE(columnsOf(data), (Texts{"size"}));
        QVERIFY(isNoted(data.notes, "column \"day\" is left out: it holds dates"));
        choice.params["dates"] = std::string("parts");
        choice.params["normalize"] = std::string("none");
        const auto split = openDataset(choice);
        QCOMPARE(columnsOf(split), (Texts{"day (year)", "day (month)", "day (weekday)", "size"}));
        const auto kept = dataInfoFromJson(toJson(split.info));
        const auto other = parseCsv("day,size\n20150302,4\n", "o.csv", {.like = kept.reading});
        const auto& months = kept.columns[1].categories;
        const auto& days = kept.columns[2].categories;
        const auto inputs = tableInputs(other, 0, kept.columns);
        const auto at = [&](const Texts& all, const char* name) {
            return static_cast<std::size_t>(std::ranges::find(all, name) - all.begin());
        };
        QCOMPARE(inputs[0], 2015.0F);
        QCOMPARE(inputs[1 + at(months, "Mar")], 1.0F);
        QCOMPARE(inputs[1 + months.size() + at(days, "Mon")], 1.0F); // by the calendar
        QCOMPARE(inputs.back(), 4.0F);
    }
    void eightDigitsMayBeNumbers() {
        for (const int step : {1, 7919}) { // 20150101 … 20150140: the 32nd is no day
            std::string text = "n,kind\n";
            for (int i = 0; i < 40; ++i)
                text += fmt::format("{},{}\n", 20150101 + step * i, i % 2 == 0 ? "a" : "b");
            QCOMPARE(columnsOf(openDataset(tableOf(text))), (Texts{"n"}));
        }
        QVERIFY(!dateOf("20150230", kCompactDate));
        QVERIFY(!dateOf("2015013", kCompactDate));
        QVERIFY(!dateOf("201501311", kCompactDate));
        QCOMPARE(dateOf("20150131", kCompactDate), (DateCell{2015, 1, 31}));
    }

    void timesAreHours_data() {
        QTest::addColumn<QString>("cell");
        QTest::addColumn<double>("hours"); // negative: none
        QTest::newRow("minutes") << "12:15" << 12.25;
        QTest::newRow("seconds") << "1:30:36" << 1.51;
        QTest::newRow("parts of seconds") << "00:00:01.8" << 0.0005;
        QTest::newRow("before noon") << "12:30 AM" << 0.5;
        QTest::newRow("after noon") << "3:45pm" << 15.75;
        QTest::newRow("last") << "23:59" << 23 + 59 / 60.0;
        QTest::newRow("no hour") << "24:00" << -1.0;
        QTest::newRow("no minute") << "12:60" << -1.0;
        QTest::newRow("a score") << "3:1" << -1.0;
        QTest::newRow("no half") << "13:00 PM" << -1.0;
        QTest::newRow("more") << "12:15x" << -1.0;
    }
    void timesAreHours() {
        QFETCH(QString, cell);
        QFETCH(double, hours);
        const auto found = hoursOf(cell.toStdString());
        QCOMPARE(found.has_value(), hours >= 0);
        QVERIFY(!found || std::abs(*found - hours) < 1e-9);
    }
    void aColumnOfTimesIsANumber() {
        std::string text = "time,size,kind\n";
        for (int i = 0; i < 96; ++i)
            text += fmt::format("{:02}:{:02},{}.5,{}\n", i / 4, i % 4 * 15, i % 9,
                                i % 2 == 0 ? "a" : "b");
        const auto choice = tableOf(text, {{"normalize", std::string("none")}});
        const auto data = openDataset(choice);
        QCOMPARE(data.info.columns.size(), std::size_t{2});
        QVERIFY(data.info.columns.front().isNumeric());
        QVERIFY(
            isNoted(data.notes, "times of day, which are read as hours (12:15 is 12.25): time"));
        const auto kept = dataInfoFromJson(toJson(data.info));
        const auto other =
            parseCsv("time,size\n9:45,1\n9.75,2\n,3\n", "o.csv", {.like = kept.reading});
        QCOMPARE(tableInputs(other, 0, kept.columns), (std::vector<float>{9.75F, 1}));
        QCOMPARE(tableInputs(other, 1, kept.columns), (std::vector<float>{9.75F, 2}));
        QVERIFY(contains(errorOf([&] {
                             const auto odd =
                                 parseCsv("time,size\n25:10,1\n", "o.csv", {.like = kept.reading});
                             tableInputs(odd, 0, kept.columns);
                         }),
                         "25:10"));
        // Whoever wants categories lists the column.
        const auto listed = openDataset(tableOf(text, {{"categorical", std::string("time")}}));
        QVERIFY(!listed.info.columns.front().isNumeric());
    }
};

QTEST_GUILESS_MAIN(TableLabelsTest)
#include "tst_table_labels.moc"
