// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/images/folder_parts.h"
#include "engine/data/images/image_folder.h"
#include "engine/data/own_data.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

using Names = std::vector<std::string>;

Bytes grayPng(std::uint8_t value) {
    return png({.width = 4, .height = 4}, Bytes(16, value));
}

Bytes grayJpeg(std::uint8_t value) {
    return jpeg(8, 8, 1, Bytes(64, value));
}

Bytes textBytes(std::string_view text) {
    return {text.begin(), text.end()};
}

/// A GIF of 1 × 1.
Bytes dotGif() {
    return {'G', 'I',  'F', '8', '9', 'a', 1, 0, 1, 0, 0x80, 0, 0, 0,    0, 0, 255, 255,
            255, 0x2C, 0,   0,   0,   0,   1, 0, 1, 0, 0,    2, 2, 0x4C, 1, 0, 0x3B};
}

Bytes firstHalf(Bytes bytes) {
    bytes.resize(bytes.size() / 2);
    return bytes;
}

bool isNoted(const Names& notes, std::string_view part) {
    return std::ranges::any_of(notes,
                               [&](const std::string& note) { return contains(note, part); });
}

void makeFolders(const TemporaryFolder& folder, const Names& names) {
    for (const auto& name : names)
        fs::create_directories(folder / name);
}

} // namespace

/// Which files of a folder are images of a class, and what is said of the others.
class ImageListingTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void endingsInCapitalsAndMixedKindsAreRead() {
        const TemporaryFolder folder;
        makeFolders(folder, {"a", "b"});
        writeFile(folder / "a/1.PNG", grayPng(1));
        writeFile(folder / "a/2.Jpg", grayJpeg(1));
        writeFile(folder / "a/3.JPEG", grayJpeg(2));
        writeFile(folder / "a/4.GIF", dotGif());
        writeFile(folder / "a/5.JFIF", grayJpeg(3));
        writeFile(folder / "b/1.PGM", textBytes("P2 1 1 1 1\n"));
        writeFile(folder / "b/2.png", grayJpeg(4)); // called so, and a JPEG
        writeFile(folder / "b/3.jpe", grayJpeg(5));
        const auto list = listImageFolder(folder.path());
        QCOMPARE(list.files, (Names{"a/1.PNG", "a/2.Jpg", "a/3.JPEG", "a/4.GIF", "a/5.JFIF",
                                    "b/1.PGM", "b/2.png", "b/3.jpe"}));
        QCOMPARE(list.notes, Names{"8 files: 1 GIF, 4 JPEG, 1 PGM, 2 PNG"});
        requirePictures(list, nullptr);
    }

    void hiddenImagesAreCounted() {
        const TemporaryFolder folder;
        makeFolders(folder, {"a", "b", ".thumbnails", "__MACOSX/a"});
        for (const auto* name : {"a/1.png", "b/1.png", "a/.2.png", "b/.3.JPG", ".thumbnails/4.png",
                                 "__MACOSX/a/5.png"})
            writeFile(folder / name, grayPng(1));
        // What computers of Apple leave on other disks.
        for (const auto* name : {"a/._1.png", "a/.DS_Store", "b/Thumbs.db"})
            writeFile(folder / name, {1});
        const auto list = listImageFolder(folder.path());
        QCOMPARE(list.files, (Names{"a/1.png", "b/1.png"}));
        QVERIFY2(isNoted(list.notes, "5 files: 2 PNG, 3 of other kinds left out (1 DB, 2 hidden "
                                     "images)"),
                 list.notes.front().c_str());
    }

    void emptyFilesAreListed() {
        const TemporaryFolder folder;
        makeFolders(folder, {"a", "b/deep/deeper"});
        for (const auto* name : {"a/1.png", "b/1.png", "b/deep/2.png"})
            writeFile(folder / name, grayPng(1));
        writeFile(folder / "a/2.png", {});
        writeFile(folder / "b/deep/deeper/3.JPG", {});
        const auto list = listImageFolder(folder.path());
        QVERIFY(isNoted(list.notes, "2 of them in folders within a class"));
        const auto error = errorOf([&] { requirePictures(list, nullptr); });
        QVERIFY2(contains(error, "2 of 5 images cannot be used") &&
                     contains(error, "a/2.png: this file is empty") &&
                     contains(error, "b/deep/deeper/3.JPG: this file is empty"),
                 error.c_str());
    }

    void imagesBesideTheClassesAreCounted() {
        const TemporaryFolder folder;
        makeFolders(folder, {"a", "b"});
        for (const auto* name : {"a/1.png", "b/1.png", "overview.png", "legend.JPG"})
            writeFile(folder / name, grayPng(1));
        writeFile(folder / "readme.txt", {1});
        QVERIFY(isNoted(listImageFolder(folder.path()).notes,
                        "2 images beside the folders of the classes left out"));
        // Where there are no folders, that is the fault.
        const TemporaryFolder flat;
        for (const auto* name : {"cat1.png", "dog1.png"})
            writeFile(flat / name, grayPng(1));
        const auto error = errorOf([&] { listImageFolder(flat.path()); });
        QVERIFY2(contains(error, "a folder for each of two or more classes, not 0; 2 images beside "
                                 "have no class"),
                 error.c_str());
    }

    void classesWithoutImagesSayWhatTheyHold() {
        const TemporaryFolder folder;
        makeFolders(folder, {"a", "b/inner"});
        writeFile(folder / "a/1.png", grayPng(1));
        writeFile(folder / "b/1.txt", {1});
        writeFile(folder / "b/2.HEIC", {1});
        writeFile(folder / "b/.3.png", grayPng(1));
        writeFile(folder / "b/5", grayPng(1));
        writeFile(folder / "b/6", grayPng(1));
        writeFile(folder / "b/inner/4.png", grayPng(1));
        const auto error =
            errorOf([&] { listImageFolder(folder.path(), nullptr, {.nested = false}); });
        QVERIFY2(contains(error, "/b: holds no PNG or JPEG image") &&
                     contains(error,
                              ", but 1 HEIC, 1 TXT, 2 files without an ending, 1 folder within "
                              "a class, 1 hidden image"),
                 error.c_str());
    }

    void whatIsBrokenIsListedAtOnceOrLeftOut() {
        const TemporaryFolder folder;
        Names good;
        for (const auto* name : {"train/a", "train/b", "test/a", "test/b"}) {
            makeFolders(folder, {name});
            for (int i = 0; i < 6; ++i)
                writeFile(folder / fmt::format("{}/good{}.png", name, i),
                          grayPng(static_cast<std::uint8_t>(40 * i)));
        }
        const std::vector<std::pair<std::string, Bytes>> broken = {
            {"train/a/cut.png", firstHalf(grayPng(1))},
            {"train/a/page.png", textBytes("<!DOCTYPE html><html>Not found</html>")},
            {"train/b/cut.jpg", firstHalf(grayJpeg(1))},
            {"train/b/cut.gif", firstHalf(dotGif())},
            {"test/b/words.jpeg", textBytes("These are words.\n")}};
        for (const auto& [name, bytes] : broken)
            writeFile(folder / name, bytes);
        const auto choice = [&](const char* unreadable) {
            return DataChoice{.dataset = "images",
                              .params = {{"folder", (folder / "train").string()},
                                         {"test_folder", (folder / "test").string()},
                                         {"size", IntTuple{4, 4}},
                                         {"unreadable", std::string(unreadable)}}};
        };
        const auto error = errorOf([&] { openDataset(choice("refuse")); });
        // Each folder says how many are its own, and what leaves them out is named.
        QVERIFY2(contains(error, (folder / "train").string() + ": 4 of 16 images cannot be used; " +
                                     (folder / "test").string() +
                                     ": 1 of 13 images cannot be used; repair or remove them, or "
                                     "leave them out with data.unreadable=leave_out\n"),
                 error.c_str());
        try {
            openDataset(choice("refuse"));
            QFAIL("broken images were read");
        } catch (const UnreadableImages& unreadable) {
            QCOMPARE(unreadable.count(), std::size_t{5});
        }
        // Whoever only looks what the folder is meets none of them, wherever they are.
        const auto found = dataFrom(folder.path());
        QCOMPARE(found.params.at("test_folder"), ParamValue((folder / "test").string()));
        for (const auto& [name, bytes] : broken)
            QVERIFY2(contains(error, "\n  " + (folder / name).string() + ": "), error.c_str());
        QVERIFY(contains(error, "cut.png: this PNG image is broken"));
        QVERIFY(contains(error, "cut.jpg: this JPEG image is broken"));
        QVERIFY(contains(error, "cut.gif: this GIF image is broken"));
        QVERIFY(contains(error, "page.png: not a PNG, JPEG"));
        const auto data = openDataset(choice("leave_out"));
        QCOMPARE(data.training->size(), 12);
        QCOMPARE(data.test->size(), 12);
        QVERIFY(isNoted(data.notes, "4 unreadable images left out (a/cut.png: this PNG image is "
                                    "broken"));
        QVERIFY(isNoted(data.notes, "test folder: 1 unreadable image left out (b/words.jpeg: "));
        for (const auto* source : {data.training.get(), data.test.get()})
            for (std::int64_t i = 0; i < source->size(); ++i)
                QCOMPARE(inputOf(*source, i).size(), std::size_t{48});
        // A class of which nothing is left is no class.
        for (int i = 0; i < 6; ++i)
            writeFile(folder / fmt::format("train/b/good{}.png", i), {1});
        const auto none = errorOf([&] { openDataset(choice("leave_out")); });
        QVERIFY2(contains(none, "all images of the class \"b\" are unreadable"), none.c_str());
    }

    void partsAreToldByTheirNames_data() {
        QTest::addColumn<Names>("names");
        QTest::addColumn<std::string>("advice");
        const auto pair = [](const char* training, const char* test) {
            return fmt::format("name ROOT/{} as the folder and ROOT/{} as the test folder",
                               training, test);
        };
        QTest::newRow("capitals, three parts")
            << Names{"TEST", "Train", "Val"} << pair("Train", "TEST");
        QTest::newRow("of images")
            << Names{"test_images", "train_images"} << pair("train_images", "test_images");
        QTest::newRow("of data") << Names{"Training Data", "validation-data"}
                                 << pair("Training Data", "validation-data");
        QTest::newRow("a word in front")
            << Names{"seg_pred", "seg_test", "seg_train"} << pair("seg_train", "seg_test");
        QTest::newRow("words around")
            << Names{"2019 Train v2", "2019 Val v2"} << pair("2019 Train v2", "2019 Val v2");
        QTest::newRow("without one to train on")
            << Names{"test", "valid"}
            << std::string("its folders (test, valid) are parts, not classes; name the one to "
                           "train on as the folder and the other one as the test folder");
        QTest::newRow("two to train on")
            << Names{"train", "training"}
            << std::string("its folders (train, training) are parts, not classes");
    }
    void partsAreToldByTheirNames() {
        QFETCH(const Names, names);
        QFETCH(std::string, advice);
        const TemporaryFolder folder;
        for (const auto& name : names)
            makeFolders(folder, {name + "/cat", name + "/dog"});
        makeFolders(folder, {"__MACOSX/cat", ".cache"});
        for (std::size_t at = 0; (at = advice.find("ROOT")) != std::string::npos;)
            advice.replace(at, 4, folder.path());
        const auto error = errorOf([&] { listImageFolder(folder.path()); });
        QVERIFY2(contains(error, advice), error.c_str());
    }

    void foldersThatHoldASingleOneAreGoneThrough() {
        const TemporaryFolder parts;
        makeFolders(parts, {"seg_train/seg_train/cat", "seg_train/seg_train/dog",
                            "seg_test/seg_test/cat", "seg_test/seg_test/dog"});
        const auto at = [&](const TemporaryFolder& in, const char* name) {
            return (in / name).string();
        };
        auto error = errorOf([&] { listImageFolder(parts.path()); });
        QVERIFY2(contains(error, fmt::format("name {} as the folder and {} as the test folder",
                                             at(parts, "seg_train/seg_train"),
                                             at(parts, "seg_test/seg_test"))),
                 error.c_str());
        const TemporaryFolder packed;
        makeFolders(packed, {"pets/data/train/cat", "pets/data/train/dog", "pets/data/test/cat",
                             "pets/data/test/dog"});
        error = errorOf([&] { listImageFolder(packed.path()); });
        QVERIFY2(contains(error,
                          fmt::format("not 1; name {} as the folder and {} as the test "
                                      "folder",
                                      at(packed, "pets/data/train"), at(packed, "pets/data/test"))),
                 error.c_str());
        // Not through a class.
        const TemporaryFolder one;
        makeFolders(one, {"pets/cat"});
        QCOMPARE(foldersOfClasses(one.path()), std::filesystem::path(one.path()) / "pets");
        writeFile(one / "pets/1.png", grayPng(1));
        QCOMPARE(foldersOfClasses(one / "pets"), std::filesystem::path(one / "pets"));
        // A file is no folder, and said to be one.
        writeFile(one / "pets.zip", grayPng(1));
        error = errorOf([&] { listImageFolder(one / "pets.zip"); });
        QVERIFY2(contains(error, "pets.zip: is a file, not a folder; if it is an archive, unpack"),
                 error.c_str());
    }

    void classesMayBeCalledLikeParts() {
        // Words that are no parts, or of other things.
        QVERIFY(!partsAmong({"train_station", "test_tube"}));
        QVERIFY(!partsAmong({"strain", "stest"}));
        QVERIFY(!partsAmong({"training shoes", "validation stamp"}));
        const TemporaryFolder folder;
        for (const auto* name : {"bus", "test", "tram"}) {
            makeFolders(folder, {name});
            writeFile(folder / (std::string(name) + "/1.png"), grayPng(1));
        }
        QCOMPARE(listImageFolder(folder.path()).classes, (Names{"bus", "test", "tram"}));
        // And a folder beside what an archive of a Mac leaves is the one to name.
        const TemporaryFolder archive;
        makeFolders(archive, {"pets/cat", "pets/dog", "__MACOSX/pets"});
        const auto error = errorOf([&] { listImageFolder(archive.path()); });
        QVERIFY2(contains(error, "not 1; name " + (archive / "pets").string() +
                                     " as the folder if its folders are the classes"),
                 error.c_str());
    }
};

QTEST_APPLESS_MAIN(ImageListingTest)
#include "tst_image_listing.moc"
