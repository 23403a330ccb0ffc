// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/rates/cards.h"
#include "engine/rates/clusters.h"
#include "engine/rates/measure.h"
#include "engine/rates/network_speed.h"
#include "engine/rates/peaks.h"
#include "tests/engine/backend/wrapped_backend.h"

#include <QTest>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <sstream>
#include <thread>

using namespace gradwright;
using namespace gradwright::test;

namespace {

double peakOf(const Peaks& peaks, RateFormat format) {
    return peaks[static_cast<std::size_t>(format)].perSecond.value_or(0);
}

bool isAbout(double actual, double expected, double share = 0.01) {
    return std::abs(actual - expected) <= share * expected;
}

/// Multiprocessors and boost clock of a card, from NVIDIA's white papers; the data sheets' peaks
/// follow from other pages of theirs.
GpuInfo gpuOf(int major, int minor, int multiprocessors, double clock) {
    GpuInfo gpu;
    gpu.major = major;
    gpu.minor = minor;
    gpu.multiprocessors = multiprocessors;
    gpu.clock = clock;
    return gpu;
}

const Card& card(std::string_view name) {
    return *std::ranges::find(knownCards(), name, &Card::name);
}

/// Two threads a core, or one.
std::string cpuinfo(int cores, bool hasThreads, std::string_view vendor, int family, int model,
                    std::string_view flags, double megahertz = 2000) {
    std::ostringstream text;
    int processor = 0;
    for (int core = 0; core < cores; ++core)
        for (int thread = 0; thread < (hasThreads ? 2 : 1); ++thread)
            text << "processor\t: " << processor++ << "\nvendor_id\t: " << vendor
                 << "\ncpu family\t: " << family << "\nmodel\t\t: " << model
                 << "\nmodel name\t: A processor\ncpu MHz\t\t: " << megahertz
                 << "\nphysical id\t: " << core / 4 << "\ncore id\t\t: " << core % 4
                 << "\nflags\t\t: " << flags << "\n\n";
    return text.str();
}

ProcessorFacts factsOf(const std::string& text) {
    std::istringstream stream(text);
    return processorFrom(stream);
}

} // namespace

/// Peaks that are computed, and rates that are measured.
class RatesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Calculated by hand: 6e10 operations at 0.4 of 312 TFLOP/s; 400 MB through 300 GB/s of NVLink
    /// and 200 GB/s of network.
    void scalingFollowsFromDataSheets() {
        ScalingLoad load;
        load.macs = 1'000'000'000;
        load.parameters = 100'000'000;
        load.batch = 10;
        load.precision = Precision::Bf16;
        const auto& nodes = cluster("dgx-a100");
        const auto alone = predictScaling(nodes, 1, 1, load);
        QVERIFY(isAbout(alone.compute, 480.77e-6, 1e-4));
        QCOMPARE(alone.communication, 0.0);
        QCOMPARE(alone.efficiency, 1.0);
        const auto node = predictScaling(nodes, 1, 8, load);
        QVERIFY(isAbout(node.communication, 2.40333e-3, 1e-4));
        QVERIFY(isAbout(node.step, 2.56359e-3, 1e-4));
        QVERIFY(isAbout(node.efficiency, 0.18754, 1e-4));
        QVERIFY(isAbout(node.samplesPerSecond, 80 / 2.56359e-3, 1e-4));
        const auto two = predictScaling(nodes, 2, 8, load);
        QVERIFY(isAbout(two.communication - node.communication, 2.01e-3, 1e-4));
        QCOMPARE(two.gpus, std::int64_t{16});
        load.wireBytes = 2; // half the bytes, the same messages
        QVERIFY(isAbout(predictScaling(nodes, 1, 8, load).communication, 1.23667e-3, 1e-4));
        load.macs *= 100; // the backward pass hides the sum
        QCOMPARE(predictScaling(nodes, 2, 8, load).efficiency, 1.0);
    }
    void impossibleClustersAreRefused() {
        QVERIFY_EXCEPTION_THROWN(cluster("dgx-9"), Error);
        ScalingLoad load;
        load.macs = load.parameters = 1;
        QVERIFY_EXCEPTION_THROWN(predictScaling(cluster("dgx-2"), 1, 17, load), Error);
        QVERIFY_EXCEPTION_THROWN(predictScaling(cluster("dgx-2"), 2, 8, load), Error);
        load.precision = Precision::Bf16;
        QVERIFY_EXCEPTION_THROWN(predictScaling(cluster("dgx-1"), 1, 1, load), Error);
        for (const auto& each : knownClusters())
            QCOMPARE(cardOf(each).name, each.card);
    }

    void peaksOfGpusAreThoseOfTheirDataSheets_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("capability");
        QTest::addColumn<int>("multiprocessors");
        QTest::addColumn<double>("clock");
        QTest::addColumn<double>("tensorClock");
        QTest::newRow("P100") << "P100 SXM2" << 60 << 56 << 1.480e9 << 1.480e9;
        QTest::newRow("V100") << "V100 SXM2" << 70 << 80 << 1.530e9 << 1.530e9;
        QTest::newRow("T4") << "T4" << 75 << 40 << 1.590e9 << 1.590e9;
        QTest::newRow("A100") << "A100 SXM 80 GB" << 80 << 108 << 1.410e9 << 1.410e9;
        QTest::newRow("H100") << "H100 SXM" << 90 << 132 << 1.980e9 << 1.830e9;
    }
    void peaksOfGpusAreThoseOfTheirDataSheets() {
        QFETCH(QString, name);
        QFETCH(int, capability);
        QFETCH(int, multiprocessors);
        QFETCH(double, clock);
        QFETCH(double, tensorClock);
        const auto& sheet = card(name.toStdString());
        int known = 0;
        for (const auto format : kAllRateFormats) {
            const double published = sheet.peaks[static_cast<std::size_t>(format)];
            const bool isPlain = format == RateFormat::F64 || format == RateFormat::F32;
            const auto peaks = gpuPeaks(gpuOf(capability / 10, capability % 10, multiprocessors,
                                              isPlain ? clock : tensorClock));
            if (published == 0)
                continue;
            ++known;
            QVERIFY2(isAbout(peakOf(peaks, format), published, 0.02),
                     qPrintable(QStringLiteral("%1: %2")
                                    .arg(nameOf(format).data())
                                    .arg(peakOf(peaks, format))));
        }
        QVERIFY(known >= 3);
    }

    void whatAGpuDoesNotSayIsUnknown() {
        for (const auto& peak : gpuPeaks(gpuOf(8, 0, 108, 0)))
            QVERIFY(!peak.perSecond && peak.formula == "the driver does not tell the clock");
        for (const auto& peak : gpuPeaks(gpuOf(13, 7, 108, 1e9)))
            QVERIFY(!peak.perSecond && peak.formula.find("13.7") != std::string::npos);
        // Its tensor cores differ from card to card.
        const auto peaks = gpuPeaks(gpuOf(8, 9, 100, 1e9));
        QVERIFY(isAbout(peakOf(peaks, RateFormat::F32), 25.6e12));
        QCOMPARE(peakOf(peaks, RateFormat::F16), 0.0);
        QVERIFY(!gpuBandwidth(gpuOf(8, 0, 108, 1e9)).perSecond);
    }

    /// Memory clocks and widths are those that drivers tell of the cards.
    void bandwidthsAreThoseOfTheDataSheets() {
        const auto bandwidth = [](double clock, int bits) {
            GpuInfo gpu;
            gpu.memoryClock = clock;
            gpu.memoryBits = bits;
            return *gpuBandwidth(gpu).perSecond;
        };
        QVERIFY(isAbout(bandwidth(1.593e9, 5120), card("A100 SXM 80 GB").bandwidth));
        QVERIFY(isAbout(bandwidth(5.001e9, 256), card("T4").bandwidth));
        QVERIFY(isAbout(bandwidth(0.715e9, 4096), card("P100 SXM2").bandwidth));
    }

    /// Against numbers computed by hand: cores × clock × units × lanes × 2.
    void peaksOfAProcessor() {
        const auto sapphire = factsOf(
            cpuinfo(8, true, "GenuineIntel", 6, 143,
                    "fma avx2 avx512f avx512_vnni avx512_bf16 avx512_fp16 amx_tile amx_bf16 "
                    "amx_int8"));
        QCOMPARE(sapphire.cores, 8);
        QCOMPARE(sapphire.clock, 2e9);
        const auto peaks = processorPeaks(sapphire);
        QCOMPARE(peakOf(peaks, RateFormat::F64), 512e9);    // 8 · 2e9 · 32
        QCOMPARE(peakOf(peaks, RateFormat::F32), 1024e9);   // 64
        QCOMPARE(peakOf(peaks, RateFormat::F16), 2048e9);   // 128
        QCOMPARE(peakOf(peaks, RateFormat::Bf16), 16384e9); // 1024
        QCOMPARE(peakOf(peaks, RateFormat::I8), 32768e9);   // 2048
        QCOMPARE(peakOf(peaks, RateFormat::Tf32), 0.0);
        QCOMPARE(peaks[1].formula, std::string("8 cores × 2.00 GHz (clock now) × 64 operations a "
                                               "cycle (2 units × 16 numbers × 2)"));
        const auto zen = processorPeaks(
            factsOf(cpuinfo(4, false, "AuthenticAMD", 0x19, 0x61, "fma avx2 avx512f", 3000)));
        QCOMPARE(peakOf(zen, RateFormat::F32), 384e9); // 4 · 3e9 · 32
        QCOMPARE(peakOf(zen, RateFormat::Bf16), 0.0);
    }

    void whatAProcessorDoesNotSayIsUnknown() {
        // One or two units for AVX-512, depending on the model.
        for (const auto& text : {cpuinfo(2, false, "GenuineIntel", 6, 85, "fma avx512f"),
                                 cpuinfo(2, false, "HygonGenuine", 24, 1, "fma avx2")})
            for (const auto& peak : processorPeaks(factsOf(text)))
                QVERIFY(!peak.perSecond &&
                        peak.formula == "how many vector units a core has is not known");
        for (const auto& peak : processorPeaks(factsOf({})))
            QVERIFY(!peak.perSecond && !peak.formula.empty());
    }

    void ratesAreWrittenInThreeDigits() {
        QCOMPARE(operationsText(134.4e9), std::string("134 GFLOP/s"));
        QCOMPARE(operationsText(999.6e9), std::string("1.00 TFLOP/s"));
        QCOMPARE(operationsText(12.34e12, RateFormat::I8), std::string("12.3 TOP/s"));
        QCOMPARE(bytesPerSecondText(2039e9), std::string("2.04 TB/s"));
        QCOMPARE(bytesPerSecondText(7), std::string("7.00 B/s"));
    }

    /// A program whose runs take a known time has a known rate.
    void aProductsRateIsItsOperationsByItsTime() {
        constexpr auto kTime = std::chrono::milliseconds(100);
        WrappedBackend slow;
        slow.computes = false;
        slow.before = [&] { std::this_thread::sleep_for(kTime); };
        const auto rate = measureProduct(slow, Precision::F64, 128);
        QVERIFY(rate);
        const double most = 8 * 2.0 * 128 * 128 * 128 / 0.1;
        QVERIFY2(rate->perSecond <= most && rate->perSecond > 0.8 * most,
                 QByteArray::number(rate->perSecond / most));
        QCOMPARE(rate->how, std::string("8 products of matrices of 128 × 128, wrapped"));
        QVERIFY(rate->format == RateFormat::F64 && rate->kind == Rate::Kind::Product);
    }

    /// A roof of 100 operations and one of 10 bytes a second: they meet at 10 operations a byte.
    void layersStandUnderTheRoofs() {
        const auto op = [](std::string path, std::int64_t operations, std::size_t bytes) {
            OpReport report;
            report.path = std::move(path);
            report.operations = operations;
            report.bytes = bytes;
            return report;
        };
        ProgramReport report;
        report.ops = {op("conv", 3000, 50), op("relu", 40, 80), op("flatten", 0, 0),
                      op("edge", 200, 20)};
        report.backward = {op("relu", 40, 120), op("conv", 3000, 150)};
        const auto layers = layerSpeeds(report, 100, 10);
        QCOMPARE(layers.size(), std::size_t{3});
        QCOMPARE(layers[0].path, std::string("conv")); // 6000 operations, 200 bytes
        QCOMPARE(layers[0].intensity(), 30.0);
        QCOMPARE(layers[0].attainable, 100.0);
        QCOMPARE(layers[0].seconds, 60.0);
        QCOMPARE(layers[1].intensity(), 0.4); // 80 operations, 200 bytes
        QCOMPARE(layers[1].attainable, 4.0);
        QCOMPARE(layers[1].seconds, 20.0);
        QCOMPARE(layers[2].attainable, 100.0); // where they meet
        QCOMPARE(layers[2].seconds, 2.0);
        NetworkSpeed speed;
        speed.layers = layers;
        speed.product.perSecond = 100;
        speed.measured = 157;
        QCOMPARE(speed.operations(), std::int64_t{6280});
        QCOMPARE(speed.predicted(), 82.0);
        QCOMPARE(speed.shareOfPeak(), 0.4);
    }

    void measuringStops() {
        std::stop_source source;
        WrappedBackend slow;
        slow.computes = false;
        slow.before = [&] { source.request_stop(); };
        QVERIFY(!measureProduct(slow, Precision::F64, 128, source.get_token()));
        QVERIFY(!measureTriad(1 << 20, source.get_token()));
    }

    /// Ten triads took no longer than the whole call.
    void theTriadIsNoFasterThanItsTime() {
        constexpr std::size_t kBytes = std::size_t{8} << 20;
        const auto begin = std::chrono::steady_clock::now();
        const auto measured = measureTriad(kBytes);
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
        QVERIFY(measured);
        const Rate& rate = *measured;
        QVERIFY(rate.kind == Rate::Kind::Memory && rate.how == "STREAM triad, arrays of 8 MiB");
        QVERIFY(rate.perSecond > 1e8);
        QVERIFY(9 * 3.0 * kBytes / rate.perSecond <= spent.count());
    }

    void arraysOfTheTriadFitIntoMemory() {
        constexpr std::size_t kMiB = std::size_t{1} << 20;
        QCOMPARE(triadBytes(32 * kMiB, 65536 * kMiB), 128 * kMiB);
        QCOMPARE(triadBytes(300 * kMiB, 65536 * kMiB), 512 * kMiB);
        QCOMPARE(triadBytes(300 * kMiB, 1600 * kMiB), 100 * kMiB);
        QCOMPARE(triadBytes(0, 0), 16 * kMiB);
    }
};

QTEST_APPLESS_MAIN(RatesTest)
#include "tst_rates.moc"
