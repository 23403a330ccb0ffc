// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "engine/lab/experiment.h"
#include "engine/lab/kinds.h"
#include "engine/lab/run_experiment.h"
#include "engine/project/project_file.h"
#include "engine/project/templates.h"
#include "tests/support/data_files.h"
#include "tests/support/own_home.h"
#include "tests/support/small_jobs.h"
#include "tests/support/small_mnist.h"
#include "ui/lab/experiment_panels.h"
#include "ui/lab/lab_files.h"
#include "ui/lab/lab_page.h"
#include "ui/theme/theme_manager.h"

#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// The pictures of experiments: each shows the numbers of its report, for eyes, readers and tables.
class LabChartsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(home_.isValid());
        liveIn(home_.path());
        const fs::path folder = home_.path().toStdString();
        makeSmallMnist(folder / "resources", 200, 60);
        qputenv("GRADWRIGHT_RESOURCES", (folder / "resources").c_str());
    }

    /// From a real experiment of each kind: what is painted differs from an empty picture, and the
    /// same numbers are told, written as a table and kept beside a report.
    void eachKindIsDrawn_data() {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QString>("settings"); // as JSON
        QTest::addColumn<QStringList>("told");
        QTest::newRow("precision")
            << "precision"
            << R"({"precisions": "fp32,bf16"})"
            << QStringList{"Training loss", "FP32: ", "BF16: ", "Samples per second", "NHWC"};
        QTest::newRow("data amount") << "data-amount"
                                     << R"({"shares": "20,100", "methods": "knn", "repeats": 2})"
                                     << QStringList{"on the test set",
                                                    "Network: 20 %",
                                                    "k nearest neighbours: 20 %",
                                                    "±",
                                                    "Samples per second by threads",
                                                    "measured: 1 "};
        QTest::newRow("baselines")
            << "baselines"
            << R"({"methods": "naive-bayes,knn"})"
            << QStringList{"Naive Bayes", "Time to learn", "are read right", "Network: small-cnn"};
        QTest::newRow("ensemble") << "ensemble"
                                  << R"({"members": 2})"
                                  << QStringList{"All together: ", "Member 2: ", "Cross-entropy"};
        QTest::newRow("cross-validation")
            << "cross-validation"
            << R"({"folds": 3})"
            << QStringList{"held-out folds", "validation: 1 ", "95 % interval"};
        QTest::newRow("depth") << "depth"
                               << R"({"depths": "2,4", "variants": "plain,residual",)"
                                  R"( "activations": "sigmoid", "units": 8, "samples": 50})"
                               << QStringList{"Gradient norm by layer, first step",
                                              "sigmoid, plain: 1 ", "sigmoid, residual: 1 ",
                                              "after training"};
        QTest::newRow("seeds") << "seeds"
                               << R"({"trainings": 2})"
                               << QStringList{"by seed", "validation: 1 ", "test set: 1 ", "mean "};
    }
    void eachKindIsDrawn() {
        QFETCH(QString, kind);
        QFETCH(QString, settings);
        QFETCH(QStringList, told);
        auto project = openTemplate("small-cnn");
        project.name = "small-cnn";
        project.data.limit = 100;
        project.data.validationFraction = 0.2;
        set(project, "epochs", std::int64_t{1});
        const auto& declared = experimentKind(kind.toStdString());
        Experiment experiment{declared.key, project, {}, declared.title};
        experiment.settings = paramsFromJson(parseJson(settings.toStdString(), "settings"),
                                             declared.params, "settings");
        const auto procedure = declared.make(experiment);
        const TemporaryFolder folder;
        const auto directory =
            ExperimentDirectory::create(folder / "lab", experiment, procedure->plan());
        QCOMPARE(runExperiment(directory, {}, {}), ExperimentOutcome::Finished);
        for (const auto& result : directory.results())
            QVERIFY2(!result.hasFailed(), result.error.c_str());

        ExperimentView view(theme_);
        view.resize(760, 900);
        view.show({directory.path(),
                   experiment,
                   declared.make(experiment),
                   {},
                   ExperimentState::Planned});
        view.QWidget::show();
        auto* const chart = view.chart();
        QVERIFY(chart);
        const auto empty = pictureOf(*chart);
        view.show({directory.path(), experiment, declared.make(experiment), directory.results(),
                   ExperimentState::Finished});
        QCOMPARE(view.chart(), chart);
        const auto text = chart->spokenText();
        for (const auto& part : told)
            QVERIFY2(text.contains(part), qPrintable(part + " is not in " + text));
        for (const auto choice : {ThemeChoice::Dark, ThemeChoice::Light}) {
            theme_.setChoice(choice);
            const auto picture = pictureOf(*chart);
            QVERIFY(differingPixels(empty, picture) > 1000);
        }
        // The table has every number that is told; the report has the picture.
        const auto table = QString::fromStdString((folder / "chart.csv").string());
        chart->exportTo(table, chart->pictureSize());
        const auto lines = QString::fromStdString(readTextFile(table.toStdString())).split('\n');
        QCOMPARE(lines.front(), QStringLiteral("picture,name,x,value,deviation"));
        QVERIFY(lines.size() > 4);
        exportReportTo(QString::fromStdString((folder / "report.md").string()), view.report(),
                       chart);
        QVERIFY(fs::file_size(folder / "report.png") > 2000);
        QVERIFY(readTextFile(folder / "report.md").find("](report.png)") != std::string::npos);
    }

    void confusionMatrixIsThatOfTheChosenMethod() {
        Json data = {{"methods", Json::array()}};
        for (const char* const key : {"tree", "knn", "network"}) // the best one is shown first
            data["methods"].push_back(
                {{"method", key},
                 {"title", std::string("Title of ") + key},
                 {"metric", "accuracy"},
                 {"quality", key == std::string("tree") ? 0.5 : 0.75},
                 {"fit_seconds", 0.1},
                 {"answer_seconds", 0.2},
                 {"classes", {"cat", "dog"}},
                 {"confusion",
                  key == std::string("tree") ? Json{{1, 1}, {1, 1}} : Json{{2, 0}, {1, 1}}}});
        PanelChart chart(theme_, QStringLiteral("Methods"), baselinesPanels, baselinesChoices);
        chart.setData(data);
        QCOMPARE(chart.choices().names,
                 (QStringList{QStringLiteral("Title of knn"), QStringLiteral("Title of tree")}));
        QVERIFY(chart.spokenText().contains("Title of knn. 3 of 4 are read right"));
        QVERIFY(!chart.spokenText().contains("Title of tree. "));
        QVERIFY(chart.spokenText().contains("Title of network. 3 of 4 are read right"));
        chart.choose(1);
        QVERIFY(chart.spokenText().contains("Title of tree. 2 of 4 are read right"));
        QVERIFY(!chart.spokenText().contains("Title of knn. "));
    }

    /// By the keyboard, in the window.
    void depthIsChosenByKeys() {
        Experiment experiment{"depth",
                              smallProject(60, 0.2),
                              {{"depths", std::string("2,3")},
                               {"activations", std::string("relu")},
                               {"variants", std::string("plain")},
                               {"units", std::int64_t{4}}},
                              "Depth"};
        TrialResults results;
        for (const int depth : {2, 3}) {
            TrialResult result;
            result.trial.number = depth - 2;
            Json norms = Json::array();
            for (int layer = 1; layer <= depth; ++layer)
                norms.push_back(std::pow(10.0, layer - depth));
            result.values = {
                {"first", norms}, {"last", norms}, {"metric", "accuracy"}, {"quality", 0.5}};
            results.push_back(std::move(result));
        }
        ExperimentView view(theme_);
        view.show({{},
                   experiment,
                   experimentKind("depth").make(experiment),
                   results,
                   ExperimentState::Finished});
        view.QWidget::show();
        auto* const choice = view.findChild<QComboBox*>(QStringLiteral("pictureChoice"));
        QVERIFY(choice && choice->isVisible());
        QCOMPARE(choice->count(), 2);
        QVERIFY(view.chart()->spokenText().contains("relu, plain: 1 0.01, 2 0.1, 3 1"));
        choice->setFocus();
        QTest::keyClick(choice, Qt::Key_Down);
        QVERIFY(view.chart()->spokenText().contains("relu, plain: 1 0.1, 2 1"));
    }

    void barsBeginWhereDifferencesShow() {
        BarPanel panel;
        panel.beginsAtZero = false;
        panel.bars = {{QStringLiteral("a"), {}, 0.97, {}}, {QStringLiteral("b"), {}, 0.93, {}}};
        const double begin = beginOfBars(panel);
        QVERIFY(begin > 0.85 && begin < 0.93);
        panel.bars[1].value = 0.2; // far below: nothing is cut off
        QCOMPARE(beginOfBars(panel), 0.0);
        panel.bars[1].value = -0.4; // a negative R²
        QVERIFY(beginOfBars(panel) < -0.4);
        panel.beginsAtZero = true;
        QCOMPARE(beginOfBars(panel), 0.0);
    }

    void ticksAreRound() {
        QCOMPARE(roundTicks(0, 10, 5, false), (std::vector<double>{0, 2, 4, 6, 8, 10}));
        QCOMPARE(roundTicks(1, 100, 4, true), (std::vector<double>{1, 2, 5, 10, 20, 50, 100}));
        QCOMPARE(roundTicks(1e-8, 1, 4, true).size(), std::size_t{5});   // every other power
        QCOMPARE(roundTicks(2.5, 2.71, 4, true).size(), std::size_t{3}); // 2.5, 2.6, 2.7
        QVERIFY(roundTicks(1, 1, 5, false).empty());
        QVERIFY(roundTicks(0, 10, 5, true).empty());
    }

private:
    static QImage pictureOf(LabChart& chart) {
        QImage image(600, 500, QImage::Format_RGB32);
        image.fill(Qt::black);
        chart.resize(image.size());
        chart.render(&image);
        return image;
    }
    static int differingPixels(const QImage& a, const QImage& b) {
        int count = 0;
        for (int y = 0; y < a.height(); ++y)
            for (int x = 0; x < a.width(); ++x)
                count += a.pixel(x, y) != b.pixel(x, y) ? 1 : 0;
        return count;
    }

    QTemporaryDir home_;
    ThemeManager theme_{*qApp};
};

QTEST_MAIN(LabChartsTest)
#include "tst_lab_charts.moc"
