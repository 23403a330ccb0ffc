// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/own_data.h"
#include "engine/data/survey/column_roles.h"
#include "engine/data/tables/table_params.h"
#include "engine/project/class_balance.h"
#include "engine/project/data_remedies.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

namespace {

Project projectOf(const TemporaryFolder& folder, const std::string& text) {
    writeFile(folder / "t.csv", Bytes(text.begin(), text.end()));
    auto project = newProject();
    project.data = {.dataset = "csv"};
    project.data.params["file"] = (folder / "t.csv").string();
    return project;
}

/// One row of ten is rare; two columns have gaps, one of them nearly nothing else.
std::string gaps() {
    std::string text = "day,size,mostly,site,kind\n";
    for (int i = 0; i < 40; ++i)
        text += fmt::format("2024-02-{:02},{},{},x,{}\n", i % 28 + 1,
                            i % 8 == 0 ? std::string() : std::to_string(i % 9) + ".5",
                            i % 5 == 0 ? std::to_string(i % 3) : std::string(),
                            i % 10 == 0 ? "rare" : "usual");
    return text;
}

} // namespace

class DataRemediesTest : public QObject {
    Q_OBJECT

private:
    TemporaryFolder folder_;
    Project project_;
    TableSurvey table_;
    PartCounts counts_;
    std::vector<DataProblem> problems_;

    [[nodiscard]] std::optional<DataRemedy> remedy(DataProblemKind kind,
                                                   const char* column = "") const {
        const auto found = std::ranges::find_if(problems_, [&](const DataProblem& problem) {
            return problem.kind == kind && problem.column == column;
        });
        if (found == problems_.end())
            qFatal("no such problem");
        return remedyFor(*found, project_, &table_, counts_);
    }
    void look() {
        table_ = surveyTable(project_.data).value();
        const auto data = openDataset(project_.data);
        counts_ = countParts(data, splitOf(data, project_.data));
        problems_ = tableProblems(table_, project_.data);
        std::ranges::move(classProblems(counts_, data.info.classes), std::back_inserter(problems_));
    }

private Q_SLOTS:
    void init() {
        project_ = projectOf(folder_, gaps());
        look();
    }

    void aConstantColumnIsLeftOut() {
        const auto cure = remedy(DataProblemKind::Constant, "site");
        QCOMPARE(cure.value().title, std::string("Leave out the column"));
        project_.data = *cure->data;
        QCOMPARE(ignoredBy(project_.data), (std::vector<std::string>{"site"}));
        look();
        QVERIFY(std::ranges::none_of(problems_, [](const DataProblem& problem) {
            return problem.kind == DataProblemKind::Constant;
        }));
    }

    void fewGapsCostRowsAndManyTheColumn() {
        const auto few = remedy(DataProblemKind::Missing, "size");
        QCOMPARE(std::get<std::string>(few.value().data->params.at("missing")),
                 std::string("drop"));
        const auto many = remedy(DataProblemKind::Missing, "mostly");
        QCOMPARE(ignoredBy(*many.value().data), (std::vector<std::string>{"mostly"}));
        // Rows that are left out already need no remedy.
        project_.data = *many->data;
        project_.data.params["missing"] = std::string("drop");
        look();
        QVERIFY(!remedy(DataProblemKind::Missing, "size"));
    }

    void datesAreSplit() {
        project_.data = remedy(DataProblemKind::Dates, "day").value().data.value();
        const auto data = openDataset(project_.data);
        const auto hasPart = std::ranges::any_of(data.info.columns, [](const TableColumn& column) {
            return column.name.starts_with("day") && column.name != "day";
        });
        QVERIFY(hasPart);
    }

    /// Data of one's own come with their dates left out by name.
    void datesThatWereLeftOutByNameAreSplit() {
        std::string text = "day,paid,size,kind\n";
        for (int i = 0; i < 60; ++i)
            text += fmt::format("2024-{:02}-{:02},2023-{:02}-11,{}.5,{}\n", i % 12 + 1, i % 28 + 1,
                                i % 12 + 1, i % 9, i % 2 == 0 ? "a" : "b");
        project_ = projectOf(folder_, text);
        project_.data = dataFrom(folder_ / "t.csv");
        QCOMPARE(ignoredBy(project_.data), (std::vector<std::string>{"day", "paid"}));
        look();
        project_.data = remedy(DataProblemKind::Dates, "day").value().data.value();
        std::vector<std::string> used;
        for (const auto& column : openDataset(project_.data).info.columns)
            used.push_back(column.name);
        // The other one stays out, with all its parts.
        QCOMPARE(used,
                 (std::vector<std::string>{"day (year)", "day (month)", "day (weekday)", "size"}));
        look();
        QCOMPARE(roleOf(project_.data, table_, "paid (month)"), ColumnRole::LeftOut);
        QCOMPARE(roleOf(project_.data, table_, "day (month)"), ColumnRole::Input);
        const auto profile = tableProfile(project_.data).value();
        QCOMPARE(ignoredBy(project_.data, profile),
                 (std::vector<std::string>{"paid (year)", "paid (month)", "paid (weekday)"}));
    }

    void textsAmongNumbersCountAsMissing() {
        std::string text = "built,size,kind\n";
        for (int i = 0; i < 80; ++i)
            text += fmt::format("{},{}.5,{}\n",
                                i % 20 == 3 ? std::string("k.A.") : std::to_string(1950 + i), i % 9,
                                i % 2 == 0 ? "a" : "b");
        project_ = projectOf(folder_, text);
        const auto refused = errorOf([this] { openDataset(project_.data); });
        QVERIFY2(contains(refused, "k.A."), refused.c_str());
        table_ = surveyTable(project_.data).value();
        problems_ = tableProblems(table_, project_.data);
        const auto cure = remedy(DataProblemKind::Mixed, "built");
        QCOMPARE(cure.value().title, std::string("Count “k.A.” as missing"));
        project_.data = *cure->data;
        const auto data = openDataset(project_.data);
        QCOMPARE(data.info.columns.size(), std::size_t{2});
        QVERIFY(data.info.columns.front().isNumeric());
    }

    void unevenClassesAreWeighed() {
        const auto cure = remedy(DataProblemKind::Imbalance);
        QVERIFY(cure && cure->training && !cure->data);
        const auto& loss = cure->training->objectives.front().loss;
        const auto text = std::get<std::string>(loss.params.at("class_weights"));
        QCOMPARE(text, classWeightsText(counts_));
        // 40 rows: 32 train (4 of them rare, of which validation gets none or one).
        const auto rare = static_cast<double>(counts_.classes[0][0]);
        const auto all = static_cast<double>(counts_.samples[0]);
        QVERIFY(text.starts_with(fmt::format("{:.6g}, ", all / rare / 2)));
        project_.training = *cure->training;
        QVERIFY(!remedy(DataProblemKind::Imbalance)); // the project has it
        // A loss without such weights has no remedy.
        project_.training.objectives.front().loss = {"mean-squared-error", {}};
        QVERIFY(!remedy(DataProblemKind::Imbalance));
    }

    /// The word that a form or the terminal takes becomes numbers that a loss takes.
    void theWordBalancedBecomesNumbers() {
        auto& params = project_.training.objectives.front().loss.params;
        QVERIFY(!wantsBalance(project_.training));
        params["class_weights"] = std::string("balanced");
        QVERIFY(wantsBalance(project_.training));
        const PartCounts counts{{72, 8, 20}, {{8, 1, 2}, {64, 7, 18}}};
        balanceClasses(project_.training, counts);
        QCOMPARE(std::get<std::string>(params.at("class_weights")), std::string("4.5, 0.5625"));
        QVERIFY(!wantsBalance(project_.training));
        params["class_weights"] = std::string("balanced");
        const auto message = errorOf([&] {
            balanceClasses(project_.training, PartCounts{{72, 8, 20}, {}});
        });
        QVERIFY2(contains(message, "where each sample has one class"), message.c_str());
    }

    void repetitionsAreLeftOutWhereTheDataCanSaySo() {
        const DataProblem shared{.kind = DataProblemKind::Shared};
        const auto cure = remedyFor(shared, project_, &table_, counts_);
        QCOMPARE(std::get<std::string>(cure.value().data->params.at("duplicates")),
                 std::string("leave_out"));
        project_.data = *cure->data;
        QVERIFY(!remedyFor(shared, project_, &table_, counts_));
        project_.data = {.dataset = "mnist"};
        QVERIFY(!remedyFor(shared, project_, nullptr, counts_));
    }

    void spellingsBecomeOneClass() {
        std::string text = "size,tone,answer\n";
        for (int i = 0; i < 60; ++i)
            text += fmt::format("{}.5,{},{}\n", i % 7,
                                i % 4 == 0   ? "Low"
                                : i % 4 == 1 ? "low"
                                             : "high",
                                i % 3 == 0   ? "yes"
                                : i % 3 == 1 ? "Yes"
                                             : "no");
        project_ = projectOf(folder_, text);
        look();
        const auto cure = remedy(DataProblemKind::Case, "answer");
        QCOMPARE(cure.value().title, std::string("Make them one class"));
        project_.data = cure->data.value();
        QCOMPARE(openDataset(project_.data).info.classes, (std::vector<std::string>{"Yes", "no"}));
        look();
        const auto second = remedy(DataProblemKind::Case, "tone");
        QCOMPARE(second.value().title, std::string("Make them one category"));
        project_.data = second->data.value();
        look();
        QVERIFY(std::ranges::find(problems_, DataProblemKind::Case, &DataProblem::kind) ==
                problems_.end());
    }

    void unreadableImagesAreLeftOut() {
        project_.data = {.dataset = "images"};
        const auto cure = remedyFor({.kind = DataProblemKind::Unreadable, .count = 3}, project_,
                                    nullptr, counts_);
        QCOMPARE(cure.value().title, std::string("Leave out 3 unreadable images"));
        QCOMPARE(std::get<std::string>(cure.value().data->params.at("unreadable")),
                 std::string("leave_out"));
    }
};

QTEST_GUILESS_MAIN(DataRemediesTest)
#include "tst_data_remedies.moc"
