// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/compute_pool.h"
#include "engine/backend/compute_threads.h"
#include "engine/backend/thread_governor.h"
#include "tests/support/busy_computer.h"

#include <QTest>

#include <cmath>
#include <thread>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;
using namespace std::chrono_literals;

namespace {

LoadSample sampleOf(std::chrono::nanoseconds running, std::chrono::nanoseconds waiting,
                    int processors, double weight = 1) {
    return {.wall = 100ms, .used = {running, waiting}, .processors = processors, .weight = weight};
}

void compute(std::chrono::microseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
    }
}

/// Steps of four tasks, until the load is as wanted or so much time is over.
template <class Wanted>
bool runUntil(ComputePool& pool, ThreadGovernor& governor, const Wanted& wanted,
              std::chrono::seconds most) {
    const auto end = std::chrono::steady_clock::now() + most;
    while (!wanted(governor.load()) && std::chrono::steady_clock::now() < end) {
        pool.run(4, [](std::size_t, std::size_t) { compute(500us); });
        governor.afterStep(32);
    }
    return wanted(governor.load());
}

} // namespace

class ThreadGovernorTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// With p processors, r threads of ours and n others that are all ready, a fair scheduler lets
    /// each run for p / (r + n) of the time.
    void othersAreFoundFromTheShare_data() {
        QTest::addColumn<int>("processors");
        QTest::addColumn<int>("ours");
        QTest::addColumn<int>("others");
        for (const int processors : {2, 4, 16})
            for (const int ours : {1, processors / 2 + 1, processors})
                for (const int others : {0, 1, 2, 4, 20})
                    QTest::addRow("%d processors, %d of ours, %d others", processors, ours, others)
                        << processors << ours << others;
    }
    void othersAreFoundFromTheShare() {
        QFETCH(int, processors);
        QFETCH(int, ours);
        QFETCH(int, others);
        const double share = std::min(1.0, double(processors) / (ours + others));
        const auto running = std::chrono::nanoseconds(std::llround(1e8 * ours * share));
        const auto waiting = std::chrono::nanoseconds(std::llround(1e8 * ours * (1 - share)));
        const double found = sampleOf(running, waiting, processors).othersBusy();
        if (share > 0.92) // hardly in the way
            QCOMPARE(found, 0.0);
        else
            QVERIFY2(std::abs(found - others) < 0.01, QByteArray::number(found));
    }

    void othersCountMoreForABackgroundThread() {
        // At nice 5 a thread has a third of the weight of one at 0 (1.25⁵ = 3.05).
        const double weight = std::pow(1.25, 5);
        // Two of ours and one other on two processors: it has one of them nearly for itself.
        const double each = 2 / (2 + weight);
        const auto running = std::chrono::nanoseconds(std::llround(2e8 * each));
        const double found = sampleOf(running, 200ms - running, 2, weight).othersBusy();
        QVERIFY2(std::abs(found - 1) < 0.01, QByteArray::number(found));
    }

    void nothingIsFoundInNothing() {
        QCOMPARE(sampleOf(0ns, 0ns, 2).othersBusy(), 0.0);
        QCOMPARE(sampleOf(0ns, 100ms, 2).othersBusy(), 0.0);
    }

    void fairShareIsByWeight_data() {
        QTest::addColumn<int>("processors");
        QTest::addColumn<double>("weight");
        QTest::addColumn<double>("others");
        QTest::addColumn<int>("threads");
        QTest::addColumn<double>("share");
        QTest::newRow("alone") << 2 << 1.0 << 0.0 << 2 << 2.0;
        QTest::newRow("one other") << 2 << 1.0 << 1.0 << 2 << 4 / 3.0;
        QTest::newRow("two others") << 2 << 1.0 << 2.0 << 2 << 1.0;
        QTest::newRow("of three times the weight") << 2 << 3.0 << 2.0 << 2 << 0.5;
        QTest::newRow("many processors") << 16 << 1.0 << 16.0 << 16 << 8.0;
    }
    void fairShareIsByWeight() {
        QFETCH(int, processors);
        QFETCH(double, weight);
        QFETCH(double, others);
        QFETCH(int, threads);
        QFETCH(double, share);
        QCOMPARE(sampleOf(0ns, 0ns, processors, weight).fairShare(others, threads), share);
    }

    /// Where two threads get no more than one processor, they share one.
    void crowdedThreadsComputeTogether() {
        if (!processorTimes(currentThread()))
            QSKIP("this system does not tell what its threads take of the processors");
        std::thread([] {
            setComputeThreads(2);
            auto& pool = computePool();
            {
                ThreadGovernor governor(pool);
                QVERIFY(pool.placement() == Placement::Free);
                const BusyComputer others(2 * availableThreads());
                QVERIFY(runUntil(
                    pool, governor,
                    [&](const ComputeLoad&) { return pool.placement() == Placement::Together; },
                    20s));
                // It looks from time to time whether they are still there.
                QVERIFY(runUntil(
                    pool, governor,
                    [&](const ComputeLoad&) { return pool.placement() == Placement::Apart; }, 20s));
            }
            QVERIFY(pool.placement() == Placement::Free);
        }).join();
    }

    void itNoticesThatTheComputerIsBusyAndQuietAgain() {
        if (!processorTimes(currentThread()))
            QSKIP("this system does not tell what its threads take of the processors");
        std::thread([] {
            const int threads = setComputeThreads(2);
            auto& pool = computePool();
            ThreadGovernor governor(pool);
            QVERIFY(governor.load() == (ComputeLoad{threads, 0}));
            {
                const BusyComputer others(4 * availableThreads());
                QVERIFY(runUntil(
                    pool, governor,
                    [](const ComputeLoad& load) {
                        return load.othersBusy >= 3 * availableThreads();
                    },
                    20s));
            }
            // Tests run side by side, so others may go on.
            QVERIFY(runUntil(
                pool, governor,
                [](const ComputeLoad& load) { return load.othersBusy < 2 * availableThreads(); },
                60s));
        }).join();
    }

    /// The epochs of a small network are shorter than what can be judged.
    void shortStretchesBetweenPausesAddUp() {
        if (!processorTimes(currentThread()))
            QSKIP("this system does not tell what its threads take of the processors");
        std::thread([] {
            setComputeThreads(2);
            auto& pool = computePool();
            ThreadGovernor governor(pool);
            const BusyComputer others(2 * availableThreads());
            const auto end = std::chrono::steady_clock::now() + 20s;
            while (governor.load().othersBusy == 0 && std::chrono::steady_clock::now() < end) {
                governor.resume();
                pool.run(4, [](std::size_t, std::size_t) { compute(500us); });
                governor.afterStep(32);
                governor.pause();
            }
            QVERIFY(governor.load().othersBusy > 0);
        }).join();
    }

    void aSingleThreadHasNothingToAdapt() {
        ComputePool pool(1);
        ThreadGovernor governor(pool);
        const auto now = ThreadGovernor::Clock::now();
        for (int i = 0; i < 10; ++i)
            QVERIFY(!governor.afterStep(1, now + i * 1s));
        QVERIFY(governor.load() == (ComputeLoad{1, 0}));
    }

    void loadsAreTold() {
        QCOMPARE(toString(ComputeLoad{2, 0}), std::string("2 threads"));
        QCOMPARE(toString(ComputeLoad{1, 0}), std::string("1 thread"));
        QCOMPARE(toString(ComputeLoad{2, 1}), std::string("2 threads, others use 1"));
    }
};

QTEST_APPLESS_MAIN(ThreadGovernorTest)
#include "tst_thread_governor.moc"
