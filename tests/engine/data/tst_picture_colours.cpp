// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/images/picture.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

using Colour = std::array<int, 3>;

/// As images have their numbers of 16 bits, the higher byte first.
Bytes deep(std::initializer_list<int> values) {
    Bytes bytes;
    for (const auto value : values) {
        bytes.push_back(static_cast<std::uint8_t>(value >> 8));
        bytes.push_back(static_cast<std::uint8_t>(value));
    }
    return bytes;
}

/// A TIFF without packing, little-endian: pixels of so many numbers of so many bits.
Bytes tiff(int width, int height, int samples, int bits, int photometric, const Bytes& pixels) {
    Bytes file = {'I', 'I', 42, 0, 8, 0, 0, 0};
    const auto put = [&](std::uint32_t value, int length) {
        for (int i = 0; i < length; ++i)
            file.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    };
    constexpr int kEntries = 10;
    const std::uint32_t behind = 8 + 2 + 12 * kEntries + 4;
    const auto bitsAt = behind;
    const auto pixelsAt = behind + 8;
    const auto entry = [&](int tag, int type, int count, std::uint32_t value) {
        put(static_cast<std::uint32_t>(tag), 2);
        put(static_cast<std::uint32_t>(type), 2);
        put(static_cast<std::uint32_t>(count), 4);
        put(value, 4);
    };
    constexpr int kShort = 3;
    constexpr int kLong = 4;
    put(kEntries, 2);
    entry(256, kShort, 1, static_cast<std::uint32_t>(width));
    entry(257, kShort, 1, static_cast<std::uint32_t>(height));
    if (samples <= 2)
        entry(258, kShort, samples, static_cast<std::uint32_t>(bits | bits << 16));
    else
        entry(258, kShort, samples, bitsAt);
    entry(259, kShort, 1, 1);
    entry(262, kShort, 1, static_cast<std::uint32_t>(photometric));
    entry(273, kLong, 1, pixelsAt);
    entry(277, kShort, 1, static_cast<std::uint32_t>(samples));
    entry(278, kShort, 1, static_cast<std::uint32_t>(height));
    entry(279, kLong, 1, static_cast<std::uint32_t>(pixels.size()));
    entry(284, kShort, 1, 1);
    put(0, 4);
    for (int i = 0; i < 4; ++i)
        put(static_cast<std::uint32_t>(bits), 2);
    file.insert(file.end(), pixels.begin(), pixels.end());
    return file;
}

Bytes repeated(const Bytes& pixel, int times) {
    Bytes all;
    for (int i = 0; i < times; ++i)
        all.insert(all.end(), pixel.begin(), pixel.end());
    return all;
}

} // namespace

/// Pictures in other colours than bytes of red, green and blue become those.
class PictureColoursTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void inksBecomeColoursHoweverTheyAreStored_data() {
        QTest::addColumn<Bytes>("inks");
        QTest::addColumn<bool>("isAdobe");
        QTest::addColumn<bool>("isYcck");
        QTest::addColumn<Colour>("colour");
        const std::vector<std::pair<Bytes, Colour>> cases = {
            {{0, 0, 0, 0}, {255, 255, 255}},
            {{0, 0, 0, 255}, {0, 0, 0}},
            {{255, 0, 0, 0}, {0, 255, 255}},
            {{0, 255, 255, 0}, {255, 0, 0}},
            {{0, 128, 0, 64}, {191, 95, 191}}}; // 255 · (1 - 64/255) and half of it
        for (const auto& [inks, colour] : cases)
            for (const int form : {0, 1, 2})
                QTest::addRow("%d,%d,%d,%d %s", inks[0], inks[1], inks[2], inks[3],
                              form == 0   ? "plain"
                              : form == 1 ? "Adobe's, inverted"
                                          : "Adobe's, as YCCK")
                    << inks << (form > 0) << (form == 2) << colour;
    }
    void inksBecomeColoursHoweverTheyAreStored() {
        QFETCH(const Bytes, inks);
        QFETCH(const bool, isAdobe);
        QFETCH(const bool, isYcck);
        QFETCH(const Colour, colour);
        const TemporaryFolder folder;
        writeFile(folder / "a.jpg", cmykJpeg(16, 16, repeated(inks, 256), isAdobe, isYcck));
        const auto picture = readPicture(folder / "a.jpg", {.channels = 3});
        for (std::size_t i = 0; i < picture.bytes.size(); ++i)
            QVERIFY2(std::abs(picture.bytes[i] - colour[i % 3]) <= 4,
                     std::to_string(picture.bytes[i]).c_str());
        const auto gray = readPicture(folder / "a.jpg", {.channels = 1});
        const double luminance = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2];
        QVERIFY(std::abs(gray.bytes[100] - luminance) <= 4);
    }

    void sixteenBitsBecomeEight() {
        const TemporaryFolder folder;
        const auto colours = [&](const Bytes& file) {
            writeFile(folder / "a.png", file);
            return readPicture(folder / "a.png", {.channels = 3}).bytes;
        };
        const auto near = [](const Bytes& found, const Bytes& expected) {
            QCOMPARE(found.size(), expected.size());
            for (std::size_t i = 0; i < found.size(); ++i)
                QVERIFY2(std::abs(found[i] - expected[i]) <= 1, std::to_string(found[i]).c_str());
        };
        near(colours(png({.width = 3, .height = 1, .bitDepth = 16}, deep({0, 0x8080, 0xFFFF}))),
             {0, 0, 0, 128, 128, 128, 255, 255, 255});
        near(colours(png({.width = 2, .height = 1, .bitDepth = 16, .colourType = 2},
                         deep({0xFFFF, 0x3333, 0, 0x6666, 0, 0xCCCC}))),
             {255, 51, 0, 102, 0, 204});
        // Opacity of 16 bits: nothing is white, all is what it is.
        near(colours(png({.width = 2, .height = 1, .bitDepth = 16, .colourType = 4},
                         deep({0x3333, 0, 0x3333, 0xFFFF}))),
             {255, 255, 255, 51, 51, 51});
        near(colours(png({.width = 2, .height = 1, .bitDepth = 16, .colourType = 6},
                         deep({0, 0, 0, 0, 0xFFFF, 0, 0x3333, 0xFFFF}))),
             {255, 255, 255, 255, 0, 51});
    }

    void palettesMayBeTransparent() {
        const TemporaryFolder folder;
        // Two, four and 16 colours, of which one is clear and one half clear.
        for (const auto& [depth, line] : {std::pair(std::uint8_t{2}, Bytes{0b00011011}),
                                          std::pair(std::uint8_t{4}, Bytes{0x01, 0x23})}) {
            writeFile(folder / "a.png", png({.width = 4,
                                             .height = 1,
                                             .bitDepth = depth,
                                             .colourType = 3,
                                             .palette = {0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255},
                                             .transparency = {255, 0, 255}},
                                            line));
            QCOMPARE(readPicture(folder / "a.png", {.channels = 3}).bytes,
                     (Bytes{0, 0, 0, 255, 255, 255, 0, 255, 0, 0, 0, 255}));
        }
    }

    void otherTiffsAreRead() {
        const TemporaryFolder folder;
        const auto read = [&](const Bytes& file) {
            writeFile(folder / "a.tif", file);
            return readPicture(folder / "a.tif", {.channels = 3}).bytes;
        };
        // 16-bit gray, of which black is 0, or of which white is; and inks.
        QCOMPARE(read(tiff(2, 1, 1, 16, 1, {0, 0, 0xFF, 0xFF})), (Bytes{0, 0, 0, 255, 255, 255}));
        QCOMPARE(read(tiff(2, 1, 1, 8, 0, {0, 255})), (Bytes{255, 255, 255, 0, 0, 0}));
        QCOMPARE(read(tiff(2, 1, 4, 8, 5, {255, 0, 0, 0, 0, 0, 0, 255})),
                 (Bytes{0, 255, 255, 0, 0, 0}));
    }

    /// Kinds of colours in one folder are samples alike.
    void aFolderMayMixThem() {
        const TemporaryFolder folder;
        for (const auto* name : {"dark", "light"}) {
            const bool isDark = *name == 'd';
            fs::create_directories(folder / name);
            const auto file = [&](const char* kind) { return folder / (std::string(name) + kind); };
            const std::uint8_t value = isDark ? 0 : 255;
            const auto ink = static_cast<std::uint8_t>(255 - value);
            for (const bool isAdobe : {false, true})
                writeFile(file(isAdobe ? "/1.jpg" : "/2.jpg"),
                          cmykJpeg(8, 8, repeated({0, 0, 0, ink}, 64), isAdobe));
            writeFile(file("/3.png"),
                      png({.width = 8, .height = 8, .bitDepth = 16}, repeated({value, value}, 64)));
            writeFile(file("/4.png"), png({.width = 8,
                                           .height = 8,
                                           .bitDepth = 8,
                                           .colourType = 3,
                                           .palette = {value, value, value}},
                                          Bytes(64, 0)));
            writeFile(file("/5.tif"), tiff(8, 8, 1, 16, 1, Bytes(128, value)));
            writeFile(file("/6.jpg"), jpeg(8, 8, 3, Bytes(192, value)));
        }
        const auto data = openDataset({.dataset = "images",
                                       .params = {{"folder", folder.path()},
                                                  {"size", IntTuple{8, 8}},
                                                  {"channels", std::string("rgb")},
                                                  {"test_fraction", 0.2}}});
        QCOMPARE(data.training->size() + data.test->size(), 12);
        for (const auto* source : {data.training.get(), data.test.get()})
            for (std::int64_t i = 0; i < source->size(); ++i)
                for (const float pixel : inputOf(*source, i))
                    QVERIFY(std::abs(pixel - static_cast<float>(source->label(i))) < 0.03F);
    }
};

QTEST_APPLESS_MAIN(PictureColoursTest)
#include "tst_picture_colours.moc"
