// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/initializer.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr WeightFans kFans{300, 200};
const Shape kShape{200, 300};

Tensor draw(const Initializer& initializer, std::uint64_t seed = 1,
            std::string_view key = "dense1/weight", const Shape& shape = kShape) {
    return initialize(initializer, shape, kFans, seed, key);
}

struct Moments {
    double mean = 0, variance = 0, low = INFINITY, high = -INFINITY;
};

Moments momentsOf(const Tensor& tensor) {
    Moments m;
    const auto values = tensor.span<double>();
    const auto count = static_cast<double>(values.size());
    for (const double value : values) {
        m.mean += value / count;
        m.low = std::min(m.low, value);
        m.high = std::max(m.high, value);
    }
    for (const double value : values)
        m.variance += (value - m.mean) * (value - m.mean) / count;
    return m;
}

} // namespace

class InitializerTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void singlePrecisionIsTheRoundedDouble() {
        for (const auto& def : initializers()) {
            const Initializer initializer{def.key, 0.3, 1.5};
            const auto rounded = draw(initializer).to(DType::F32);
            const auto single =
                initialize(initializer, kShape, kFans, 1, "dense1/weight", DType::F32);
            QVERIFY2(single == rounded, def.key.c_str());
        }
    }

    void variancesFollowTheFormulas_data() {
        QTest::addColumn<QString>("key");
        QTest::addColumn<double>("variance");
        QTest::newRow("he-normal") << "he-normal" << 2.0 / 300;
        QTest::newRow("he-uniform") << "he-uniform" << 2.0 / 300;
        QTest::newRow("xavier-normal") << "xavier-normal" << 2.0 / 500;
        QTest::newRow("xavier-uniform") << "xavier-uniform" << 2.0 / 500;
        QTest::newRow("lecun-normal") << "lecun-normal" << 1.0 / 300;
        QTest::newRow("lecun-uniform") << "lecun-uniform" << 1.0 / 300;
        QTest::newRow("normal") << "normal" << 0.3 * 0.3;
        QTest::newRow("uniform") << "uniform" << 0.3 * 0.3 / 3;
    }
    void variancesFollowTheFormulas() {
        QFETCH(QString, key);
        QFETCH(double, variance);
        const auto m = momentsOf(draw({key.toStdString(), 0.3, 1.0}));
        const double deviation = std::sqrt(variance);
        QVERIFY(std::abs(m.mean) < 5 * deviation / std::sqrt(60'000.0));
        QVERIFY(std::abs(m.variance / variance - 1) < 0.03);
        if (key.endsWith("uniform")) {
            const double half = deviation * std::sqrt(3.0);
            QVERIFY(m.low >= -half && m.high <= half);
            QVERIFY(m.low < -0.99 * half && m.high > 0.99 * half);
        } else {
            QVERIFY(m.high > 3 * deviation);
        }
    }

    /// The variance of a normal distribution cut at ±2 deviations: 1 - 4 φ(2) / (2 Φ(2) - 1).
    void truncationCutsTheTails() {
        const auto m = momentsOf(draw({"truncated-normal", 0.3}));
        QVERIFY(std::abs(m.variance / (0.3 * 0.3 * 0.7737413) - 1) < 0.03);
        QVERIFY(m.low >= -0.6 && m.high <= 0.6);
        QVERIFY(m.low < -0.59 && m.high > 0.59);
        QVERIFY(std::abs(m.mean) < 5 * 0.3 / std::sqrt(60'000.0));
    }

    void orthogonalRowsOrColumnsAreOrthonormal() {
        for (const auto& shape : {Shape{7, 3, 2, 2}, Shape{12, 12}, Shape{12, 5}}) {
            const auto tensor = draw({"orthogonal", 0.0, 2.0}, 3, "w", shape);
            const auto values = tensor.span<double>();
            const auto rows = static_cast<std::size_t>(shape[0]);
            const auto columns = values.size() / rows;
            const auto at = [&](std::size_t vector, std::size_t k) {
                return rows <= columns ? values[vector * columns + k]
                                       : values[k * columns + vector];
            };
            for (std::size_t i = 0; i < std::min(rows, columns); ++i)
                for (std::size_t j = 0; j <= i; ++j) {
                    double product = 0;
                    for (std::size_t k = 0; k < std::max(rows, columns); ++k)
                        product += at(i, k) * at(j, k);
                    QVERIFY(std::abs(product - (i == j ? 4.0 : 0.0)) < 1e-12);
                }
        }
        QVERIFY(!(draw({"orthogonal"}, 1, "w", {9, 9}) == draw({"orthogonal"}, 2, "w", {9, 9})));
        QCOMPARE(messageOf([] { return draw({"orthogonal"}, 1, "w", {9}); }),
                 "the initializer \"orthogonal\" needs a weight of two dimensions or more, not 9");
    }

    /// Unit i of input i at the kernel's middle is 1, all else 0.
    void identityPassesTheInputOn() {
        const auto tensor = draw({"identity"}, 1, "w", {3, 2, 3, 5});
        const auto values = tensor.span<double>();
        for (std::size_t i = 0; i < values.size(); ++i)
            QCOMPARE(values[i], i == 7 || i == 30 + 15 + 7 ? 1.0 : 0.0);
        const auto wide = draw({"identity"}, 1, "w", {2, 3});
        const std::vector<double> expected{1, 0, 0, 0, 1, 0};
        QVERIFY(std::ranges::equal(wide.span<double>(), expected));
    }

    void theGainWidensXavierOnly() {
        const double gain = 5.0 / 3;
        const auto plain = momentsOf(draw({"xavier-normal"}));
        const auto wide = momentsOf(draw({"xavier-normal", 0.0, gain}));
        QVERIFY(std::abs(wide.variance / plain.variance - gain * gain) < 1e-9);
        QVERIFY(draw({"he-normal", 0.0, gain}) == draw({"he-normal"}));
    }

    void constantsAreConstant() {
        const auto m = momentsOf(draw({"constant", 2.5}));
        QCOMPARE(m.low, 2.5);
        QCOMPARE(m.high, 2.5);
        const auto zeros = momentsOf(draw({"zeros", 2.5}));
        QCOMPARE(zeros.low, 0.0);
        QCOMPARE(zeros.high, 0.0);
    }

    /// So that a layer added elsewhere does not change the start of the others.
    void valuesDependOnSeedAndKeyAlone() {
        const auto first = draw({"he-normal"});
        QVERIFY(draw({"he-normal"}) == first);
        QVERIFY(!(draw({"he-normal"}, 2) == first));
        const auto other = draw({"he-normal"}, 1, "dense2/weight");
        QVERIFY(!(other == first));
        double product = 0;
        for (std::size_t i = 0; i < first.span<double>().size(); ++i)
            product += first.span<double>()[i] * other.span<double>()[i];
        // The correlation of independent draws has deviation 1 / sqrt(60,000).
        QVERIFY(std::abs(product / 60'000 / (2.0 / 300)) < 5 / std::sqrt(60'000.0));
    }

    void everyInitializerIsDescribedAndWorks() {
        for (const auto& def : initializers()) {
            QVERIFY(!def.title.empty() && !def.doc.empty() && !def.formula.empty());
            QVERIFY(draw({def.key, 0.5}).shape() == kShape);
        }
        // Each is compared with its formula above.
        const std::set<std::string> compared = {
            "he-normal",     "he-uniform", "xavier-normal", "xavier-uniform",   "lecun-normal",
            "lecun-uniform", "orthogonal", "identity",      "truncated-normal", "normal",
            "uniform",       "constant",   "zeros"};
        for (const auto& def : initializers())
            QVERIFY2(compared.contains(def.key), def.key.c_str());
        qInfo("%zu initializers compared with their formulas", initializers().size());
        QCOMPARE(messageOf([] { return draw({"magic"}); }), "there is no initializer \"magic\"");
    }
};

QTEST_APPLESS_MAIN(InitializerTest)
#include "tst_initializer.moc"
