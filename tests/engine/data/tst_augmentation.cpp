// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/feed/batcher.h"
#include "engine/data/images/augmentation.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::int64_t kSide = 16;
constexpr std::size_t kElements = 2 * kSide * kSide;

/// Two channels with means and deviations of their own, as standardized data have.
DataInfo imagesInfo() {
    DataInfo info;
    info.input = Shape{2, kSide, kSide};
    info.classes = {"a", "b"};
    info.preparation.size = 0;
    info.preparation.mean = {0.25, 0.5};
    info.preparation.deviation = {0.5, 0.25};
    return info;
}

/// A blot in each channel, black around it.
std::vector<float> picture(double x = 8, double y = 8) {
    const auto info = imagesInfo();
    std::vector<float> values;
    for (std::size_t c = 0; c < 2; ++c)
        for (std::int64_t row = 0; row < kSide; ++row)
            for (std::int64_t column = 0; column < kSide; ++column) {
                const double distance = std::hypot(static_cast<double>(column) + 0.5 - x,
                                                   static_cast<double>(row) + 0.5 - y);
                values.push_back(
                    preparedValue(std::max(0.0, 1 - distance / 3), info.preparation, c));
            }
    return values;
}

std::vector<float> changed(const ParamValues& values, std::vector<float> image,
                           std::uint32_t sample = 0, std::uint64_t epoch = 0,
                           std::uint64_t seed = 1) {
    Augmenter(values, imagesInfo(), seed).apply(image, sample, epoch);
    return image;
}

/// In [0, 1], of one channel.
std::vector<double> shown(const std::vector<float>& image, std::size_t channel = 0) {
    const auto info = imagesInfo();
    std::vector<double> values;
    for (std::size_t i = 0; i < kElements / 2; ++i)
        values.push_back(double{image[channel * kElements / 2 + i]} *
                             info.preparation.deviation[channel] +
                         info.preparation.mean[channel]);
    return values;
}

std::pair<double, double> centreOf(const std::vector<double>& values) {
    double mass = 0;
    double x = 0;
    double y = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        mass += values[i];
        x += values[i] * (static_cast<double>(i % kSide) + 0.5);
        y += values[i] * (static_cast<double>(i / kSide) + 0.5);
    }
    return {x / mass, y / mass};
}

} // namespace

class AugmentationTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void defaultsChangeNothing() {
        QVERIFY(!augmenterOf({}, imagesInfo(), 1));
        QCOMPARE(changed({}, picture()), picture());
        for (const auto& spec : augmentationParams()) {
            QVERIFY(!spec.title.empty() && !spec.doc.empty());
            QVERIFY(!whyInvalid(spec, spec.defaultValue));
        }
    }

    /// Each one alone changes images, differently by sample, epoch and seed, and always alike.
    void everyOneWorksAndRepeats_data() {
        QTest::addColumn<std::string>("key");
        for (const auto& spec : augmentationParams())
            if (spec.key != "elastic_smoothness" && spec.key != "mixup")
                QTest::newRow(spec.key.c_str()) << spec.key;
    }
    void everyOneWorksAndRepeats() {
        QFETCH(std::string, key);
        const auto* spec = findParam(augmentationParams(), key);
        ParamValues values;
        if (spec->type == ParamType::Bool)
            values[key] = true;
        else
            values[key] = key == "rotation" || key == "shear" ? 30.0 : key == "elastic" ? 1.0 : 0.4;
        const auto original = picture(6, 7);
        std::set<std::vector<float>> seen;
        for (std::uint32_t sample = 0; sample < 8; ++sample) {
            const auto image = changed(values, original, sample);
            QCOMPARE(changed(values, original, sample), image);
            seen.insert(image);
            for (std::size_t c = 0; c < 2; ++c)
                for (const auto value : shown(image, c))
                    QVERIFY(value > -1e-6 && value < 1 + 1e-6);
        }
        QVERIFY(seen.size() > 1);
        std::set<std::vector<float>> others;
        for (std::uint64_t i = 0; i < 8; ++i) {
            others.insert(changed(values, original, 0, i, 1));
            others.insert(changed(values, original, 0, 0, i));
        }
        QVERIFY(others.size() > 1);
    }

    void shiftMovesWithinItsRange() {
        double least = 0;
        double most = 0;
        for (std::uint32_t sample = 0; sample < 200; ++sample) {
            const auto [x, y] = centreOf(shown(changed({{"shift", 0.1}}, picture(), sample)));
            least = std::min({least, x - 8, y - 8});
            most = std::max({most, x - 8, y - 8});
        }
        QVERIFY(least < -1.4 && least > -1.65);
        QVERIFY(most > 1.4 && most < 1.65);
    }

    void rotationTurnsAroundTheMiddle() {
        // A blot 4 right of the middle comes to lie 4 from it at most 30° up or down.
        double farthest = 0;
        for (std::uint32_t sample = 0; sample < 100; ++sample) {
            const auto [x, y] =
                centreOf(shown(changed({{"rotation", 30.0}}, picture(12, 8), sample)));
            QVERIFY(std::abs(std::hypot(x - 8, y - 8) - 4) < 0.1);
            farthest = std::max(farthest, std::abs(std::atan2(y - 8, x - 8)));
        }
        QVERIFY(farthest > 0.45 && farthest < 0.54);
    }

    void flipsMirrorEverySecondImage() {
        int flipped = 0;
        for (std::uint32_t sample = 0; sample < 100; ++sample) {
            const auto [x, y] =
                centreOf(shown(changed({{"flip_horizontal", true}}, picture(5, 7), sample)));
            QVERIFY(std::abs(y - 7) < 1e-5);
            QVERIFY(std::abs(x - 5) < 1e-5 || std::abs(x - 11) < 1e-5);
            flipped += x > 8 ? 1 : 0;
        }
        QVERIFY(flipped > 30 && flipped < 70);
    }

    /// Generated patterns are neither black nor white, and stay what they are.
    void flipsKeepValuesOutsideTheRangeOfColours() {
        auto image = picture();
        for (std::size_t i = 0; i < image.size(); ++i)
            image[i] = 9 * std::sin(static_cast<float>(i));
        auto flipped = changed({{"flip_horizontal", true}, {"flip_vertical", true}}, image);
        QVERIFY(*std::ranges::max_element(flipped) > 8);
        std::ranges::sort(image);
        std::ranges::sort(flipped);
        for (std::size_t i = 0; i < image.size(); ++i)
            QVERIFY(std::abs(image[i] - flipped[i]) < 1e-4F);
    }

    void scaleChangesTheArea() {
        const auto area = [](const std::vector<float>& image) {
            const auto values = shown(image);
            return std::accumulate(values.begin(), values.end(), 0.0);
        };
        const auto whole = area(picture());
        double least = 1;
        double most = 1;
        for (std::uint32_t sample = 0; sample < 100; ++sample) {
            const auto share = area(changed({{"scale", 0.3}}, picture(), sample)) / whole;
            least = std::min(least, share);
            most = std::max(most, share);
        }
        QVERIFY(least > 0.45 && least < 0.6);
        QVERIFY(most > 1.55 && most < 1.75);
    }

    void cropNeverShrinks() {
        for (std::uint32_t sample = 0; sample < 50; ++sample) {
            const auto image =
                changed({{"crop", 0.5}}, std::vector<float>(kElements, 0.3F), sample);
            for (const auto value : image)
                QVERIFY(std::abs(value - 0.3F) < 1e-5F); // no border comes into view
        }
    }

    void noiseHasItsDeviation() {
        const std::vector<float> gray(kElements, 0.0F);
        double squares = 0;
        double count = 0;
        for (std::uint32_t sample = 0; sample < 40; ++sample)
            for (const auto value : shown(changed({{"noise", 0.05}}, gray, sample), 1)) {
                squares += (value - 0.5) * (value - 0.5);
                count += 1;
            }
        QVERIFY(std::abs(std::sqrt(squares / count) - 0.05) < 0.002);
    }

    void elasticShiftsHaveTheirDeviation() {
        // A picture of its own coordinates shows by how much each place came from elsewhere.
        auto info = imagesInfo();
        info.preparation.mean = {0.0};
        info.preparation.deviation = {1.0};
        std::vector<float> ramp;
        for (std::size_t i = 0; i < kElements; ++i)
            ramp.push_back(0.25F + static_cast<float>(i % kSide) / 32);
        const Augmenter augmenter({{"elastic", 0.5}, {"elastic_smoothness", 4.0}}, info, 3);
        double squares = 0;
        double count = 0;
        for (std::uint32_t sample = 0; sample < 60; ++sample) {
            auto image = ramp;
            augmenter.apply(image, sample, 0);
            for (std::size_t i = 0; i < kElements / 2; ++i) {
                const auto x = i % kSide;
                const auto y = i / kSide;
                if (x < 4 || x > 11 || y < 4 || y > 11)
                    continue; // the border pulls black in
                const double shift = 32 * double{image[i] - ramp[i]};
                squares += shift * shift;
                count += 1;
            }
        }
        QVERIFY2(std::abs(std::sqrt(squares / count) - 0.5) < 0.05,
                 std::to_string(std::sqrt(squares / count)).c_str());
    }

    void cutoutBlackensASquare() {
        const auto white = changed({{"brightness", 0.0}}, std::vector<float>(kElements, 1.5F));
        for (std::uint32_t sample = 0; sample < 20; ++sample) {
            const auto values = shown(changed({{"cutout", 0.25}}, white, sample));
            const auto black = std::ranges::count_if(values, [](double v) { return v < 1e-6; });
            QVERIFY(black >= 4 && black <= 16); // 4 × 4, cut by the border
        }
    }

    void mixupMixesNeighbours() {
        const Augmenter augmenter({{"mixup", 1.0}}, imagesInfo(), 1);
        QVERIFY(augmenter.mixes());
        double sum = 0;
        constexpr std::uint32_t kCount = 400;
        std::vector<std::uint32_t> samples(kCount);
        std::iota(samples.begin(), samples.end(), 0U);
        std::vector<float> images;
        for (std::uint32_t i = 0; i < kCount; ++i)
            images.insert(images.end(), kElements, i % 2 == 0 ? 1.0F : 0.0F);
        auto again = images;
        augmenter.mix(images, samples, 5);
        augmenter.mix(again, samples, 5);
        QCOMPARE(images, again);
        for (std::uint32_t i = 0; i < kCount; ++i) {
            const double value = double{images[i * kElements]};
            QVERIFY(value >= 0 && value <= 1);
            sum += i % 2 == 0 ? value : 1 - value; // the share of its own
        }
        // Beta(2, 1) has the mean 2/3 and the deviation 0.236.
        QVERIFY2(std::abs(sum / kCount - 2.0 / 3) < 0.04, std::to_string(sum / kCount).c_str());
    }

    void theBatcherUsesIt() {
        class Pictures : public DataSource {
        public:
            std::int64_t size() const override { return 10; }
            const Shape& shape() const override { return shape_; }
            void input(std::int64_t, std::span<float> out) const override {
                std::ranges::copy(picture(), out.begin());
            }
            std::int32_t label(std::int64_t) const override { return 0; }
            /// Is not asked for: what is changed must be values.
            const ByteScaling* byteScaling() const override { return &scaling_; }

        private:
            Shape shape_{2, kSide, kSide};
            ByteScaling scaling_{{1, 1}, {0, 0}};
        };
        const DataChoice choice{.augmentation = {{"shift", 0.1}, {"mixup", 0.2}}};
        const auto augmenter = augmenterOf(choice, imagesInfo(), 1);
        const auto epoch = [&](std::uint64_t number, std::int64_t first) {
            Batcher batcher(std::make_shared<Pictures>(), {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 4, 7,
                            augmenter);
            batcher.startEpoch(number, first);
            std::vector<float> last;
            while (const auto* batch = batcher.next())
                last = batch->inputs;
            return last;
        };
        QVERIFY(epoch(0, 0) == epoch(0, 2)); // resumed in the middle
        QVERIFY(epoch(0, 0) != epoch(1, 0));
    }

    void refusesWhatItCannotChange() {
        DataInfo info;
        info.input = Shape{2};
        info.classes = {"a", "b"};
        const DataChoice choice{.augmentation = {{"rotation", 10.0}}};
        QVERIFY(contains(errorOf([&] { augmenterOf(choice, info, 1); }), "samples of 2"));
        QVERIFY(contains(errorOf([] {
                             changed({{"rotation", 200.0}}, picture());
                         }),
                         "from 0 to 180, not 200"));
        QVERIFY(contains(errorOf([] {
                             openDataset({.dataset = "points", .augmentation = {{"blur", 1.0}}});
                         }),
                         "augmentation: There is no parameter called \"blur\""));
    }
};

QTEST_APPLESS_MAIN(AugmentationTest)
#include "tst_augmentation.moc"
