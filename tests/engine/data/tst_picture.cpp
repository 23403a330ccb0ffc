// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/picture.h"
#include "engine/data/images/picture_input.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

class PictureTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void coloursStayColours() {
        const TemporaryFolder folder;
        writeFile(folder / "p.png",
                  png({.width = 2, .height = 1, .colourType = 2}, {255, 0, 0, 0, 128, 255}));
        const auto picture = readPicture(folder / "p.png", {.channels = 3});
        QCOMPARE(picture.bytes, (Bytes{255, 0, 0, 0, 128, 255}));
        const auto gray = readPicture(folder / "p.png", {.channels = 1});
        QCOMPARE(gray.bytes.size(), std::size_t{2});
        const auto tensor = scaledPicture(picture, {3, 1, 2}, PictureFit::Stretch);
        const auto values = tensor.span<float>();
        QCOMPARE(values[0], 1.0F); // red of the left pixel, then of the right
        QCOMPARE(values[1], 0.0F);
        QCOMPARE(values[5], 1.0F); // blue of the right one
    }

    /// What is on the clipboard becomes the input that its file would become.
    void pixelsArePreparedAsFilesAre() {
        const TemporaryFolder folder;
        Picture picture{12, 9, 3, {}};
        for (int y = 0; y < 9; ++y)
            for (int x = 0; x < 12; ++x)
                picture.bytes.insert(picture.bytes.end(), {static_cast<std::uint8_t>(20 * x),
                                                           static_cast<std::uint8_t>(28 * y), 70});
        writeFile(folder / "p.png",
                  png({.width = 12, .height = 9, .colourType = 2}, picture.bytes));
        for (const std::int64_t channels : {3, 1}) {
            DataInfo info;
            info.input = Shape{channels, 6, 6};
            info.preparation = {.size = 0,
                                .mean = {0.4},
                                .deviation = {0.3},
                                .pictures = PictureKind::Whole,
                                .fit = PictureFit::Crop};
            const auto file = preparePicture(folder / "p.png", info);
            const auto pixels = preparePicture(picture, info);
            QVERIFY(file.input.shape() == info.input && pixels.input.shape() == info.input);
            for (std::size_t i = 0; i < file.input.span<float>().size(); ++i)
                QVERIFY2(std::abs(file.shown.span<float>()[i] - pixels.shown.span<float>()[i]) <
                             (channels == 3 ? 1e-6F : 1.5F / 255), // gray is rounded elsewhere
                         fmt::format("{} {}: {}, not {}", channels, i,
                                     pixels.shown.span<float>()[i], file.shown.span<float>()[i])
                             .c_str());
            // A sample is seen as the picture that it was made of.
            const auto shown = shownSample(file.input.span<float>(), info.input, info.preparation);
            for (std::size_t i = 0; i < shown.span<float>().size(); ++i)
                QVERIFY(std::abs(shown.span<float>()[i] - file.shown.span<float>()[i]) < 1e-5F);
        }
    }

    /// Nothing says how such samples were made: they fill the range.
    void wavesAreSeenBetweenTheirExtremes() {
        const std::vector<float> values = {-3, 0, 3, 1.5F};
        const auto shown =
            shownSample(values, Shape{1, 2, 2}, {.size = 0, .pictures = PictureKind::Whole});
        const auto seen = shown.span<float>();
        QCOMPARE(std::vector<float>(seen.begin(), seen.end()),
                 (std::vector<float>{0, 0.5F, 1, 0.75F}));
        const auto noisy = shownSample(std::vector<float>{-0.2F, 0.5F, 1.1F, 1}, Shape{1, 2, 2},
                                       {.size = 0, .pictures = PictureKind::Whole});
        QCOMPARE(noisy.span<float>()[0], 0.0F);
        QCOMPARE(noisy.span<float>()[1], 0.5F);
        QCOMPARE(noisy.span<float>()[2], 1.0F);
    }

    void grayFilesBecomeThreeChannels() {
        const TemporaryFolder folder;
        writeFile(folder / "g.png", png({.width = 1, .height = 1}, {77}));
        QCOMPARE(readPicture(folder / "g.png", {.channels = 3}).bytes, (Bytes{77, 77, 77}));
        writeFile(folder / "g.jpg", jpeg(8, 8, 1, Bytes(64, 77)));
        const auto picture = readPicture(folder / "g.jpg", {.channels = 3});
        QCOMPARE(picture.bytes.size(), std::size_t{192});
        for (const auto byte : picture.bytes)
            QVERIFY(std::abs(byte - 77) <= 1);
    }

    /// The quick way gives nearly the same picture.
    void largeJpegsAreDecodedSmaller() {
        const TemporaryFolder folder;
        constexpr int kSide = 256;
        Bytes pixels;
        for (int y = 0; y < kSide; ++y)
            for (int x = 0; x < kSide; ++x)
                pixels.insert(pixels.end(),
                              {static_cast<std::uint8_t>(x), static_cast<std::uint8_t>(y), 100});
        writeFile(folder / "p.jpg", jpeg(kSide, kSide, 3, pixels));
        const auto whole = readPicture(folder / "p.jpg", {.channels = 3});
        const auto quick = readPicture(folder / "p.jpg", {.channels = 3, .side = 16});
        QCOMPARE(whole.width, 256);
        QCOMPARE(quick.width, 32);
        const auto a = scaledPicture(whole, {3, 16, 16}, PictureFit::Crop);
        const auto b = scaledPicture(quick, {3, 16, 16}, PictureFit::Crop);
        for (std::size_t i = 0; i < a.span<float>().size(); ++i)
            QVERIFY(std::abs(a.span<float>()[i] - b.span<float>()[i]) < 0.03F);
    }

    void turnedPhotosStandUpright() {
        const TemporaryFolder folder;
        Bytes pixels(16 * 8 * 3, 0);
        for (std::size_t y = 0; y < 8; ++y)
            for (std::size_t x = 0; x < 8; ++x)
                pixels[(y * 16 + x) * 3] = 255;                 // left half red
        writeFile(folder / "p.jpg", jpeg(16, 8, 3, pixels, 6)); // to be turned clockwise
        const auto picture = readPicture(folder / "p.jpg", {.channels = 3});
        QCOMPARE(picture.width, 8);
        QCOMPARE(picture.height, 16);
        QVERIFY(picture.bytes[0] > 200); // red is above now
        QVERIFY(picture.bytes[picture.bytes.size() - 3] < 50);
    }

    void drawingsBecomeSamples() {
        DataInfo info;
        info.input = Shape{3, 4, 4};
        info.preparation = {.size = 0,
                            .mean = {0.5, 0.5, 0.5},
                            .deviation = {0.5, 0.5, 0.5},
                            .pictures = PictureKind::Whole,
                            .fit = PictureFit::Stretch};
        const auto picture = prepareDrawing(makeImage(8, 8, 1.0F), info);
        QVERIFY(picture.input.shape() == info.input);
        for (const auto value : picture.input.span<float>())
            QCOMPARE(value, 1.0F);
        info.preparation.pictures = PictureKind::None;
        info.input = Shape{5};
        QVERIFY(contains(errorOf([&] { prepareDrawing(makeImage(8, 8, 1.0F), info); }),
                         "samples of 5, not on images"));
    }
};

QTEST_APPLESS_MAIN(PictureTest)
#include "tst_picture.moc"
