// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "engine/lab/kinds.h"
#include "engine/project/project_file.h"
#include "tests/support/data_files.h"
#include "tests/support/modal_answers.h"
#include "tests/support/small_jobs.h"
#include "tests/support/small_mnist_home.h"
#include "tests/ui/lab/lab_bench.h"
#include "ui/forms/param_form.h"
#include "ui/lab/experiment_form.h"
#include "ui/lab/experiment_list.h"
#include "ui/lab/lab_chart.h"
#include "ui/lab/lab_page.h"
#include "ui/theme/theme_manager.h"

#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QTableWidget>
#include <QTest>
#include <QTimer>

#include <cmath>
#include <memory>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

class LabPageTest : public QObject {
    Q_OBJECT

private Q_SLOTS:

    void emptyPageSaysWhatItIsFor() {
        LabBench bench(theme_, trainable());
        QVERIFY(bench.isShown("labPurpose"));
        for (const auto& kind : experimentKinds())
            QVERIFY2(bench.isShown(("plan-" + kind.key).c_str()), kind.key.c_str());
        bench.click("plan-batch-size");
        QVERIFY(bench.isShown("startExperiment"));
        QTRY_VERIFY(bench.find<QLabel>("planTime")->text().contains("first trial tells"));
        bench.click("cancelPlan");
        QVERIFY(bench.isShown("labPurpose"));
    }

    void planFollowsTheFormAndTheProject() {
        LabBench bench(theme_, trainable());
        bench.click("plan-batch-size");
        const auto* const steps = bench.find<QLabel>("planSteps");
        QVERIFY(steps->text().contains("11 batch sizes from 4 to 4096, 3 times"));
        bench.enter("largest", "64");
        QVERIFY(steps->text().contains("5 batch sizes from 4 to 64"));
        bench.enter("smallest", "128");
        QVERIFY(bench.isShown("planProblem"));
        QVERIFY(!bench.find<QPushButton>("startExperiment")->isEnabled());
        bench.enter("smallest", "16");
        QVERIFY(bench.find<QPushButton>("startExperiment")->isEnabled());
        auto training = bench.document.project().training;
        training.params["epochs"] = std::int64_t{7};
        bench.document.perform(QStringLiteral("Change epochs"), {SetTraining{training}});
        QVERIFY(steps->text().contains("for 7 epochs"));
    }

    void batchSizesEndInAChangeOfTheProject() {
        LabBench bench(theme_, trainable());
        bench.click("plan-batch-size");
        bench.enter("smallest", "8");
        bench.enter("largest", "32");
        bench.enter("repeats", "1");
        bench.click("startExperiment");
        // It draws while trials come.
        QTRY_VERIFY_WITH_TIMEOUT(bench.page->view().chart() &&
                                     bench.page->view().chart()->data().contains("sizes") &&
                                     !bench.page->view().chart()->data().at("sizes").empty(),
                                 kPatience);
        bench.waitUntilDone();
        QTRY_VERIFY(bench.isShown("useRecommendation"));
        QTRY_COMPARE(bench.page->list().count(), 1);
        QTRY_VERIFY(bench.page->list().item(0)->text().contains("finished"));
        const auto& data = bench.page->view().chart()->data();
        QCOMPARE(data.at("sizes").size(), std::size_t{3});
        const auto sweet = data.at("sweet_spot").get<std::int64_t>();
        auto* const use = bench.find<QPushButton>("useRecommendation");
        QCOMPARE(use->text(), QStringLiteral("Use %1").arg(sweet));
        const auto before = bench.document.project();
        QTest::mouseClick(use, Qt::LeftButton);
        QCOMPARE(bench.document.project().training.batch(), sweet);
        bench.document.undoStack().undo();
        QVERIFY(bench.document.project() == before);
        QVERIFY(bench.page->view().chart()->spokenText().contains("batch size 32"));

        // The report has the picture, in the experiment's folder and where it is exported to.
        const auto directory = ExperimentDirectory::open(bench.page->experiments().folder());
        QVERIFY(readTextFile(directory.reportMarkdown()).find("picture.png") != std::string::npos);
        QVERIFY(fs::file_size(directory.path() / "picture.png") > 1000);
        ModalAnswers answers;
        answers.file(QString::fromStdString((bench.folder / "exported.md").string()));
        bench.click("exportReport");
        QTRY_VERIFY(answers.isDone());
        const auto exported = readTextFile(bench.folder / "exported.md");
        QVERIFY(exported.find("![Batch sizes](exported.png)") != std::string::npos);
        QVERIFY(exported.find("| 32 |") != std::string::npos);
        QVERIFY(fs::exists(bench.folder / "exported.png"));
        QImage picture(QString::fromStdString((bench.folder / "exported.png").string()));
        QCOMPARE(picture.size(), QSize(1600, 840));
    }

    /// In colours by the loss, with the path of the training on it.
    void aCostSurfaceIsDrawn() {
        LabBench bench(theme_, trainable());
        bench.click("plan-landscape");
        bench.enter("resolution", "5");
        bench.enter("samples", "40");
        bench.click("startExperiment");
        QTRY_VERIFY_WITH_TIMEOUT(bench.page->view().chart() &&
                                     bench.page->view().chart()->data().contains("loss"),
                                 kPatience);
        bench.waitUntilDone();
        auto* const chart = bench.page->view().chart();
        QTRY_VERIFY(chart->spokenText().contains("path of"));
        const auto& data = chart->data();
        double least = HUGE_VAL;
        double most = 0;
        for (const auto& row : data.at("loss"))
            for (const auto& loss : row) {
                least = std::min(least, loss.get<double>());
                most = std::max(most, loss.get<double>());
            }
        QVERIFY(chart->spokenText().startsWith(
            QStringLiteral("loss from %1 to %2")
                .arg(QString::number(least, 'g', 3), QString::number(most, 'g', 3))));
        const auto image = chart->grab().toImage();
        std::set<QRgb> colors;
        for (int y = 40; y < image.height() - 60; y += 3)
            for (int x = 100; x < image.width() - 130; x += 3)
                colors.insert(image.pixel(x, y));
        QVERIFY(colors.size() > 10);

        const auto table = QString::fromStdString((bench.folder / "surface.csv").string());
        chart->exportTo(table, {400, 300});
        const auto lines = QString::fromStdString(readTextFile(table.toStdString())).split('\n');
        QCOMPARE(lines.size(), 27); // the header, 25 places, and what follows the last line
        QCOMPARE(lines[13].section(',', 0, 1), QStringLiteral("0,0"));
        QVERIFY(std::abs(lines[13].section(',', 2).toDouble() -
                         data.at("loss")[2][2].get<double>()) < 1e-6);
    }

    void sweepIsTypedRunAndRead() {
        LabBench bench(theme_, trainable());
        bench.click("plan-sweep");
        QVERIFY(bench.find<QLineEdit>("over")->text().startsWith("learning_rate="));
        bench.enter("over", "magic=1,2");
        QVERIFY(bench.isShown("planProblem"));
        QVERIFY(bench.find<QLabel>("planProblem")->text().contains("no such setting"));
        bench.enter("over", "learning_rate=0.0001..0.1:log; layer.hidden.units=8,16");
        bench.enter("trials", "4");
        bench.click("startExperiment");
        bench.waitUntilDone();
        QTRY_VERIFY(bench.isShown("reportTable0"));
        QTRY_COMPARE(bench.find<QTableWidget>("reportTable0")->rowCount(), 4);
        QCOMPARE(bench.find<QTableWidget>("reportTable1")->rowCount(), 2); // importance
        QVERIFY(bench.page->view().chart()->spokenText().contains("4 trials"));
        bench.click("useRecommendation");
        const auto& data = bench.page->view().chart()->data();
        const auto best = data.at("best").get<std::size_t>();
        QCOMPARE(bench.document.project().training.learningRate(),
                 std::stod(data.at("trials").at(best).at("point").at(0).get<std::string>()));
    }

    void settingsAreAddedFromAMenu() {
        LabBench bench(theme_, trainable());
        bench.click("plan-sweep");
        auto* const button = bench.find<QPushButton>("addSetting");
        QMenu* const menu = button->menu();
        QTimer::singleShot(0, menu, [menu] {
            for (auto* const action : menu->actions())
                if (action->text() == QStringLiteral("layer.hidden")) {
                    for (auto* const setting : action->menu()->actions())
                        if (setting->text() == QStringLiteral("units"))
                            setting->trigger();
                }
            menu->close();
        });
        QTest::mouseClick(button, Qt::LeftButton);
        QVERIFY(bench.find<QLineEdit>("over")->text().endsWith(
            QStringLiteral("; layer.hidden.units=4..64:log")));
        QVERIFY(bench.find<QLabel>("planSteps")->text().contains("layer.hidden.units=4..64"));
    }

    void experimentIsPausedCancelledAndResumed() {
        auto project = trainable();
        set(project, "epochs", std::int64_t{40});
        LabBench bench(theme_, project);
        bench.click("plan-seeds");
        bench.enter("trainings", "3");
        bench.click("startExperiment");
        QTRY_VERIFY_WITH_TIMEOUT(bench.page->experiments().progress().share > 0, kPatience);
        bench.click("pauseExperiment");
        QCOMPARE(bench.page->experiments().state(), LabState::Paused);
        QTRY_VERIFY(bench.find<QLabel>("experimentNote")->text().contains("paused"));
        bench.click("resumeExperiment");
        QCOMPARE(bench.page->experiments().state(), LabState::Running);
        QTRY_VERIFY_WITH_TIMEOUT(bench.page->experiments().progress().done >= 1, kPatience);
        bench.click("cancelExperiment");
        bench.waitUntilDone();
        QTRY_VERIFY(bench.find<QLabel>("experimentState")->text().contains("stopped"));
        const auto directory = ExperimentDirectory::open(bench.page->experiments().folder());
        const auto kept = directory.results().size();
        QVERIFY(kept >= 1);
        bench.click("resumeExperiment");
        bench.waitUntilDone();
        QCOMPARE(directory.results().size(), std::size_t{3});
        QTRY_VERIFY(bench.find<QLabel>("experimentState")->text().contains("finished"));
    }

    void experimentsAreListedWithKeys() {
        const auto project = trainable();
        LabBench bench(theme_, project);
        for (const auto trainings : {2, 3}) {
            Experiment experiment{"seeds",
                                  project,
                                  {{"trainings", std::int64_t{trainings}}},
                                  trainings == 2 ? "Two" : "Three"};
            ExperimentDirectory::create(
                labFolder(project, bench.document.file()), experiment,
                experimentKind("seeds").make(experiment)->plan(),
                std::chrono::system_clock::time_point(std::chrono::hours(trainings)));
        }
        bench.page->refreshList();
        QTRY_COMPARE(bench.page->list().count(), 2);
        QTRY_COMPARE(bench.find<QLabel>("experimentTitle")->text(), QStringLiteral("Three"));
        bench.page->list().setFocus();
        QTest::keyClick(&bench.page->list(), Qt::Key_Down);
        QTRY_COMPARE(bench.find<QLabel>("experimentTitle")->text(), QStringLiteral("Two"));
        bench.click("repeatExperiment");
        QVERIFY(bench.isShown("startExperiment"));
        QCOMPARE(bench.find<QLineEdit>("trainings")->text(), QStringLiteral("2"));
    }

    void experimentIsRenamedAndDeletedByKeys() {
        const auto project = trainable();
        LabBench bench(theme_, project);
        Experiment experiment{"seeds", project, {}, "First"};
        const auto directory =
            ExperimentDirectory::create(labFolder(project, bench.document.file()), experiment,
                                        experimentKind("seeds").make(experiment)->plan());
        bench.page->refreshList();
        QTRY_COMPARE(bench.page->list().count(), 1);
        auto& list = bench.page->list();
        bench.focusList();
        ModalAnswers answers;
        answers.see([](QWidget& dialog) {
            auto* const name = dialog.findChild<QLineEdit*>();
            QCOMPARE(name->text(), QStringLiteral("First"));
            name->selectAll();
            QTest::keyClicks(name, QStringLiteral("Second"));
        });
        answers.key(Qt::Key_Return);
        QTest::keyClick(&list, Qt::Key_F2);
        QVERIFY(answers.isDone());
        QTRY_VERIFY(list.item(0)->text().startsWith(QStringLiteral("Second")));
        QTRY_COMPARE(bench.find<QLabel>("experimentTitle")->text(), QStringLiteral("Second"));
        QCOMPARE(directory.read().name, std::string("Second"));
        QVERIFY(bench.isShown("experimentCare"));
        bench.focusList();
        QTest::keySequence(&list, QKeySequence::Undo);
        QTRY_VERIFY(list.item(0)->text().startsWith(QStringLiteral("First")));
        QVERIFY(!bench.isShown("experimentCare"));

        // Deleting asks; Cancel keeps it. What is in the trash comes back.
        bench.focusList();
        answers.press(QMessageBox::Cancel);
        QTest::keyClick(&list, Qt::Key_Delete);
        QVERIFY(answers.isDone());
        QVERIFY(fs::exists(directory.path()));
        bench.focusList();
        answers.see([](QWidget& dialog) {
            for (auto* const button : dialog.findChildren<QPushButton*>())
                if (button->text().contains(QStringLiteral("trash")))
                    QTest::mouseClick(button, Qt::LeftButton);
        });
        QTest::keyClick(&list, Qt::Key_Delete);
        QTRY_COMPARE(list.count(), 0);
        QTRY_VERIFY(bench.isShown("labPurpose"));
        QVERIFY(!fs::exists(directory.path()));
        bench.click("undoExperiment");
        QTRY_COMPARE(list.count(), 1);
        QCOMPARE(directory.read().name, std::string("First"));
    }

    void leavingAsksWhileAnExperimentRuns() {
        auto project = trainable();
        set(project, "epochs", std::int64_t{100});
        LabBench bench(theme_, project);
        QVERIFY(bench.page->mayLeave()); // nothing runs, nothing is asked
        bench.click("plan-seeds");
        bench.click("startExperiment");
        QTRY_VERIFY_WITH_TIMEOUT(bench.page->experiments().progress().share > 0, kPatience);
        ModalAnswers answers;
        answers.press(QMessageBox::Cancel);
        QVERIFY(!bench.page->mayLeave());
        QVERIFY(answers.asked().front().contains(QStringLiteral("stops with this project")));
        QVERIFY(bench.page->experiments().isActive());
        // One that runs is not deleted.
        bench.focusList();
        QTest::keyClick(&bench.page->list(), Qt::Key_Delete);
        QTRY_VERIFY(bench.isShown("labProblem"));
        answers.see([](QWidget& dialog) {
            for (auto* const button : dialog.findChildren<QPushButton*>())
                if (button->text() == QStringLiteral("Stop it"))
                    QTest::mouseClick(button, Qt::LeftButton);
        });
        QVERIFY(bench.page->mayLeave());
        bench.click("cancelExperiment");
        bench.waitUntilDone();
    }

    void damagedExperimentIsTold() {
        const auto project = trainable();
        LabBench bench(theme_, project);
        Experiment experiment{"seeds", project, {}, "Damaged"};
        const auto directory =
            ExperimentDirectory::create(labFolder(project, bench.document.file()), experiment,
                                        experimentKind("seeds").make(experiment)->plan());
        writeFileAtomically(directory.experimentJson(), std::string_view("{"));
        experiment.name = "Whole";
        ExperimentDirectory::create(labFolder(project, bench.document.file()), experiment,
                                    experimentKind("seeds").make(experiment)->plan());
        bench.page->refreshList();
        QTRY_VERIFY(bench.isShown("labProblem"));
        QCOMPARE(bench.page->list().count(), 1); // the other one
        QVERIFY(bench.find<QLabel>("labProblem")->text().contains("experiment.json"));
    }

private:
    SmallMnistHome home_{500, 100};
    ThemeManager theme_{*qApp};
};

QTEST_MAIN(LabPageTest)
#include "tst_lab_page.moc"
