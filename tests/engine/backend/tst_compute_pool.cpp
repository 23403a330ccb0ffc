// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/compute_pool.h"
#include "engine/backend/compute_threads.h"
#include "tests/support/busy_computer.h"

#include <QTest>

#include <omp.h>

#include <atomic>
#include <limits>
#include <numeric>
#include <thread>

using namespace gradwright;
using namespace gradwright::test;
using namespace std::chrono_literals;

namespace {

/// How often each task has run.
class Tally {
public:
    explicit Tally(std::size_t tasks)
        : runs_(tasks) {}

    void note(std::size_t task) { runs_[task].fetch_add(1); }
    [[nodiscard]] bool isOnceEach() const {
        return std::ranges::all_of(runs_, [](const auto& runs) { return runs.load() == 1; });
    }

private:
    std::vector<std::atomic<int>> runs_;
};

float halfOfTheSmallestNormalNumber() {
    volatile float smallest = std::numeric_limits<float>::min();
    return smallest * 0.5F;
}

/// A round in which the owner waits until a helper has begun the task.
template <class Task>
void withHelper(ComputePool& pool, const Task& task) {
    std::atomic<bool> isBegun = false;
    pool.run(2, [&](std::size_t, std::size_t worker) {
        if (worker != 0) {
            if (!isBegun.exchange(true))
                task();
            return;
        }
        while (!isBegun)
            std::this_thread::yield();
    });
}

/// Whether the processors of a helper and the owner's are soon as wanted: the system may move the
/// owner at any time.
template <class Wanted>
bool helperIsPlaced(ComputePool& pool, const Wanted& wanted) {
    for (int round = 0; round < 1000; ++round) {
        std::optional<ProcessorSet> helper;
        withHelper(pool, [&] { helper = ProcessorSet::of(currentThread()); });
        if (helper && wanted(*helper, currentProcessor()))
            return true;
    }
    return false;
}

} // namespace

class ComputePoolTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyTaskRunsOnce_data() {
        QTest::addColumn<int>("threads");
        QTest::addColumn<std::size_t>("tasks");
        for (const int threads : {1, 2, 3, 7})
            for (const std::size_t tasks : {0, 1, 2, 3, 64, 1000})
                QTest::addRow("%d threads, %zu tasks", threads, tasks) << threads << tasks;
        // More than one round takes.
        QTest::newRow("2 threads, 1,200,000 tasks") << 2 << std::size_t{1'200'000};
    }
    void everyTaskRunsOnce() {
        QFETCH(int, threads);
        QFETCH(std::size_t, tasks);
        ComputePool pool(threads);
        QCOMPARE(pool.size(), threads);
        for (int active = 1; active <= pool.size(); ++active) {
            pool.setActive(active, 10us);
            QCOMPARE(pool.active(), active);
            Tally tally(tasks);
            std::atomic<bool> knownWorkers = true;
            pool.run(tasks, [&](std::size_t task, std::size_t worker) {
                tally.note(task);
                if (worker >= static_cast<std::size_t>(active))
                    knownWorkers = false;
            });
            QVERIFY(tally.isOnceEach());
            QVERIFY(knownWorkers);
        }
    }

    void manyShortRunsFollowEachOther() {
        ComputePool pool(3);
        std::vector<std::int64_t> sums(8);
        constexpr int runs = 20'000;
        for (int run = 0; run < runs; ++run) {
            if (run % 1000 == 0)
                pool.setActive(1 + run / 1000 % pool.size(), run % 2000 == 0 ? 0us : 20us);
            pool.run(sums.size(), [&](std::size_t task, std::size_t) { sums[task] += run; });
        }
        for (const auto sum : sums) // each task sees what the run before it has written
            QCOMPARE(sum, std::int64_t{runs} * (runs - 1) / 2);
    }

    void workersCanBeLimited() {
        ComputePool pool(4);
        std::atomic<std::size_t> highest = 0;
        pool.run(100, 2, [&](std::size_t, std::size_t worker) {
            auto seen = highest.load();
            while (worker > seen && !highest.compare_exchange_weak(seen, worker)) {
            }
        });
        QVERIFY(highest < 2);
    }

    /// Whichever thread waits, the others take its tasks.
    void aThreadThatIsHeldUpDelaysItsTaskAlone() {
        ComputePool pool(2);
        for (std::size_t held = 0; held < 8; ++held) {
            std::atomic<int> done = 0;
            pool.run(8, [&](std::size_t task, std::size_t) {
                while (task == held && done < 7)
                    std::this_thread::yield();
                ++done;
            });
            QCOMPARE(done.load(), 8);
        }
    }

    void placementKeepsHelpersFromTheOwnersProcessorOrOnIt() {
        const auto all = ProcessorSet::of(currentThread());
        if (!all || all->count() < 2)
            QSKIP("one processor, or a system that does not place threads");
        ComputePool pool(2);
        QVERIFY(pool.placement() == Placement::Free);
        QVERIFY(
            helperIsPlaced(pool, [&](const ProcessorSet& helper, int) { return helper == *all; }));
        pool.place(Placement::Apart);
        QVERIFY(helperIsPlaced(pool, [&](const ProcessorSet& helper, int owner) {
            return helper == all->without(owner);
        }));
        pool.place(Placement::Together);
        QVERIFY(helperIsPlaced(pool, [](const ProcessorSet& helper, int owner) {
            return helper == ProcessorSet::only(owner);
        }));
        pool.place(Placement::Free);
        QVERIFY(
            helperIsPlaced(pool, [&](const ProcessorSet& helper, int) { return helper == *all; }));
        QVERIFY(ProcessorSet::of(currentThread()) == all); // the owner stays free
    }

    /// Other programs take the helper's processor while the owner waits for it.
    void aThreadWithoutProcessorIsFetched() {
        const auto all = ProcessorSet::of(currentThread());
        if (!all || all->count() < 2)
            QSKIP("one processor, or a system that does not place threads");
        const BusyComputer others(2 * availableThreads());
        ComputePool pool(2);
        pool.place(Placement::Apart);
        bool isFetched = false;
        const auto waiting = currentThread();
        withHelper(pool, [&] {
            // It may have been fetched before it comes to this line.
            const auto end = std::chrono::steady_clock::now() + 20s;
            while (!isFetched && std::chrono::steady_clock::now() < end)
                isFetched = isHeldWith(waiting);
        });
        QVERIFY(isFetched);
        // It is sent back.
        QVERIFY(helperIsPlaced(pool, [&](const ProcessorSet& helper, int owner) {
            return helper == all->without(owner);
        }));
    }

    void threadsWithoutTasksSleep() {
        if (!processorTimes(currentThread()))
            QSKIP("this system does not report the processor time of threads");
        ComputePool pool(2);
        pool.run(2, [](std::size_t, std::size_t) {});
        QTest::qWait(20);
        const auto before = pool.times()->running - processorTimes(currentThread())->running;
        QTest::qWait(200);
        const auto after = pool.times()->running - processorTimes(currentThread())->running;
        QVERIFY2(after - before < 20ms, QByteArray::number((after - before) / 1ms));
    }

    void tasksComputeAloneAndTakeDenormalsForZero() {
        std::thread([] {
            setComputeThreads(2);
            std::atomic<int> good = 0;
            computePool().run(64, [&](std::size_t, std::size_t) {
                if (omp_get_max_threads() == 1 && halfOfTheSmallestNormalNumber() == 0.0F)
                    ++good;
                std::this_thread::sleep_for(100us); // so that both threads get some
            });
            QCOMPARE(good.load(), 64);
            QCOMPARE(omp_get_max_threads(), 2);
        }).join();
    }

    void eachThreadHasAPoolOfItsOwn() {
        setComputeThreads(2);
        auto* const own = &computePool();
        QCOMPARE(own->size(), 2);
        std::thread([own] {
            QVERIFY(setComputeThreads(1) == 1);
            QVERIFY(&computePool() != own);
            QCOMPARE(computePool().size(), 1);
        }).join();
        QCOMPARE(&computePool(), own);
        setComputeThreads(0);
        QCOMPARE(computePool().size(), availableThreads());
    }
};

QTEST_APPLESS_MAIN(ComputePoolTest)
#include "tst_compute_pool.moc"
