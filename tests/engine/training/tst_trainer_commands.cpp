// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <thread>

using namespace gradwright;
using test::EventLog;
using test::set;
using test::smallProject;
using test::TemporaryFolder;

/// A training on a thread of its own, as the program runs it.
class CommandsTest : public QObject {
    Q_OBJECT

    struct Running {
        TemporaryFolder folder;
        EventLog log;
        Trainer trainer;
        std::jthread thread;

        explicit Running(const Project& project)
            : trainer(trainingJob(project, folder.path()), log.sink()) {}
        void start() {
            thread = std::jthread([this](const std::stop_token& stop) { trainer.run(stop); });
        }
        [[nodiscard]] std::size_t steps() const { return log.all<StepDone>().size(); }
    };

    static Project longProject() {
        auto project = smallProject(2000);
        set(project, "epochs", std::int64_t{100'000});
        return project;
    }

private Q_SLOTS:
    void pauseStepAndResume() {
        Running run(longProject());
        run.trainer.pause();
        run.start();
        QTRY_VERIFY(run.log.has<Paused>());
        QCOMPARE(run.steps(), 0U);
        run.trainer.step();
        QTRY_COMPARE(run.log.all<Paused>().size(), 1U);
        QTRY_COMPARE(run.steps(), 1U);
        QTest::qWait(50);
        QCOMPARE(run.steps(), 1U);
        run.trainer.resume();
        QTRY_VERIFY(run.log.has<Resumed>());
        QTRY_VERIFY(run.steps() > 20);
        run.trainer.pause();
        QTRY_COMPARE(run.log.all<Paused>().size(), 2U);
        const auto atPause = run.steps();
        QTest::qWait(50);
        QCOMPARE(run.steps(), atPause);
    }

    /// The end of an epoch lies between two steps and is none.
    void singleStepsGoOnIntoTheNextEpoch() {
        auto project = smallProject(100); // four batches per epoch
        set(project, "epochs", std::int64_t{100});
        Running run(project);
        run.trainer.pause();
        run.start();
        QTRY_VERIFY(run.log.has<Paused>());
        for (std::size_t step = 1; step <= 10; ++step) {
            run.trainer.step();
            QTRY_COMPARE(run.steps(), step);
        }
        QVERIFY(run.log.all<EpochDone>().size() >= 2);
        QVERIFY(!run.log.has<Resumed>());
    }

    void stopEndsAPausedRunToo() {
        Running run(longProject());
        run.trainer.pause();
        run.start();
        QTRY_VERIFY(run.log.has<Paused>());
        run.thread.request_stop();
        run.thread.join();
        QVERIFY(std::holds_alternative<Stopped>(run.log.events().back()));
    }

    void aNewLearningRateScalesTheSchedule() {
        Running run(longProject());
        run.trainer.pause();
        run.start();
        QTRY_VERIFY(run.log.has<Paused>());
        run.trainer.setLearningRate(0.25);
        QTRY_VERIFY(run.log.has<LearningRateChanged>());
        QCOMPARE(run.log.all<LearningRateChanged>().at(0).learningRate, 0.25);
        QCOMPARE(run.log.all<LearningRateChanged>().at(0).scheduledRate, 0.25);
        run.trainer.step();
        QTRY_COMPARE(run.steps(), 1U);
        QCOMPARE(run.log.all<StepDone>().at(0).learningRate, 0.25);
    }

    void aSnapshotHoldsTheWeightsOfItsMoment() {
        Running run(longProject());
        run.trainer.pause();
        run.start();
        QTRY_VERIFY(run.log.has<Paused>());
        run.trainer.requestSnapshot();
        QTRY_COMPARE(run.log.all<SnapshotTaken>().size(), 1U);
        run.trainer.step();
        QTRY_COMPARE(run.steps(), 1U);
        run.trainer.requestSnapshot();
        QTRY_COMPARE(run.log.all<SnapshotTaken>().size(), 2U);
        const auto snapshots = run.log.all<SnapshotTaken>();
        QCOMPARE(snapshots[1].step, 1);
        const auto& first = *snapshots[0].weights->find("hidden/weight");
        const auto& second = *snapshots[1].weights->find("hidden/weight");
        QVERIFY(first.shape() == (Shape{16, 784}));
        QVERIFY(!(first == second));
    }
};

QTEST_GUILESS_MAIN(CommandsTest)
#include "tst_trainer_commands.moc"
