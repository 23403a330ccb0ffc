// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/cifar.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// Rows whose planes are red = 10 · row, green = 20, blue = 30.
Bytes rows(std::size_t count, const Bytes& labels) {
    Bytes bytes;
    for (std::size_t row = 0; row < count; ++row) {
        bytes.insert(bytes.end(), labels.begin(), labels.end());
        bytes.insert(bytes.end(), 1024, static_cast<std::uint8_t>(10 * row));
        bytes.insert(bytes.end(), 1024, 20);
        bytes.insert(bytes.end(), 1024, 30);
    }
    return bytes;
}

void writeTen(const TemporaryFolder& folder) {
    for (int i = 1; i <= 5; ++i)
        writeFile(folder / fmt::format("data_batch_{}.bin", i),
                  rows(4, {static_cast<std::uint8_t>(i)}));
    writeFile(folder / "test_batch.bin", rows(2, {9}));
}

DataChoice ten(const TemporaryFolder& folder, const std::string& normalize = "unit") {
    return {.dataset = "cifar-10",
            .params = {{"folder", folder.path()}, {"normalize", normalize}},
            .validationFraction = 0.2};
}

} // namespace

class CifarTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsTenClasses() {
        const TemporaryFolder folder;
        writeTen(folder);
        const auto data = openDataset(ten(folder));
        QVERIFY(data.info.input == (Shape{3, 32, 32}));
        QCOMPARE(data.info.classes[9], std::string("truck"));
        QCOMPARE(data.training->size(), 20);
        QCOMPARE(data.training->label(4), 2);
        QCOMPARE(data.test->label(1), 9);
        const auto image = inputOf(*data.training, 5);
        QCOMPARE(image[0], 10.0F / 255);
        QCOMPARE(image[1023], 10.0F / 255);
        QCOMPARE(image[1024], 20.0F / 255);
        QCOMPARE(image[3071], 30.0F / 255);
    }

    void standardizesEachChannel() {
        const TemporaryFolder folder;
        writeTen(folder);
        const auto choice = ten(folder, "standardize");
        const auto data = openDataset(choice);
        QCOMPARE(data.info.preparation.mean.size(), std::size_t{3});
        double mean = 0;
        const auto split = splitOf(data, choice);
        for (const auto index : split.training)
            mean += (index % 4) * 10.0 / 255 / static_cast<double>(split.training.size());
        QVERIFY(std::abs(data.info.preparation.mean[0] - mean) < 1e-6);
        QVERIFY(std::abs(data.info.preparation.mean[1] - 20.0 / 255) < 1e-6);
        QCOMPARE(data.info.preparation.deviation[1], 1.0); // nothing to scale
        QVERIFY(std::abs(inputOf(*data.training, 0)[2048]) < 1e-6F);
    }

    void readsAHundredClasses() {
        const TemporaryFolder folder;
        writeFile(folder / "train.bin", rows(8, {3, 77}));
        writeFile(folder / "test.bin", gzip(rows(2, {19, 99})));
        std::string fine;
        std::string coarse;
        for (int i = 0; i < 100; ++i)
            fine += fmt::format("fine{}\r\n", i);
        for (int i = 0; i < 20; ++i)
            coarse += fmt::format("group{}\n", i);
        writeFile(folder / "fine_label_names.txt", {fine.begin(), fine.end()});
        writeFile(folder / "coarse_label_names.txt", {coarse.begin(), coarse.end()});
        DataChoice choice{.dataset = "cifar-100", .params = {{"folder", folder.path()}}};
        auto data = openDataset(choice);
        QCOMPARE(data.training->label(0), 77);
        QCOMPARE(data.info.classes[77], std::string("fine77"));
        choice.params["labels"] = std::string("coarse");
        data = openDataset(choice);
        QCOMPARE(data.test->label(0), 19);
        QCOMPARE(data.info.classes.size(), std::size_t{20});
        writeFile(folder / "coarse_label_names.txt", {'a', '\n', 'b'});
        QVERIFY(contains(errorOf([&] { openDataset(choice); }),
                         "coarse_label_names.txt: 2 names, one per line, but there are 20"));
    }

    void refusesBrokenFiles() {
        const TemporaryFolder folder;
        const auto message = [&](const Bytes& third) {
            writeTen(folder);
            writeFile(folder / "data_batch_3.bin", third);
            return errorOf([&] { openDataset(ten(folder)); });
        };
        auto bytes = rows(4, {1});
        bytes.pop_back();
        QVERIFY2(contains(message(bytes), "data_batch_3.bin: rows have 3073 bytes, but the file "
                                          "ends 3072 bytes after the start of row 4"),
                 message(bytes).c_str());
        QVERIFY(contains(message({}), "ends 0 bytes after the start of row 1"));
        bytes = rows(4, {1});
        bytes[2 * 3073] = 10;
        QVERIFY(contains(message(bytes), "byte 6146: label 10 of row 3 is outside 0 to 9"));
        auto packed = gzip(rows(4, {1}));
        packed.resize(packed.size() - 9);
        QVERIFY(contains(message(packed), "gzip data"));
        std::filesystem::remove(folder / "data_batch_3.bin");
        QVERIFY(contains(errorOf([&] { openDataset(ten(folder)); }), "no such file"));
        QVERIFY(contains(errorOf([] { openDataset({.dataset = "cifar-10"}); }), "name the folder"));
    }
};

QTEST_APPLESS_MAIN(CifarTest)
#include "tst_cifar.moc"
