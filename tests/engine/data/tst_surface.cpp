// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/dataset.h"
#include "engine/support/error.h"

#include <QTest>

#include <array>
#include <cmath>

using namespace gradwright;

namespace {

struct Sample {
    double x, y, height;
};

Sample sampleOf(const DataSource& source, std::int64_t index) {
    std::array<float, 2> input{};
    float height = 0;
    source.input(index, input);
    source.target(index, std::span(&height, 1));
    return {double{input[0]}, double{input[1]}, double{height}};
}

Dataset opened(const std::string& pattern, double noise) {
    return openDataset({.dataset = "surface", .params = {{"pattern", pattern}, {"noise", noise}}});
}

} // namespace

class SurfaceTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void thePlaneIsOne() {
        const auto data = opened("plane", 0);
        QVERIFY(!data.info.hasClasses());
        QVERIFY(data.info.input == Shape{2} && data.info.target == Shape{1});
        QCOMPARE(data.training->size(), 2000);
        for (std::int64_t i = 0; i < 100; ++i) {
            const auto [x, y, height] = sampleOf(*data.training, i);
            QVERIFY(std::abs(x) <= 3 && std::abs(y) <= 3);
            QVERIFY(std::abs(height - (x + y) / 6) < 1e-6);
        }
    }

    void peaksAlternate() {
        const auto data = opened("gaussians", 0);
        double highest = 0;
        double lowest = 0;
        for (std::int64_t i = 0; i < data.training->size(); ++i) {
            const auto [x, y, height] = sampleOf(*data.training, i);
            highest = std::max(highest, height);
            lowest = std::min(lowest, height);
            if (std::hypot(x, y - 1.25) < 0.2)
                QVERIFY(height < -0.7); // between two peaks a pit
            if (std::hypot(x - 2, y - 1.25) < 0.2)
                QVERIFY(height > 0.7);
        }
        QVERIFY(highest > 0.9 && highest <= 1 && lowest < -0.9 && lowest >= -1);
    }

    void noiseHasItsDeviation() {
        const auto clean = opened("plane", 0);
        const auto noisy = opened("plane", 0.2);
        double squares = 0;
        for (std::int64_t i = 0; i < 2000; ++i)
            squares += std::pow(
                sampleOf(*noisy.training, i).height - sampleOf(*clean.training, i).height, 2);
        QVERIFY(std::abs(std::sqrt(squares / 2000) - 0.2) < 0.015);
    }

    void testPointsAreOthers() {
        const auto data = opened("plane", 0);
        QVERIFY(sampleOf(*data.test, 0).x != sampleOf(*data.training, 0).x);
    }
};

QTEST_APPLESS_MAIN(SurfaceTest)
#include "tst_surface.moc"
