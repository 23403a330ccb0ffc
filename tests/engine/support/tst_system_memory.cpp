// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/byte_text.h"
#include "engine/support/system_memory.h"

#include <QTest>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

using namespace gradwright;

namespace {

constexpr std::size_t kLargePage = std::size_t{2} << 20;

/// What /proc/self/smaps (proc(5)) says in its line VmFlags about the place.
std::string flagsOf(const std::byte* place) {
    const auto address = reinterpret_cast<std::uintptr_t>(place);
    std::ifstream maps("/proc/self/smaps");
    bool isInside = false;
    for (std::string line; std::getline(maps, line);) {
        std::istringstream words(line);
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        char dash = 0;
        if (words >> std::hex >> begin >> dash >> end && dash == '-')
            isInside = begin <= address && address < end;
        else if (isInside && line.starts_with("VmFlags:"))
            return line + ' ';
    }
    return {};
}

} // namespace

class SystemMemoryTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void bytesAreWrittenInUnitsOf1024_data() {
        QTest::addColumn<qint64>("bytes");
        QTest::addColumn<QString>("text");
        QTest::newRow("none") << qint64{0} << "0 B";
        QTest::newRow("below the first unit") << qint64{1023} << "1023 B";
        QTest::newRow("the first unit") << qint64{1024} << "1.0 KiB";
        QTest::newRow("one decimal") << qint64{9 * 1024 + 205} << "9.2 KiB";
        QTest::newRow("none from ten on") << qint64{98} * 1024 * 1024 << "98 MiB";
        QTest::newRow("a decimal megabyte") << qint64{1'000'000} << "977 KiB";
        QTest::newRow("more") << (qint64{3} << 29) << "1.5 GiB";
        QTest::newRow("the last unit") << (qint64{5000} << 40) << "5000 TiB";
        QTest::newRow("less than none") << qint64{-2048} << "-2.0 KiB";
    }
    void bytesAreWrittenInUnitsOf1024() {
        QFETCH(qint64, bytes);
        QFETCH(QString, text);
        QCOMPARE(QString::fromStdString(bytesText(bytes)), text);
    }

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

    void largePagesAreAskedFor() {
        if (!std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled"))
            QSKIP("this kernel has no transparent large pages");
        std::vector<std::byte> memory;
        memory.reserve(4 * kLargePage);
        preferLargePages(memory.data(), memory.capacity());
        const auto flags = flagsOf(memory.data() + 2 * kLargePage);
        QVERIFY2(flags.find(" hg ") != std::string::npos, flags.c_str());
        memory.resize(memory.capacity()); // it is ordinary memory still
        QVERIFY(memory.front() == memory.back());
    }
    void aSmallPieceIsLeftAlone() {
        std::vector<std::byte> memory(kLargePage / 2);
        preferLargePages(memory.data(), memory.size());
        preferLargePages(nullptr, 0);
        QVERIFY(flagsOf(memory.data()).find(" hg ") == std::string::npos);
    }
};

QTEST_GUILESS_MAIN(SystemMemoryTest)
#include "tst_system_memory.moc"
