// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/standin/fault_checks.h"
#include "tests/standin/planted.h"

#include <QProcess>
#include <QTest>

#include <sys/personality.h>

#include <cmath>

using namespace gradwright::cuda;
using namespace gradwright::cuda::standin;

/// What kernels do on the stand-in, right ones and wrong ones.
class StandinTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { gradwrightAdd_planted(); }

    // What a right kernel does

    void kernelRunsInAllOrders() {
        Rig rig;
        const auto in = rig.upload(ramp(1000));
        for (const auto order : kOrders) {
            setThreadOrder(order, 3);
            const auto out = rig.allocate<float>(1000);
            rig.launch(kernel::scale, {{3}, {64}}, Rig::pointer(in), Rig::pointer(out), 1000, 0.5F);
            const auto values = rig.download<float>(out);
            for (std::size_t i = 0; i < values.size(); ++i)
                QCOMPARE(values[i], 0.5F * static_cast<float>(i + 1));
        }
        QCOMPARE(counters().launches, std::size_t{3});
        QVERIFY(standinFault().empty());
    }
    void argumentsArriveBySize() {
        Rig rig;
        const auto out = rig.allocate<double>(3);
        rig.launch(kernel::writeValues, {{1}, {32}}, Rig::pointer<double>(out),
                   PlantedValues{1.5F, -2.25, 7});
        QCOMPARE(rig.download<double>(out), (std::vector<double>{1.5, -2.25, 7}));
    }
    void threadsKnowTheirPlaces() {
        Rig rig;
        const Launch launch{{3, 2, 2}, {4, 3, 5}};
        const std::size_t size = 12 * 60;
        for (const auto order : kOrders) {
            setThreadOrder(order, 9);
            const auto out = rig.allocate<std::uint32_t>(size);
            rig.launch(kernel::numberThreads, launch, Rig::pointer<std::uint32_t>(out));
            const auto numbers = rig.download<std::uint32_t>(out);
            for (std::size_t i = 0; i < size; ++i)
                QCOMPARE(numbers[i], static_cast<std::uint32_t>(i));
        }
    }
    void warpFunctionsExchange() {
        Rig rig;
        for (const auto order : kOrders) {
            setThreadOrder(order, 11);
            const auto out = rig.allocate<double>(5 * 64);
            const auto votes = rig.allocate<std::uint32_t>(2 * 64);
            rig.launch(kernel::warpFunctions, {{1}, {64}}, Rig::pointer<double>(out),
                       Rig::pointer<std::uint32_t>(votes));
            const auto got = rig.download<double>(out);
            const auto gotVotes = rig.download<std::uint32_t>(votes);
            for (unsigned i = 0; i < 64; ++i) {
                const unsigned lane = i % 32;
                const unsigned first = i - lane;
                QCOMPARE(got[i], 32.0 * first + 32.0 * 33 / 2);
                QCOMPARE(got[64 + i], static_cast<double>(lane >= 3 ? i - 3 : i));
                QCOMPARE(got[128 + i], static_cast<double>(lane + 5 < 32 ? i + 5 : i));
                QCOMPARE(got[192 + i], static_cast<double>((1ULL << 40) + ((first + 7) | 0U)));
                QCOMPARE(got[256 + i], static_cast<double>(i ^ 1U));
                std::uint32_t thirds = 0;
                for (unsigned j = 0; j < 32; ++j)
                    thirds |= (first + j) % 3 == 0 ? 1U << j : 0U;
                QCOMPARE(gotVotes[i], thirds);
                QCOMPARE(gotVotes[64 + i], (i < 16 ? 1U : 0U) + (i < 32 ? 2U : 0U));
            }
        }
    }
    void atomicsCountAllThreads() {
        Rig rig;
        const auto count = rig.upload(std::vector<std::uint32_t>{5});
        const auto sum = rig.upload(std::vector<float>{1});
        const auto largest = rig.upload(std::vector<std::int32_t>{-4});
        rig.launch(kernel::countAtomically, {{7}, {40}}, Rig::pointer<std::uint32_t>(count),
                   Rig::pointer(sum), Rig::pointer<std::int32_t>(largest));
        QCOMPARE(rig.download<std::uint32_t>(count)[0], 285U);
        QCOMPARE(rig.download<float>(sum)[0], 141.0F);
        QCOMPARE(rig.download<std::int32_t>(largest)[0], 279);
    }
    void barrierLetsThreadsExchange() {
        Rig rig;
        for (const auto order : kOrders) {
            setThreadOrder(order, 2);
            const auto values = rig.upload(ramp(512));
            rig.launch(kernel::reverseInBlock, {{2}, {256}}, Rig::pointer(values));
            rig.launch(kernel::reverseDynamically, {{2}, {256}, 1024}, Rig::pointer(values));
            rig.launch(kernel::reverseInBlock, {{2}, {256}}, Rig::pointer(values));
            const auto got = rig.download<float>(values);
            for (std::size_t i = 0; i < 512; ++i)
                QCOMPARE(got[i], static_cast<float>(i / 256 * 256 + 256 - i % 256));
        }
    }

    void barriersRepeat() {
        Rig rig;
        for (const auto order : kOrders) {
            setThreadOrder(order, 4);
            const auto values = rig.upload(ramp(200));
            rig.launch(kernel::rotateInBlock, {{2}, {100}}, Rig::pointer(values), 7);
            const auto got = rig.download<float>(values);
            for (std::size_t i = 0; i < 200; ++i)
                QCOMPARE(got[i], static_cast<float>(i / 100 * 100 + (i + 7) % 100 + 1));
        }
    }

    // What a wrong kernel does

    void missingBarrierShowsInSomeOrder() {
        if (kRacesAreReported)
            QSKIP(kRacesAreReported);
        Rig rig;
        bool isWrong = false;
        for (const auto order : kOrders) {
            setThreadOrder(order);
            const auto values = rig.upload(ramp(256));
            rig.launch(kernel::missingBarrier, {{1}, {256}}, Rig::pointer(values));
            const auto got = rig.download<float>(values);
            for (std::size_t i = 0; i < 256; ++i)
                isWrong = isWrong || got[i] != static_cast<float>(256 - i);
        }
        QVERIFY(isWrong);
    }
    void unwrittenSharedMemoryIsNaN() {
        Rig rig;
        const auto kept = rig.upload(ramp(64));
        const auto out = rig.allocate<float>(64);
        // What the block before has written there is gone.
        rig.launch(kernel::reverseInBlock, {{1}, {64}}, Rig::pointer(kept));
        rig.launch(kernel::unwrittenShared, {{1}, {64}}, Rig::pointer(out));
        const auto got = rig.download<float>(out);
        for (std::size_t i = 0; i < 64; ++i)
            QCOMPARE(std::isnan(got[i]), i >= 32);
    }
    void barriersThatNotAllReach_data() {
        QTest::addColumn<int>("which");
        QTest::addColumn<QString>("words");
        QTest::newRow("some threads pass it by")
            << 0
            << "^kernel gw_skippedBarrier, block \\(0, 0, 0\\), thread \\(\\d+, 0, 0\\): .*"
               "__syncthreads \\(.*planted\\.cu:\\d+\\)";
        QTest::newRow("some threads end before it")
            << 1 << "^kernel gw_earlyEnd, block .*thread .*__syncthreads \\(.*planted\\.cu:\\d+\\)";
        QTest::newRow("two barriers at a time")
            << 2
            << "^kernel gw_divergentBarrier, block .*thread .*comes to __syncthreads at "
               ".*planted\\.cu:\\d+, while others wait at .*planted\\.cu:\\d+";
    }
    void barriersThatNotAllReach() {
        QFETCH(int, which);
        QFETCH(QString, words);
        for (const auto order : kOrders) {
            Rig rig;
            setThreadOrder(order, 5);
            const auto& kernel = which == 0   ? kernel::skippedBarrier
                                 : which == 1 ? kernel::earlyEnd
                                              : kernel::divergentBarrier;
            QCOMPARE(errorOfLaunch(rig, kernel, {{1}, {64}}), kLaunchFailed);
            QVERIFY(faultMatches(words));
        }
    }
    void wrongWarpFunctions_data() {
        QTest::addColumn<int>("which");
        QTest::addColumn<unsigned>("threads");
        QTest::addColumn<QString>("words");
        QTest::newRow("absent thread") << 0 << 20U << "names a thread that is not there$";
        QTest::newRow("leaves itself out") << 1 << 32U << "mask leaves itself out$";
        QTest::newRow("reads outside the mask") << 2 << 32U << "that the mask leaves out$";
        QTest::newRow("others never come")
            << 3 << 32U << "16 threads wait at __syncthreads .* and 16 in warp functions$";
    }
    void wrongWarpFunctions() {
        QFETCH(int, which);
        QFETCH(unsigned, threads);
        QFETCH(QString, words);
        Rig rig;
        const auto values = rig.allocate<float>(32);
        const std::array kernels{kernel::absentInMask, kernel::selfNotInMask,
                                 kernel::readOutsideMask, kernel::neverMeets};
        const auto& kernel = kernels.at(static_cast<std::size_t>(which));
        QCOMPARE(errorOfLaunch(rig, kernel, {{1}, {threads}}, Rig::pointer(values)), kLaunchFailed);
        QVERIFY(faultMatches("^kernel gw_\\w+, block \\(0, 0, 0\\), thread \\(.*" + words));
    }
    void differentWarpFunctionsMeet() {
        Rig rig;
        const auto values = rig.allocate<std::uint32_t>(32);
        QCOMPARE(errorOfLaunch(rig, kernel::differentFunctions, {{1}, {32}},
                               Rig::pointer<std::uint32_t>(values)),
                 kLaunchFailed);
        QVERIFY(faultMatches("thread \\(1, 0, 0\\): calls another warp function"));
    }
    void trapEndsTheKernel() {
        Rig rig;
        QCOMPARE(errorOfLaunch(rig, kernel::trap, {{1}, {32}}), kLaunchFailed);
        QVERIFY(faultMatches("^kernel gw_trap, block \\(0, 0, 0\\), thread \\(3, 0, 0\\): "));
    }
    void blockHas48KB() {
        Rig rig;
        const auto values = rig.allocate<float>(1);
        QCOMPARE(errorOfLaunch(rig, kernel::tooMuchShared, {{1}, {1}}, Rig::pointer(values)),
                 kLaunchFailed);
        QVERIFY(faultMatches("needs more of the block's memory than 48 KB"));
    }
    void stackOfAThreadEnds() {
        if (kAccessesEndTheProcess)
            QSKIP(kAccessesEndTheProcess);
        if (kOverrunsEndTheProcess)
            QSKIP(kOverrunsEndTheProcess);
        Rig rig;
        const auto values = rig.upload(ramp(32));
        QCOMPARE(errorOfLaunch(rig, kernel::largeLocals, {{1}, {32}}, Rig::pointer(values)),
                 kLaunchFailed);
        QVERIFY(faultMatches("thread \\(0, 0, 0\\): needs more than 128 KB of local memory"));
    }
    void impossibleShapesAreRefused_data() {
        QTest::addColumn<std::vector<unsigned>>("shape");
        const auto row = [](const char* name, std::vector<unsigned> shape) {
            QTest::newRow(name) << std::move(shape);
        };
        row("empty grid", {0, 1, 1, 32, 1, 1, 0});
        row("empty grid along z", {1, 1, 0, 32, 1, 1, 0});
        row("too many blocks along y", {1, 65536, 1, 32, 1, 1, 0});
        row("too many blocks along z", {1, 1, 65536, 32, 1, 1, 0});
        row("empty block", {1, 1, 1, 32, 0, 1, 0});
        row("too many threads", {1, 1, 1, 1025, 1, 1, 0});
        row("too many threads in all", {1, 1, 1, 32, 33, 1, 0});
        row("too many threads along z", {1, 1, 1, 1, 1, 65, 0});
        row("too much shared memory", {1, 1, 1, 32, 1, 1, (48 << 10) + 1});
    }
    void impossibleShapesAreRefused() {
        QFETCH(std::vector<unsigned>, shape);
        Rig rig;
        const Launch launch{
            {shape[0], shape[1], shape[2]}, {shape[3], shape[4], shape[5]}, shape[6]};
        QCOMPARE(errorOf([&] { rig.launch(kernel::trap, launch); }), kInvalidValue);
        QVERIFY(faultMatches("^kernel gw_trap: "));
        rig.stream().synchronize(); // and nothing is broken by that
        QCOMPARE(counters().launches, std::size_t{0});
    }

    // Races, which ThreadSanitizer finds in a program of its own

    void racesAreReported_data() {
        QTest::addColumn<QString>("kernel");
        QTest::addColumn<bool>("isRace");
        QTest::newRow("exchange behind a barrier") << "reverseInBlock" << false;
        QTest::newRow("exchange without a barrier") << "missingBarrier" << true;
        QTest::newRow("rotation behind two barriers") << "rotateInBlock" << false;
        QTest::newRow("rotation behind one") << "missingSecondBarrier" << true;
        QTest::newRow("sum by atomics") << "countAtomically" << false;
        QTest::newRow("exchange within warps") << "warpFunctions" << false;
        QTest::newRow("sum of several blocks") << "addWithoutAtomics" << true;
        QTest::newRow("copies in two stages") << "rotateByCopies" << false;
        QTest::newRow("copies without a barrier") << "copiesWithoutBarrier" << true;
        QTest::newRow("copies over what is read") << "copiesOverReaders" << true;
    }
    void racesAreReported() {
#ifndef GRADWRIGHT_RACE_PROGRAM
        QSKIP("The program is built by GCC, and without other sanitizers, only.");
#else
        QFETCH(QString, kernel);
        QFETCH(bool, isRace);
        constexpr int kExitCode = 66;
        QProcess program;
        auto environment = QProcessEnvironment::systemEnvironment();
        environment.insert("TSAN_OPTIONS", QString("exitcode=%1").arg(kExitCode));
        program.setProcessEnvironment(environment);
        program.setProcessChannelMode(QProcess::MergedChannels);
        // GCC 12's ThreadSanitizer ends where addresses are more random than it expects.
        program.setChildProcessModifier([] { personality(ADDR_NO_RANDOMIZE); });
        program.start(GRADWRIGHT_RACE_PROGRAM, {kernel});
        QVERIFY(program.waitForFinished(60'000));
        const auto output = QString::fromLocal8Bit(program.readAll());
        QCOMPARE(program.exitStatus(), QProcess::NormalExit);
        QVERIFY2(program.exitCode() == (isRace ? kExitCode : 0), qPrintable(output));
        QVERIFY2(output.contains("WARNING: ThreadSanitizer: data race") == isRace,
                 qPrintable(output));
        QVERIFY2(!isRace || output.contains("planted"), qPrintable(output));
        QVERIFY2(output.contains("finished"), qPrintable(output));
#endif
    }
};

QTEST_GUILESS_MAIN(StandinTest)
#include "tst_standin.moc"
