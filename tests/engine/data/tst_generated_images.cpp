// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/dataset.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;

namespace {

Dataset open(const std::string& key, ParamValues params = {}) {
    return openDataset({.dataset = key, .params = std::move(params)});
}

std::vector<float> targetOf(const DataSource& source, std::int64_t index) {
    std::vector<float> values(static_cast<std::size_t>(source.targetShape().elements()));
    source.target(index, values);
    return values;
}

/// The strength of the wave of so many turns across and down the first channel.
double strength(const std::vector<float>& image, std::int64_t side, double across, double down) {
    double real = 0;
    double imaginary = 0;
    for (std::int64_t row = 0; row < side; ++row)
        for (std::int64_t column = 0; column < side; ++column) {
            const double angle =
                2 * M_PI *
                (across * static_cast<double>(column) + down * static_cast<double>(row)) /
                static_cast<double>(side);
            const auto value =
                static_cast<double>(image[static_cast<std::size_t>(row * side + column)]);
            real += value * std::cos(angle);
            imaginary += value * std::sin(angle);
        }
    return std::hypot(real, imaginary);
}

/// The power spectrum of an image, which the phases of its waves do not change.
std::vector<double> spectrum(const std::vector<float>& image, std::int64_t side) {
    std::vector<double> powers;
    for (int across = -7; across <= 7; ++across)
        for (int down = 0; down <= 7; ++down)
            powers.push_back(strength(image, side, across, down));
    return powers;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
    return std::sqrt(std::transform_reduce(a.begin(), a.end(), b.begin(), 0.0, std::plus(),
                                           [](double x, double y) { return (x - y) * (x - y); }));
}

} // namespace

class GeneratedImagesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void patternsAreWhatWasAskedFor() {
        const auto data = open("patterns", {{"size", std::int64_t{20}},
                                            {"channels", std::int64_t{2}},
                                            {"classes", std::int64_t{7}},
                                            {"samples", std::int64_t{70}}});
        QVERIFY((data.info.input == Shape{2, 20, 20}));
        QCOMPARE(data.info.classes.size(), 7U);
        QCOMPARE(data.training->size(), 70);
        std::vector<int> counts(7);
        for (std::int64_t i = 0; i < 70; ++i)
            ++counts.at(static_cast<std::size_t>(data.training->label(i)));
        QVERIFY(std::ranges::all_of(counts, [](int count) { return count == 10; }));
    }

    void patternsAreTheSameEachTime() {
        const auto once = open("patterns");
        const auto again = open("patterns");
        QVERIFY(inputOf(*once.training, 5) == inputOf(*again.training, 5));
        QVERIFY(inputOf(*once.training, 5) != inputOf(*once.test, 5));
        QVERIFY(inputOf(*once.training, 5) != inputOf(*once.training, 15));
        const auto other = open("patterns", {{"seed", std::int64_t{2}}});
        QVERIFY(inputOf(*once.training, 5) != inputOf(*other.training, 5));
    }

    /// Two images of a class are nearer to each other than to any of another class.
    void aPatternShowsItsClass() {
        const auto data = open("patterns", {{"noise", 0.0}});
        std::vector<std::vector<double>> first, second;
        for (std::int64_t label = 0; label < 10; ++label) {
            first.push_back(spectrum(inputOf(*data.training, label), 32));
            second.push_back(spectrum(inputOf(*data.test, label), 32));
        }
        for (std::size_t i = 0; i < first.size(); ++i)
            for (std::size_t j = 0; j < second.size(); ++j)
                QVERIFY(i == j || distance(first[i], second[i]) < distance(first[i], second[j]));
    }

    void noiseHasItsDeviation_data() {
        QTest::addColumn<std::string>("key");
        QTest::newRow("patterns") << std::string("patterns");
        QTest::newRow("shapes") << std::string("shapes");
    }
    void noiseHasItsDeviation() {
        QFETCH(std::string, key);
        const auto clean = open(key, {{"noise", 0.0}});
        const auto noisy = open(key, {{"noise", 0.7}});
        double sum = 0;
        double squares = 0;
        double count = 0;
        for (std::int64_t i = 0; i < 5; ++i) {
            const auto without = inputOf(*clean.training, i);
            const auto with = inputOf(*noisy.training, i);
            for (std::size_t j = 0; j < with.size(); ++j) {
                const auto noise = static_cast<double>(with[j] - without[j]);
                sum += noise;
                squares += noise * noise;
                ++count;
            }
        }
        QVERIFY(std::abs(sum / count) < 5 * 0.7 / std::sqrt(count));
        QVERIFY(std::abs(std::sqrt(squares / count) - 0.7) < 0.02);
    }

    /// Without noise, what the mask marks is bright, and some but not all of what is bright is
    /// marked.
    void masksMarkDisks() {
        const auto data = open("shapes", {{"noise", 0.0}});
        QVERIFY(!data.info.hasClasses());
        QVERIFY(data.info.target == data.info.input);
        int marked = 0;
        int bright = 0;
        for (std::int64_t i = 0; i < 50; ++i) {
            const auto image = inputOf(*data.training, i);
            const auto mask = targetOf(*data.training, i);
            for (std::size_t j = 0; j < image.size(); ++j) {
                QVERIFY(mask[j] == 0.0F || mask[j] == 1.0F);
                QVERIFY(image[j] == 0.0F || (image[j] >= 0.4F && image[j] <= 1.0F));
                QVERIFY(mask[j] == 0.0F || image[j] > 0.0F);
                marked += mask[j] > 0 ? 1 : 0;
                bright += image[j] > 0 ? 1 : 0;
            }
        }
        QVERIFY(marked > bright / 5 && marked < bright / 2);
        QVERIFY(bright > 50 * 64 * 64 / 20 && bright < 50 * 64 * 64 / 2);
    }
};

QTEST_APPLESS_MAIN(GeneratedImagesTest)
#include "tst_generated_images.moc"
