// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/kinds.h"
#include "tests/support/message_of.h"
#include "tests/support/small_jobs.h"
#include "tests/support/small_mnist_home.h"
#include "ui/session/experiment_session.h"
#include "ui/session/training_session.h"

#include <QElapsedTimer>
#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

constexpr int kPatience = 120'000; // ms: the machine may be busy

} // namespace

class ExperimentSessionTest : public QObject {
    Q_OBJECT

private Q_SLOTS:

    void experimentRunsInTheBackground() {
        const auto queue = std::make_shared<TrainingQueue>();
        ExperimentSession session(queue);
        const auto directory = planned(3, 1);
        std::vector<std::int64_t> told;
        connect(&session, &ExperimentSession::trialDone, this,
                [&](const TrialResult& result) { told.push_back(result.trial.number); });
        session.start(directory);
        QCOMPARE(session.state(), LabState::Running);
        QVERIFY(queue->isBusy());
        QVERIFY(messageOf([&] {
                    session.start(directory);
                    return 0;
                }).contains("running already"));
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), LabState::Idle, kPatience);
        QCOMPARE(told, (std::vector<std::int64_t>{0, 1, 2}));
        QCOMPARE(directory.state(), ExperimentState::Finished);
        QVERIFY(!queue->isBusy());
    }

    void cancelledExperimentKeepsItsTrials() {
        const auto queue = std::make_shared<TrainingQueue>();
        ExperimentSession session(queue);
        const auto directory = planned(2, 200);
        session.start(directory);
        QTRY_VERIFY_WITH_TIMEOUT(session.progress().share > 0, kPatience);
        session.stop();
        QCOMPARE(session.state(), LabState::Stopping);
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), LabState::Idle, kPatience);
        QVERIFY(session.failure().isEmpty());
        QVERIFY(directory.state() != ExperimentState::Finished);
    }

    void othersTrainWhileItIsPaused() {
        const auto queue = std::make_shared<TrainingQueue>();
        ExperimentSession session(queue);
        const auto directory = planned(2, 60);
        session.start(directory);
        QTRY_VERIFY_WITH_TIMEOUT(session.progress().share > 0, kPatience);
        const auto training = queue->submit(trainingJob(smallProject(100), home_ / "other"));
        QCOMPARE(training->state(), TrainingState::Queued);
        session.pause();
        QCOMPARE(session.state(), LabState::Paused);
        QVERIFY(training->state() != TrainingState::Queued);
        session.resume(); // waits for the training
        QCOMPARE(session.state(), LabState::Queued);
        QTRY_COMPARE_WITH_TIMEOUT(training->state(), TrainingState::Finished, kPatience);
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), LabState::Idle, kPatience);
        QCOMPARE(directory.state(), ExperimentState::Finished);
        QCOMPARE(directory.results().size(), std::size_t{2});
    }

    void pausedExperimentCanBeCancelled() {
        const auto queue = std::make_shared<TrainingQueue>();
        ExperimentSession session(queue);
        session.start(planned(2, 200));
        QTRY_VERIFY_WITH_TIMEOUT(session.progress().share > 0, kPatience);
        session.pause();
        session.stop();
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), LabState::Idle, kPatience);
        QVERIFY(!queue->isBusy());
    }

    void waitingExperimentCanBeCancelled() {
        const auto queue = std::make_shared<TrainingQueue>();
        auto project = smallProject(600);
        set(project, "epochs", std::int64_t{100'000});
        const auto training = queue->submit(trainingJob(project, home_ / "long"));
        ExperimentSession session(queue);
        session.start(planned(2, 1));
        QCOMPARE(session.state(), LabState::Queued);
        session.stop();
        QCOMPARE(session.state(), LabState::Idle);
        QCOMPARE(queue->sessions().size(), std::size_t{1});
    }

    void faultIsTold() {
        ExperimentSession session(std::make_shared<TrainingQueue>());
        const auto directory = planned(2, 1);
        fs::remove(directory.experimentJson());
        session.start(directory);
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), LabState::Idle, kPatience);
        QVERIFY2(session.failure().contains("experiment.json"), qPrintable(session.failure()));
    }

private:
    [[nodiscard]] ExperimentDirectory planned(std::int64_t trainings, std::int64_t epochs) const {
        Experiment experiment{
            "seeds", smallProject(500, 0.2), {{"trainings", trainings}}, "Luck of the seed"};
        set(experiment.project, "epochs", epochs);
        return ExperimentDirectory::create(home_ / "lab", experiment,
                                           experimentKind("seeds").make(experiment)->plan());
    }

    SmallMnistHome home_{600, 100};
};

QTEST_MAIN(ExperimentSessionTest)
#include "tst_experiment_session.moc"
