// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/dataset.h"
#include "engine/data/points.h"
#include "engine/support/error.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

using namespace gradwright;

namespace {

constexpr double kRadius = 3;

/// The class by the place alone, written anew from the documented geometry; -1 where no point of
/// the pattern without noise may lie.
int classAt(PointPattern pattern, double x, double y, int classes) {
    x /= kRadius;
    y /= kRadius;
    const double radius = std::hypot(x, y);
    switch (pattern) {
    case PointPattern::Xor:
        return std::min(std::abs(x), std::abs(y)) < 0.049 ? -1 : (x * y > 0 ? 0 : 1);
    case PointPattern::Circles:
        return radius <= 0.4001 ? 0 : radius >= 0.6999 && radius <= 1.0001 ? 1 : -1;
    case PointPattern::Moons: {
        const double upper = std::hypot(1.5 * x + 0.5, 1.5 * y + 0.25);
        const double lower = std::hypot(1.5 * x - 0.5, 1.5 * y - 0.25);
        if (std::abs(upper - 1) < 1e-3 && 1.5 * y + 0.25 > -1e-3)
            return 0;
        return std::abs(lower - 1) < 1e-3 && 1.5 * y - 0.25 < 1e-3 ? 1 : -1;
    }
    case PointPattern::Spirals: {
        // Along an arm, radius and angle grow together.
        const double turn = std::atan2(x, y) / (2 * std::numbers::pi);
        for (int arm = 0; arm < classes; ++arm) {
            const double rest = turn - 1.75 * radius - static_cast<double>(arm) / classes;
            if (std::abs(rest - std::round(rest)) < 1e-3)
                return arm;
        }
        return radius < 1e-3 ? 0 : -1;
    }
    case PointPattern::Gaussians:
        for (int cloud = 0; cloud < classes; ++cloud) {
            const double angle = 2 * std::numbers::pi * cloud / classes;
            if (std::hypot(x - 0.65 * std::cos(angle), y - 0.65 * std::sin(angle)) < 1e-3)
                return cloud;
        }
        return -1;
    case PointPattern::Checkerboard:
        return static_cast<int>(std::floor(2 * (x + 1)) + std::floor(2 * (y + 1))) % 2;
    }
    return -1;
}

} // namespace

class PointsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void pointsLieWhereTheirClassIs_data() {
        QTest::addColumn<int>("pattern");
        QTest::addColumn<int>("classes");
        QTest::newRow("xor") << static_cast<int>(PointPattern::Xor) << 2;
        QTest::newRow("circles") << static_cast<int>(PointPattern::Circles) << 2;
        QTest::newRow("moons") << static_cast<int>(PointPattern::Moons) << 2;
        QTest::newRow("two spirals") << static_cast<int>(PointPattern::Spirals) << 2;
        QTest::newRow("five spirals") << static_cast<int>(PointPattern::Spirals) << 5;
        QTest::newRow("three clouds") << static_cast<int>(PointPattern::Gaussians) << 3;
        QTest::newRow("checkerboard") << static_cast<int>(PointPattern::Checkerboard) << 2;
    }
    void pointsLieWhereTheirClassIs() {
        QFETCH(const int, pattern);
        QFETCH(const int, classes);
        const auto kind = static_cast<PointPattern>(pattern);
        const auto set = generatePoints(
            {.pattern = kind, .count = 1000, .noise = 0, .classes = classes, .seed = 3});
        QCOMPARE(set.points.size(), 1000U);
        std::vector<int> counts(static_cast<std::size_t>(classes), 0);
        int left = 0;
        for (std::size_t i = 0; i < set.points.size(); ++i) {
            const auto [x, y] = set.points[i];
            const int found =
                classAt(kind, static_cast<double>(x), static_cast<double>(y), classes);
            // Where spirals meet, in the middle, a place belongs to all arms.
            const double radius = std::hypot(static_cast<double>(x), static_cast<double>(y));
            if (kind != PointPattern::Spirals || radius > 0.05)
                QCOMPARE(found, set.labels[i]);
            ++counts[static_cast<std::size_t>(set.labels[i])];
            left += x < 0 ? 1 : 0;
        }
        for (const int count : counts)
            QVERIFY(std::abs(count - 1000 / classes) <= 1);
        QVERIFY(left > 300 && left < 700);
    }

    void noiseIsAShareOfTheGap() {
        const PointSetOptions still{
            .pattern = PointPattern::Checkerboard, .count = 20'000, .noise = 0};
        PointSetOptions noisy = still;
        noisy.noise = 0.2;
        const auto before = generatePoints(still);
        const auto after = generatePoints(noisy);
        double sum = 0;
        for (std::size_t i = 0; i < before.points.size(); ++i)
            for (const std::size_t axis : {0U, 1U}) {
                const double by = static_cast<double>(after.points[i][axis]) -
                                  static_cast<double>(before.points[i][axis]);
                sum += by * by;
            }
        const double deviation = std::sqrt(sum / (2 * 20'000));
        const double gap = kRadius * 0.5; // a field's side
        QVERIFY(std::abs(deviation / gap - 0.2) < 0.004);
        QVERIFY(before.labels == after.labels);
    }

    void theSameSeedGivesTheSamePoints() {
        const PointSetOptions options{.count = 100, .seed = 5};
        PointSetOptions other = options;
        other.seed = 6;
        PointSetOptions part = options;
        part.part = 1;
        QVERIFY(generatePoints(options).points == generatePoints(options).points);
        QVERIFY(generatePoints(options).points != generatePoints(other).points);
        QVERIFY(generatePoints(options).points != generatePoints(part).points);
    }

    void asADataSet() {
        DataChoice choice;
        choice.dataset = "points";
        choice.params = {{"classes", std::int64_t{3}},
                         {"samples", std::int64_t{300}},
                         {"test_samples", std::int64_t{50}}};
        const Dataset data = openDataset(choice);
        QVERIFY(data.info.input == Shape{2});
        QCOMPARE(data.info.classes.size(), 3U);
        QCOMPARE(data.training->size(), std::int64_t{300});
        QCOMPARE(data.test->size(), std::int64_t{50});
        std::array<float, 2> first{};
        std::array<float, 2> tested{};
        data.training->input(0, first);
        data.test->input(0, tested);
        QVERIFY(first != tested);
        const Split split = splitOf(data, choice);
        QCOMPARE(split.training.size() + split.validation.size(), 300U);

        choice.params["noise"] = -1.0;
        QVERIFY_THROWS_EXCEPTION(Error, static_cast<void>(openDataset(choice)));
        choice.params["noise"] = 0.1;
        choice.params["pattern"] = std::string("rings");
        QVERIFY_THROWS_EXCEPTION(Error, static_cast<void>(openDataset(choice)));
    }
};

QTEST_GUILESS_MAIN(PointsTest)
#include "tst_points.moc"
