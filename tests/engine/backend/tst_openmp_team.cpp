// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/compute_threads.h"
#include "engine/backend/openmp_team.h"
#include "tests/support/busy_computer.h"

#include <QTest>

#include <omp.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;
using namespace std::chrono_literals;

namespace {

using Threads = std::vector<ThreadId>;

Threads threadsOfRegion() {
    Threads threads(static_cast<std::size_t>(omp_get_max_threads()));
#pragma omp parallel
    threads[static_cast<std::size_t>(omp_get_thread_num())] = currentThread();
    return threads;
}

/// The kernel says nothing of a thread that has hardly begun.
void computeInAll(std::chrono::milliseconds time) {
#pragma omp parallel
    {
        const auto start = runningTime(currentThread());
        while (*runningTime(currentThread()) - *start < time) {
        }
    }
}

/// Runs it in a thread with an OpenMP team of two of its own.
template <class Task>
void withTwoThreads(const Task& task) {
    std::thread([&] {
        omp_set_num_threads(2);
        task();
    }).join();
}

bool canPlace() {
    const auto all = ProcessorSet::of(currentThread());
    return all && all->count() > 1;
}

} // namespace

class OpenMpTeamTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void timesOfAllThreadsAreSummed() {
        if (!processorTimes(currentThread()))
            QSKIP("this system does not tell what its threads take of the processors");
        withTwoThreads([] {
            OpenMpTeam team;
            QCOMPARE(team.size(), 2);
            QVERIFY(!team.canShrink());
            computeInAll(10ms);
            const auto before = team.times();
            QVERIFY(before.has_value());
            computeInAll(20ms);
            const auto after = team.times();
            QVERIFY(after.has_value());
            QVERIFY2(after->running - before->running >= 30ms,
                     QByteArray::number((after->running - before->running).count()));
        });
    }

    void newThreadsAreNoticed() {
        if (!processorTimes(currentThread()))
            QSKIP("this system does not tell what its threads take of the processors");
        withTwoThreads([] {
            OpenMpTeam team;
            computeInAll(10ms);
            QVERIFY(team.times().has_value());
            const auto before = threadsOfRegion();
            omp_set_num_threads(5); // and back: the thread that takes part may be another one
            threadsOfRegion();
            omp_set_num_threads(2);
            const bool isSame = threadsOfRegion() == before;
            computeInAll(10ms);
            QCOMPARE(team.times().has_value(), isSame);
            QVERIFY(team.times().has_value());
        });
    }

    void helpersKeepOffTheOwnersProcessor() {
        if (!canPlace())
            QSKIP("one processor, or a system that does not place threads");
        withTwoThreads([] {
            const auto all = ProcessorSet::of(currentThread());
            const auto helper = [] { return ProcessorSet::of(threadsOfRegion()[1]); };
            OpenMpTeam team;
            QVERIFY(helper() == all);
            for (const auto placement : {Placement::Apart, Placement::Together}) {
                team.place(placement);
                QVERIFY(team.placement() == placement);
                QCOMPARE(helper()->count(), all->count() - 1);
            }
            team.place(Placement::Free);
            QVERIFY(helper() == all);
            QVERIFY(ProcessorSet::of(currentThread()) == all);
            team.place(Placement::Apart);
        });
        withTwoThreads([] { // the end of a team lets them go
            const auto all = ProcessorSet::of(currentThread());
            {
                OpenMpTeam team;
                team.place(Placement::Apart);
            }
            QVERIFY(ProcessorSet::of(threadsOfRegion()[1]) == all);
        });
    }

    /// Other programs take the helper's processor while the owner waits for it.
    void aThreadWithoutProcessorIsFetched() {
        if (!canPlace())
            QSKIP("one processor, or a system that does not place threads");
        const BusyComputer others(2 * availableThreads());
        withTwoThreads([] {
            const auto all = ProcessorSet::of(currentThread());
            OpenMpTeam team;
            team.place(Placement::Apart);
            const auto owner = currentThread();
            std::atomic<bool> isFetched = false, isOver = false;
            const auto end = std::chrono::steady_clock::now() + 20s;
#pragma omp parallel
            {
                if (omp_get_thread_num() == 0) {
                    isOver.wait(false); // asleep, as at the end of a region
                } else {
                    // It may have been fetched before it comes to this line.
                    while (!isFetched && std::chrono::steady_clock::now() < end)
                        isFetched = isHeldWith(owner);
                    isOver = true;
                    isOver.notify_all();
                }
            }
            QVERIFY(isFetched);
            // It is sent back, once the owner computes again.
            const auto soon = std::chrono::steady_clock::now() + 20s;
            const auto isBack = [&] {
                const auto places = ProcessorSet::of(threadsOfRegion()[1]);
                return places && places->count() == all->count() - 1 &&
                       !places->contains(currentProcessor());
            };
            bool back = isBack();
            while (!back && std::chrono::steady_clock::now() < soon)
                back = isBack();
            QVERIFY(back);
        });
    }
};

QTEST_APPLESS_MAIN(OpenMpTeamTest)
#include "tst_openmp_team.moc"
