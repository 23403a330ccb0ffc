// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/standin/fault_checks.h"
#include "tests/standin/planted_tensor.h"
#include "tests/standin/standin_numbers.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace gradwright::cuda;
using namespace gradwright::cuda::standin;

namespace {

/// Whole numbers that every format has, and so have their sums.
std::vector<float> wholeNumbers(std::size_t size, unsigned seed) {
    std::vector<float> values(size);
    for (auto& value : values) {
        seed = seed * 1664525U + 1013904223U;
        value = static_cast<float>(seed >> 28) - 8.0F;
    }
    return values;
}

std::vector<float> productOf(const std::vector<float>& a, const std::vector<float>& b) {
    std::vector<float> c(16 * 8);
    for (std::size_t row = 0; row < 16; ++row)
        for (std::size_t column = 0; column < 8; ++column)
            for (std::size_t k = 0; k < 16; ++k)
                c[row * 8 + column] += a[row * 16 + k] * b[k * 8 + column];
    return c;
}

} // namespace

/// Tensor cores and asynchronous copies on the stand-in.
class StandinTensorTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { gradwrightAdd_plantedTensor(); }

    // The formats, by values that IEEE 754 and their definitions give

    void numbersAreRounded() {
        constexpr float kUnitF16 = 0x1p-10F;
        const auto check = [](std::uint16_t got, std::uint16_t want) { QCOMPARE(got, want); };
        check(f16Of(1.0F), 0x3c00);
        check(f16Of(-2.0F), 0xc000);
        check(f16Of(1.0F / 3), 0x3555);
        check(f16Of(1 + kUnitF16 / 2), 0x3c00); // halfway, to the even one
        check(f16Of(1 + 3 * kUnitF16 / 2), 0x3c02);
        check(f16Of(std::nextafter(1 + kUnitF16 / 2, 2.0F)), 0x3c01);
        check(f16Of(kMostF16), 0x7bff);
        check(f16Of(std::nextafter(65520.0F, 0.0F)), 0x7bff);
        check(f16Of(65520.0F), 0x7c00);
        check(f16Of(-std::numeric_limits<float>::max()), 0xfc00);
        check(f16Of(0x1p-14F), 0x0400);
        check(f16Of(0x1p-24F), 0x0001);
        check(f16Of(0x1p-25F), 0x0000); // halfway
        check(f16Of(0x1.8p-24F), 0x0002);
        check(f16Of(std::nextafter(0x1p-14F, 0.0F)), 0x0400);
        check(f16Of(-0.0F), 0x8000);
        check(bf16Of(1.0F), 0x3f80);
        check(bf16Of(1 + 0x1p-8F), 0x3f80); // halfway
        check(bf16Of(1 + 0x1.8p-7F), 0x3f82);
        check(bf16Of(std::numeric_limits<float>::max()), 0x7f80);
        QCOMPARE(tf32Of(1 + 0x1p-11F), 1 + 0x1p-10F); // halfway, away from zero
        QCOMPARE(tf32Of(-1 - 0x1p-11F), -1 - 0x1p-10F);
        QCOMPARE(tf32Of(std::nextafter(1 + 0x1p-11F, 0.0F)), 1.0F);
        QCOMPARE(tf32Of(0x1p-120F), 0x1p-120F);
        const float nan = std::numeric_limits<float>::quiet_NaN();
        QVERIFY(std::isnan(floatOfF16(f16Of(nan))) && std::isnan(floatOfBf16(bf16Of(nan))) &&
                std::isnan(tf32Of(nan)));
        QVERIFY(std::isinf(tf32Of(std::numeric_limits<float>::infinity())));
    }
    void everyF16IsItself() {
        for (std::uint32_t bits = 0; bits < 1 << 16; ++bits) {
            const float value = floatOfF16(static_cast<std::uint16_t>(bits));
            if (!std::isnan(value))
                QCOMPARE(f16Of(value), static_cast<std::uint16_t>(bits));
        }
    }

    // Products

    void warpMultiplies_data() {
        QTest::addColumn<int>("format");
        QTest::newRow("bf16") << 0;
        QTest::newRow("fp16") << 1;
        QTest::newRow("fp16, half the depth at a time") << 2;
        QTest::newRow("tf32") << 3;
    }
    void warpMultiplies() {
        QFETCH(int, format);
        Rig rig;
        const auto a = wholeNumbers(16 * 16, 1);
        const auto b = wholeNumbers(16 * 8, 2);
        const auto deviceA = rig.upload(a);
        const auto deviceB = rig.upload(b);
        for (const auto order : kOrders) {
            setThreadOrder(order, 6);
            const auto c = rig.allocate<float>(16 * 8);
            rig.launch(kernel::matrixProduct, {{1}, {32}}, Rig::pointer(deviceA),
                       Rig::pointer(deviceB), Rig::pointer(c), format);
            QCOMPARE(rig.download<float>(c), productOf(a, b));
        }
    }
    void wrongFragmentShows() {
        Rig rig;
        const auto a = wholeNumbers(16 * 16, 1);
        const auto b = wholeNumbers(16 * 8, 2);
        const auto deviceA = rig.upload(a);
        const auto deviceB = rig.upload(b);
        const auto c = rig.allocate<float>(16 * 8);
        rig.launch(kernel::wrongFragment, {{1}, {32}}, Rig::pointer(deviceA), Rig::pointer(deviceB),
                   Rig::pointer(c));
        QVERIFY(rig.download<float>(c) != productOf(a, b));
    }
    void wrongProducts_data() {
        QTest::addColumn<int>("which");
        QTest::addColumn<unsigned>("threads");
        QTest::addColumn<QString>("words");
        QTest::newRow("two formats") << 0 << 32U << "multiplies in another format than";
        QTest::newRow("not rounded") << 1 << 32U << "a number that was not rounded to TF32";
        QTest::newRow("part of a warp") << 2 << 20U << "names a thread that is not there";
    }
    void wrongProducts() {
        QFETCH(int, which);
        QFETCH(unsigned, threads);
        QFETCH(QString, words);
        const std::array kernels{kernel::differentFormats, kernel::unroundedTf32,
                                 kernel::partOfWarp};
        Rig rig;
        const auto c = rig.allocate<float>(16 * 8);
        QCOMPARE(errorOfLaunch(rig, kernels.at(static_cast<std::size_t>(which)), {{1}, {threads}},
                               Rig::pointer(c)),
                 kLaunchFailed);
        QVERIFY(faultMatches(words));
    }

    // Copies

    void copiesArrive() {
        Rig rig;
        for (const auto order : kOrders) {
            setThreadOrder(order, 4);
            const auto values = rig.upload(ramp(256));
            rig.launch(kernel::rotateByCopies, {{2}, {128}}, Rig::pointer(values), 7);
            const auto got = rig.download<float>(values);
            for (std::size_t i = 0; i < 256; ++i)
                QCOMPARE(got[i], static_cast<float>(i / 128 * 128 + (i + 7) % 128 + 1));
        }
    }
    void copiesThatAreNotWaitedForShow_data() {
        QTest::addColumn<bool>("waits");
        QTest::newRow("no wait") << false;
        QTest::newRow("for all but the latest") << true;
    }
    void copiesThatAreNotWaitedForShow() {
        QFETCH(bool, waits);
        Rig rig;
        for (const auto order : kOrders) {
            setThreadOrder(order, 4);
            const auto values = rig.upload(ramp(128));
            rig.launch(waits ? kernel::waitForTooFew : kernel::missingWait, {{1}, {128}},
                       Rig::pointer(values), 1);
            for (const float value : rig.download<float>(values))
                QVERIFY(std::isnan(value));
        }
    }
};

QTEST_GUILESS_MAIN(StandinTensorTest)
#include "tst_standin_tensor.moc"
