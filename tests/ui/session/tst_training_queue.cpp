// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"
#include "ui/session/training_queue.h"
#include "ui/session/training_session.h"

#include <QTest>

#include <algorithm>
#include <memory>
#include <vector>

using namespace gradwright;

namespace {

constexpr int kPatience = 60'000; // ms: the machine may be busy

TrainingJob shortJob(const test::TemporaryFolder& folder) {
    return trainingJob(test::smallProject(100), folder / "runs");
}

TrainingJob longJob(const test::TemporaryFolder& folder) {
    auto project = test::smallProject(2000);
    test::set(project, "epochs", std::int64_t{100'000});
    return trainingJob(project, folder / "runs");
}

} // namespace

class TrainingQueueTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void jobsRunOneAfterTheOther() {
        const test::TemporaryFolder folder;
        const auto queue = std::make_shared<TrainingQueue>();
        QVERIFY(!queue->isBusy());
        std::vector<std::unique_ptr<TrainingSession>> trials;
        std::vector<std::size_t> ended;
        std::size_t mostAtOnce = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            trials.push_back(queue->submit(shortJob(folder)));
            connect(trials.back().get(), &TrainingSession::stateChanged, this,
                    [&, i](TrainingState state) {
                        std::size_t atOnce = 0;
                        for (const auto& trial : trials)
                            if (trial->isActive() && trial->state() != TrainingState::Queued)
                                ++atOnce;
                        mostAtOnce = std::max(mostAtOnce, atOnce);
                        if (state == TrainingState::Finished)
                            ended.push_back(i);
                    });
        }
        QCOMPARE(trials[0]->state(), TrainingState::Preparing);
        QCOMPARE(trials[1]->state(), TrainingState::Queued);
        QCOMPARE(trials[2]->state(), TrainingState::Queued);
        QCOMPARE(queue->sessions().size(), std::size_t{3});
        QCOMPARE(trials[0]->state(), TrainingState::Preparing);
        QTRY_COMPARE_WITH_TIMEOUT(ended.size(), std::size_t{3}, kPatience);
        QCOMPARE(ended, (std::vector<std::size_t>{0, 1, 2}));
        QCOMPARE(mostAtOnce, std::size_t{1});
        QTRY_VERIFY(!queue->isBusy());
        for (const auto& trial : trials)
            QVERIFY(!trial->run().empty());
    }

    void aJobIsCancelledWhileItWaits() {
        const test::TemporaryFolder folder;
        const auto queue = std::make_shared<TrainingQueue>();
        const auto first = queue->submit(longJob(folder));
        const auto second = queue->submit(longJob(folder));
        auto third = queue->submit(longJob(folder));
        second->stop();
        QCOMPARE(second->state(), TrainingState::Stopped);
        QVERIFY(second->run().empty());
        QCOMPARE(queue->sessions().size(), std::size_t{2});
        third.reset(); // deleting it is cancelling, too
        QCOMPARE(queue->sessions().size(), std::size_t{1});
        QVERIFY(first->isActive());
    }

    void theNextOneBeginsWhenOneIsStopped() {
        const test::TemporaryFolder folder;
        const auto queue = std::make_shared<TrainingQueue>();
        auto first = queue->submit(longJob(folder));
        auto second = queue->submit(longJob(folder));
        const auto third = queue->submit(longJob(folder));
        QTRY_COMPARE_WITH_TIMEOUT(first->state(), TrainingState::Running, kPatience);
        first->stop();
        QTRY_COMPARE_WITH_TIMEOUT(second->state(), TrainingState::Running, kPatience);
        QCOMPARE(first->state(), TrainingState::Stopped);
        QCOMPARE(third->state(), TrainingState::Queued);
        second.reset();
        QTRY_COMPARE_WITH_TIMEOUT(third->state(), TrainingState::Running, kPatience);
    }

    void queuesDoNotWaitForEachOther() {
        const test::TemporaryFolder folder;
        const auto queue = std::make_shared<TrainingQueue>();
        const auto other = std::make_shared<TrainingQueue>();
        const auto first = queue->submit(longJob(folder));
        const auto second = other->submit(longJob(folder));
        QCOMPARE(first->state(), TrainingState::Preparing);
        QCOMPARE(second->state(), TrainingState::Preparing);
    }
};

QTEST_GUILESS_MAIN(TrainingQueueTest)
#include "tst_training_queue.moc"
