// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/error.h"
#include "engine/tensor/number_format.h"

#include <QTest>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

using namespace gradwright;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Numbers of many sizes around those of the format, with halves between neighbours among them.
double someNumber(const NumberFormat& format, std::mt19937_64& random) {
    const auto bits = random() & ((std::uint64_t{1} << format.bits()) - 1);
    const auto base = decode(format, bits);
    if (!std::isfinite(base))
        return base;
    switch (random() % 4) {
    case 0:
        return base;
    case 1: { // exactly between two
        const auto next = decode(format, bits + 1);
        return std::isfinite(next) ? (base + next) / 2 : base;
    }
    default:
        return base * (1 + std::ldexp(static_cast<double>(random() % 2001) - 1000, -12));
    }
}

} // namespace

/// Formats of numbers, against the processor's own and against all numbers of the small ones.
class NumberFormatTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// As published: IEEE 754, and table 2 of the OCP specification.
    void limitsAreThePublishedOnes_data() {
        QTest::addColumn<QString>("key");
        QTest::addColumn<double>("largest");
        QTest::addColumn<double>("normal");
        QTest::addColumn<double>("smallest");
        const auto row = [](const char* key, double largest, double normal, double smallest) {
            QTest::newRow(key) << QString::fromLatin1(key) << largest << normal << smallest;
        };
        row("fp64", std::numeric_limits<double>::max(), std::numeric_limits<double>::min(),
            std::numeric_limits<double>::denorm_min());
        row("fp32", std::numeric_limits<float>::max(), std::numeric_limits<float>::min(),
            std::numeric_limits<float>::denorm_min());
        row("tf32", (2 - std::ldexp(1.0, -10)) * std::ldexp(1.0, 127), std::ldexp(1.0, -126),
            std::ldexp(1.0, -136));
        row("bf16", (2 - std::ldexp(1.0, -7)) * std::ldexp(1.0, 127), std::ldexp(1.0, -126),
            std::ldexp(1.0, -133));
        row("fp16", 65504, std::ldexp(1.0, -14), std::ldexp(1.0, -24));
        row("fp8-e5m2", 57344, std::ldexp(1.0, -14), std::ldexp(1.0, -16));
        row("fp8-e4m3", 448, std::ldexp(1.0, -6), std::ldexp(1.0, -9));
        row("int8", 127, 1, 1);
        row("int4", 7, 1, 1);
    }
    void limitsAreThePublishedOnes() {
        QFETCH(QString, key);
        QFETCH(double, largest);
        QFETCH(double, normal);
        QFETCH(double, smallest);
        const auto& format = numberFormat(key.toStdString());
        QVERIFY(largestNumber(format) == largest);
        QVERIFY(smallestNormal(format) == normal);
        QVERIFY(smallestNumber(format) == smallest);
    }

    void theProcessorRoundsAlike() {
        std::mt19937_64 random(1);
        const auto& single = numberFormat("fp32");
        const auto& reference = numberFormat("fp64");
        for (int i = 0; i < 200'000; ++i) {
            const auto bits = random();
            const auto any = std::bit_cast<double>(bits);
            if (!std::isnan(any)) {
                QCOMPARE(encode(reference, any), bits);
                QVERIFY(decode(reference, bits) == any);
            }
            const auto number = someNumber(single, random);
            if (std::isnan(number))
                continue;
            const auto asFloat = static_cast<float>(number);
            QCOMPARE(encode(single, number), std::uint64_t{std::bit_cast<std::uint32_t>(asFloat)});
            QVERIFY(rounded(single, number) == static_cast<double>(asFloat));
        }
    }

    /// No number of the format is nearer, and of two equally near ones it is the even one.
    void theNearestIsTaken_data() {
        QTest::addColumn<QString>("key");
        for (const auto* key : {"fp8-e5m2", "fp8-e4m3", "int8", "int4"})
            QTest::newRow(key) << QString::fromLatin1(key);
    }
    void theNearestIsTaken() {
        QFETCH(QString, key);
        const auto& format = numberFormat(key.toStdString());
        const auto count = std::uint64_t{1} << format.bits();
        std::mt19937_64 random(2);
        for (int i = 0; i < 4000; ++i) {
            const auto number = someNumber(format, random);
            if (!std::isfinite(number) || std::abs(number) > largestNumber(format))
                continue;
            const auto taken = encode(format, number);
            const auto distance = std::abs(decode(format, taken) - number);
            for (std::uint64_t bits = 0; bits < count; ++bits) {
                const auto other = decode(format, bits);
                if (!std::isfinite(other))
                    continue;
                const auto away = std::abs(other - number);
                QVERIFY(away >= distance);
                QVERIFY(away > distance || other == decode(format, taken) || taken % 2 == 0);
            }
        }
    }

    void everyNumberComesBack() {
        for (const auto& format : numberFormats()) {
            if (format.bits() > 16)
                continue;
            for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << format.bits()); ++bits) {
                const auto number = decode(format, bits);
                if (!std::isnan(number))
                    QCOMPARE(encode(format, number), bits);
            }
        }
    }

    void whatIsTooLargeBecomesWhatTheFormatHas() {
        const auto& half = numberFormat("fp16");
        QVERIFY(rounded(half, 65519) == 65504); // below the middle to 65536
        QVERIFY(rounded(half, 65520) == kInfinity);
        QVERIFY(rounded(half, -1e9) == -kInfinity);
        QVERIFY(std::isnan(rounded(numberFormat("fp8-e4m3"), 480)));
        QVERIFY(rounded(numberFormat("fp8-e4m3"), 464) == 448); // a tie, to the even one
        QVERIFY(std::isnan(rounded(numberFormat("fp8-e4m3"), kInfinity)));
        QVERIFY(rounded(numberFormat("fp8-e5m2"), 1e6) == kInfinity);
        QVERIFY(rounded(numberFormat("int8"), 1000) == 127);
        QVERIFY(rounded(numberFormat("int8"), -kInfinity) == -128);
        QVERIFY(rounded(numberFormat("int4"), std::nan("")) == 0);
        QVERIFY(rounded(numberFormat("int4"), -8.4) == -8);
        QVERIFY(std::signbit(rounded(half, -0.0)));
    }

    void spacingGrowsWithTheNumber() {
        const auto& brain = numberFormat("bf16");
        QVERIFY(spacingAt(brain, 1) == std::ldexp(1.0, -7));
        QVERIFY(spacingAt(brain, -256) == 2);
        QVERIFY(spacingAt(numberFormat("fp16"), 0) == std::ldexp(1.0, -24));
        QVERIFY(spacingAt(numberFormat("fp16"), 65504) == kInfinity);
        QVERIFY(spacingAt(numberFormat("int8"), 3.2) == 1);
    }

    void aFormatThatIsNotThereIsNamed() {
        try {
            numberFormat("fp4");
            QFAIL("no error");
        } catch (const Error& error) {
            QVERIFY(std::string(error.what()).find("fp8-e4m3") != std::string::npos);
        }
    }
};

QTEST_APPLESS_MAIN(NumberFormatTest)
#include "tst_number_format.moc"
