// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/data_info_json.h"
#include "engine/data/survey/column_roles.h"
#include "engine/data/survey/column_types.h"
#include "engine/data/survey/data_problems.h"
#include "engine/data/survey/pixel_hint.h"
#include "engine/data/tables/table_columns.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

namespace {

using Texts = std::vector<std::string>;

constexpr auto Detect = ColumnType::Detect;
constexpr auto Numbers = ColumnType::Numbers;
constexpr auto PointNumbers = ColumnType::PointNumbers;
constexpr auto CommaNumbers = ColumnType::CommaNumbers;
constexpr auto AsText = ColumnType::Texts;
constexpr auto Dates = ColumnType::Dates;
constexpr auto DayFirst = ColumnType::DayFirst;
constexpr auto MonthFirst = ColumnType::MonthFirst;

CsvTable typed(std::string_view text, std::vector<ChosenType> types, bool splits = false) {
    return parseCsv(text, "t.csv",
                    {.delimiter = ';', .splitsDates = splits, .types = std::move(types)});
}

Texts cellsOf(const CsvTable& table, const std::string& column) {
    Texts cells;
    for (std::size_t row = 0; row < table.rows(); ++row)
        cells.push_back(table.at(row, columnNamed(table, column)));
    return cells;
}

/// A column c beside another one that decides nothing.
std::string withCells(const Texts& cells) {
    std::string text = "c;other\n";
    for (const auto& cell : cells)
        text += cell + ";z\n";
    return text;
}

} // namespace

/// Columns that are read as a person says.
class ColumnTypesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void cellsAreReadAsSaid_data() {
        QTest::addColumn<Texts>("cells");
        QTest::addColumn<int>("type");
        QTest::addColumn<Texts>("read");
        const auto row = [](const char* name, const Texts& cells, ColumnType type,
                            const Texts& read) {
            QTest::newRow(name) << cells << static_cast<int>(type) << read;
        };
        const Texts either{"1,234", "2,500", "12,125"};
        row("a comma between thousands", either, PointNumbers, {"1234", "2500", "12125"});
        row("a decimal comma", either, CommaNumbers, {"1.234", "2.500", "12.125"});
        row("decimal commas as texts", {"3,5", "4", "x1"}, AsText, {"3,5", "4", "x1"});
        row("what is no number has no value", {"3,5", "4,25", "soon"}, CommaNumbers,
            {"3.5", "4.25", ""});
        row("a unit in most cells", {"3 kg", "4 kg", "heavy", "5"}, Numbers, {"3", "4", "", ""});
        row("points beside commas", {"1.5", "2,5", "3,5"}, CommaNumbers, {"", "2.5", "3.5"});
        row("numbers as texts", {"1", "2", "NA"}, AsText, {"1", "2", ""});
        row("times of day", {"12:30", "06:15", "1:00"}, Numbers, {"12.5", "6.25", "1"});
        row("dates as texts", {"2015-01-31", "2015-02-01"}, AsText, {"2015-01-31", "2015-02-01"});
    }
    void cellsAreReadAsSaid() {
        QFETCH(const Texts, cells);
        QFETCH(const int, type);
        QFETCH(const Texts, read);
        const auto table = typed(withCells(cells), {{"c", static_cast<ColumnType>(type)}});
        QCOMPARE(cellsOf(table, "c"), read);
        // Another table is read alike, by what the first one has kept.
        DataInfo info;
        info.input = Shape{1};
        info.reading = table.reading;
        const auto json = toJson(info);
        const auto like = dataInfoFromJson(json).reading;
        QVERIFY(like == table.reading);
        QCOMPARE(cellsOf(parseCsv(withCells(cells), "u.csv", {.like = like}), "c"), read);
    }

    void whatHasNoValueIsCounted() {
        const auto table = typed(withCells({"1", "2", "x", "y", "y"}), {{"c", Numbers}});
        QVERIFY(std::ranges::any_of(table.notes, [](const std::string& note) {
            return contains(note, "no numbers and count as missing") && contains(note, "c 3");
        }));
    }

    void datesAreReadInTheirOrder_data() {
        QTest::addColumn<int>("type");
        QTest::addColumn<QString>("month");
        QTest::newRow("month first, as detected") << static_cast<int>(Detect) << "Jan";
        QTest::newRow("day first") << static_cast<int>(DayFirst) << "Feb";
        QTest::newRow("month first") << static_cast<int>(MonthFirst) << "Jan";
    }
    void datesAreReadInTheirOrder() {
        QFETCH(const int, type);
        QFETCH(const QString, month);
        std::vector<ChosenType> types;
        if (static_cast<ColumnType>(type) != Detect)
            types.push_back({"c", static_cast<ColumnType>(type)});
        const auto table = typed(withCells({"1/2/2015", "3/4/2015", "5/6/2016"}), types, true);
        QCOMPARE(cellsOf(table, "c (month)").front(), month.toStdString());
        // Each part leads back to the date.
        QCOMPARE(table.types[1].column, std::string("c"));
        QVERIFY(std::ranges::count(table.types[1].others, DayFirst) == 1);
    }

    void whatCannotBeIsRefused_data() {
        QTest::addColumn<QString>("types");
        QTest::addColumn<QString>("reason");
        QTest::newRow("texts as numbers")
            << "kind=numbers"
            << "none of its cells is such a number; it can be read as: detect, text";
        QTest::newRow("points as decimal commas")
            << "size=decimal_comma"
            << "column \"size\" is to be read as decimal_comma";
        QTest::newRow("texts as dates") << "kind=dates"
                                        << "line 2 holds \"a\"";
        QTest::newRow("one day in another order") << "day=month_first"
                                                  << "line 4 holds \"31/1/2015\"";
        QTest::newRow("no such column") << "sise=text"
                                        << "there is no column \"sise\"";
        QTest::newRow("no such type") << "size=number"
                                      << "not \"size=number\"; there are numbers";
        QTest::newRow("no type") << "size"
                                 << "are written as \"price=decimal_comma\"";
    }
    void whatCannotBeIsRefused() {
        QFETCH(const QString, types);
        QFETCH(const QString, reason);
        const auto file = folder_ / "t.csv";
        const std::string text = "kind,size,day,y\na,1.5,2/1/2015,0\nb,2.5,3/1/2015,1\n"
                                 "a,1.75,31/1/2015,0\n";
        writeFile(file, Bytes(text.begin(), text.end()));
        requireError(
            [&] {
                openDataset({.dataset = "csv",
                             .params = {{"file", file.string()}, {"types", types.toStdString()}}});
            },
            reason);
    }

    void namesMayHoldCommasAndEqualSigns() {
        const std::vector<ChosenType> types{{"a,b", AsText}, {"x=y", CommaNumbers}};
        QCOMPARE(columnTypesText(types), std::string("\"a,b=text\", x=y=decimal_comma"));
        QVERIFY(columnTypesFrom(columnTypesText(types)) == types);
        QVERIFY(columnTypesFrom("a=text, a=numbers") ==
                (std::vector<ChosenType>{{"a", Numbers}})); // what is said last holds
        QVERIFY(columnTypesFrom("a=text, a=detect").empty());
    }

    // ---- what is offered

    void typesThatACellSuitsAreOffered() {
        const auto survey = surveyOf("a;b;c;d;kind\n1,234;1;2015-01-31;x;p\n"
                                     "2,500;2;2015-02-01;y;q\n3,125;3;2015-03-01;x;p\n");
        const auto offered = [&](const char* column) { return typesFor(choice_, survey, column); };
        using Types = std::vector<ColumnType>;
        QVERIFY(offered("a") == (Types{Detect, Numbers, PointNumbers, CommaNumbers, AsText}));
        QVERIFY(offered("b") == (Types{Detect, Numbers, AsText}));
        QVERIFY(offered("c") == (Types{Detect, AsText, Dates}));
        QVERIFY(offered("d") == (Types{Detect, AsText}));
        QCOMPARE(survey.find("b")->first, (Texts{"1", "2", "3"}));
        QVERIFY_THROWS_EXCEPTION(Error, withType(choice_, survey, "d", Numbers));
    }

    /// A column that was left out, or listed as categories, for what it looked like is an input.
    void aTypeBringsAColumnBack() {
        const auto survey = surveyOf("a;b;kind\n1,5;x;p\n2,5;y;q\n3,5;x;p\n");
        auto choice = choice_;
        choice.params["ignore"] = std::string("a");
        choice.params["categorical"] = std::string("b");
        auto made = withType(choice, survey, "a", AsText);
        QVERIFY(!made.params.contains("ignore"));
        QCOMPARE(std::get<std::string>(made.params.at("types")), std::string("a=text"));
        QVERIFY(roleOf(made, survey, "a") == ColumnRole::Input);
        QVERIFY(typeOf(made, survey, "a") == AsText);
        made = withType(made, survey, "a", Detect);
        QVERIFY(!made.params.contains("types") && typeOf(made, survey, "a") == Detect);
        QVERIFY(!withType(choice, survey, "b", AsText).params.contains("categorical"));
    }

    void numbersReadAsTextAreCategories() {
        std::string text = "code,x,y\n";
        for (int i = 0; i < 40; ++i)
            text += fmt::format("{},{},{}\n", 100 + i % 4, i * 0.5, i % 2 == 0 ? "a" : "b");
        const auto file = folder_ / "codes.csv";
        writeFile(file, Bytes(text.begin(), text.end()));
        DataChoice choice{.dataset = "csv", .params = {{"file", file.string()}}};
        QCOMPARE(openDataset(choice).info.columns.front().inputs(), std::size_t{1});
        choice.params["types"] = std::string("code=text");
        QCOMPARE(openDataset(choice).info.columns.front().categories,
                 (Texts{"100", "101", "102", "103"}));
        const auto survey = surveyTable(choice);
        QVERIFY(survey->find("code")->profile.kind == ColumnKind::Texts);
    }

    // ---- pixels

    void numbersThatMayBeImagesAreTold_data() {
        QTest::addColumn<QString>("names");
        QTest::addColumn<int>("count");
        QTest::addColumn<int>("largest");
        QTest::addColumn<QString>("shape");
        QTest::newRow("MNIST in a table") << "pixel" << 784 << 255 << "28x28";
        QTest::newRow("8 x 8 of 16 shades") << "" << 64 << 16 << "8x8";
        QTest::newRow("colours") << "p_" << 3 * 64 << 255 << "3x8x8";
        QTest::newRow("no square") << "pixel" << 70 << 255 << "";
        QTest::newRow("too large for bytes") << "pixel" << 64 << 300 << "";
        QTest::newRow("called by what they mean") << "?" << 64 << 255 << "";
        QTest::newRow("too few") << "pixel" << 49 << 255 << "";
    }
    void numbersThatMayBeImagesAreTold() {
        QFETCH(const QString, names);
        QFETCH(const int, count);
        QFETCH(const int, largest);
        QFETCH(const QString, shape);
        std::string text = "label";
        for (int p = 0; p < count; ++p)
            text += names == QLatin1String("?") ? fmt::format(",n{}th", p)
                                                : fmt::format(",{}{}", names.toStdString(), p + 1);
        for (int i = 0; i < 12; ++i) {
            text += fmt::format("\n{}", i % 2 == 0 ? "up" : "down");
            for (int p = 0; p < count; ++p)
                text += fmt::format(",{}", p == 0 ? 0 : (i * 37 + p * 11) % (largest + 1));
        }
        auto choice = choice_;
        choice.params["target"] = std::string("label");
        const auto table = parseCsv(text + "\n", "t.csv", {.header = CsvHeader::Yes});
        const auto survey = surveyTable(table, choice).value_or(TableSurvey());
        const auto hint = pixelHint(survey, choice);
        QCOMPARE(hint ? QString::fromStdString(hint->shape) : QString(), shape);
        const auto problems = tableProblems(survey, choice);
        QCOMPARE(std::ranges::count(problems, DataProblemKind::Pixels, &DataProblem::kind),
                 hint ? 1 : 0);
        if (!hint)
            return;
        // A border that is black in all images is no problem then.
        QCOMPARE(std::ranges::count(problems, DataProblemKind::Constant, &DataProblem::kind), 0);
        const auto made = withPixels(choice, *hint);
        QCOMPARE(std::get<std::string>(made.params.at("pixels")), shape.toStdString());
        QVERIFY(!pixelHint(survey, made));
    }

    void aColumnOfNumbersMayBeImages() {
        std::string text = "emotion,pixels,Usage\n";
        for (int i = 0; i < 12; ++i) {
            text += fmt::format("{},", i % 2);
            for (int p = 0; p < 25; ++p)
                text += fmt::format("{} ", (i * 37 + p * 11) % 256);
            text += i % 3 == 0 ? ",Test\n" : ",Training\n";
        }
        auto choice = choice_;
        choice.params["target"] = std::string("emotion");
        const auto survey = surveyTable(parseCsv(text, "t.csv"), choice).value_or(TableSurvey());
        const auto hint = pixelHint(survey, choice);
        QVERIFY(hint.has_value());
        QCOMPARE(hint->shape, std::string("5x5"));
        QCOMPARE(hint->others, Texts{"Usage"});
        const auto made = withPixels(choice, *hint);
        QCOMPARE(std::get<std::string>(made.params.at("ignore")), std::string("Usage"));
    }

    void foldersThatDifferInCaseAreTold() {
        const DataChoice images{.dataset = "images"};
        const auto found = folderProblems(images, {"Cat", "Dog", "cat", "fish", "FISH"});
        QCOMPARE(found.size(), std::size_t{1});
        QVERIFY2(contains(found.front().message, "\"Cat\" and \"cat\""),
                 found.front().message.c_str());
        QCOMPARE(found.front().places.size(), std::size_t{1});
        QVERIFY(folderProblems(images, {"Cat", "Dog", "cats"}).empty());
        QVERIFY(folderProblems(choice_, {"Cat", "cat"}).empty()); // its column tells
    }

private:
    TableSurvey surveyOf(std::string_view text) const {
        return surveyTable(parseCsv(text, "t.csv", {.delimiter = ';'}), choice_)
            .value_or(TableSurvey());
    }
    template <typename Do>
    static void requireError(Do work, const QString& reason) {
        try {
            work();
        } catch (const Error& error) {
            QVERIFY2(QString::fromUtf8(error.what()).contains(reason), error.what());
            return;
        }
        QFAIL("nothing was thrown");
    }

    TemporaryFolder folder_;
    DataChoice choice_{.dataset = "csv"};
};

QTEST_APPLESS_MAIN(ColumnTypesTest)
#include "tst_column_types.moc"
