// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/dataset.h"
#include "engine/data/images/digit.h"
#include "engine/data/images/ink.h"
#include "engine/support/error.h"
#include "engine/support/resources.h"
#include "engine/support/rng.h"
#include "tests/support/data_files.h"
#include "tests/support/drawn_digits.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::int64_t kSize = 28;
constexpr std::int64_t kDigits = 100;

float at(const Tensor& digit, std::int64_t x, std::int64_t y) {
    return digit.span<float>()[static_cast<std::size_t>(y * kSize + x)];
}

double rms(const Tensor& a, const Tensor& b) {
    double squares = 0;
    for (std::size_t i = 0; i < a.span<float>().size(); ++i)
        squares += std::pow(double{a.span<float>()[i]} - double{b.span<float>()[i]}, 2);
    return std::sqrt(squares / static_cast<double>(a.elements()));
}

/// Paper and grain as a photograph has them.
GrayImage onPaper(GrayImage drawing, std::uint64_t seed) {
    const Rng rng(seed, RngStream::Test, 1);
    std::uint64_t draw = 0;
    for (std::int64_t y = 0; y < drawing.height; ++y)
        for (std::int64_t x = 0; x < drawing.width; ++x) {
            const auto u = static_cast<double>(x) / static_cast<double>(drawing.width);
            const auto v = static_cast<double>(y) / static_cast<double>(drawing.height);
            const auto light = 0.9 - 0.3 * u - 0.15 * v * v;
            const auto value = light * (1.0 - 0.7 * double{drawing.at(x, y)});
            drawing.at(x, y) =
                static_cast<float>(std::clamp(value + 0.02 * rng.normal(draw++), 0.0, 1.0));
        }
    return drawing;
}

GrayImage shifted(const GrayImage& image, std::int64_t dx, std::int64_t dy) {
    auto result = makeImage(image.width, image.height, image.at(0, 0));
    for (std::int64_t y = 0; y < image.height; ++y)
        for (std::int64_t x = 0; x < image.width; ++x) {
            const auto fx = x - dx;
            const auto fy = y - dy;
            if (fx >= 0 && fy >= 0 && fx < image.width && fy < image.height)
                result.at(x, y) = image.at(fx, fy);
        }
    return result;
}

/// A ring, the easiest digit.
GrayImage ring(std::int64_t side, double x, double y, double radius, double pen) {
    auto image = makeImage(side, side, 1.0F);
    for (std::int64_t py = 0; py < side; ++py)
        for (std::int64_t px = 0; px < side; ++px) {
            const auto distance =
                std::hypot(static_cast<double>(px) + 0.5 - x, static_cast<double>(py) + 0.5 - y);
            const auto inked = std::clamp(0.5 * pen + 0.5 - std::abs(distance - radius), 0.0, 1.0);
            image.at(px, py) = static_cast<float>(1.0 - inked);
        }
    return image;
}

} // namespace

class DigitTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        const auto mnist = openDataset({});
        for (std::int64_t i = 0; i < kDigits; ++i) {
            Tensor digit(DType::F32, {1, kSize, kSize});
            mnist.test->input(i, digit.span<float>());
            digits_.push_back(std::move(digit));
        }
    }

    /// A digit moved and scaled in a drawing comes back as MNIST holds it.
    void undoesMovingAndScaling() {
        double worst = 0;
        double sum = 0;
        for (std::size_t i = 0; i < digits_.size(); ++i) {
            const auto prepared = prepareDigit(drawDigit(digits_[i], {.seed = i + 1}));
            const auto distance = rms(prepared, digits_[i]);
            worst = std::max(worst, distance);
            sum += distance;
        }
        const auto mean = sum / static_cast<double>(kDigits);
        QVERIFY2(mean < 0.1, std::to_string(mean).c_str());
        QVERIFY2(worst < 0.25, std::to_string(worst).c_str());
    }

    void acceptsMnistItself() {
        double worst = 0;
        double sum = 0;
        for (const auto& digit : digits_) {
            const auto values = digit.span<float>();
            const auto prepared =
                prepareDigit({kSize, kSize, std::vector<float>(values.begin(), values.end())});
            const auto distance = rms(prepared, digit);
            worst = std::max(worst, distance);
            sum += distance;
        }
        const auto mean = sum / static_cast<double>(kDigits);
        QVERIFY2(mean < 0.05, std::to_string(mean).c_str());
        // A centre of mass between two pixels may be rounded either way.
        QVERIFY2(worst < 0.25, std::to_string(worst).c_str());
    }

    void doesNotDependOnThePlace() {
        const auto drawing = drawDigit(digits_[0], {.seed = 3, .minScale = 0.5, .maxScale = 0.5});
        const auto ink = findInk(drawing);
        const auto toCorner = shifted(drawing, 4 - ink.left, 4 - ink.top);
        const auto toOther =
            shifted(drawing, drawing.width - 4 - ink.right, drawing.height - 4 - ink.bottom);
        QVERIFY(rms(prepareDigit(toCorner), prepareDigit(drawing)) < 0.01);
        QVERIFY(rms(prepareDigit(toOther), prepareDigit(drawing)) < 0.01);
    }

    void doesNotDependOnThePolarity() {
        for (std::size_t i = 0; i < digits_.size(); ++i) {
            const auto light = prepareDigit(drawDigit(digits_[i], {.seed = i}));
            const auto dark = prepareDigit(drawDigit(digits_[i], {.seed = i, .darkOnLight = true}));
            QVERIFY(rms(light, dark) < 1e-3);
        }
    }

    void fillsTheBoxAroundTheCentreOfMass() {
        for (std::size_t i = 0; i < digits_.size(); ++i) {
            const auto digit = prepareDigit(drawDigit(digits_[i], {.seed = i}));
            std::int64_t left = kSize;
            std::int64_t right = 0;
            std::int64_t top = kSize;
            std::int64_t bottom = 0;
            double mass = 0;
            double sumX = 0;
            double sumY = 0;
            for (std::int64_t y = 0; y < kSize; ++y)
                for (std::int64_t x = 0; x < kSize; ++x) {
                    const auto value = at(digit, x, y);
                    QVERIFY(value >= 0 && value <= 1);
                    if (value <= 0)
                        continue;
                    left = std::min(left, x);
                    right = std::max(right, x + 1);
                    top = std::min(top, y);
                    bottom = std::max(bottom, y + 1);
                    mass += value;
                    sumX += value * static_cast<double>(x);
                    sumY += value * static_cast<double>(y);
                }
            QCOMPARE(std::max(right - left, bottom - top), 20);
            QVERIFY(std::abs(sumX / mass - 14) <= 0.51);
            QVERIFY(std::abs(sumY / mass - 14) <= 0.51);
        }
    }

    void keepsTheAspect() {
        auto bar = makeImage(200, 200, 1.0F);
        for (std::int64_t y = 20; y < 180; ++y)
            for (std::int64_t x = 90; x < 106; ++x)
                bar.at(x, y) = 0;
        const auto digit = prepareDigit(bar);
        int inked = 0;
        for (std::int64_t x = 0; x < kSize; ++x)
            inked += at(digit, x, 14) > 0.5F ? 1 : 0;
        QCOMPARE(inked, 2); // 16 of 160 pixels
    }

    void seesThroughPaperAndGrain() {
        double sum = 0;
        for (std::size_t i = 0; i < digits_.size(); ++i) {
            const auto drawing = drawDigit(digits_[i], {.seed = i, .minScale = 0.8});
            sum += rms(prepareDigit(onPaper(drawing, i)), prepareDigit(drawing));
        }
        const auto mean = sum / static_cast<double>(kDigits);
        QVERIFY2(mean < 0.06, std::to_string(mean).c_str());
    }

    void ignoresSpecks() {
        auto drawing = ring(280, 120, 150, 60, 14);
        const auto clean = prepareDigit(drawing);
        for (const auto& [x, y] : {std::pair{5, 270}, {270, 8}, {260, 262}})
            for (int k = 0; k < 4; ++k)
                drawing.at(x + k % 2, y + k / 2) = 0;
        QVERIFY(rms(prepareDigit(drawing), clean) < 0.01);
    }

    void fineStrokesStayVisible() {
        for (const double pen : {1.5, 3.0, 6.0}) {
            const auto digit = prepareDigit(ring(280, 140, 140, 110, pen));
            float brightest = 0;
            for (std::int64_t x = 0; x < kSize / 2; ++x)
                brightest = std::max(brightest, at(digit, x, 14));
            QVERIFY2(brightest > 0.7F, std::to_string(brightest).c_str());
            QVERIFY(at(digit, 14, 14) < 0.05F);
        }
    }

    void reducesLargePhotographs() {
        const auto small =
            prepareDigit(drawDigit(digits_[2], {.seed = 4, .minScale = 1, .maxScale = 1}));
        const auto large = prepareDigit(
            drawDigit(digits_[2], {.seed = 4, .side = 2800, .minScale = 10, .maxScale = 10}));
        QVERIFY2(rms(small, large) < 0.04, std::to_string(rms(small, large)).c_str());
    }

    void enlargesTinyDrawings() {
        const auto small = prepareDigit(ring(12, 6, 6, 4, 1.6));
        QVERIFY(small.shape() == (Shape{1, kSize, kSize}));
        QVERIFY(at(small, 14, 14) < 0.3F);
        float brightest = 0;
        for (std::int64_t x = 0; x < kSize / 2; ++x)
            brightest = std::max(brightest, at(small, x, 14));
        QVERIFY(brightest > 0.7F);
    }

    void refusesWhatHoldsNoInk() {
        const auto message = [](const GrayImage& image) {
            return errorOf([&] { prepareDigit(image); });
        };
        QVERIFY(contains(message(makeImage(280, 280, 1)), "no ink"));
        QVERIFY(contains(message(makeImage(280, 280, 0)), "no ink"));
        QVERIFY(contains(message(makeImage(1, 1, 0.3F)), "no ink"));
        for (std::uint64_t seed = 0; seed < 20; ++seed)
            QVERIFY(contains(message(onPaper(makeImage(280, 280), seed)), "no ink"));
        QVERIFY(contains(message({4, 4, {1, 2, 3}}), "not a picture"));
        QVERIFY(!errorOf([] { prepareDigit(ring(50, 25, 25, 15, 4), {.box = 30}); }).empty());
    }

    void everySampleHoldsADigit() {
        int count = 0;
        for (const auto& entry : std::filesystem::directory_iterator(resourcePath("samples"))) {
            if (entry.path().extension() == ".md")
                continue;
            const auto digit = prepareDigit(readImage(entry.path()));
            double mass = 0;
            for (const auto value : digit.span<float>())
                mass += double{value};
            // MNIST's digits hold 25 to 300 pixels of ink.
            QVERIFY2(mass > 25 && mass < 300, entry.path().c_str());
            ++count;
        }
        QVERIFY(count >= 10);
    }

    /// The drawings that networks are judged by are what they claim to be.
    void drawingsStayInside() {
        for (std::size_t i = 0; i < digits_.size(); ++i) {
            const DrawingSpec spec{.seed = i, .minScale = 1, .dilation = 0.04};
            const auto drawing = drawDigit(digits_[i], spec);
            QCOMPARE(drawing, drawDigit(digits_[i], spec));
            const auto plain = drawDigit(digits_[i], {.seed = i, .minScale = 1});
            double grown = 0;
            double before = 0;
            for (std::size_t k = 0; k < drawing.pixels.size(); ++k) {
                grown += double{drawing.pixels[k]};
                before += double{plain.pixels[k]};
            }
            QVERIFY(grown > 1.1 * before);
            for (std::int64_t k = 0; k < 280; ++k) {
                const auto border = std::max(
                    {drawing.at(k, 0), drawing.at(k, 279), drawing.at(0, k), drawing.at(279, k)});
                QVERIFY(border < 0.2F);
            }
        }
    }

private:
    std::vector<Tensor> digits_;
};

QTEST_APPLESS_MAIN(DigitTest)
#include "tst_digit.moc"
