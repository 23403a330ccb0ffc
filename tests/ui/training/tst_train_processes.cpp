// SPDX-License-Identifier: GPL-3.0-or-later
//
// Several processes of this computer train one network, chosen and watched on the Train page.
#include "engine/io/run_directory.h"
#include "engine/project/project_file.h"
#include "engine/support/json.h"
#include "engine/training/checkpoint.h"
#include "engine/training/processes.h"
#include "engine/training/trainer.h"
#include "tests/support/marked_ranks.h"
#include "tests/support/small_jobs.h"
#include "tests/support/small_mnist.h"
#include "tests/ui/training/train_bench.h"
#include "ui/runs/runs_panel.h"
#include "ui/session/trained_model.h"
#include "ui/theme/theme_manager.h"

#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QScopeGuard>
#include <QSignalSpy>
#include <QStandardItemModel>
#include <QTest>

#include <cmath>
#include <csignal>

using namespace gradwright;
using namespace gradwright::test;

namespace {

Project sharedProject() {
    auto project = smallProject(200);
    set(project, "where", std::string("processes"));
    return project;
}

Project endlessProject() {
    auto project = sharedProject();
    set(project, "epochs", std::int64_t{100'000});
    set(project, "checkpoint_seconds", 0.0);
    return project;
}

double largestDifference(const Weights& a, const Weights& b) {
    double largest = 0;
    for (const auto& [key, value] : a.values) {
        const auto first = value.to(DType::F64);
        const auto other = b.find(key)->to(DType::F64);
        for (std::size_t i = 0; i < first.span<double>().size(); ++i)
            largest =
                std::max(largest, std::abs(first.span<double>()[i] - other.span<double>()[i]));
    }
    return largest;
}

QComboBox* whereOf(const TrainBench& bench) {
    return bench.page->findChild<QComboBox*>(QStringLiteral("where"));
}

QString noteOf(const TrainBench& bench) {
    auto* const note = bench.page->findChild<QLabel*>(QStringLiteral("processesNote"));
    return note->isVisible() ? note->text() : QString();
}

QString messageOf(const TrainBench& bench) {
    auto* const banner = bench.page->findChild<QFrame*>(QStringLiteral("failure"));
    if (!banner->isVisible())
        return {};
    for (const auto* const label : banner->findChildren<QLabel*>())
        if (!label->text().isEmpty())
            return label->text();
    return {};
}

} // namespace

class TrainProcessesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        makeSmallMnist(resources_.path(), 1000, 60);
        qputenv("GRADWRIGHT_RESOURCES", QByteArray::fromStdString(resources_.path()));
        whyNot_ = whyNoMpirun();
    }

    void cleanup() { QTRY_VERIFY_WITH_TIMEOUT(mark_.ranks().empty(), kPatience); }

    /// By keys alone, in a small window; each choice is a step of undo.
    void theUserChoosesWhere() {
        if (!whyNot_.isEmpty())
            QSKIP(qPrintable(whyNot_));
        TrainBench bench(theme_, smallProject());
        bench.page->resize(1024, 600);
        auto* const where = whereOf(bench);
        auto* const count = bench.page->findChild<QLineEdit*>(QStringLiteral("processes"));
        QVERIFY(where && count);
        QVERIFY(!count->isVisibleTo(bench.page.get()));
        QCOMPARE(where->currentText(), QStringLiteral("This computer"));
        bench.page->showSetting("training/where");
        QTest::keyClick(where, Qt::Key_Down);
        QCOMPARE(where->currentText(), QStringLiteral("Several processes here"));
        QCOMPARE(processesOf(bench.document.project().training), 2);
        bench.page->showSetting("training/processes");
        QTRY_VERIFY(count->isVisible());
        const QRect field(count->mapTo(bench.page.get(), QPoint()), count->size());
        QVERIFY(bench.page->rect().contains(field));
        count->selectAll();
        QTest::keyClicks(count, QStringLiteral("3"));
        QTest::keyClick(count, Qt::Key_Return);
        QCOMPARE(processesOf(bench.document.project().training), 3);
        bench.document.undoStack().undo();
        QCOMPARE(processesOf(bench.document.project().training), 2);
        bench.document.undoStack().undo();
        QCOMPARE(processesOf(bench.document.project().training), 1);
        QCOMPARE(where->currentText(), QStringLiteral("This computer"));
    }

    /// The page follows it as any training, and what it leaves is a run of the project, with the
    /// weights of one process but for rounding.
    void twoProcessesTrainToTheEnd() {
        if (!whyNot_.isEmpty())
            QSKIP(qPrintable(whyNot_));
        TrainBench bench(theme_, sharedProject());
        std::vector<StepDone> steps;
        std::optional<Finished> result;
        connect(&bench.session, &TrainingSession::stepsDone, this,
                [&](const std::vector<StepDone>& done) {
                    steps.insert(steps.end(), done.begin(), done.end());
                });
        connect(&bench.session, &TrainingSession::finished, this,
                [&](const Finished& event) { result = event; });
        bench.click("start");
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.state(), TrainingState::Finished, kPatience);
        EventLog here;
        auto job = trainingJob(bench.document.project(), bench.folder / "here");
        job.settings = inOneProcess(job.settings);
        Trainer(std::move(job), here.sink()).run({});
        QCOMPARE(steps.size(), here.all<StepDone>().size());
        QVERIFY(std::abs(result->test.loss - here.all<Finished>().at(0).test.loss) < 1e-3);
        const auto run = bench.session.run();
        const auto alone = here.all<RunStarted>().at(0).run;
        QVERIFY(largestDifference(readCheckpointWeights(run / "last.safetensors"),
                                  readCheckpointWeights(alone / "last.safetensors")) < 1e-3);
        const auto record = RunDirectory::open(run).readRunJson();
        QCOMPARE(record["machine"]["ranks"]["count"].get<int>(), 2);
        QCOMPARE(run.parent_path(), bench.document.runsFolder());
        const auto& runs = bench.page->runs().runs();
        QTRY_VERIFY_WITH_TIMEOUT(runs.size() == 1 && runs.front().finished, kPatience);
        QCOMPARE(openModel(run).target.device, std::string("cpu"));
    }

    /// Pause and the rate are locked, with the reason; a snapshot is had; a stop saves the run.
    void theyAreStopped() {
        if (!whyNot_.isEmpty())
            QSKIP(qPrintable(whyNot_));
        TrainBench bench(theme_, endlessProject());
        QSignalSpy snapshots(&bench.session, &TrainingSession::snapshotTaken);
        bench.click("start");
        QTRY_VERIFY_WITH_TIMEOUT(bench.session.currentStep() > 3, kPatience);
        QVERIFY(!bench.button("pause")->isEnabled());
        QVERIFY(bench.button("pause")->toolTip().contains(QStringLiteral("cannot be paused")));
        auto* const rate = bench.page->findChild<QWidget*>(QStringLiteral("learning_rate"));
        QVERIFY(!rate->isEnabled());
        QSignalSpy hints(bench.page.get(), &Page::hint);
        bench.page->trainOrPause(); // what F5 does
        QCOMPARE(hints.count(), 1);
        QCOMPARE(bench.session.state(), TrainingState::Running);
        bench.session.requestSnapshot();
        QTRY_COMPARE_WITH_TIMEOUT(snapshots.count(), 1, kPatience);
        QCOMPARE(mark_.ranks().size(), 2U);
        bench.click("stop");
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.state(), TrainingState::Stopped, kPatience);
        QVERIFY(mark_.ranks().empty());
        const auto run = RunDirectory::open(bench.session.run());
        QVERIFY(run.readRunJson()["ended_by"] == "stop");
        QCOMPARE(stepsOfCheckpoint(run.lastWeights()), bench.session.currentStep());
        QVERIFY(rate->isEnabled());
        QTRY_VERIFY_WITH_TIMEOUT(bench.button("pause")->isEnabled(), kPatience);
        QCOMPARE(bench.button("pause")->accessibleName(), QStringLiteral("Resume"));
    }

    /// The banner names the rank; its run goes on in one process at a click.
    void aRankIsKilled_data() {
        QTest::addColumn<int>("victim");
        QTest::newRow("first") << 0;
        QTest::newRow("second") << 1;
    }
    void aRankIsKilled() {
        QFETCH(int, victim);
        if (!whyNot_.isEmpty())
            QSKIP(qPrintable(whyNot_));
        TrainBench bench(theme_, endlessProject());
        bench.click("start");
        QTRY_VERIFY_WITH_TIMEOUT(bench.session.currentStep() > 3, kPatience);
        const auto ranks = mark_.ranks();
        QCOMPARE(ranks.size(), 2U);
        QCOMPARE(::kill(ranks[static_cast<std::size_t>(victim)], SIGKILL), 0);
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.state(), TrainingState::Failed, kPatience);
        QVERIFY(mark_.ranks().empty());
        const auto message = messageOf(bench);
        QVERIFY2(message.startsWith(
                     QStringLiteral("Rank %1 was ended by signal 9 (Killed).").arg(victim)) &&
                     message.contains(QStringLiteral("The run is saved up to step")),
                 qPrintable(message));
        const auto run = bench.session.run();
        const auto saved = stepsOfCheckpoint(run / "last.safetensors");
        QVERIFY(saved >= 3);
        QVERIFY(bench.button("resumeThere")->isVisible());
        QCOMPARE(bench.button("resumeHere")->text(), QStringLiteral("Resume in one process"));
        bench.click("resumeHere");
        QTRY_VERIFY_WITH_TIMEOUT(bench.session.state() == TrainingState::Running &&
                                     bench.session.currentStep() > saved,
                                 kPatience);
        QCOMPARE(bench.session.run(), run);
        QVERIFY(mark_.ranks().empty());
        QVERIFY(bench.button("pause")->isEnabled());
        bench.click("stop");
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.state(), TrainingState::Stopped, kPatience);
    }

    void withoutMpirunTheChoiceSaysWhatToInstall() {
        const auto path = qgetenv("PATH");
        qputenv("PATH", "");
        const auto back = qScopeGuard([&] { qputenv("PATH", path); });
        const auto advice = QStringLiteral("apt install openmpi-bin");
        TrainBench bench(theme_, smallProject());
        auto* const where = whereOf(bench);
        const auto* const item = qobject_cast<QStandardItemModel*>(where->model())->item(1);
        QVERIFY(!item->isEnabled());
        QVERIFY(item->toolTip().contains(advice));
        QVERIFY2(noteOf(bench).contains(advice), qPrintable(noteOf(bench)));
        bench.page->showSetting("training/where");
        QTest::keyClick(where, Qt::Key_Down);
        QCOMPARE(processesOf(bench.document.project().training), 1);
        // A project from elsewhere may ask for processes.
        TrainBench asking(theme_, sharedProject());
        asking.click("start");
        QVERIFY(!asking.session.isActive());
        QVERIFY2(messageOf(asking).contains(advice), qPrintable(messageOf(asking)));
    }

    /// What processes cannot share is said before they start.
    void whatTheyRefuseIsShownBefore_data() {
        QTest::addColumn<QString>("what");
        QTest::newRow("MixUp") << "MixUp";
        QTest::newRow("GPU") << "cuda:0";
    }
    void whatTheyRefuseIsShownBefore() {
        QFETCH(QString, what);
        if (!whyNot_.isEmpty())
            QSKIP(qPrintable(whyNot_));
        auto project = sharedProject();
        if (what == QStringLiteral("MixUp"))
            project.data.augmentation = {{"mixup", 0.2}};
        else
            set(project, "device", std::string("cuda:0"));
        TrainBench bench(theme_, project);
        QVERIFY2(noteOf(bench).contains(what), qPrintable(noteOf(bench)));
        bench.click("start");
        QVERIFY(!bench.session.isActive());
        QVERIFY2(messageOf(bench).contains(what), qPrintable(messageOf(bench)));
    }

private:
    const RankMark mark_;
    const TemporaryFolder resources_;
    QString whyNot_; ///< mpirun starts processes here; empty where it does
    ThemeManager theme_{*qApp};
};

QTEST_MAIN(TrainProcessesTest)
#include "tst_train_processes.moc"
