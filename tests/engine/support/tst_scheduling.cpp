// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/scheduling.h"

#include <QFile>
#include <QTest>

#include <optional>
#include <thread>

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
