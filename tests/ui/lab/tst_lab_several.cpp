// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/kinds.h"
#include "engine/lab/run_experiment.h"
#include "tests/support/small_mnist_home.h"
#include "tests/ui/lab/lab_bench.h"

#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QSpinBox>
#include <QTableWidget>

using namespace gradwright;
using namespace gradwright::test;

/// Several trials of an experiment at a time, in the window.
class LabSeveralTest : public QObject {
    Q_OBJECT

    /// What trials have measured, without times.
    static std::string valuesIn(const ExperimentDirectory& directory) {
        Json all = Json::array();
        for (const auto& result : directory.results()) {
            auto values = result.values;
            for (const auto* const key : {"seconds", "samples_per_second", "run"})
                values.erase(key);
            all.push_back({{"title", result.trial.title}, {"values", values}});
        }
        return all.dump();
    }

    static void chooseTwo(const LabBench& bench) {
        auto* const jobs = bench.find<QSpinBox>("trialsAtATime");
        QVERIFY(jobs && jobs->isEnabled());
        jobs->setFocus();
        QTest::keyClick(jobs, Qt::Key_Up);
        QCOMPARE(jobs->value(), 2);
    }

private Q_SLOTS:
    void theyRunAreCancelledAndResumed() {
        auto project = trainable();
        set(project, "epochs", std::int64_t{60});
        set(project, "threads", std::int64_t{0}); // the form has to settle it
        LabBench bench(theme_, project);
        bench.click("plan-seeds");
        bench.enter("trainings", "4");
        chooseTwo(bench);
        QVERIFY(bench.find<QLabel>("trialsAtATimeNote")->text().contains("Each trains on"));
        bench.click("startExperiment");
        auto* const running = bench.find<QTableWidget>("runningTrials");
        QTRY_VERIFY_WITH_TIMEOUT(running->isVisible() && running->rowCount() == 2, kPatience);
        // Both come forward, each in its row, under its own seed.
        QTRY_VERIFY_WITH_TIMEOUT(running->rowCount() == 2 &&
                                     running->item(0, 2)->text().startsWith("epoch ") &&
                                     running->item(1, 2)->text().startsWith("epoch "),
                                 kPatience);
        QVERIFY(running->item(0, 0)->text() != running->item(1, 0)->text());
        QVERIFY(running->item(0, 3)->text() != running->item(1, 3)->text());
        QVERIFY(running->item(0, 3)->text().contains("seed"));
        const auto* const note = bench.find<QLabel>("experimentNote");
        QVERIFY2(note->text().contains("0 of 4 trials are done, 2 run at a time"),
                 qPrintable(note->text()));
        QTRY_VERIFY_WITH_TIMEOUT(note->text().contains(" left"), kPatience);

        bench.click("pauseExperiment");
        QTRY_VERIFY(note->text().contains("paused"));
        bench.click("resumeExperiment");
        QTRY_VERIFY_WITH_TIMEOUT(bench.page->experiments().progress().done >= 1, kPatience);
        bench.click("cancelExperiment");
        bench.waitUntilDone();
        const auto directory = ExperimentDirectory::open(bench.page->experiments().folder());
        const auto kept = directory.results().size();
        QVERIFY(kept >= 1 && kept < 4);
        QTRY_VERIFY(bench.find<QLabel>("experimentState")->text().contains("stopped"));
        QVERIFY(!running->isVisible());

        // It goes on with as many at a time as it began with.
        bench.click("resumeExperiment");
        QTRY_VERIFY_WITH_TIMEOUT(running->isVisible() && running->rowCount() == 2, kPatience);
        bench.waitUntilDone();
        QCOMPARE(directory.results().size(), std::size_t{4});
        QTRY_VERIFY(bench.find<QLabel>("experimentState")->text().contains("finished"));

        // One at a time gives the same to the bit.
        const auto experiment = directory.read();
        QCOMPARE(experiment.jobs, 2);
        QVERIFY(experiment.project.training.threads() > 0);
        const auto alone = ExperimentDirectory::create(
            bench.folder / "alone", experiment, experimentKind("seeds").make(experiment)->plan());
        QCOMPARE(runExperiment(alone, {}, {}, 1), ExperimentOutcome::Finished);
        QCOMPARE(valuesIn(directory), valuesIn(alone));
    }

    /// TPE and successive halving, beside each other, through a cancellation; and once more from
    /// what the experiment has kept.
    void theyLearnFromEachOther_data() {
        QTest::addColumn<QString>("method");
        QTest::newRow("TPE") << "TPE";
        QTest::newRow("halving") << "Successive halving";
    }
    void theyLearnFromEachOther() {
        QFETCH(QString, method);
        auto project = trainable();
        set(project, "epochs", std::int64_t{9});
        LabBench bench(theme_, project);
        bench.click("plan-sweep");
        auto* const methods = bench.find<QComboBox>("method");
        QVERIFY(methods);
        methods->setFocus();
        QTest::keyClicks(methods, method.left(3)); // chooses by what its name begins with
        QCOMPARE(methods->currentText(), method);
        bench.enter("trials", "16");
        chooseTwo(bench);
        bench.click("startExperiment");
        QTRY_VERIFY_WITH_TIMEOUT(bench.page->experiments().progress().done >= 3, kPatience);
        bench.click("cancelExperiment");
        bench.waitUntilDone();
        const auto directory = ExperimentDirectory::open(bench.page->experiments().folder());
        const auto kept = directory.results();
        QVERIFY(kept.size() >= 3);
        bench.click("resumeExperiment");
        bench.waitUntilDone();
        QTRY_VERIFY2(bench.find<QLabel>("experimentState")->text().contains("finished"),
                     qPrintable(bench.page->experiments().failure()));
        const auto results = directory.results();
        QVERIFY(results.size() >= 16);
        for (std::size_t i = 0; i < kept.size(); ++i)
            QCOMPARE(results[i].values.dump(), kept[i].values.dump());
        QCOMPARE(directory.begun().size(), results.size());

        auto again = directory.read();
        again.beside = directory.beside();
        const auto repeated = ExperimentDirectory::create(
            bench.folder / "again", again, experimentKind("sweep").make(again)->plan());
        QCOMPARE(runExperiment(repeated, {}, {}, 1), ExperimentOutcome::Finished);
        QCOMPARE(valuesIn(repeated), valuesIn(directory));
    }

    void itIsOfferedWhereTrialsDoNotDependOnEachOther() {
        LabBench bench(theme_, trainable());
        bench.click("plan-batch-size");
        auto* const jobs = bench.find<QSpinBox>("trialsAtATime");
        const auto* const note = bench.find<QLabel>("trialsAtATimeNote");
        QVERIFY(!jobs->isEnabled());
        QVERIFY(note->text().contains("One after the other"));
        bench.click("cancelPlan");
        bench.click("plan-cross-validation");
        QVERIFY(jobs->isEnabled());
        QVERIFY(note->text().isEmpty());
        chooseTwo(bench);
        QVERIFY(bench.find<QLabel>("planTime")->text().contains("first trials tell"));
        // TPE looks at what has ended, which is said.
        bench.click("cancelPlan");
        bench.click("plan-sweep");
        QVERIFY(jobs->isEnabled());
        chooseTwo(bench);
        QVERIFY2(note->text().contains("which the experiment keeps"), qPrintable(note->text()));
        // Another plan begins with one again.
        bench.click("cancelPlan");
        bench.click("plan-seeds");
        QCOMPARE(jobs->value(), 1);
    }

private:
    SmallMnistHome home_{500, 100};
    ThemeManager theme_{*qApp};
};

QTEST_MAIN(LabSeveralTest)
#include "tst_lab_several.moc"
