// SPDX-License-Identifier: GPL-3.0-or-later
//
// A step of several batches is the step of one batch as large as all of them.
#include "engine/training/memory.h"
#include "tests/engine/training/rank_training.h"
#include "tests/support/polled_communicator.h"
#include "tests/support/small_mnist.h"

#include <QTest>

#include <atomic>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

/// 50 samples an epoch in steps of so many batches; with dropout, and a rate that rises within
/// the first epoch and then falls.
Project steps(std::int64_t batch, std::int64_t accumulated) {
    auto project = doubleProject();
    set(project, "batch", batch);
    set(project, "accumulate_batches", accumulated);
    set(project, "warmup_epochs", 0.75);
    project.training.schedule = {"cosine", {}};
    return project;
}

/// The same in FP32, in parts on threads.
Project inParts(std::int64_t batch, std::int64_t accumulated) {
    auto project = steps(batch, accumulated);
    set(project, "precision", std::string("fp32"));
    set(project, "parts", std::int64_t{2});
    return project;
}

} // namespace

class AccumulationTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        makeSmallMnist(resources_.path(), 2000, 200);
        qputenv("GRADWRIGHT_RESOURCES", QByteArray::fromStdString(resources_.path()));
    }

    /// The last step of an epoch has 18 samples: two batches of 8 and one of 2.
    void aStepIsThatOfOneLargeBatch_data() {
        QTest::addColumn<std::string>("optimizer");
        for (const auto& def : optimizers())
            QTest::newRow(def.key.c_str()) << def.key;
    }
    void aStepIsThatOfOneLargeBatch() {
        QFETCH(std::string, optimizer);
        auto large = steps(32, 1), small = steps(8, 4);
        for (auto* project : {&large, &small})
            choose(*project, optimizer);
        if (trainingJob(large, {}).settings.updateRule().fullBatch) {
            set(large, "batch", std::int64_t{64});
            set(small, "batch", std::int64_t{16});
        }
        const TemporaryFolder folder, other;
        const auto whole = trainTogether(large, 1, folder.path());
        const auto shares = trainTogether(small, 1, other.path());
        const auto difference = largestDifference(whole.weights(), shares.weights());
        QVERIFY2(difference < 1e-9, fmt::format("{}", difference).c_str());
        const auto expected = whole.logs[0].all<StepDone>(), had = shares.logs[0].all<StepDone>();
        QCOMPARE(had.size(), expected.size());
        for (std::size_t i = 0; i < had.size(); ++i) {
            QCOMPARE(had[i].step, expected[i].step);
            QCOMPARE(had[i].samples, expected[i].samples);
            QCOMPARE(had[i].epoch, expected[i].epoch);
            QCOMPARE(had[i].learningRate, expected[i].learningRate);
            QVERIFY(std::abs(had[i].loss - expected[i].loss) < 1e-9);
        }
        QCOMPARE(shares.logs[0].all<RunStarted>().at(0).stepsPerEpoch,
                 whole.logs[0].all<RunStarted>().at(0).stepsPerEpoch);
    }

    /// Else the test above would compare a training with itself.
    void itIsNotThatOfASmallBatch() {
        const TemporaryFolder folder, other;
        const auto alone = trainTogether(steps(8, 1), 1, folder.path());
        const auto four = trainTogether(steps(8, 4), 1, other.path());
        QVERIFY(largestDifference(alone.weights(), four.weights()) > 1e-4);
        QCOMPARE(alone.logs[0].all<StepDone>().size(), 28U);
        QCOMPARE(four.logs[0].all<StepDone>().size(), 8U);
    }

    void ranksShareEachOfTheBatches() {
        const auto project = steps(8, 3);
        const TemporaryFolder folder;
        const auto alone = trainTogether(project, 1, folder.path());
        for (const int size : {2, 3}) {
            const auto together = trainTogether(project, size, folder.path());
            const auto difference = largestDifference(alone.weights(), together.weights());
            QVERIFY2(difference < 1e-9, fmt::format("{} ranks: {}", size, difference).c_str());
            QVERIFY(together.lastFile(0) == together.lastFile(1));
            QVERIFY(std::abs(alone.result().test.loss - together.result().test.loss) < 1e-9);
        }
    }

    /// Gradients travel once a step, not once a batch.
    void gradientsTravelOnceAStep() {
        const TemporaryFolder folder, other;
        const auto sent = [](const Together& all) {
            return all.ranksRecord()["bytes_sent"].get<double>();
        };
        const auto alone = sent(trainTogether(steps(8, 1), 2, folder.path()));
        const auto three = sent(trainTogether(steps(8, 3), 2, other.path()));
        QVERIFY2(three < 0.5 * alone, fmt::format("{} of {}", three, alone).c_str());
    }

    void partsOnThreadsGiveTheSame() {
        const TemporaryFolder folder, other, again;
        const auto whole = trainTogether(inParts(24, 1), 1, folder.path());
        const auto three = trainTogether(inParts(8, 3), 1, other.path());
        const auto difference = largestDifference(whole.weights(), three.weights());
        QVERIFY2(difference < 1e-4, fmt::format("{}", difference).c_str());
        QVERIFY(three.lastFile() == trainTogether(inParts(8, 3), 1, again.path()).lastFile());
        const auto ranks = trainTogether(inParts(8, 3), 2, again.path());
        QVERIFY(largestDifference(whole.weights(), ranks.weights()) < 1e-4);
    }

    void aStoppedRunIsResumedToTheBit_data() {
        QTest::addColumn<bool>("isParted");
        QTest::newRow("reference") << false;
        QTest::newRow("parts on threads") << true;
    }
    void aStoppedRunIsResumedToTheBit() {
        QFETCH(bool, isParted);
        const auto project = normalized(isParted ? inParts(8, 2) : steps(8, 2));
        const TemporaryFolder folder, rest;
        const auto whole = trainTogether(project, 1, folder.path());
        const auto stopped = trainTogether(project, 1, rest.path(), {.stopAfter = 5});
        QCOMPARE(stopped.logs[0].all<Stopped>().at(0).step, std::int64_t{5}); // in the second epoch
        const auto resumed = trainTogether(project, 1, rest.path(), {.resumed = stopped.runs[0]});
        QVERIFY(resumed.lastFile() == whole.lastFile());
    }

    /// A stop between the batches of a step discards it, with what the first of them has made of
    /// the running statistics.
    void aStopWithinAStepDiscardsIt() {
        const auto project = normalized(steps(8, 2));
        const TemporaryFolder folder, rest;
        const auto whole = trainTogether(project, 2, folder.path());
        Sharing how;
        std::atomic<bool> isArmed = false;
        how.onStep = [&](int rank, int done) {
            if (rank == 1 && done == 2) // of four in an epoch
                isArmed = true;
        };
        how.members = [&](int size) {
            // The first messages after the step are those of the next step's first batch, which
            // have been made out by then: the second batch meets the stop.
            return PolledCommunicator::make(size, 2, [&](int rank) {
                if (rank == 1 && isArmed.exchange(false))
                    how.stop.request_stop();
            });
        };
        const auto stopped = trainTogether(project, 2, rest.path(), how);
        QCOMPARE(stopped.logs[0].all<Stopped>().at(0).step, std::int64_t{2});
        const auto resumed = trainTogether(project, 2, rest.path(), {.resumed = stopped.runs[0]});
        QVERIFY(resumed.lastFile() == whole.lastFile());
    }

    /// With a rate that moves no weight: the statistics are those of steps of one batch.
    void runningStatisticsFollowEachBatch() {
        auto one = normalized(doubleProject());
        set(one, "learning_rate", 1e-300);
        one.training.optimizer = {"sgd", {}};
        auto three = one;
        set(three, "accumulate_batches", std::int64_t{3});
        const TemporaryFolder folder, other;
        const auto expected = trainTogether(one, 1, folder.path());
        const auto had = trainTogether(three, 1, other.path());
        QVERIFY(had.logs[0].all<StepDone>().size() < expected.logs[0].all<StepDone>().size());
        QCOMPARE(largestDifference(expected.weights(), had.weights()), 0.0);
    }

    /// One more number for each that learns.
    void thePlannedMemoryCountsWhatIsKept() {
        const auto one = inParts(8, 1), three = inParts(8, 3);
        const auto analysis = analyze(one.network);
        const auto planned = [&](const Project& project) {
            return planTrainingMemory(project.network, analysis, project.training)->weights;
        };
        const auto estimated = [&](const Project& project) {
            return estimateTrainingMemory(analysis, project.training)->weights;
        };
        const auto parameters = std::int64_t{28 * 28 * 16 + 16 + 16 * 10 + 10};
        QCOMPARE(planned(three) - planned(one), 4 * parameters);
        QCOMPARE(estimated(three) - estimated(one), 4 * parameters);
    }

    void aGpuIsRefused() {
        auto project = steps(8, 3);
        set(project, "precision", std::string("fp32"));
        set(project, "device", std::string("cuda:0"));
        try {
            requireValid(project.training);
            QFAIL("accepted");
        } catch (const Error& error) {
            QCOMPARE(std::string(error.what()),
                     std::string("gradients of several batches are accumulated on the processor "
                                 "only: on cuda:0, accumulate_batches must be 1, not 3"));
        }
    }

private:
    const TemporaryFolder resources_;
};

QTEST_GUILESS_MAIN(AccumulationTest)
#include "tst_accumulation.moc"
