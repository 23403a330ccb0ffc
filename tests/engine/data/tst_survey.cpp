// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/own_data.h"
#include "engine/data/survey/column_roles.h"
#include "engine/data/survey/data_problems.h"
#include "engine/data/survey/sample_selection.h"
#include "engine/data/tables/table_params.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <stop_token>

using namespace gradwright;
using namespace gradwright::test;

namespace {

bool isNear(double value, double expected) {
    return std::abs(value - expected) <= 1e-12 * std::max(1.0, std::abs(expected));
}

/// Twelve rows with a number for each, gaps in two columns, and a column that is the same all over.
constexpr auto kFlowers = "id,length,colour,site,height,kind\n"
                          "1,5.1,red,a,10,small\n"
                          "2,4.9,red,a,,small\n"
                          "3,6.3,blue,a,30,large\n"
                          "4,5.8,blue,a,25,large\n"
                          "5,7.1,green,a,35,large\n"
                          "6,6.5,blue,a,31,large\n"
                          "7,4.7,red,a,12,small\n"
                          "8,5.0,red,a,11,small\n"
                          "9,6.9,green,a,33,large\n"
                          "10,5.2,,a,14,small\n"
                          "11,6.0,green,a,28,large\n"
                          "12,4.8,red,a,13,small\n";

void writeText(const std::filesystem::path& file, std::string_view text) {
    std::filesystem::create_directories(file.parent_path());
    writeFile(file, Bytes(text.begin(), text.end()));
}

DataChoice tableOf(const TemporaryFolder& folder, std::string_view text, ParamValues params = {}) {
    writeText(folder / "t.csv", text);
    params.insert_or_assign("file", (folder / "t.csv").string());
    return {.dataset = "csv", .params = std::move(params)};
}

TableSurvey surveyed(const DataChoice& choice) {
    return surveyTable(choice).value();
}

std::vector<std::string> listed(const DataChoice& choice, const char* key) {
    return columnNamesIn(Params(dataset(choice.dataset).params, choice.params).text(key));
}

} // namespace

/// The literal numbers are NumPy's (2.x), or counted by hand.
class SurveyTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void statisticsAreThoseOfNumPy() {
        const std::vector<double> x{1.5, 2.25, 4, 8.5, -3, 0, 7.75, 2.25, 6.5, 12};
        const auto found = statisticsOf(x);
        QCOMPARE(found.minimum, -3.0);
        QCOMPARE(found.maximum, 12.0);
        QVERIFY(isNear(found.mean, 4.175));
        QVERIFY(isNear(found.deviation, 4.2618217935526115));
        QCOMPARE(found.median, 3.125);
        QVERIFY(statisticsOf({}) == NumberStatistics{});
    }

    void histogramsCountEachValueOnce() {
        std::vector<double> values;
        for (int i = 0; i <= 100; ++i)
            values.push_back(10 * std::pow((i * 37 % 101) / 101.0, 3));
        const auto found = histogramOf(values); // bins by Freedman and Diaconis
        QCOMPARE(found.counts, (std::vector<std::int64_t>{56, 14, 10, 8, 7, 6}));
        QCOMPARE(found.first, 0.0);
        QVERIFY(isNear(found.last, 9.705901479276445));
        // One for each of few whole numbers; the last one is counted, too.
        const auto whole = histogramOf(std::vector<double>{2, 5, 5, 3, 2, 2});
        QCOMPARE(whole.counts, (std::vector<std::int64_t>{3, 1, 0, 2}));
        QCOMPARE(whole.first, 1.5);
        QCOMPARE(whole.last, 5.5);
        QCOMPARE(histogramOf(std::vector<double>{1.25, 1.25}).counts,
                 (std::vector<std::int64_t>{2}));
        QVERIFY(histogramOf({}).counts.empty());
    }

    void associationsAreThoseOfTheirFormulas() {
        const std::vector<double> x{1.5, 2.25, 4, 8.5, -3, 0, 7.75, 2.25, 6.5, 12};
        const std::vector<double> y{2, 1, 5.5, 6, -4, 1.5, 9, 3, 5, 8.5};
        QVERIFY(isNear(pearson(x, y).value(), 0.9201672676735413));
        const std::vector<std::uint32_t> groups{0, 1, 0, 2, 1, 1, 2, 0, 2, 2};
        QVERIFY(isNear(correlationRatio(groups, 3, x).value(), 0.9020512610291547));
        const std::vector<std::uint32_t> a{0, 0, 1, 1, 2, 2, 0, 1, 2, 0, 0, 1};
        const std::vector<std::uint32_t> b{0, 0, 1, 1, 0, 1, 0, 1, 1, 1, 0, 0};
        QVERIFY(isNear(cramersV(a, 3, b, 2).value(), 0.510990323891863));
        // A category that never occurs changes nothing.
        QVERIFY(isNear(cramersV(a, 4, b, 3).value(), 0.510990323891863));
    }

    void associationsWithOneValueAreNotDefined() {
        const std::vector<double> same{2, 2, 2};
        const std::vector<double> rising{1, 2, 3};
        const std::vector<std::uint32_t> one{0, 0, 0};
        const std::vector<std::uint32_t> two{0, 1, 0};
        QVERIFY(!pearson(same, rising));
        QVERIFY(!correlationRatio(one, 1, rising));
        QVERIFY(!correlationRatio(two, 2, same));
        QVERIFY(!cramersV(one, 1, two, 2));
        QVERIFY(isNear(pearson(rising, rising).value(), 1));
        QVERIFY(isNear(cramersV(two, 2, two, 2).value(), 1));
    }

    void columnsAreDescribed() {
        const TemporaryFolder folder;
        const auto table = surveyed(tableOf(folder, kFlowers));
        QCOMPARE(table.rows, std::size_t{12});
        QCOMPARE(table.targets, (std::vector<std::string>{"kind"}));
        QVERIFY(table.targetIsClass);
        const auto& length = *table.find("length");
        QVERIFY(length.profile.kind == ColumnKind::Numbers);
        QVERIFY(isNear(length.numbers.mean, 5.691666666666666));
        QVERIFY(isNear(length.numbers.deviation, 0.8190017636665312));
        QCOMPARE(length.numbers.median, 5.5);
        QVERIFY(length.association.measure == Association::Measure::CorrelationRatio);
        QVERIFY(isNear(length.association.value, 0.9055739554776433));
        // Gaps are left out of all figures.
        const auto& height = *table.find("height");
        QCOMPARE(height.numbers.mean, 22.0);
        QVERIFY(isNear(height.numbers.deviation, 9.486832980505138));
        QCOMPARE(height.profile.missing, std::size_t{1});
        QCOMPARE(height.missingLines, (std::vector<std::size_t>{3}));
        QVERIFY(isNear(height.association.value, 0.9622504486493763));
        const auto& colour = *table.find("colour");
        QCOMPARE(colour.common, (std::vector<CommonValue>{{"red", 5}, {"blue", 3}, {"green", 3}}));
        QVERIFY(colour.association.measure == Association::Measure::CramersV);
        QVERIFY(isNear(colour.association.value, 1));
        QVERIFY(table.find("site")->association.measure == Association::Measure::None);
        QVERIFY(!table.find("id")->whyLeftOut.empty());
        QVERIFY(table.find("kind")->association == Association{});
    }

    void anotherTargetHasOtherAssociations() {
        const TemporaryFolder folder;
        const auto table = surveyed(tableOf(folder, kFlowers, {{"target", std::string("length")}}));
        QVERIFY(!table.targetIsClass);
        const auto& height = table.find("height")->association;
        QVERIFY(height.measure == Association::Measure::Pearson);
        QVERIFY(isNear(height.value, 0.9661322390503851));
        const auto& colour = table.find("colour")->association;
        QVERIFY(colour.measure == Association::Measure::CorrelationRatio);
        QVERIFY(isNear(colour.value, 0.930355450463293));
        QVERIFY(isNear(table.find("kind")->association.value, 0.9055739554776433));
    }

    void aSurveyStopsWhenAskedTo() {
        const TemporaryFolder folder;
        const auto choice = tableOf(folder, kFlowers);
        std::stop_source source;
        std::size_t told = 0;
        const auto survey = surveyTable(choice, source.get_token(), [&](std::size_t done, auto) {
            told = done;
            source.request_stop();
        });
        QVERIFY(!survey);
        QCOMPARE(told, std::size_t{1});
        QVERIFY(!surveyTable(DataChoice{.dataset = "mnist"}));
    }

    void rolesAreWhatTheTableMakesOfThem() {
        const TemporaryFolder folder;
        auto choice = tableOf(folder, kFlowers);
        const auto table = surveyed(choice);
        const auto role = [&](const char* column) { return roleOf(choice, table, column); };
        QVERIFY(role("id") == ColumnRole::LeftOut); // by itself
        QVERIFY(role("length") == ColumnRole::Input);
        QVERIFY(role("kind") == ColumnRole::Target);
        QCOMPARE(rolesFor(choice, table, "kind"), (std::vector{ColumnRole::Target}));
        QCOMPARE(rolesFor(choice, table, "id"),
                 (std::vector{ColumnRole::Input, ColumnRole::Category, ColumnRole::Target,
                              ColumnRole::LeftOut}));
        QCOMPARE(rolesFor(choice, table, "colour"),
                 (std::vector{ColumnRole::Input, ColumnRole::Target, ColumnRole::LeftOut}));
        QCOMPARE(rolesFor(choice, table, "height"),
                 (std::vector{ColumnRole::Input, ColumnRole::Category, ColumnRole::Target,
                              ColumnRole::LeftOut}));
        choice = withRole(choice, table, "height", ColumnRole::LeftOut);
        choice = withRole(choice, table, "colour", ColumnRole::LeftOut);
        QCOMPARE(listed(choice, "ignore"), (std::vector<std::string>{"colour", "height"}));
        QVERIFY(role("height") == ColumnRole::LeftOut);
        choice = withRole(choice, table, "height", ColumnRole::Category);
        QCOMPARE(listed(choice, "ignore"), (std::vector<std::string>{"colour"}));
        QCOMPARE(listed(choice, "categorical"), (std::vector<std::string>{"height"}));
        choice = withRole(choice, table, "height", ColumnRole::Input);
        choice = withRole(choice, table, "colour", ColumnRole::Target);
        QVERIFY(!choice.params.contains("ignore") && !choice.params.contains("categorical"));
        QVERIFY(role("kind") == ColumnRole::Input); // it makes way
        QVERIFY(role("colour") == ColumnRole::Target);
        QVERIFY_THROWS_EXCEPTION(Error, withRole(choice, table, "colour", ColumnRole::LeftOut));
        // What a role writes is what opening the data reads.
        const auto data = openDataset(choice);
        QCOMPARE(data.info.classes, (std::vector<std::string>{"blue", "green", "red"}));
        QCOMPARE(data.info.columns.size(), std::size_t{4});
    }

    void severalValuesArePredicted() {
        const TemporaryFolder folder;
        auto choice = tableOf(folder, kFlowers, {{"target", std::string("length")}});
        const auto table = surveyed(choice);
        QCOMPARE(rolesFor(choice, table, "height").at(3), ColumnRole::ExtraTarget);
        choice = withRole(choice, table, "height", ColumnRole::ExtraTarget);
        QCOMPARE(listed(choice, "target"), (std::vector<std::string>{"length", "height"}));
        QVERIFY(roleOf(choice, table, "height") == ColumnRole::Target);
        QCOMPARE(openDataset(choice).info.target[0], 2);
        choice = withRole(choice, table, "length", ColumnRole::Input);
        QCOMPARE(listed(choice, "target"), (std::vector<std::string>{"height"}));
    }

    void partsAndClassesAreCounted() {
        const TemporaryFolder folder;
        std::string text = "x,kind\n";
        for (int i = 0; i < 100; ++i)
            text += fmt::format("{}.5,{}\n", i, i % 10 == 0 ? "rare" : "usual");
        auto choice = tableOf(folder, text);
        choice.validationFraction = 0.25;
        const auto data = openDataset(choice);
        const auto counts = countParts(data, splitOf(data, choice));
        QCOMPARE(counts.samples, (PartNumbers{60, 20, 20}));
        QCOMPARE(counts.total(), 100);
        QCOMPARE(counts.classes, (std::vector<PartNumbers>{{6, 2, 2}, {54, 18, 18}}));
        QCOMPARE(counts.ofClass(1), 90);
        QCOMPARE(counts.imbalance(), 9.0);
        const auto weights = counts.balancedWeights();
        QVERIFY(isNear(weights[0], 5) && isNear(weights[1], 60.0 / 54 / 2));
        const auto problems = classProblems(counts, data.info.classes);
        QCOMPARE(problems.size(), std::size_t{1});
        QVERIFY(problems.front().kind == DataProblemKind::Imbalance);
        QCOMPARE(problems.front().message,
                 std::string("The class \"usual\" is 9 times as frequent as \"rare\" (54 and 6 "
                             "samples). A network may ignore rare classes and still look "
                             "accurate."));
    }

    void twinsAreFoundAcrossParts() {
        const TemporaryFolder folder;
        // Lines 2 and 3 are alike, 4 has their input and another class; the test file repeats 5.
        auto choice =
            tableOf(folder, "x,y,kind\n1,2,a\n1,2,a\n1,2,b\n3,4,a\n5,6,b\n7,8,a\n9,9,b\n2,8,a\n",
                    {{"test_file", (folder / "u.csv").string()}});
        writeText(folder / "u.csv", "x,y,kind\n3,4,a\n8,8,b\n");
        choice.validationFraction = 0;
        const auto data = openDataset(choice);
        const auto split = splitOf(data, choice);
        const auto found = findDuplicates(data, split).value();
        QCOMPARE(found.copies, 3);
        QCOMPARE(found.shared, 1);
        QCOMPARE(found.contradicted, 3);
        QCOMPARE(found.unreadable, 0);
        QCOMPARE(found.groups.size(), std::size_t{2});
        QVERIFY(found.groups[0].isShared && !found.groups[0].isContradicted);
        QCOMPARE(found.groups[0].samples,
                 (std::vector<SampleId>{{DataPart::Training, 3}, {DataPart::Test, 0}}));
        QCOMPARE(found.groups[1].samples.size(), std::size_t{3});
        const auto problems = sampleProblems(found, data, countParts(data, split));
        QCOMPARE(problems.size(), std::size_t{3});
        QVERIFY(problems[0].kind == DataProblemKind::Shared);
        QCOMPARE(problems[0].places, (std::vector<std::string>{"training: line 5 = test: line 2"}));
        QVERIFY(problems[1].kind == DataProblemKind::Contradiction);
        QVERIFY(problems[2].kind == DataProblemKind::Duplicates);
        QCOMPARE(problems[2].count, 2);
        QCOMPARE(problems[2].places,
                 (std::vector<std::string>{"training: line 2 = training: line 3 = training: "
                                           "line 4"}));
    }

    void repetitionsAreLeftOut() {
        const TemporaryFolder folder;
        std::string text = "x,y,kind\n";
        for (int i = 0; i < 40; ++i)
            text += fmt::format("{},{},{}\n", i % 20, (i * i) % 7, i % 20 < 10 ? "a" : "b");
        text += "0,0,b\n"; // another class: not the same row
        auto choice = tableOf(folder, text, {{"duplicates", std::string("leave_out")}});
        const auto data = openDataset(choice);
        const auto rows = data.training->size() + data.test->size();
        std::set<std::string> distinct;
        for (int i = 0; i < 40; ++i)
            distinct.insert(fmt::format("{},{}", i % 20, (i * i) % 7));
        QCOMPARE(static_cast<std::size_t>(rows), distinct.size() + 1);
        const auto found = findDuplicates(data, splitOf(data, choice)).value();
        QCOMPARE(found.copies, 1); // "0,0,a" and "0,0,b"
        QCOMPARE(found.contradicted, 2);
        const auto note = fmt::format("{} rows like one before left out", 41 - rows);
        QVERIFY(std::ranges::count(data.notes, note) == 1);
        choice.params.erase("duplicates");
        QCOMPARE(openDataset(choice).training->size() + openDataset(choice).test->size(), 41);
    }

    void whatATestTableRepeatsIsLeftOutThere() {
        const TemporaryFolder folder;
        auto choice = tableOf(
            folder, "x,kind\n1,a\n2,b\n3,a\n4,b\n",
            {{"test_file", (folder / "u.csv").string()}, {"duplicates", std::string("leave_out")}});
        writeText(folder / "u.csv", "x,kind\n3,a\n5,b\n5,b\n");
        const auto data = openDataset(choice);
        QCOMPARE(data.test->size(), 1);
        const std::string note = "test table: 1 row that the table to train on has, too, left out";
        QVERIFY(std::ranges::count(data.notes, note) == 1);
        writeText(folder / "u.csv", "x,kind\n3,a\n");
        const auto message = errorOf([&] { openDataset(choice); });
        QVERIFY2(contains(message, "all rows stand in the table to train on"), message.c_str());
    }

    void problemsOfATableAreFound() {
        const TemporaryFolder folder;
        std::string text = "day,code,site,amount,mixed,kind\n";
        for (int i = 0; i < 20; ++i)
            text += fmt::format("2024-01-{:02},{},x,{},{},{}\n", i + 1, 1000 + 7 * i,
                                i % 4 == 1 ? std::string() : std::to_string(i),
                                i == 5 ? std::string("many") : std::to_string(i % 3),
                                i == 19      ? ""
                                : i % 2 == 0 ? "a"
                                             : "b");
        text.replace(text.find("code"), 4, "code_id");
        // Somebody wants it all the same.
        const auto choice = tableOf(folder, text, {{"keep", std::string("code_id")}});
        const auto problems = tableProblems(surveyed(choice), choice);
        const auto find = [&](DataProblemKind kind, const char* column) {
            const auto found = std::ranges::find_if(problems, [&](const DataProblem& problem) {
                return problem.kind == kind && problem.column == column;
            });
            return found == problems.end() ? nullptr : &*found;
        };
        QVERIFY(find(DataProblemKind::Dates, "day"));
        QVERIFY(find(DataProblemKind::Identifier, "code_id"));
        QVERIFY(find(DataProblemKind::Constant, "site"));
        QVERIFY(find(DataProblemKind::Mixed, "mixed"));
        const auto* const missing = find(DataProblemKind::Missing, "amount");
        QVERIFY(missing != nullptr);
        QCOMPARE(missing->count, 5);
        QCOMPARE(missing->of, 20);
        QCOMPARE(missing->places,
                 (std::vector<std::string>{"line 3", "line 7", "line 11", "line 15", "line 19"}));
        const auto* const target = find(DataProblemKind::MissingTarget, "kind");
        QVERIFY(target != nullptr && target->places == std::vector<std::string>{"line 21"});
        QCOMPARE(problems.size(), std::size_t{6});
        // What is left out has no problems.
        auto other = choice;
        other.params["ignore"] = std::string("code_id, site, mixed, amount");
        QCOMPARE(tableProblems(surveyed(other), other).size(), std::size_t{2});
    }

    void samplesAreFilteredAndSorted() {
        const TemporaryFolder folder;
        auto choice = tableOf(folder,
                              "size,word,kind\n10,pear,a\n9,Apple,b\n,fig,a\n7,apple pie,b\n"
                              "11,kiwi,a\n",
                              {{"test_file", (folder / "u.csv").string()},
                               {"normalize", std::string("none")},
                               {"categorical", std::string("word")}});
        writeText(folder / "u.csv", "size,word,kind\n8,fig,a\n1,pear,b\n");
        choice.validationFraction = 0;
        const auto data = openDataset(choice);
        const auto split = splitOf(data, choice);
        QCOMPARE(sampleColumns(data), (std::vector<std::string>{"class", "size", "word"}));
        QCOMPARE(inputNames(data.info).size(), std::size_t{6});
        QCOMPARE(inputNames(data.info)[0], std::string("size"));
        QCOMPARE(inputNames(data.info)[2], std::string("word: apple pie"));
        QCOMPARE(sampleCells(data, {DataPart::Training, 3}),
                 (std::vector<std::string>{"b", "7", "apple pie"}));
        const auto lines = [&](const SampleFilter& filter, const SampleOrder& order = {}) {
            std::string text;
            const auto found = selectSamples(data, split, filter, order).value();
            for (const auto& sample : found)
                text += fmt::format("{}{} ", sample.part == DataPart::Test ? "u" : "t",
                                    originOf(data, sample).substr(5));
            return text;
        };
        QCOMPARE(lines({}), std::string("t2 t3 t4 t5 t6 u2 u3 "));
        QCOMPARE(lines({.part = DataPart::Test}), std::string("u2 u3 "));
        QCOMPARE(lines({.label = 1}), std::string("t3 t5 u3 "));
        QCOMPARE(lines({.text = "APPLE"}), std::string("t3 t5 "));
        QCOMPARE(lines({.text = "line 4"}), std::string("t4 "));
        // By value, not by letters; a missing one last, whichever way.
        QCOMPARE(lines({.part = DataPart::Training}, {.column = 1}),
                 std::string("t5 t3 t2 t6 t4 "));
        QCOMPARE(lines({.part = DataPart::Training}, {.column = 1, .isDescending = true}),
                 std::string("t6 t2 t3 t5 t4 "));
        QCOMPARE(lines({}, {.column = 0, .isDescending = true}).substr(0, 9),
                 std::string("t3 t5 u3 "));
        std::stop_source source;
        source.request_stop();
        QVERIFY(!selectSamples(data, split, {}, {.column = 1}, source.get_token()));
    }

    /// Scaled to 32 bits and back, and yet as they were written.
    void numbersAreToldAsTheyWere() {
        const TemporaryFolder folder;
        const std::vector<std::string> written{"0",   "12.8", "0.1", "1234.5", "-7.25",
                                               "0.3", "99.9", "3.3", "0",      "250"};
        std::string text = "x,y\n";
        for (std::size_t i = 0; i < written.size(); ++i)
            text += fmt::format("{},{}\n", written[i], written[written.size() - 1 - i]);
        const auto choice = tableOf(folder, text, {{"task", std::string("regression")}});
        const auto data = openDataset(choice);
        for (const auto part : {DataPart::Training, DataPart::Test}) {
            const auto& source = part == DataPart::Test ? *data.test : *data.training;
            for (std::uint32_t i = 0; i < source.size(); ++i) {
                const auto line = std::stoul(originOf(data, {part, i}).substr(5)) - 2;
                QCOMPARE(
                    sampleCells(data, {part, i}),
                    (std::vector<std::string>{written[written.size() - 1 - line], written[line]}));
            }
        }
    }

    void theMeanInputIsThatOfTheSamples() {
        const TemporaryFolder folder;
        const auto choice = tableOf(folder, "x,y,kind\n1,2,a\n3,5,b\n5,2,a\n8,8,b\n9,1,a\n",
                                    {{"normalize", std::string("none")}});
        const auto data = openDataset(choice);
        float sum = 0;
        std::vector<SampleId> all;
        for (std::uint32_t i = 0; i < data.training->size(); ++i) {
            all.push_back({DataPart::Training, i});
            sum += inputOf(*data.training, i)[1];
        }
        const auto mean = meanInput(data, all);
        QCOMPARE(mean.size(), std::size_t{2});
        QCOMPARE(mean[1], sum / static_cast<float>(all.size()));
        QVERIFY(meanInput(data, {}).empty());
    }

    void unreadableImagesAreToldAndLeftOut() {
        const TemporaryFolder folder;
        for (const char* const name : {"cat", "dog"})
            for (int i = 0; i < 10; ++i) {
                std::filesystem::create_directories(folder / name);
                writeFile(folder / fmt::format("{}/{}.jpg", name, i),
                          jpeg(8, 8, 1, Bytes(64, static_cast<std::uint8_t>(20 * i))));
            }
        writeFile(folder / "cat/broken.png", {1, 2, 3});
        DataChoice choice{.dataset = "images"};
        choice.params["folder"] = folder.path();
        choice.params["size"] = IntTuple{8, 8};
        QVERIFY(!errorOf([&] { openDataset(choice); }).empty());
        const auto problems = imageProblems(choice);
        QCOMPARE(problems.size(), std::size_t{1});
        QCOMPARE(problems.front().count, 1);
        QCOMPARE(problems.front().of, 21);
        QVERIFY(contains(problems.front().places.front(), "broken.png"));
        choice.params["unreadable"] = std::string("leave_out");
        const auto data = openDataset(choice);
        QCOMPARE(data.training->size() + data.test->size(), 20);
        QVERIFY2(contains(data.notes.back(), "1 unreadable image left out (cat/broken.png: "),
                 data.notes.back().c_str());
        QVERIFY(imageProblems(choice).empty());
        // The same picture in two parts is named by its file.
        writeFile(folder / "dog/again.jpg", jpeg(8, 8, 1, Bytes(64, 20)));
        const auto more = openDataset(choice);
        const auto split = splitOf(more, choice);
        const auto found = findDuplicates(more, split).value();
        QCOMPARE(found.copies, 11); // cats and dogs look alike here, and one stands twice
        QVERIFY(originOf(more, {DataPart::Training, 0}).ends_with(".jpg"));
        // A class without any other image cannot be learned.
        for (int i = 0; i < 10; ++i)
            writeFile(folder / fmt::format("cat/{}.jpg", i), {1});
        const auto message = errorOf([&] { openDataset(choice); });
        QVERIFY2(contains(message, "all images of the class \"cat\" are unreadable"),
                 message.c_str());
    }
};

QTEST_GUILESS_MAIN(SurveyTest)
#include "tst_survey.moc"
