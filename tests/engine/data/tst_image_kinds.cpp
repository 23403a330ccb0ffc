// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/folder_parts.h"
#include "engine/data/images/image_codecs.h"
#include "engine/data/images/image_folder.h"
#include "engine/data/images/picture.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

Bytes bytesOf(std::string_view text) {
    return {text.begin(), text.end()};
}

Bytes joined(std::initializer_list<Bytes> parts) {
    Bytes all;
    for (const auto& part : parts)
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

/// Little-endian, as BMP files have their numbers.
Bytes number(std::uint32_t value, std::size_t length) {
    Bytes bytes;
    for (std::size_t i = 0; i < length; ++i)
        bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return bytes;
}

/// A Windows bitmap with the usual header of 40 bytes; a negative height has the first row first.
Bytes bmp(std::int32_t width, std::int32_t height, std::uint32_t depth, const Bytes& palette,
          const Bytes& rows, std::uint32_t compression = 0) {
    const auto start = static_cast<std::uint32_t>(54 + palette.size());
    return joined(
        {bytesOf("BM"), number(start + static_cast<std::uint32_t>(rows.size()), 4), number(0, 4),
         number(start, 4), number(40, 4), number(static_cast<std::uint32_t>(width), 4),
         number(static_cast<std::uint32_t>(height), 4), number(1, 2), number(depth, 2),
         number(compression, 4), Bytes(12, 0), number(0, 4), number(0, 4), palette, rows});
}

/// Matthew Flickinger's example, "What's in a GIF": 10 × 10, of white, red, blue and black.
Bytes exampleGif() {
    return {0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 0x0A, 0x00, 0x0A, 0x00, 0x91, 0x00, 0x00, 0xFF,
            0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0x00, 0x00, 0x00, 0x21, 0xF9, 0x04,
            0x00, 0x00, 0x00, 0x00, 0x00, 0x2C, 0x00, 0x00, 0x00, 0x00, 0x0A, 0x00, 0x0A, 0x00,
            0x00, 0x02, 0x16, 0x8C, 0x2D, 0x99, 0x87, 0x2A, 0x1C, 0xDC, 0x33, 0xA0, 0x02, 0x75,
            0xEC, 0x95, 0xFA, 0xA8, 0xDE, 0x60, 0x8C, 0x04, 0x91, 0x4C, 0x01, 0x00, 0x3B};
}

Bytes plainPng(std::uint8_t value) {
    return png({.width = 4, .height = 4}, Bytes(16, value));
}

bool isNoted(const std::vector<std::string>& notes, std::string_view part) {
    return std::ranges::any_of(notes,
                               [&](const std::string& note) { return contains(note, part); });
}

} // namespace

class ImageKindsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void bitmaps_data() {
        QTest::addColumn<Bytes>("file");
        QTest::addColumn<Bytes>("pixels");
        // Red and green above blue and white, rows of 4 bytes' multiple, the lowest row first.
        const Bytes colours = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255};
        QTest::newRow("24 bits") << bmp(2, 2, 24, {},
                                        {255, 0, 0, 255, 255, 255, 0, 0, 0, 0, 255, 0, 255, 0, 0,
                                         0})
                                 << colours;
        QTest::newRow("the first row first")
            << bmp(2, -2, 24, {}, {0, 0, 255, 0, 255, 0, 0, 0, 255, 0, 0, 255, 255, 255, 0, 0})
            << colours;
        QTest::newRow("32 bits") << bmp(2, 2, 32, {},
                                        {255, 0, 0, 9, 255, 255, 255, 9, 0, 0, 255, 9, 0, 255, 0,
                                         9})
                                 << colours;
        const Bytes palette = {0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0};
        QTest::newRow("8 bits") << bmp(2, 2, 8, joined({palette, Bytes(1004, 0)}),
                                       {2, 3, 0, 0, 0, 1, 0, 0})
                                << colours;
        QTest::newRow("4 bits") << bmp(2, 2, 4, joined({palette, Bytes(48, 0)}),
                                       {0x23, 0, 0, 0, 0x01, 0, 0, 0})
                                << colours;
        QTest::newRow("1 bit") << bmp(3, 1, 1, {0, 0, 0, 0, 255, 255, 255, 0}, {0xA0, 0, 0, 0})
                               << Bytes{255, 255, 255, 0, 0, 0, 255, 255, 255};
        QTest::newRow("16 bits") << bmp(2, 1, 16, {}, {0x00, 0x7C, 0x1F, 0x00})
                                 << Bytes{255, 0, 0, 0, 0, 255};
        QTest::newRow("PPM of bytes")
            << joined({bytesOf("P6\n# made by hand\n2 2\n255\n"), colours}) << colours;
        QTest::newRow("PPM as text") << bytesOf("P3 2 2 1 1 0 0 0 1 0 0 0 1 1 1 1\n") << colours;
        QTest::newRow("PGM of bytes")
            << joined({bytesOf("P5 2 1 51\n"), {0, 51}}) << Bytes{0, 0, 0, 255, 255, 255};
        QTest::newRow("PGM of 16 bits")
            << joined({bytesOf("P5 1 2 65535\n"), {0x80, 0x00, 0xFF, 0xFF}})
            << Bytes{128, 128, 128, 255, 255, 255};
        QTest::newRow("PBM of bits") << joined({bytesOf("P4 9 1\n"), {0x7F, 0x80}})
                                     << Bytes{255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                              0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        QTest::newRow("PBM as text") << bytesOf("P1 2 1\n01") << Bytes{255, 255, 255, 0, 0, 0};
    }
    void bitmaps() {
        QFETCH(Bytes, file);
        QFETCH(Bytes, pixels);
        const TemporaryFolder folder;
        writeFile(folder / "a.bin", file);
        const auto picture = readPicture(folder / "a.bin", {.channels = 3});
        QCOMPARE(picture.bytes, pixels);
        // One byte less is said to be broken, and nothing is read beyond the end.
        for (std::size_t size = 3; size < file.size(); ++size) {
            writeFile(folder / "a.bin",
                      Bytes(file.begin(), file.begin() + static_cast<long>(size)));
            const auto error = errorOf([&] { readPicture(folder / "a.bin", {.channels = 3}); });
            const bool isWholeText = file[0] == 'P' && file[1] <= '3';
            QVERIFY2(isWholeText || !error.empty() || size + 3 >= file.size(),
                     std::to_string(size).c_str());
        }
    }

    void gif() {
        const std::vector<std::string> rows = {
            "1111122222", "1111122222", "1111122222", "1110000222", "1110000222",
            "2220000111", "2220000111", "2222211111", "2222211111", "2222211111"};
        const TemporaryFolder folder;
        writeFile(folder / "a.gif", exampleGif());
        const auto picture = readPicture(folder / "a.gif", {.channels = 3});
        QCOMPARE(picture.width, 10);
        std::size_t at = 0;
        for (const auto& row : rows)
            for (const char colour : row) {
                const Bytes expected = colour == '0'   ? Bytes{255, 255, 255}
                                       : colour == '1' ? Bytes{255, 0, 0}
                                                       : Bytes{0, 0, 255};
                QCOMPARE(Bytes(picture.bytes.begin() + static_cast<long>(at),
                               picture.bytes.begin() + static_cast<long>(at) + 3),
                         expected);
                at += 3;
            }
        // Gray by luminance: 0.299 of red is 76.
        QCOMPARE(readPicture(folder / "a.gif", {.channels = 1}).bytes[0], std::uint8_t{76});
        // A transparent colour shows white.
        auto transparent = exampleGif();
        transparent[28] = 1; // flags of the extension
        transparent[31] = 2; // blue
        writeFile(folder / "b.gif", transparent);
        QCOMPARE(readPicture(folder / "b.gif", {.channels = 3}).bytes[27], std::uint8_t{255});
        for (std::size_t size = 0; size + 3 < exampleGif().size(); ++size) {
            auto cut = exampleGif();
            cut.resize(size);
            writeFile(folder / "c.gif", cut);
            QVERIFY(!errorOf([&] { readPicture(folder / "c.gif", {}); }).empty());
        }
    }

    void inksBecomeColours() {
        const TemporaryFolder folder;
        // A quarter of black ink over cyan: red 0, green and blue 191.
        for (const bool isAdobe : {true, false}) {
            Bytes inks;
            for (int i = 0; i < 16 * 16; ++i)
                inks.insert(inks.end(), {255, 0, 0, 64});
            writeFile(folder / "a.jpg", cmykJpeg(16, 16, inks, isAdobe));
            const auto picture = readPicture(folder / "a.jpg", {.channels = 3});
            QVERIFY(picture.bytes[0] < 4);
            QVERIFY(std::abs(picture.bytes[1] - 191) < 4 && std::abs(picture.bytes[2] - 191) < 4);
            const auto gray = readPicture(folder / "a.jpg", {.channels = 1});
            QVERIFY(std::abs(gray.bytes[0] - 134) < 4); // 0.701 of 191
        }
    }

    void webPAndTiffAreRead_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<bool>("isTransparent");
        QTest::newRow("WebP") << "colour.webp" << false;
        QTest::newRow("WebP with opacity") << "transparent.webp" << true;
        QTest::newRow("TIFF") << "colour.tif" << false;
        QTest::newRow("TIFF by LZW") << "packed.tif" << false;
        QTest::newRow("TIFF with opacity") << "transparent.tif" << true;
    }
    /// Pillow wrote pixels of (28 x, 36 y, 9 (x + y)), see tests/fuzz/make_seeds.py.
    void webPAndTiffAreRead() {
        QFETCH(const QString, file);
        QFETCH(const bool, isTransparent);
        const auto path =
            fs::path(GRADWRIGHT_SOURCE_DIR) / "tests/engine/data/pictures" / file.toStdString();
        const auto picture = readPicture(path, {.channels = 3});
        QCOMPARE(picture.width, 9);
        QCOMPARE(picture.height, 7);
        for (std::size_t y = 0; y < 7; ++y)
            for (std::size_t x = 0; x < 9; ++x)
                for (std::size_t c = 0; c < 3; ++c) {
                    const std::array<std::size_t, 3> colour = {28 * x, 36 * y, 9 * (x + y)};
                    // The left three columns are opaque, then half, then nothing is.
                    const double opacity = !isTransparent || x < 3 ? 1 : x < 6 ? 128 / 255.0 : 0;
                    const double expected =
                        opacity * static_cast<double>(colour[c]) + 255 * (1 - opacity);
                    const double found = picture.bytes[(y * 9 + x) * 3 + c];
                    QVERIFY2(std::abs(found - expected) <= (opacity == 1 ? 0 : 2),
                             std::to_string(found).c_str());
                }
        std::ifstream stream(path, std::ios::binary);
        Bytes bytes((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
        const TemporaryFolder folder;
        bytes.resize(bytes.size() / 2);
        writeFile(folder / "cut", bytes);
        QVERIFY(contains(errorOf([&] { readPicture(folder / "cut", {}); }), "broken"));
    }

    void kindsThatCannotBeReadAreNamed() {
        const TemporaryFolder folder;
        writeFile(folder / "a.webp", bytesOf("RIFF1234WEBPVP8 "));
        writeFile(folder / "a.tif", bytesOf(std::string_view("II*\0abcdefgh", 12)));
        writeFile(folder / "a.png", bytesOf("something else"));
        const auto message = [&](const char* name) {
            return errorOf([&] { readPicture(folder / name, {}); });
        };
        QVERIFY(contains(message("a.webp"), "this WebP image is broken"));
        QVERIFY(contains(message("a.tif"), "this TIFF image is broken"));
        QVERIFY(contains(message("a.png"), "not a PNG, JPEG, BMP"));
    }

    void whatIsTooShortForAnyImageIsRefused() {
        for (const auto text : {std::string_view(""), std::string_view("P"), std::string_view("P6"),
                                std::string_view("P9 1 1 255 x"), std::string_view("Px")}) {
            const std::vector<std::uint8_t> bytes(text.begin(), text.end());
            QVERIFY(contains(errorOf([&] { decodePnm(bytes, "a.ppm", {}); }), "a.ppm: this PNM"));
            QVERIFY(contains(errorOf([&] { decodeBmp(bytes, "a.bmp", {}); }), "a.bmp: "));
            QVERIFY(contains(errorOf([&] { decodeGif(bytes, "a.gif", {}); }), "a.gif: "));
        }
    }

    void foldersThatAllHoldTheSameAreNoted() {
        const TemporaryFolder folder;
        for (const auto* part : {"train", "holdout"})
            for (const auto* name : {"left", "right"}) {
                fs::create_directories(folder / "root" / part / name);
                writeFile(folder / "root" / part / name / "1.png", plainPng(9));
            }
        const auto list = listImageFolder(folder / "root");
        QCOMPARE(list.classes, (std::vector<std::string>{"holdout", "train"}));
        QVERIFY2(isNoted(list.notes, "the classes are holdout, train, and each holds the folders "
                                     "left, right"),
                 list.notes.back().c_str());
        // Not where one of them differs, and not for those who named the classes.
        fs::rename(folder / "root/holdout/left", folder / "root/holdout/front");
        const auto others = listImageFolder(folder / "root");
        QVERIFY(!isNoted(others.notes, "each holds the folders"));
        // One folder around the classes.
        fs::create_directories(folder / "around");
        fs::rename(folder / "root/train", folder / "around/data");
        const auto error = errorOf([&] { listImageFolder(folder / "around"); });
        QVERIFY2(contains(error, "two or more classes, not 1; name ") &&
                     contains(error, "around/data as the folder if its folders are the classes"),
                 error.c_str());
    }

    void oneFileIsNoFiles() {
        const TemporaryFolder folder;
        for (const auto* name : {"root/left", "root/right"})
            fs::create_directories(folder / name);
        writeFile(folder / "root/left/1.png", plainPng(9));
        const auto list = listImageFolder(folder / "root", nullptr, {.mayBeEmpty = true});
        QCOMPARE(list.notes.front(), std::string("1 file: 1 PNG"));
    }

    void filesAreCounted() {
        const TemporaryFolder folder;
        for (const auto* name : {"root/left", "root/right/batch1", "elsewhere", "__MACOSX/left"})
            fs::create_directories(folder / name);
        for (const auto* name : {"root/left/1.png", "root/left/2.PNG", "root/right/1.png",
                                 "root/right/batch1/2.png", "elsewhere/3.png"})
            writeFile(folder / name, plainPng(9));
        writeFile(folder / "root/left/3.jfif", jpeg(8, 8, 1, Bytes(64, 7)));
        writeFile(folder / "root/left/4.gif", exampleGif());
        writeFile(folder / "root/left/5.heic", {1});
        writeFile(folder / "root/left/6.svg", {1});
        writeFile(folder / "root/left/notes.txt", {1});
        fs::create_directory_symlink(folder / "elsewhere", folder / "root/up");
        fs::create_symlink(folder / "elsewhere/3.png", folder / "root/right/link.png");
        fs::create_symlink(folder / "gone.png", folder / "root/right/gone.png");
        fs::create_directory_symlink(folder / "root", folder / "root/right/loop");
        const auto list = listImageFolder(folder / "root");
        QCOMPARE(list.classes, (std::vector<std::string>{"left", "right", "up"}));
        QCOMPARE(list.files,
                 (std::vector<std::string>{"left/1.png", "left/2.PNG", "left/3.jfif", "left/4.gif",
                                           "right/1.png", "right/batch1/2.png", "right/link.png",
                                           "up/3.png"}));
        QVERIFY2(isNoted(list.notes, "13 files: 1 GIF, 1 JPEG, 6 PNG, 5 of other kinds left out (1 "
                                     "HEIC, 1 SVG, 1 TXT, 1 broken link, 1 link to a folder)"),
                 list.notes.front().c_str());
        QVERIFY(isNoted(list.notes, "1 of them in folders within a class"));
        // Both are a choice, and what is left out is counted.
        const auto flat = listImageFolder(folder / "root", nullptr, {.nested = false});
        QCOMPARE(flat.files.size(), list.files.size() - 1);
        QVERIFY2(isNoted(flat.notes, "1 folder within a class"), flat.notes.front().c_str());
        const auto own = listImageFolder(folder / "root", nullptr, {.links = false});
        QCOMPARE(std::ranges::count(own.files, "right/link.png"), 0);
        QCOMPARE(own.files.size(), list.files.size() - 1);
        QVERIFY2(isNoted(own.notes, "2 links"), own.notes.front().c_str());
        // Runs from before find what they found.
        const auto before = listImageFolder(folder / "root", nullptr, {.asBefore = true});
        QCOMPARE(before.classes, (std::vector<std::string>{"left", "right"}));
        QCOMPARE(before.files,
                 (std::vector<std::string>{"left/1.png", "left/2.PNG", "right/1.png"}));
    }

    void brokenImagesAreListedBeforeTraining() {
        const TemporaryFolder folder;
        for (const auto* part : {"train/a", "train/b", "test/a", "test/b"}) {
            fs::create_directories(folder / part);
            for (int i = 0; i < 4; ++i)
                writeFile(folder / fmt::format("{}/{}.png", part, i), plainPng(9));
        }
        const auto good = plainPng(200);
        const Bytes cut(good.begin(), good.begin() + 50);
        writeFile(folder / "train/b/1.png", cut);
        writeFile(folder / "test/a/3.png", cut);
        const DataChoice choice{.dataset = "images",
                                .params = {{"folder", (folder / "train").string()},
                                           {"test_folder", (folder / "test").string()},
                                           {"size", IntTuple{4, 4}}}};
        const auto error = errorOf([&] { openDataset(choice); });
        QVERIFY2(contains(error, "train: 1 of 8 images cannot be used"), error.c_str());
        QVERIFY2(contains(error, "test: 1 of 8 images cannot be used"), error.c_str());
        QVERIFY(contains(error, "train/b/1.png: this PNG image is broken"));
        QVERIFY(contains(error, "test/a/3.png: this PNG image is broken"));
        writeFile(folder / "train/b/1.png", good);
        writeFile(folder / "test/a/3.png", good);
        const auto data = openDataset(choice);
        QVERIFY(isNoted(data.notes, "8 files: 8 PNG"));
        QVERIFY(isNoted(data.notes, "test folder: 8 files: 8 PNG"));
    }

    void partsAreToldFromClasses_data() {
        QTest::addColumn<std::string>("training");
        QTest::addColumn<std::string>("test");
        QTest::newRow("Train") << std::string("Train") << std::string("Test");
        QTest::newRow("Training") << std::string("Training") << std::string("Testing");
        QTest::newRow("_set") << std::string("training_set") << std::string("test_set");
        QTest::newRow("validation") << std::string("train") << std::string("validation");
        QTest::newRow("val") << std::string("train") << std::string("val");
        QTest::newRow("trainset") << std::string("trainset") << std::string("testset");
    }
    void partsAreToldFromClasses() {
        QFETCH(std::string, training);
        QFETCH(std::string, test);
        const TemporaryFolder folder;
        for (const auto& part : {training, test, std::string("__MACOSX")})
            for (const auto* name : {"/a", "/b"})
                fs::create_directories(folder / (part + name));
        const auto error = errorOf([&] { listImageFolder(folder.path()); });
        QVERIFY2(contains(error, "its folders are parts, not classes; name " +
                                     (folder / training).string() + " as the folder and " +
                                     (folder / test).string() + " as the test folder"),
                 error.c_str());
        QVERIFY(!partsAmong({"cat", "dog", "train"}));
        QVERIFY(!partsAmong({"left", "right"}));
    }
};

QTEST_APPLESS_MAIN(ImageKindsTest)
#include "tst_image_kinds.moc"
