// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/system_memory.h"

#include <QTest>

#include <fstream>
#include <sstream>

using namespace gradwright;

class SystemMemoryTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsTheKernelsTable() {
        std::istringstream table("MemTotal:       24689764 kB\n"
                                 "MemFree:        11206048 kB\n"
                                 "MemAvailable:   23033240 kB\n"
                                 "Buffers:           18300 kB\n");
        QCOMPARE(availableMemory(table).value(), std::int64_t{23'033'240} * 1024);
    }
    void aTableWithoutItSaysNothing() {
        std::istringstream old("MemTotal: 1 kB\nMemFree: 1 kB\n");
        QVERIFY(!availableMemory(old));
        std::istringstream broken("MemAvailable: many kB\n");
        QVERIFY(!availableMemory(broken));
    }
    void thisMachineHasSome() {
        const auto bytes = availableMemory();
        if (!std::ifstream("/proc/meminfo"))
            QSKIP("this system has no /proc/meminfo");
        QVERIFY(bytes.value() > 1 << 20);
    }
};

QTEST_GUILESS_MAIN(SystemMemoryTest)
#include "tst_system_memory.moc"
