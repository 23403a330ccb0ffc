// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/checkpoint.h"
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <optional>
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

    /// At the end of an epoch its checkpoint is there already.
    void aStopBehindAnEpochWritesNoSecondCheckpoint() {
        const TemporaryFolder folder;
        std::stop_source stop;
        std::int64_t checkpoints = 0;
        bool isResumable = false;
        Trainer trainer(trainingJob(longProject(), folder.path()), [&](const TrainingEvent& event) {
            if (std::holds_alternative<CheckpointWritten>(event))
                ++checkpoints;
            else if (std::holds_alternative<EpochDone>(event))
                stop.request_stop();
            else if (const auto* stopped = std::get_if<Stopped>(&event))
                isResumable = stopped->resumable;
        });
        trainer.run(stop.get_token());
        QCOMPARE(checkpoints, 2); // before the first step, and the epoch's
        QVERIFY(isResumable);
    }

    /// Whatever it is at: nothing is written any more, and what was written stays.
    void aJobThatKeepsNothingIsGivenUpAtOnce() {
        const TemporaryFolder folder;
        for (const bool keeps : {true, false}) {
            auto job = trainingJob(longProject(), folder / (keeps ? "kept" : "given-up"));
            job.keepsWhenStopped = keeps;
            std::stop_source stop;
            std::optional<Stopped> stopped;
            std::filesystem::path run;
            Trainer trainer(job, [&](const TrainingEvent& event) {
                if (const auto* started = std::get_if<RunStarted>(&event))
                    run = started->run;
                else if (const auto* step = std::get_if<StepDone>(&event); step && step->step == 3)
                    stop.request_stop();
                else if (const auto* end = std::get_if<Stopped>(&event))
                    stopped = *end;
            });
            trainer.run(stop.get_token());
            QVERIFY(stopped);
            QCOMPARE(stopped->step, 3);
            QCOMPARE(stopped->resumable, keeps);
            QCOMPARE(stepsOfCheckpoint(RunDirectory::open(run).lastWeights()), keeps ? 3 : 0);
        }
        // Before the first step not even a folder is made; a run that is kept is ready to begin.
        for (const bool keeps : {true, false}) {
            const auto runs = folder / (keeps ? "kept early" : "given up early");
            auto job = trainingJob(longProject(), runs);
            job.keepsWhenStopped = keeps;
            EventLog log;
            std::stop_source stop;
            stop.request_stop();
            Trainer(job, log.sink()).run(stop.get_token());
            QCOMPARE(log.all<Stopped>().size(), 1U);
            QVERIFY(log.all<Failed>().empty());
            QCOMPARE(RunDirectory::list(runs).size(), keeps ? 1U : 0U);
        }
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
