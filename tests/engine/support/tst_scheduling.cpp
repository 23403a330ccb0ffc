// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/scheduling.h"

#include <QFile>
#include <QTest>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

using namespace gradwright;

namespace {

/// The calling thread's time slice in ns as the kernel tells it.
std::optional<double> slice() {
    QFile file(QStringLiteral("/proc/thread-self/sched"));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    for (const QByteArray& line : file.readAll().split('\n'))
        if (line.startsWith("se.slice"))
            return line.mid(line.indexOf(':') + 1).trimmed().toDouble();
    return {};
}

} // namespace

class SchedulingTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void runnableThreadsAreCounted() {
        if (!QFile::exists(QStringLiteral("/proc/loadavg")))
            QSKIP("the system does not tell how many threads are ready to run");
        const auto before = runnableThreads();
        QVERIFY(before && *before >= 1); // this one runs
        std::atomic<bool> stop = false;
        std::vector<std::thread> busy;
        for (int i = 0; i < 40; ++i)
            busy.emplace_back([&] {
                while (!stop)
                    ;
            });
        // Others may end meanwhile, hardly 20 of them.
        int most = 0;
        for (int i = 0; i < 100 && most < *before + 20; ++i) {
            most = std::max(most, runnableThreads().value_or(0));
            QTest::qSleep(5);
        }
        stop = true;
        for (auto& thread : busy)
            thread.join();
        QVERIFY2(most >= *before + 20, QByteArray::number(most));
    }

    void threadsStayOnTheProcessorsTheyAreKeptOn() {
        const auto all = ProcessorSet::of(currentThread());
        if (!all)
            QSKIP("the system does not tell which processors a thread may use");
        QVERIFY(all->contains(currentProcessor()));
        for (int processor = 0, found = 0; found < std::min(all->count(), 4); ++processor) {
            if (!all->contains(processor))
                continue;
            ++found;
            std::thread([&] {
                const auto one = ProcessorSet::only(processor);
                QVERIFY(one.keep(currentThread()));
                QCOMPARE(currentProcessor(), processor);
                QVERIFY(ProcessorSet::of(currentThread()) == one);
                QVERIFY(all->keep(currentThread()));
                QVERIFY(ProcessorSet::of(currentThread()) == all);
            }).join();
        }
        QVERIFY(ProcessorSet::of(currentThread()) == all);
    }

    void setsOfProcessorsAreCounted() {
        const auto five = ProcessorSet::only(5);
        QCOMPARE(five.count(), 1);
        QVERIFY(five.contains(5) && !five.contains(4) && !five.contains(-1));
        QCOMPARE(five.without(4).count(), 1);
        QCOMPARE(five.without(5).count(), 0);
        QCOMPARE(ProcessorSet::only(-1).count(), 0);
        QVERIFY(!five.without(5).keep(currentThread())); // nowhere to run
    }

    void threadsAreSeenToRunAndToSleep() {
        const auto own = threadState(currentThread());
        if (!own)
            QSKIP("the system does not tell what its threads do");
        QVERIFY(own->isReady);
        QVERIFY(ProcessorSet::of(currentThread())->contains(own->processor));
        const auto start = runningTime(currentThread());
        QVERIFY(start.has_value());
        while (*runningTime(currentThread()) < *start + std::chrono::milliseconds(5))
            ;
        std::atomic<ThreadId> id = 0;
        std::atomic<bool> isOver = false;
        std::thread sleeper([&] {
            id = currentThread();
            id.notify_all();
            isOver.wait(false);
        });
        id.wait(0);
        QTRY_VERIFY(!threadState(id)->isReady);
        const auto before = runningTime(id);
        QTest::qSleep(20);
        QVERIFY(before.has_value() && runningTime(id) == before);
        isOver = true;
        isOver.notify_all();
        sleeper.join();
        QTRY_VERIFY(!threadState(id) && !runningTime(id)); // there is none any more
        QVERIFY(!runningTime(0));
    }

    void responsiveThreadsTakeShortTurns() {
        const auto standard = slice();
        if (!standard)
            QSKIP("this kernel does not tell a thread's time slice");
        std::thread([&] {
            setScheduling(Scheduling::Responsive);
            const double responsive = slice().value();
            if (responsive == *standard)
                QSKIP("this kernel is older than 6.12: all threads have the same time slice");
            QVERIFY(responsive < *standard);
            std::thread([&] {
                QCOMPARE(slice().value(), responsive); // inherited
                setScheduling(Scheduling::Throughput);
                QCOMPARE(slice().value(), *standard);
            }).join();
            QCOMPARE(slice().value(), responsive);
        }).join();
        QCOMPARE(slice().value(), *standard);
    }
};

QTEST_GUILESS_MAIN(SchedulingTest)
#include "tst_scheduling.moc"
