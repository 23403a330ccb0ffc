// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/idx.h"
#include "engine/data/own_data.h"
#include "engine/support/error.h"
#include "engine/support/rng.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <numeric>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::uint8_t kByte = 0x08;

Bytes counting(std::size_t count) {
    Bytes bytes(count);
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
    return bytes;
}

Bytes concat(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

Bytes cut(Bytes bytes, std::size_t size) {
    bytes.resize(size);
    return bytes;
}

struct Broken {
    const char* name;
    Bytes file;
    std::size_t rank;
    const char* message; ///< a part of it
};

std::vector<Broken> brokenFiles() {
    const auto good = idx(kByte, {2, 3, 4}, counting(24));
    const auto packed = gzip(good);
    auto damagedSum = packed;
    damagedSum[damagedSum.size() - 6] ^= 0x55; // in the CRC
    return {
        {"empty", {}, 3, "an IDX header has 4 bytes, but the file ends after 0"},
        {"half a header", cut(good, 9), 3, "an IDX header has 12 bytes, but the file ends after 5"},
        {"not IDX", {'h', 'e', 'l', 'l', 'o', '!'}, 3, "two zero bytes, this one with 0x68 0x65"},
        {"floats", idx(0x0D, {2, 3, 4}, counting(96)), 3, "not type 0x0d"},
        {"labels for images", idx(kByte, {24}, counting(24)), 3, "images have 3 dimensions"},
        {"images for labels", good, 1, "labels have 1 dimension, this file has 3"},
        {"no images", idx(kByte, {0, 3, 4}, {}), 3, "dimension 1 is 0"},
        {"product overflows", idx(kByte, {~0U, ~0U, ~0U}, counting(24)), 3, "promises more than"},
        {"too short", cut(good, 30), 3, "promises 24 bytes of values, but 14 follow"},
        {"too long", concat(good, {1}), 3, "promises 24 bytes of values, but 25 follow"},
        {"short in gzip", gzip(cut(good, 30)), 3, "promises 24 bytes of values, but only 14"},
        {"long in gzip", gzip(concat(good, {1})), 3, "promises 24 bytes of values, but more"},
        {"cut gzip", cut(packed, packed.size() - 12), 3, "cut short"},
        {"cut in the gzip sum", cut(packed, packed.size() - 4), 3, "cut short"},
        {"cut gzip header", cut(packed, 8), 3, "cut short"},
        {"wrong gzip sum", damagedSum, 3, "damaged"},
        {"bomb", gzip(idx(kByte, {60'000, 300, 300}, counting(24))), 3, "can hold"},
    };
}

} // namespace

class IdxTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsPlainAndGzip() {
        const auto file = idx(kByte, {2, 3, 4}, counting(24));
        // The names lie on purpose: content decides.
        writeFile(folder_ / "plain.gz", file);
        writeFile(folder_ / "packed", gzip(file));
        for (const auto* name : {"plain.gz", "packed"}) {
            const auto array = readIdx(folder_ / name, 3);
            QCOMPARE(array.dims, (std::vector<std::int64_t>{2, 3, 4}));
            QCOMPARE(array.values, counting(24));
        }
    }

    void refusesBrokenFiles_data() {
        QTest::addColumn<int>("number");
        int number = 0;
        for (const auto& broken : brokenFiles())
            QTest::newRow(broken.name) << number++;
    }

    void refusesBrokenFiles() {
        QFETCH(int, number);
        const auto broken = brokenFiles()[static_cast<std::size_t>(number)];
        const auto path = folder_ / "broken";
        writeFile(path, broken.file);
        const auto message = errorOf([&] { readIdx(path, broken.rank); });
        QVERIFY2(contains(message, broken.message), message.c_str());
        QVERIFY2(contains(message, path.string()), message.c_str());
    }

    void refusesEveryCut() {
        const auto whole = gzip(idx(kByte, {2, 3, 4}, counting(24)));
        const auto path = folder_ / "cut";
        for (std::size_t size = 0; size < whole.size(); ++size) {
            writeFile(path, cut(whole, size));
            QVERIFY2(!errorOf([&] { readIdx(path, 3); }).empty(), std::to_string(size).c_str());
        }
    }

    /// Whatever a damaged file holds, it is read as declared or refused.
    void survivesDamage() {
        const auto plain = idx(kByte, {2, 3, 4}, counting(24));
        const auto path = folder_ / "damaged";
        const Rng rng(5, RngStream::Test);
        for (std::uint64_t trial = 0; trial < 400; ++trial) {
            auto file = trial % 2 == 0 ? plain : gzip(plain);
            for (std::uint64_t k = 0; k < 3; ++k)
                file[rng.below(8 * trial + 2 * k, file.size())] =
                    static_cast<std::uint8_t>(rng.below(8 * trial + 2 * k + 1, 256));
            writeFile(path, file);
            static_cast<void>(errorOf([&] {
                const auto array = readIdx(path, 3);
                std::int64_t total = 1;
                for (const auto dim : array.dims)
                    total *= dim;
                QCOMPARE(static_cast<std::int64_t>(array.values.size()), total);
            }));
        }
    }

    void namesWhatIsNoFile() {
        QVERIFY(contains(errorOf([&] { readIdx(folder_ / "absent", 3); }), "no such file"));
        QVERIFY(contains(errorOf([&] { readIdx(folder_.path(), 3); }), "not a file"));
    }

    /// Whatever they are called and in whatever order they are named.
    void filesArePaired() {
        const auto write = [&](const char* name, std::uint32_t count, bool areImages) {
            const auto path = folder_ / name;
            writeFile(path, areImages ? idx(kByte, {count, 2, 2}, counting(std::size_t{4} * count))
                                      : idx(kByte, {count}, counting(count)));
            return path;
        };
        const auto pixels = write("pixels.bin", 9, true);
        const auto answers = write("answers.bin", 9, false);
        const auto fewer = write("few.bin", 4, true);
        const auto theirs = write("theirs.bin", 4, false);
        const auto textOf = [](const DataChoice& choice, const char* key) {
            const auto found = choice.params.find(key);
            return found == choice.params.end() ? std::string()
                                                : std::get<std::string>(found->second);
        };
        for (const auto& files : {std::vector{pixels, answers}, std::vector{answers, pixels}}) {
            const auto choice = dataFrom(files);
            QCOMPARE(choice.dataset, std::string("idx"));
            QCOMPARE(textOf(choice, "training_images"), pixels.string());
            QCOMPARE(textOf(choice, "training_labels"), answers.string());
            QVERIFY(!choice.params.contains("test_images"));
        }
        const auto four = dataFrom(std::vector{theirs, answers, fewer, pixels});
        QCOMPARE(textOf(four, "training_images"), pixels.string());
        QCOMPARE(textOf(four, "test_images"), fewer.string());
        QCOMPARE(textOf(four, "test_labels"), theirs.string());
        // The name says which part is for tests, however large it is.
        const auto test = write("test-a.bin", 9, true);
        const auto testLabels = write("test-b.bin", 9, false);
        const auto named = dataFrom(std::vector{test, testLabels, answers, pixels});
        QCOMPARE(textOf(named, "training_labels"), answers.string());
        QCOMPARE(textOf(named, "test_labels"), testLabels.string());
        // What has no partner is named.
        const auto alone = errorOf([&] { dataFrom(std::vector{pixels, fewer}); });
        QVERIFY2(contains(alone, "pixels.bin: holds 9 images, and none of the other files their "
                                 "labels"),
                 alone.c_str());
        const auto odd = errorOf([&] { dataFrom(std::vector{pixels, theirs}); });
        QVERIFY2(contains(odd, "pixels.bin holds 9 images") && contains(odd, "theirs.bin holds 4"),
                 odd.c_str());
        const auto lost = errorOf([&] { dataFrom(std::vector{pixels, answers, theirs}); });
        QVERIFY2(contains(lost, "theirs.bin: holds 4 labels, and none of the other files their "
                                "images"),
                 lost.c_str());
        // Other files are no data together.
        const std::string_view table = "x,kind\n1.5,a\n2.5,b\n3.5,a\n4.5,b\n";
        for (const auto* const name : {"a.csv", "b.csv"})
            writeFile(folder_ / name, Bytes(table.begin(), table.end()));
        const auto two = errorOf([&] {
            dataFrom(std::vector{folder_ / "a.csv", folder_ / "b.csv"});
        });
        QVERIFY2(contains(two, "b.csv: does not belong to the data that") && contains(two, "a.csv"),
                 two.c_str());
    }

private:
    TemporaryFolder folder_;
};

QTEST_APPLESS_MAIN(IdxTest)
#include "tst_idx.moc"
