// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/standin/fault_checks.h"
#include "tests/standin/planted.h"
#include "tests/standin/standin_memory.h"

#include <QTest>

#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <random>
#include <set>
#include <thread>

using namespace gradwright;
using namespace gradwright::cuda;
using namespace gradwright::cuda::standin;

/// The stand-in's memory and the functions of its table.
class StandinDriverTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { gradwrightAdd_planted(); }

    // The device's memory

    void newMemoryIsNaN() {
        Rig rig;
        const auto unwritten = rig.allocate<float>(100);
        const auto out = rig.allocate<float>(100);
        rig.launch(kernel::scale, {{1}, {32}}, Rig::pointer(unwritten), Rig::pointer(out), 100,
                   2.0F);
        for (const float value : rig.download<float>(out))
            QVERIFY(std::isnan(value));
    }
    void writeBehindMemoryIsFound() {
        if (kOverrunsEndTheProcess)
            QSKIP(kOverrunsEndTheProcess);
        Rig rig;
        const auto values = rig.allocate<float>(64);
        QCOMPARE(errorOfLaunch(rig, kernel::writeOneBehind, {{1}, {64}}, Rig::pointer(values)),
                 kIllegalAddress);
        QVERIFY(faultMatches("^kernel gw_writeOneBehind wrote beyond an allocation of 256 bytes$"));
    }
    void accessFarFromMemoryIsFound_data() {
        QTest::addColumn<qint64>("index");
        QTest::newRow("the page behind") << qint64{1024};
        QTest::newRow("in front") << qint64{-1};
        QTest::newRow("far away") << (qint64{1} << 45);
    }
    void accessFarFromMemoryIsFound() {
        if (kAccessesEndTheProcess)
            QSKIP(kAccessesEndTheProcess);
        QFETCH(qint64, index);
        {
            Rig rig;
            const auto values = rig.allocate<float>(1024); // a whole page
            QCOMPARE(errorOfLaunch(rig, kernel::writeAt, {{4}, {32}}, Rig::pointer(values), index),
                     kIllegalAddress);
            QVERIFY(faultMatches("^kernel gw_writeAt, block \\(2, 0, 0\\), thread \\(7, 0, 0\\): "
                                 "reads or writes what is no memory"));
        }
        Rig rig;
        const auto values = rig.allocate<float>(1024);
        const auto to = rig.allocate<float>(32);
        QCOMPARE(errorOfLaunch(rig, kernel::readAt, {{1}, {32}}, Rig::pointer(values), index,
                               Rig::pointer(to)),
                 kIllegalAddress);
        QVERIFY(faultMatches("^kernel gw_readAt, block \\(0, 0, 0\\), thread \\(0, 0, 0\\): "));
    }
    void hostMemoryIsNotTheDevices() {
        Rig rig;
        std::vector<float> host(16);
        const auto values = rig.allocate<float>(16);
        const auto at = reinterpret_cast<Address>(host.data());
        QCOMPARE(errorOf([&] { rig.stream().copyOut(host.data(), at, 64); }), kInvalidValue);
        QCOMPARE(errorOf([&] { rig.stream().copyIn(at, host.data(), 64); }), kInvalidValue);
        QCOMPARE(errorOf([&] { rig.stream().copyIn(values.address(), Rig::pointer(values), 64); }),
                 kInvalidValue);
    }
    void copiesBeyondMemoryAreRefused() {
        Rig rig;
        std::vector<float> host(65);
        const auto values = rig.allocate<float>(64);
        const auto more = rig.allocate<float>(128);
        auto& stream = rig.stream();
        QCOMPARE(errorOf([&] { stream.copyIn(values.address(), host.data(), 260); }),
                 kInvalidValue);
        QCOMPARE(errorOf([&] { stream.copyOut(host.data(), values.address() + 4, 256); }),
                 kInvalidValue);
        QCOMPARE(errorOf([&] { stream.copy(values.address(), more.address(), 260); }),
                 kInvalidValue);
        QCOMPARE(errorOf([&] { stream.clear(values.address(), 257); }), kInvalidValue);
        QCOMPARE(errorOf([&] { stream.copy(more.address(), more.address() + 4, 8); }),
                 kInvalidValue);
        stream.copy(more.address() + 256, values.address(), 256);
        stream.synchronize();
    }
    void releasedMemoryIsFound() {
        if (kAccessesEndTheProcess)
            QSKIP(kAccessesEndTheProcess);
        Rig rig;
        const auto out = rig.allocate<float>(64);
        auto in = std::make_unique<Memory>(rig.upload(ramp(64)));
        rig.launch(kernel::scale, {{1}, {64}}, Rig::pointer(*in), Rig::pointer(out), 64, 1.0F);
        in.reset(); // before the stream was waited for
        QCOMPARE(errorOf([&] { rig.stream().synchronize(); }), kIllegalAddress);
        QVERIFY(faultMatches("^kernel gw_scale, block \\(0, 0, 0\\), thread \\(0, 0, 0\\): "));
    }
    void copyOfReleasedMemoryIsFound() {
        for (const bool isIn : {false, true}) {
            Rig rig;
            std::vector<float> host(64);
            auto memory = std::make_unique<Memory>(rig.allocate<float>(64));
            if (isIn)
                rig.stream().copyIn(memory->address(), host.data(), 256);
            else
                rig.stream().copyOut(host.data(), memory->address(), 256);
            memory.reset();
            QCOMPARE(errorOf([&] { rig.stream().synchronize(); }), kIllegalAddress);
            QVERIFY(faultMatches("^a copy (to|from) memory that was released$"));
        }
    }
    void hostCannotTouchDeviceMemory_data() {
        QTest::addColumn<bool>("writes");
        QTest::newRow("read") << false;
        QTest::newRow("write") << true;
    }
    void hostCannotTouchDeviceMemory() {
        QFETCH(bool, writes);
        Rig rig;
        const auto memory = rig.upload(ramp(4));
        volatile float* at = Rig::pointer(memory);
        const pid_t child = fork();
        if (child == 0) {
            std::signal(SIGSEGV, SIG_DFL); // Qt's handler would write a report
            if (writes)
                *at = 1.0F;
            else
                static_cast<void>(*at);
            _exit(0);
        }
        int status = 0;
        QCOMPARE(waitpid(child, &status, 0), child);
        QVERIFY(WIFSIGNALED(status));
        QCOMPARE(WTERMSIG(status), SIGSEGV);
    }
    void memoryIsUsedAgainLate() {
        constexpr std::size_t kMB = 1 << 20;
        DeviceMemory memory(64 * kMB);
        std::set<Address> places;
        std::size_t rounds = 0;
        const auto other = memory.allocate(3 * kMB);
        QVERIFY(other);
        for (;; ++rounds) {
            const auto place = memory.allocate(kMB);
            QVERIFY(place);
            QVERIFY(*place + kMB <= *other || *place >= *other + 3 * kMB);
            QVERIFY(memory.release(*place));
            QVERIFY(!memory.holds(*place, 1));
            if (!places.insert(*place).second)
                break;
        }
        QVERIFY2(rounds >= 58 && rounds <= 61, qPrintable(QString::number(rounds)));
        QVERIFY(!memory.release(*other + 1));
    }
    void allocationsDoNotMeet() {
        constexpr std::size_t kMB = 1 << 20;
        DeviceMemory memory(64 * kMB);
        std::mt19937 random(7);
        std::map<Address, std::size_t> blocks;
        std::size_t used = 0;
        for (int i = 0; i < 400; ++i) {
            if (blocks.size() > 8) {
                const auto victim = std::next(blocks.begin(), random() % 8);
                used -= victim->second;
                QVERIFY(memory.release(victim->first));
                blocks.erase(victim);
            }
            // Large ones begin at multiples of other sizes than small ones.
            const std::size_t bytes =
                random() % 3 == 0 ? 4 * kMB + random() % kMB : 1 + random() % (100 << 10);
            const auto place = memory.allocate(bytes);
            if (!place)
                continue; // the free places are too small
            used += bytes;
            const auto after = blocks.lower_bound(*place);
            QVERIFY(after == blocks.end() || *place + bytes < after->first);
            QVERIFY(after == blocks.begin() ||
                    std::prev(after)->first + std::prev(after)->second < *place);
            blocks.emplace(*place, bytes);
            QCOMPARE(memory.used(), used);
        }
        QVERIFY(blocks.size() > 4);
        const DeviceMemory::Open open(memory); // what is kept is still as it was made
        for (const auto& [address, bytes] : blocks)
            QCOMPARE(*reinterpret_cast<const std::uint8_t*>(address + bytes - 1), 0xffU);
        QVERIFY(!memory.writtenBehind());
    }
    void largeAllocationsPassWhatLiesThere() {
        constexpr std::size_t kMB = 1 << 20;
        DeviceMemory memory(16 * kMB);
        const auto first = memory.allocate(1);
        const auto next = memory.allocate(3 * kMB);
        QVERIFY(first && next);
        std::vector<Address> rest;
        for (const std::size_t bytes : {kMB, std::size_t{1}})
            while (const auto place = memory.allocate(bytes))
                rest.push_back(*place);
        for (const auto address : rest)
            QVERIFY(memory.release(address));
        QVERIFY(memory.release(*first));
        QCOMPARE(memory.allocate(1), first); // from the front again
        // Its address is a multiple of 2 MB, and the first one lies in `next`.
        const auto large = memory.allocate(4 * kMB);
        QVERIFY(large);
        QVERIFY(*large >= *next + 3 * kMB);
    }
    void memoryEnds() {
        DeviceMemory memory;
        memory.setLimit(1000);
        const auto first = memory.allocate(600);
        QVERIFY(first);
        QVERIFY(!memory.allocate(401));
        QVERIFY(memory.allocate(400));
        QCOMPARE(memory.used(), std::size_t{1000});
        QVERIFY(memory.release(*first));
        QVERIFY(memory.allocate(600));
        DeviceMemory narrow(16 << 10); // of addresses
        QVERIFY(narrow.allocate(4096));
        QVERIFY(!narrow.allocate(3 * 4096));
    }

    // The driver's calls

    void outOfMemory() {
        Rig rig;
        setMemoryLimit(1 << 20);
        QCOMPARE(rig.device()->freeMemory(), std::size_t{1} << 20);
        const auto half = rig.allocate<float>(1 << 17);
        QCOMPARE(rig.device()->freeMemory(), std::size_t{1} << 19);
        bool isOutOfMemory = false;
        try {
            const auto more = rig.allocate<float>((1 << 17) + 1);
        } catch (const DeviceError& error) {
            isOutOfMemory = error.isOutOfMemory();
            QVERIFY(!error.isFatal());
        }
        QVERIFY(isOutOfMemory);
        QCOMPARE(rig.upload(ramp(64)).bytes(), std::size_t{256}); // and all goes on
    }
    void faultStays() {
        Rig rig;
        const auto values = rig.upload(ramp(32));
        QCOMPARE(errorOfLaunch(rig, kernel::trap, {{1}, {32}}), kLaunchFailed);
        std::vector<float> host(32);
        QCOMPARE(errorOf([&] { rig.stream().synchronize(); }), kLaunchFailed);
        QCOMPARE(errorOf([&] { rig.stream().copyOut(host.data(), values.address(), 128); }),
                 kLaunchFailed);
        QCOMPARE(errorOf([&] { const auto more = rig.allocate<float>(1); }), kLaunchFailed);
        QCOMPARE(errorOf([&] { Stream(rig.device()); }), kLaunchFailed);
        QCOMPARE(errorOf([&] { const Device other(standinDriver(), 0, standinImages()); }),
                 kLaunchFailed);
        restartStandin();
        QVERIFY(standinFault().empty());
        Rig again;
        QCOMPARE(again.download<float>(again.upload(ramp(3))), ramp(3));
    }
    void injectedFaultHappensOnce() {
        Rig rig;
        injectFault(4, kOutOfMemory, false); // an allocation is two calls
        const auto first = rig.allocate<float>(1);
        const auto second = rig.allocate<float>(1);
        QCOMPARE(errorOf([&] { const auto third = rig.allocate<float>(1); }), kOutOfMemory);
        QCOMPARE(rig.allocate<float>(1).bytes(), std::size_t{4});
    }
    void injectedFaultStays() {
        Rig rig;
        injectFault(2, kUncorrectable, true);
        const auto first = rig.allocate<float>(1);
        for (int i = 0; i < 3; ++i) {
            bool isFatal = false;
            try {
                rig.stream().synchronize();
            } catch (const DeviceError& error) {
                isFatal = error.isFatal();
                QVERIFY(QString(error.what()).contains("CUDA_ERROR_ECC_UNCORRECTABLE"));
            }
            QVERIFY(isFatal);
        }
    }
    void unknownKernelsAndImages() {
        Rig rig;
        auto& device = *rig.device();
        QCOMPARE(errorOf([&] { device.function("planted", "gw_missing"); }), kNotFound);
        QCOMPARE(errorOf([&] { device.function("product", "gw_trap"); }), kNotFound);
        QVERIFY(device.function("planted", "gw_trap") == device.function("planted", "gw_trap"));
        QVERIFY_THROWS_EXCEPTION(Error, device.function("nonsense", "gw_other"));
        const int nothing = 0;
        const Image image{"planted", &nothing};
        Device other(standinDriver(), 0, std::span(&image, 1));
        QCOMPARE(errorOf([&] { other.function("planted", "gw_trap"); }), kInvalidImage);
        QCOMPARE(errorOf([&] { const Device none(standinDriver(), 1, {}); }), kInvalidDevice);
    }
    void threadsNeedTheContext() {
        Rig rig;
        int error = 0;
        int errorWith = -1;
        int errorOfMemory = -1;
        std::thread([&] {
            const auto& driver = standinDriver();
            Address address = 0;
            error = driver.allocate(&address, 4);
            rig.device()->use();
            errorWith = driver.allocate(&address, 4);
            driver.release(address);
        }).join();
        std::thread([&] {
            errorOfMemory = errorOf([&] { const auto memory = rig.allocate<float>(1); });
        }).join();
        QCOMPARE(error, kInvalidContext);
        QCOMPARE(errorWith, 0);
        QCOMPARE(errorOfMemory, 0); // takes the context itself
    }
    void nothingHappensBeforeItIsWaitedFor() {
        Rig rig;
        std::vector<float> in{1, 2};
        std::vector<float> out{0, 0};
        const auto memory = rig.allocate<float>(2);
        rig.stream().copyIn(memory.address(), in.data(), 8);
        rig.stream().copyOut(out.data(), memory.address(), 8);
        in[1] = 3; // too late or too early on a device: here it is always seen
        QCOMPARE(out, (std::vector<float>{0, 0}));
        rig.stream().synchronize();
        QCOMPARE(out, (std::vector<float>{1, 3}));
    }
    void recordedWorkKeepsItsArguments() {
        Rig rig;
        std::vector<float> by{2};
        const auto factor = rig.upload(by);
        const auto in = rig.upload(ramp(8));
        const auto byValue = rig.allocate<float>(8);
        const auto byMemory = rig.allocate<float>(8);
        const auto recorded = [&] {
            float value = 2;
            auto work = rig.stream().record([&] {
                rig.stream().copyIn(factor.address(), by.data(), 4);
                rig.launch(kernel::scale, {{1}, {32}}, Rig::pointer(in), Rig::pointer(byValue), 8,
                           value);
                rig.launch(kernel::scaleBy, {{1}, {32}}, Rig::pointer(in), Rig::pointer(byMemory),
                           8, Rig::pointer(factor));
            });
            value = 7; // of no effect: the value was copied
            return work;
        }();
        QCOMPARE(counters().launches, std::size_t{0});
        for (const float now : {2.0F, 5.0F}) {
            by[0] = now;
            rig.stream().replay(recorded);
            QCOMPARE(rig.download<float>(byValue)[3], 8.0F);
            QCOMPARE(rig.download<float>(byMemory)[3], 4 * now);
        }
        QCOMPARE(counters().graphLaunches, std::size_t{2});
        QCOMPARE(counters().launches, std::size_t{4});
    }
    void recordedWorkWithReleasedMemoryIsFound() {
        if (kAccessesEndTheProcess)
            QSKIP(kAccessesEndTheProcess);
        Rig rig;
        const auto out = rig.allocate<float>(8);
        auto in = std::make_unique<Memory>(rig.upload(ramp(8)));
        const auto work = rig.stream().record([&] {
            rig.launch(kernel::scale, {{1}, {32}}, Rig::pointer(*in), Rig::pointer(out), 8, 1.0F);
        });
        rig.stream().replay(work);
        rig.stream().synchronize();
        in = std::make_unique<Memory>(rig.upload(ramp(8)));
        rig.stream().replay(work);
        QCOMPARE(errorOf([&] { rig.stream().synchronize(); }), kIllegalAddress);
    }
    void whatCannotBeRecorded() {
        Rig rig;
        QCOMPARE(errorOf([&] { rig.stream().record([&] { rig.stream().synchronize(); }); }),
                 kCaptureUnsupported);
        QCOMPARE(errorOf([&] {
                     rig.stream().record([&] { const auto memory = rig.allocate<float>(1); });
                 }),
                 kCaptureUnsupported);
        QCOMPARE(errorOf([&] { rig.stream().record([&] { Pinned(rig.device(), 4); }); }),
                 kCaptureUnsupported);
        QCOMPARE(rig.download<float>(rig.upload(ramp(2))), ramp(2)); // it goes on
    }
    void pinnedMemoryIsNaN() {
        Rig rig;
        const Pinned pinned(rig.device(), 8);
        const auto* values = reinterpret_cast<const float*>(pinned.data());
        QVERIFY(std::isnan(values[0]) && std::isnan(values[1]));
    }
    void countersCount() {
        Rig rig;
        const auto callsBefore = counters().calls;
        const auto a = rig.upload(ramp(10)); // allocates, copies in, waits
        const auto b = rig.allocate<float>(20);
        rig.stream().clear(b.address(), 80);
        rig.stream().copy(b.address(), a.address(), 12);
        auto want = ramp(3);
        want.resize(20);
        QCOMPARE(rig.download<float>(b), want);
        const auto& c = counters();
        QCOMPARE(c.calls - callsBefore, std::size_t{10}); // an allocation also takes the context
        QCOMPARE(c.bytesIn, std::size_t{40});
        QCOMPARE(c.bytesOut, std::size_t{80});
        QCOMPARE(c.bytesCopied, std::size_t{12});
        QCOMPARE(c.bytesFilled, std::size_t{80});
        QCOMPARE(c.synchronizations, std::size_t{2});
        QCOMPARE(c.allocations, std::size_t{2});
        QCOMPARE(c.launches, std::size_t{0});
    }
};

QTEST_GUILESS_MAIN(StandinDriverTest)
#include "tst_standin_driver.moc"
