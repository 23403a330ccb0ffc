// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/survey/column_roles.h"
#include "engine/data/survey/table_survey.h"
#include "engine/data/tables/row_corrections.h"
#include "engine/data/tables/table_source.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>
#include <map>

using namespace gradwright;
using namespace gradwright::test;

/// What a person says about single rows of a table.
class RowCorrectionsTest : public QObject {
    Q_OBJECT

private:
    TemporaryFolder folder_;

    std::filesystem::path write(const char* name, std::string_view text) const {
        writeFile(folder_ / name, Bytes(text.begin(), text.end()));
        return folder_ / name;
    }
    /// Line n has x = n and is a rose where n is even, else an iris.
    static std::string flowers(int rows = 40) {
        std::string text = "x,z,kind\n";
        for (int line = 2; line < rows + 2; ++line)
            text += fmt::format("{}.5,{},{}\n", line, line % 7, line % 2 == 0 ? "rose" : "iris");
        return text;
    }
    [[nodiscard]] DataChoice choice(std::string_view text = flowers()) const {
        return {.dataset = "csv", .params = {{"file", write("t.csv", text).string()}}};
    }
    static DataChoice corrected(const DataChoice& choice, std::uint32_t line,
                                const std::string& name) {
        return withRowCorrection(choice, findRow(choice, line, false, name));
    }
    /// The class of each row by its origin.
    static std::map<std::string, std::string> classesOf(const Dataset& data) {
        std::map<std::string, std::string> found;
        for (const auto* source : {data.training.get(), data.test.get()})
            for (std::int64_t i = 0; i < source->size(); ++i)
                found[dynamic_cast<const TableSource&>(*source).origin(i)] =
                    data.info.classes[static_cast<std::size_t>(source->label(i))];
        return found;
    }
    static bool isNoted(const Dataset& data, std::string_view part) {
        return std::ranges::any_of(data.notes,
                                   [&](const std::string& note) { return contains(note, part); });
    }
    static void requireRefusal(const DataChoice& choice, std::string_view reason) {
        try {
            openDataset(choice);
        } catch (const Error& error) {
            QVERIFY2(contains(error.what(), reason), error.what());
            return;
        }
        QFAIL("nothing was thrown");
    }

private Q_SLOTS:
    void aRowIsPutIntoAnotherClassOrLeftOut() {
        const auto before = choice();
        auto expected = classesOf(openDataset(before));
        QCOMPARE(expected.size(), std::size_t{40});
        const auto after = corrected(corrected(before, 17, "rose"), 20, "");
        const auto data = openDataset(after);
        QCOMPARE(expected.at("line 17"), std::string("iris"));
        expected["line 17"] = "rose";
        expected.erase("line 20");
        QVERIFY(classesOf(data) == expected);
        QVERIFY(isNoted(data, "corrected by hand: 1 to another class, 1 left out"));
        const std::string text = flowers();
        QVERIFY(readFile(folder_ / "t.csv") == Bytes(text.begin(), text.end())); // the file stays
    }

    void takingItBackLeavesNothing() {
        const auto before = choice();
        const auto there = corrected(before, 17, "rose");
        QVERIFY(there.params.contains("corrections"));
        QVERIFY(corrected(there, 17, "iris") == before);
        // What is said last of a row holds.
        const auto data = openDataset(corrected(there, 17, ""));
        QVERIFY(!classesOf(data).contains("line 17"));
    }

    /// Rows that were added or moved since are others, and are not touched.
    void anotherRowInTheLineIsNotCorrected() {
        const auto made = corrected(corrected(choice(), 17, "rose"), 30, "");
        std::string text = flowers();
        const auto at = text.find("20.5");
        text.insert(at, "99.5,1,iris\n"); // in front of line 20: line 30 is another one
        write("t.csv", text);
        const auto data = openDataset(made);
        const auto classes = classesOf(data);
        QCOMPARE(classes.at("line 17"), std::string("rose"));
        QCOMPARE(classes.size(), std::size_t{41});
        QVERIFY(isNoted(data, "1 to another class, 0 left out; 1 not applied, since the file holds "
                              "another row in its place by now (line 30)"));
    }

    /// The print is of the file's fields, whatever they are read as.
    void otherReadingsLeaveThePrintsAlone() {
        auto made = corrected(choice(), 17, "rose");
        made.params["types"] = std::string("x=text");
        made.params["missing_marks"] = std::string("3");
        made.params["ignore"] = std::string("x");
        QCOMPARE(classesOf(openDataset(made)).at("line 17"), std::string("rose"));
    }

    void classesOfNumbersAreCorrectedToo() {
        std::string text = "x,digit\n";
        for (int i = 0; i < 40; ++i)
            text += fmt::format("{}.5,{}\n", i, i % 2 == 0 ? "1" : "7.0");
        const auto made = corrected(choice(text), 3, "1");
        const auto data = openDataset(made);
        QCOMPARE(classesOf(data).at("line 3"), std::string("1"));
        QCOMPARE(data.info.classes.size(), std::size_t{2});
    }

    void theRowsOfATestFileAreItsOwn() {
        auto both = choice();
        both.params["test_file"] = write("test.csv", flowers(12)).string();
        const auto made = withRowCorrection(both, findRow(both, 4, true, "iris"));
        QVERIFY(std::get<std::string>(made.params.at("corrections")).starts_with("test:4/"));
        const auto data = openDataset(made);
        for (std::int64_t i = 0; i < data.test->size(); ++i) {
            const auto origin = dynamic_cast<const TableSource&>(*data.test).origin(i);
            const bool isRose =
                data.info.classes[static_cast<std::size_t>(data.test->label(i))] == "rose";
            const auto line = std::stoi(origin.substr(origin.find(' ') + 1));
            QCOMPARE(isRose, line % 2 == 0 && line != 4);
        }
        QVERIFY(isNoted(data, "test table: corrected by hand: 1 to another class"));
        QCOMPARE(classesOf(openDataset(both)).size(), std::size_t{40});
    }

    void anotherTargetDropsTheClassesAndKeepsWhatIsLeftOut() {
        auto made = corrected(corrected(choice(), 17, "rose"), 20, "");
        const auto survey = surveyTable(made).value();
        made = withRole(made, survey, "z", ColumnRole::Target);
        const auto left = rowCorrectionsFrom(std::get<std::string>(made.params.at("corrections")));
        QCOMPARE(left.size(), std::size_t{1});
        QCOMPARE(left.front().line, 20U);
    }

    void whatCannotBeIsRefused() {
        auto made = corrected(choice(), 17, "rose");
        auto& text = std::get<std::string>(made.params.at("corrections"));
        const auto right = text;
        text.replace(text.find("rose"), 4, "lily");
        requireRefusal(made, "line 17: corrected to \"lily\", which is no value of the target");
        text = "17=rose";
        requireRefusal(made, "(line, print of the row, class)");
        text = right + ", x7/12345678=rose";
        requireRefusal(made, "not \"x7/12345678=rose\"");
        QVERIFY_THROWS_EXCEPTION(Error, findRow(choice(), 4711, false, "rose"));
    }
};

QTEST_APPLESS_MAIN(RowCorrectionsTest)
#include "tst_row_corrections.moc"
