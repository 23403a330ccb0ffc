// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image.h"
#include "engine/support/error.h"
#include "engine/support/rng.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::uint8_t kGray = 0;
constexpr std::uint8_t kRgb = 2;
constexpr std::uint8_t kPalette = 3;
constexpr std::uint8_t kGrayAlpha = 4;
constexpr std::uint8_t kRgba = 6;

bool near(float a, double b, double tolerance = 0.004) {
    return std::abs(double{a} - b) <= tolerance;
}

/// 24 × 16 gray, brighter to the right and bottom.
Bytes ramp() {
    Bytes bytes;
    for (int y = 0; y < 16; ++y)
        for (int x = 0; x < 24; ++x)
            bytes.push_back(static_cast<std::uint8_t>(6 * x + 7 * y));
    return bytes;
}

} // namespace

class ImageTest : public QObject {
    Q_OBJECT

    GrayImage read(const Bytes& file) {
        // No extension and a wrong one do no harm.
        const auto path = folder_ / "image.txt";
        writeFile(path, file);
        return readImage(path);
    }

private Q_SLOTS:
    void readsGrayPng() {
        const auto image = read(png({.width = 3, .height = 2}, {0, 51, 255, 102, 153, 204}));
        QCOMPARE(image.width, 3);
        QCOMPARE(image.height, 2);
        QCOMPARE(image.pixels, (std::vector<float>{0.0F, 0.2F, 1.0F, 0.4F, 0.6F, 0.8F}));
    }

    void readsOneBitPng() {
        const auto image = read(png({.width = 3, .height = 1, .bitDepth = 1}, {0b10100000}));
        QCOMPARE(image.pixels, (std::vector<float>{1, 0, 1}));
    }

    void readsSixteenBitPng() {
        const auto image =
            read(png({.width = 2, .height = 1, .bitDepth = 16}, {0x80, 0x00, 0xff, 0xff}));
        QVERIFY(near(image.at(0, 0), 0.5));
        QCOMPARE(image.at(1, 0), 1.0F);
    }

    void readsColourByLuminance() {
        const auto image =
            read(png({.width = 5, .height = 1, .colourType = kRgb},
                     {128, 128, 128, 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}));
        QVERIFY(near(image.at(0, 0), 128.0 / 255.0));
        // Green looks brighter than red, red brighter than blue.
        QVERIFY(image.at(2, 0) > image.at(1, 0));
        QVERIFY(image.at(1, 0) > image.at(3, 0));
        QVERIFY(image.at(3, 0) > 0);
        QCOMPARE(image.at(4, 0), 1.0F);
    }

    void readsPalettePng() {
        const auto image = read(png({.width = 4,
                                     .height = 1,
                                     .bitDepth = 2,
                                     .colourType = kPalette,
                                     .palette = {0, 0, 0, 255, 255, 255, 100, 100, 100},
                                     .transparency = {255, 255, 0}},
                                    {0b00011000}));
        QVERIFY(near(image.at(0, 0), 0));
        QVERIFY(near(image.at(1, 0), 1));
        QVERIFY(near(image.at(2, 0), 1)); // see-through shows white
        QVERIFY(near(image.at(3, 0), 0));
    }

    void showsTransparencyAsWhite() {
        const auto gray =
            read(png({.width = 2, .height = 1, .colourType = kGrayAlpha}, {0, 0, 0, 255}));
        QVERIFY(near(gray.at(0, 0), 1));
        QVERIFY(near(gray.at(1, 0), 0));
        const auto colour = read(png({.width = 3, .height = 1, .colourType = kRgba},
                                     {0, 0, 0, 255, 9, 9, 9, 0, 0, 0, 0, 128}));
        QVERIFY(near(colour.at(0, 0), 0));
        QVERIFY(near(colour.at(1, 0), 1));
        QVERIFY(colour.at(2, 0) > 0.3F && colour.at(2, 0) < 0.9F);
    }

    void readsJpeg() {
        for (const bool progressive : {false, true}) {
            const auto image = read(jpeg(24, 16, 1, ramp(), 0, progressive));
            QCOMPARE(image.width, 24);
            QCOMPARE(image.height, 16);
            for (std::size_t i = 0; i < image.pixels.size(); ++i)
                QVERIFY(near(image.pixels[i], ramp()[i] / 255.0, 0.02));
        }
    }

    void readsColourJpeg() {
        Bytes green;
        for (int i = 0; i < 64; ++i)
            green.insert(green.end(), {0, 255, 0});
        const auto image = read(jpeg(8, 8, 3, green));
        QVERIFY(near(image.at(4, 4), 0.587, 0.02));
    }

    /// The eight Exif orientations of a picture whose stored top left corner is dark.
    void obeysTheCamerasOrientation() {
        Bytes stored(24 * 16, 255);
        for (std::size_t y = 0; y < 8; ++y)
            for (std::size_t x = 0; x < 8; ++x)
                stored[y * 24 + x] = 0;
        // Where that corner is on the upright picture: right?, bottom?, sides swapped?
        struct Place {
            int orientation;
            bool right, bottom, swapped;
        };
        for (const auto& place : {Place{1, false, false, false}, Place{2, true, false, false},
                                  Place{3, true, true, false}, Place{4, false, true, false},
                                  Place{5, false, false, true}, Place{6, true, false, true},
                                  Place{7, true, true, true}, Place{8, false, true, true}}) {
            const auto image = read(jpeg(24, 16, 1, stored, place.orientation));
            QCOMPARE(image.width, place.swapped ? 16 : 24);
            QCOMPARE(image.height, place.swapped ? 24 : 16);
            for (const bool right : {false, true})
                for (const bool bottom : {false, true}) {
                    const auto value =
                        image.at(right ? image.width - 3 : 2, bottom ? image.height - 3 : 2);
                    const bool dark = right == place.right && bottom == place.bottom;
                    QVERIFY2(near(value, dark ? 0 : 1, 0.05),
                             std::to_string(place.orientation).c_str());
                }
        }
    }

    void refusesEveryCut() {
        const auto picture = png({.width = 24, .height = 16}, ramp());
        constexpr std::size_t endChunk = 12;
        for (std::size_t size = 0; size < picture.size() - endChunk; ++size) {
            const Bytes part(picture.begin(), picture.begin() + static_cast<std::ptrdiff_t>(size));
            QVERIFY2(!errorOf([&] { read(part); }).empty(), std::to_string(size).c_str());
        }
        const auto photo = jpeg(24, 16, 1, ramp());
        for (std::size_t size = 0; size + 2 < photo.size(); ++size) {
            const Bytes part(photo.begin(), photo.begin() + static_cast<std::ptrdiff_t>(size));
            QVERIFY2(!errorOf([&] { read(part); }).empty(), std::to_string(size).c_str());
        }
    }

    /// Whatever a damaged file holds, it gives an image or an error.
    void survivesDamage() {
        const Rng rng(6, RngStream::Test);
        std::uint64_t draw = 0;
        for (int trial = 0; trial < 600; ++trial) {
            auto file = trial % 3 == 0   ? png({.width = 24, .height = 16}, ramp())
                        : trial % 3 == 1 ? jpeg(24, 16, 1, ramp(), 6)
                                         : jpeg(24, 16, 1, ramp(), 0, true);
            for (int k = 0; k < 3; ++k) {
                const auto at = rng.below(draw++, file.size());
                file[at] = static_cast<std::uint8_t>(rng.below(draw++, 256));
            }
            static_cast<void>(errorOf([&] {
                const auto image = read(file);
                QCOMPARE(static_cast<std::int64_t>(image.pixels.size()),
                         image.width * image.height);
            }));
        }
    }

    void namesFileAndCause() {
        const auto message = [&](const Bytes& file) { return errorOf([&] { read(file); }); };
        const auto path = (folder_ / "image.txt").string();
        QVERIFY(contains(message({}), "not a PNG, JPEG"));
        QVERIFY(contains(message({'G', 'I', 'F', '8', '9', 'a'}), path));
        auto broken = png({.width = 24, .height = 16}, ramp());
        broken[broken.size() - 20] ^= 0xff;
        QVERIFY2(contains(message(broken), "broken"), message(broken).c_str());
        QVERIFY(contains(message(broken), path));
        QVERIFY(contains(errorOf([&] { readImage(folder_ / "absent.png"); }), "no such file"));
        QVERIFY(contains(errorOf([&] { readImage(folder_.path()); }), "not a file"));
    }

    void refusesHugeImagesBeforeDecoding() {
        const auto message = [&](std::uint32_t width, std::uint32_t height) {
            auto file = png({.width = 1, .height = 1}, {0});
            // Claim another size; the header's checksum is rebuilt by claiming it from the start.
            file = png({.width = width, .height = height}, Bytes(height));
            return errorOf([&] { read(file); });
        };
        QVERIFY(contains(message(16'385, 1), "16385 × 1 pixels is too large"));
        QVERIFY(contains(message(16'384, 16'384), "too large"));
        QVERIFY(contains(errorOf([] { makeImage(0, 5); }), "0 × 5"));
    }

    void writesWhatItReads() {
        auto image = makeImage(5, 3);
        for (std::size_t i = 0; i < image.pixels.size(); ++i)
            image.pixels[i] = static_cast<float>(17 * i) / 255.0F;
        const auto path = folder_ / "written.png";
        writePng(image, path);
        QCOMPARE(readImage(path), image);
        QVERIFY(contains(errorOf([&] { writePng(image, folder_ / "no/such/folder.png"); }),
                         "cannot be written"));
    }

private:
    TemporaryFolder folder_;
};

QTEST_APPLESS_MAIN(ImageTest)
#include "tst_image.moc"
