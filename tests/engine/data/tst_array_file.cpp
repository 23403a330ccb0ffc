// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/images/array_file.h"
#include "engine/data/images/idx_set.h"
#include "engine/data/own_data.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>
#include <filesystem>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

/// Written by NumPy: 12 images of 5 × 4 random bytes, the first row of the first 0, 128, 255, 7;
/// classes 0, 1, 2, 0, … In packed.npz, images of 6 × 5 in three channels from 0 to 1, the first
/// pixel 0, 0.5, 1.
fs::path fixture(const std::string& name) {
    return fs::path(GRADWRIGHT_SOURCE_DIR) / "tests/engine/data/arrays" / name;
}

} // namespace

/// Arrays of NumPy as images with a class each.
class ArrayFileTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void arraysAreFoundByTheirNames() {
        QVERIFY(namesArray("a.npy") && namesArray("a.NPZ") && namesArray("/b/a.npz:x_train"));
        QVERIFY(!namesArray("a.idx") && !namesArray("a.npz.gz"));
        QCOMPARE(arraysIn(fixture("stored.npz")),
                 (std::vector<std::string>{"x_train", "y_train", "x_test", "y_test"}));
        const auto array = readArray(fixture("stored.npz:x_test"));
        QCOMPARE(array.dims, (std::vector<std::int64_t>{3, 5, 4}));
        QCOMPARE(array.bytes.size(), std::size_t{60});
    }

    void aDatasetIsMadeOfOneFile() {
        const auto data = openDataset(dataFrom(fixture("stored.npz")));
        QCOMPARE(data.training->size(), std::int64_t{9});
        QCOMPARE(data.test->size(), std::int64_t{3});
        QVERIFY((data.info.input == Shape{1, 5, 4}));
        QCOMPARE(data.info.classes.size(), std::size_t{3});
        std::vector<float> input(20);
        data.training->input(0, input);
        QCOMPARE(input[0], 0.0F);
        QCOMPARE(input[1], 128.0F / 255);
        QCOMPARE(input[2], 1.0F);
        for (std::int64_t i = 0; i < 9; ++i)
            QCOMPARE(data.training->label(i), static_cast<std::int32_t>(i % 3));
    }

    void whatIsNotUsedIsSaid() {
        const auto at = [](const char* name) {
            return fixture(std::string("stored.npz:") + name).string();
        };
        const auto notesOf = [](const ParamValues& params) {
            return openDataset({.dataset = "idx", .params = params}).notes;
        };
        const auto isSaid = [](const std::vector<std::string>& notes, const std::string& what) {
            return std::ranges::find(notes, what) != notes.end();
        };
        ParamValues params{{"training_images", at("x_train")}, {"training_labels", at("y_train")}};
        QVERIFY(isSaid(notesOf(params), "stored.npz: not used: x_test, y_test"));
        params["test_images"] = at("x_test");
        params["test_labels"] = at("y_test");
        for (const auto& note : notesOf(params))
            QVERIFY2(!contains(note, "not used"), note.c_str());
    }

    /// Packed, real numbers from 0 to 1, channels last, classes as rows with a 1.
    void whatFrameworksWriteIsUnderstood() {
        const auto data = openDataset(dataFrom(fixture("packed.npz")));
        QVERIFY((data.info.input == Shape{3, 6, 5}));
        QCOMPARE(data.training->size() + data.test->size(), std::int64_t{12});
        const auto [images, notes] = readIdxImages(fixture("packed.npz:images"), false);
        QCOMPARE(images.dims(), (std::vector<std::int64_t>{12, 3, 6, 5}));
        const auto first = images.image(0);
        QCOMPARE(first[0], std::uint8_t{0});
        QCOMPARE(first[30], std::uint8_t{128});
        QCOMPARE(first[60], std::uint8_t{255});
        QVERIFY(contains(notes.front(), "32-bit real numbers, scaled to bytes, 1 to 255"));
        const auto labels = readIdxLabels(fixture("packed.npz:labels"));
        QCOMPARE(labels.labels, (std::vector<std::uint8_t>{0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2}));
        QVERIFY(contains(labels.notes.front(), "a 1 in the place of its class"));
    }

    /// Big-endian, and labels in a column, as MedMNIST has them.
    void filesBesideEachOtherBelongTogether() {
        for (const auto* name : {"images.npy", "labels.npy"}) {
            const auto choice = dataFrom(fixture(name));
            QCOMPARE(choice.dataset, std::string("idx"));
            const auto data = openDataset(choice);
            QCOMPARE(data.training->size() + data.test->size(), std::int64_t{12});
        }
        const auto images = readIdxImages(fixture("images.npy"), false).images;
        QVERIFY(std::ranges::equal(images.image(0).first(4),
                                   std::vector<std::uint8_t>{0, 128, 255, 7}));
        const auto turned = readIdxImages(fixture("images.npy"), true).images;
        QCOMPARE(turned.dims(), (std::vector<std::int64_t>{12, 1, 4, 5}));
        QCOMPARE(turned.image(0)[5], std::uint8_t{128});
        QCOMPARE(readIdxLabels(fixture("labels.npy")).labels.size(), std::size_t{12});
    }

    void whatCannotBeReadIsSaid() {
        const auto error = [](auto call) { return errorOf([&] { static_cast<void>(call()); }); };
        QVERIFY(contains(error([] { return readIdxImages(fixture("table.npy"), false); }),
                         "images have 3 or 4 axes, not 12×20"));
        QVERIFY(
            contains(error([] { return readArray(fixture("fortran.npy")); }), "Fortran's order"));
        QVERIFY(contains(error([] { return readArray(fixture("stored.npz")); }),
                         "there are x_train, y_train, x_test, y_test"));
        QVERIFY(contains(error([] { return readArray(fixture("stored.npz:nothing")); }),
                         "\"stored.npz:x_train\""));
        QVERIFY(contains(error([] { return dataFrom(fixture("other.npz")); }), "(foo, bar)"));
        QVERIFY(contains(error([] { return dataFrom(fixture("table.npy")); }), "is not beside it"));
    }

    /// Each byte of a file cut off or changed gives an error or another array, never a crash.
    void damagedFilesAreRefused() {
        const TemporaryFolder folder;
        for (const auto* name : {"stored.npz", "packed.npz", "images.npy"}) {
            const auto whole = readFile(fixture(name));
            const auto file = folder / name;
            const auto read = [&] {
                if (fs::path(name).extension() == ".npy")
                    return static_cast<void>(readArray(file));
                for (const auto& each : arraysIn(file))
                    static_cast<void>(readArray(file.string() + ":" + each));
            };
            for (std::size_t size = 0; size < whole.size(); size += 31) {
                writeFile(file,
                          Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
                QVERIFY2(!errorOf(read).empty(), name);
            }
            for (std::size_t at = 0; at < whole.size(); at += 13) {
                auto damaged = whole;
                damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ 0xFF);
                writeFile(file, damaged);
                static_cast<void>(errorOf(read));
            }
        }
    }
};

QTEST_APPLESS_MAIN(ArrayFileTest)
#include "tst_array_file.moc"
