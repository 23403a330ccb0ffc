// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/hdf5/hdf5_file.h"
#include "engine/support/error.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace gradwright;
using namespace gradwright::test;

namespace {

std::filesystem::path arraysFile(const std::string& name) {
    return std::filesystem::path(GRADWRIGHT_SOURCE_DIR) / "tests/engine/io/hdf5" / name;
}

std::string bytesOf(const std::string& name) {
    std::ifstream stream(arraysFile(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

Hdf5File ofBytes(std::string bytes) {
    return Hdf5File(ByteRegion(std::move(bytes), "arrays"));
}

} // namespace

/// Files that h5py has written (tests/engine/exchange/keras_models.py).
class Hdf5Test : public QObject {
    Q_OBJECT

private:
    /// (7, 5), from 0 in steps of a quarter.
    static void requireNumbers(const Hdf5File& file, const std::string& path, double step = 0.25) {
        QVERIFY((file.read(path).shape() == Shape{7, 5}));
        const auto values = file.read(path).to(DType::F64);
        for (std::size_t i = 0; i < 35; ++i)
            QCOMPARE(values.span<double>()[i], step * static_cast<double>(i));
    }

private Q_SLOTS:
    void groupsAndTypesAreRead_data() {
        QTest::addColumn<QString>("name");
        QTest::newRow("superblock 0, symbol tables") << "plain.h5";
        QTest::newRow("superblock 3, compact links") << "latest.h5";
    }
    void groupsAndTypesAreRead() {
        QFETCH(const QString, name);
        const Hdf5File file(ByteRegion(arraysFile(name.toStdString())));
        QCOMPARE(file.find("a/f64")->dtype, DType::F64);
        QCOMPARE(file.find("a/f16")->dtype, DType::F16);
        QCOMPARE(file.find("a/i64")->dtype, DType::I64);
        for (const auto* path : {"a/b/f32", "a/f64", "a/f16", "a/big"})
            requireNumbers(file, path);
        requireNumbers(file, "a/i64", 1);
        QVERIFY(file.read("scalar").shape() == Shape{});
        QCOMPARE(file.read("scalar").span<float>()[0], 2.5F);
        QCOMPARE(file.read("many/3").span<float>()[0], 3.0F);
        QVERIFY(file.find("a/none") == nullptr);
        QVERIFY(messageOf([&] { return file.read("a/none"); }).contains("no array \"a/none\""));
    }

    /// More members than a leaf of the tree holds.
    void largeGroupsAreRead() {
        const auto file = ofBytes(bytesOf("plain.h5"));
        for (int i = 0; i < 40; ++i)
            QCOMPARE(file.read(fmt::format("many/{}", i)).span<float>()[0], static_cast<float>(i));
    }

    void chunksAreRead() {
        const auto file = ofBytes(bytesOf("plain.h5"));
        for (const auto* path : {"packed", "summed", "chunked"})
            requireNumbers(file, path);
    }

    void otherFilesAreRefused() {
        QVERIFY(messageOf([] {
                    return ofBytes("text, much more than eight bytes");
                }).contains("is no HDF5 file"));
        auto bytes = bytesOf("plain.h5");
        QVERIFY(messageOf([&] { return ofBytes(bytes.substr(0, 500)); }).contains("cut short"));
        bytes[13] = 4; // bytes of an address
        QVERIFY(messageOf([&] { return ofBytes(bytes); }).contains("4 and 8 bytes"));
    }

    /// An array that claims to be larger than its file takes no memory.
    void liesAboutSizesAreFound() {
        auto bytes = bytesOf("plain.h5");
        const std::string dims("\x07\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0", 16);
        int found = 0;
        for (auto at = bytes.find(dims); at != std::string::npos; at = bytes.find(dims, at + 1)) {
            bytes[at + 4] = 1; // 2^32 + 7 rows
            ++found;
        }
        QVERIFY(found >= 5);
        const auto file = ofBytes(bytes);
        for (const auto& [path, dataset] : file.datasets())
            if (dataset.shape.rank() == 2)
                QVERIFY(!messageOf([&, &key = path] { return file.read(key); }).isEmpty());
    }
};

QTEST_APPLESS_MAIN(Hdf5Test)
#include "tst_hdf5.moc"
