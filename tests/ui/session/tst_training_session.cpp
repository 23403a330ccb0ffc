// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/error.h"
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"
#include "ui/session/evaluation_job.h"
#include "ui/session/run_history.h"
#include "ui/session/training_session.h"

#include <QSignalSpy>
#include <QTest>

#include <numeric>

using namespace gradwright;
using test::contains;
using test::errorOf;

namespace {

constexpr int kPatience = 60'000; // ms: the machine may be busy

TrainingJob longJob(const test::TemporaryFolder& folder) {
    auto project = test::smallProject(2000);
    test::set(project, "epochs", std::int64_t{100'000});
    return trainingJob(project, folder / "runs");
}

} // namespace

class TrainingSessionTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyStepArrivesOnceAndInOrder() {
        const test::TemporaryFolder folder;
        const auto project = test::smallProject(400, 0.05);
        TrainingSession session;
        std::vector<std::int64_t> steps;
        std::vector<std::int64_t> stepsBeforeEpoch;
        std::vector<TrainingState> states;
        std::optional<Finished> result;
        connect(&session, &TrainingSession::stepsDone, this,
                [&](const std::vector<StepDone>& done) {
                    for (const auto& step : done)
                        steps.push_back(step.step);
                });
        connect(&session, &TrainingSession::epochDone, this, [&](const EpochDone& event) {
            stepsBeforeEpoch.push_back(static_cast<std::int64_t>(steps.size()) - event.step);
        });
        connect(&session, &TrainingSession::stateChanged, this,
                [&](TrainingState state) { states.push_back(state); });
        connect(&session, &TrainingSession::finished, this,
                [&](const Finished& event) { result = event; });
        session.start(trainingJob(project, folder / "runs"));
        QVERIFY(session.isActive());
        QVERIFY(contains(errorOf([&] { session.start(trainingJob(project, folder / "runs")); }),
                         "running already"));
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Finished, kPatience);
        QCOMPARE(states, (std::vector{TrainingState::Preparing, TrainingState::Running,
                                      TrainingState::Finished}));
        std::vector<std::int64_t> wanted(26); // 2 epochs of 400 samples in batches of 32
        std::iota(wanted.begin(), wanted.end(), 1);
        QCOMPARE(steps, wanted);
        QCOMPARE(stepsBeforeEpoch, (std::vector<std::int64_t>{0, 0}));
        QVERIFY(result && result->test.samples == 10'000);

        const auto runs = readRuns({folder / "runs"});
        QCOMPARE(runs.size(), std::size_t{1});
        QVERIFY(runs[0].finished && !runs[0].resumable);
        QCOMPARE(runs[0].epochs.size(), std::size_t{2});
        QVERIFY(runs[0].epochs[0].validated);
        QCOMPARE(runs[0].steps.back().step, std::int64_t{26});
        QCOMPARE(runs[0].steps.back().gradientNorms.size(), runs[0].weights.size());
    }

    void obeysWhileItRuns() {
        const test::TemporaryFolder folder;
        TrainingSession session;
        std::optional<SnapshotTaken> snapshot;
        connect(&session, &TrainingSession::snapshotTaken, this,
                [&](const SnapshotTaken& event) { snapshot = event; });
        QSignalSpy rate(&session, &TrainingSession::learningRateChanged);
        session.start(longJob(folder));
        QTRY_VERIFY_WITH_TIMEOUT(session.currentStep() > 3, kPatience);
        session.pause();
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Paused, kPatience);
        const auto paused = session.currentStep();
        session.step();
        QTRY_COMPARE_WITH_TIMEOUT(session.currentStep(), paused + 1, kPatience);
        QCOMPARE(session.state(), TrainingState::Paused);
        session.setLearningRate(0.5);
        QTRY_COMPARE_WITH_TIMEOUT(rate.count(), 1, kPatience);
        QCOMPARE(session.learningRate(), 0.5);
        session.requestSnapshot();
        QTRY_VERIFY_WITH_TIMEOUT(snapshot.has_value(), kPatience);
        QCOMPARE(snapshot->step, paused + 1);
        QVERIFY(snapshot->weights->find("hidden/weight") != nullptr);
        session.resume();
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Running, kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(session.currentStep() > paused + 3, kPatience);
        session.stop();
        QCOMPARE(session.state(), TrainingState::Stopping);
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Stopped, kPatience);

        auto job = longJob(folder);
        job.resume = session.run();
        const auto stopped = session.currentStep();
        session.start(job);
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Running, kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(session.currentStep() > stopped, kPatience);
    }

    void destroyingLeavesAResumableRun() {
        const test::TemporaryFolder folder;
        {
            TrainingSession session;
            session.start(longJob(folder));
            QTRY_VERIFY_WITH_TIMEOUT(session.currentStep() > 0, kPatience);
        }
        const auto runs = readRuns({folder / "runs"});
        QCOMPARE(runs.size(), std::size_t{1});
        QVERIFY(runs[0].resumable);
    }

    void aFaultIsAStateWithAReason() {
        const test::TemporaryFolder folder;
        auto job = longJob(folder);
        job.data.dataset = "nowhere";
        TrainingSession session;
        session.start(job);
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Failed, kPatience);
        QVERIFY2(session.failure().contains(QStringLiteral("nowhere")),
                 qPrintable(session.failure()));
        QVERIFY(!session.isActive());
    }

    /// What a run says of the test set is computed as it was trained.
    void aModelAnswersInTheRunsPrecision() {
        const test::TemporaryFolder folder;
        auto project = test::smallProject(400);
        test::set(project, "precision", std::string("bf16"));
        TrainingSession session;
        session.start(trainingJob(project, folder / "runs"));
        std::optional<Finished> result;
        connect(&session, &TrainingSession::finished, this,
                [&](const Finished& event) { result = event; });
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Finished, kPatience);
        const auto model = std::make_shared<const TrainedModel>(openModel(session.run()));
        QVERIFY(model->target == project.training.target());
        QVERIFY2(model->weightsTitle.ends_with(", BF16"), model->weightsTitle.c_str());
        const auto live = makeModel(*session.job(), session.run(), model->weights, 7, model.get());
        QVERIFY(live.target == model->target);
        QCOMPARE(live.weightsTitle, std::string("newest, step 7, BF16"));

        EvaluationJob job;
        std::shared_ptr<const TestReport> report;
        connect(&job, &EvaluationJob::finished, this,
                [&](const std::shared_ptr<const TestReport>& finished) { report = finished; });
        job.start(model);
        QTRY_VERIFY_WITH_TIMEOUT(report, kPatience);
        QCOMPARE(static_cast<double>(report->matrix.correct()) / 10'000,
                 result->test.quality.value);
        // Not what the weights answer in FP32.
        auto plain = *model;
        plain.target = {};
        std::shared_ptr<const TestReport> other;
        EvaluationJob second;
        connect(&second, &EvaluationJob::finished, this,
                [&](const std::shared_ptr<const TestReport>& finished) { other = finished; });
        second.start(std::make_shared<const TrainedModel>(plain));
        QTRY_VERIFY_WITH_TIMEOUT(other, kPatience);
        const auto surest = [](const TestReport& each) { return each.mistakes[0].probability; };
        QVERIFY(surest(*report) != surest(*other));
    }

    void theTestSetIsReadInTheBackground() {
        const test::TemporaryFolder folder;
        TrainingSession session;
        session.start(trainingJob(test::smallProject(2000), folder / "runs"));
        std::optional<Finished> result;
        connect(&session, &TrainingSession::finished, this,
                [&](const Finished& event) { result = event; });
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Finished, kPatience);
        const auto model = std::make_shared<const TrainedModel>(openModel(session.run()));
        EvaluationJob job;
        std::shared_ptr<const TestReport> report;
        std::int64_t last = 0;
        bool rising = true;
        connect(&job, &EvaluationJob::progressed, this, [&](std::int64_t done, std::int64_t all) {
            rising = rising && done > last && all == 10'000;
            last = done;
        });
        connect(&job, &EvaluationJob::finished, this,
                [&](const std::shared_ptr<const TestReport>& finished) { report = finished; });
        job.start(model);
        job.cancel();
        QVERIFY(!job.isRunning());
        job.start(model);
        QTRY_VERIFY_WITH_TIMEOUT(report, kPatience);
        QVERIFY(rising && last == 10'000);
        const auto& matrix = report->matrix;
        QCOMPARE(matrix.samples(), std::int64_t{10'000});
        // What the training itself measured with the same weights.
        QCOMPARE(static_cast<double>(matrix.correct()) / 10'000, result->test.quality.value);
        QCOMPARE(static_cast<std::int64_t>(report->mistakes.size()), 10'000 - matrix.correct());
        for (std::size_t i = 0; i < report->mistakes.size(); ++i) {
            QVERIFY(!report->mistakes[i].correct());
            QVERIFY(i == 0 ||
                    report->mistakes[i].probability <= report->mistakes[i - 1].probability);
        }
        std::int64_t sevens = 0;
        for (std::size_t read = 0; read < 10; ++read)
            sevens += matrix.count(7, read);
        QCOMPARE(sevens, std::int64_t{1028}); // as MNIST's test set has
    }
};

QTEST_GUILESS_MAIN(TrainingSessionTest)
#include "tst_training_session.moc"
