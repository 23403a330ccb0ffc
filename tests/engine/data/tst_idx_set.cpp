// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/idx_set.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>
#include <bit>
#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

Bytes bigEndian(std::uint64_t value, std::size_t length) {
    Bytes bytes;
    for (std::size_t i = length; i > 0; --i)
        bytes.push_back(static_cast<std::uint8_t>(value >> (8 * (i - 1))));
    return bytes;
}

template <class Number>
Bytes numbers(std::initializer_list<Number> values) {
    Bytes bytes;
    for (const auto value : values) {
        std::uint64_t bits = 0;
        if constexpr (std::is_same_v<Number, float>)
            bits = std::bit_cast<std::uint32_t>(value);
        else if constexpr (std::is_same_v<Number, double>)
            bits = std::bit_cast<std::uint64_t>(value);
        else
            bits = static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
        const auto each = bigEndian(bits, sizeof(Number));
        bytes.insert(bytes.end(), each.begin(), each.end());
    }
    return bytes;
}

Bytes bytesOf(std::string_view text) {
    return {text.begin(), text.end()};
}

Bytes imageOf(const IdxImages& set, std::int64_t index) {
    const auto image = set.images.image(index);
    return {image.begin(), image.end()};
}

} // namespace

class IdxSetTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void labelsOfAnyWholeType() {
        const TemporaryFolder folder;
        const auto labels = [&](std::uint8_t type, const std::vector<std::uint32_t>& dims,
                                const Bytes& values) {
            writeFile(folder / "labels", idx(type, dims, values));
            return readIdxLabels(folder / "labels");
        };
        using Labels = std::vector<std::uint8_t>;
        QCOMPARE(labels(0x08, {3}, {7, 2, 9}).labels, (Labels{7, 2, 9}));
        QCOMPARE(labels(0x0C, {3}, numbers<std::int32_t>({7, 2, 9})).labels, (Labels{7, 2, 9}));
        QCOMPARE(labels(0x0B, {2}, numbers<std::int16_t>({200, 1})).labels, (Labels{200, 1}));
        // QMNIST: class, writer and more.
        const auto wide =
            labels(0x0C, {2, 8},
                   numbers<std::int32_t>({5, 0, 301, 70000, 1, 1, 0, 0, 3, 0, 302, 8, 1, 1, 0, 0}));
        QCOMPARE(wide.labels, (Labels{5, 3}));
        QVERIFY(contains(wide.notes.at(0), "the first of 8 columns is the class"));
        // A 1 in the place of the class, whatever the type; once it is not, the first column
        // counts.
        const auto places = labels(0x08, {3, 3}, {0, 0, 1, 1, 0, 0, 0, 1, 0});
        QCOMPARE(places.labels, (Labels{2, 0, 1}));
        QVERIFY(contains(places.notes.at(0), "each row has a 1 in the place of its class"));
        QCOMPARE(labels(0x0D, {2, 2}, numbers<float>({0, 1, 1, 0})).labels, (Labels{1, 0}));
        QCOMPARE(labels(0x08, {2, 3}, {0, 0, 1, 1, 0, 1}).labels, (Labels{0, 1}));
        QCOMPARE(labels(0x08, {3, 1}, {1, 0, 1}).labels, (Labels{1, 0, 1}));
        QVERIFY(contains(errorOf([&] { labels(0x0D, {1}, numbers<float>({1.5F})); }), "not 1.5"));
        QVERIFY(contains(errorOf([&] {
                             labels(0x0C, {2}, numbers<std::int32_t>({5, -1}));
                         }),
                         "labels are whole numbers from 0 to 255, not -1 (sample 1)"));
        QVERIFY(contains(errorOf([&] { labels(0x0C, {1}, numbers<std::int32_t>({70000})); }),
                         "not 70000"));
        QVERIFY(contains(errorOf([&] { labels(0x0C, {2}, numbers<std::int32_t>({5})); }),
                         "promises 8 bytes of values, but 4 follow"));
        QVERIFY(contains(errorOf([&] {
                             labels(0x08, {1, 1, 1}, {5});
                         }),
                         "labels have 1 dimension"));
    }

    void imagesOfAnyTypeAndForm() {
        const TemporaryFolder folder;
        const auto images = [&](std::uint8_t type, const std::vector<std::uint32_t>& dims,
                                const Bytes& values, bool isTransposed = false) {
            writeFile(folder / "images", idx(type, dims, values));
            return readIdxImages(folder / "images", isTransposed);
        };
        using Dims = std::vector<std::int64_t>;
        const auto plain = images(0x08, {1, 2, 3}, {1, 2, 3, 4, 5, 6});
        QCOMPARE(plain.images.dims(), (Dims{1, 2, 3}));
        QVERIFY(plain.notes.empty());
        QCOMPARE(imageOf(images(0x0B, {1, 1, 3}, numbers<std::int16_t>({0, 100, 255})), 0),
                 (Bytes{0, 100, 255}));
        const auto real = images(0x0D, {1, 1, 3}, numbers<float>({0.0F, 0.2F, 1.0F}));
        QCOMPARE(imageOf(real, 0), (Bytes{0, 51, 255}));
        QVERIFY(contains(real.notes.at(0), "32-bit real numbers, scaled to bytes, 1 to 255"));
        QCOMPARE(imageOf(images(0x0E, {1, 1, 2}, numbers<double>({0.0, 0.6})), 0), (Bytes{0, 153}));
        QCOMPARE(imageOf(images(0x0C, {1, 1, 3}, numbers<std::int32_t>({0, 500, 1000})), 0),
                 (Bytes{0, 128, 255}));
        // Channels first and last.
        const Bytes red = {10, 20, 30, 40, 1, 2, 3, 4, 5, 6, 7, 8};
        const auto first = images(0x08, {1, 3, 2, 2}, red);
        QCOMPARE(first.images.dims(), (Dims{1, 3, 2, 2}));
        QCOMPARE(imageOf(first, 0), red);
        const auto last = images(0x08, {1, 2, 2, 3}, {10, 1, 5, 20, 2, 6, 30, 3, 7, 40, 4, 8});
        QCOMPARE(last.images.dims(), (Dims{1, 3, 2, 2}));
        QCOMPARE(imageOf(last, 0), red);
        // Columns before rows.
        const auto turned = images(0x08, {2, 3, 2}, {1, 4, 2, 5, 3, 6, 7, 8, 9, 10, 11, 12}, true);
        QCOMPARE(turned.images.dims(), (Dims{2, 1, 2, 3}));
        QCOMPARE(imageOf(turned, 0), (Bytes{1, 2, 3, 4, 5, 6}));
        QCOMPARE(imageOf(turned, 1), (Bytes{7, 9, 11, 8, 10, 12}));
        QVERIFY(contains(errorOf([&] {
                             images(0x08, {1, 2, 2, 2}, Bytes(8, 0));
                         }),
                         "N×C×H×W or N×H×W×C with 1 or 3 channels"));
        QVERIFY(contains(errorOf([&] {
                             images(0x0B, {1, 1, 1}, numbers<std::int16_t>({-1}));
                         }),
                         "0 or more, not -1"));
        QVERIFY(contains(errorOf([&] { images(0x08, {4}, Bytes(4, 0)); }), "images have 3"));
    }

    /// Other types and forms, packed or not, in any combination.
    void typesFormsAndPackingCombine() {
        const TemporaryFolder folder;
        const auto images = [&](std::uint8_t type, const std::vector<std::uint32_t>& dims,
                                const Bytes& values, bool isTransposed = false) {
            writeFile(folder / "images.gz", gzip(idx(type, dims, values)));
            return readIdxImages(folder / "images.gz", isTransposed);
        };
        using Dims = std::vector<std::int64_t>;
        // 64-bit real numbers of N×H×W×C.
        const auto real =
            images(0x0E, {1, 2, 1, 3}, numbers<double>({0.0, 0.2, 0.4, 1.0, 0.8, 0.6}));
        QCOMPARE(real.images.dims(), (Dims{1, 3, 2, 1}));
        QCOMPARE(imageOf(real, 0), (Bytes{0, 255, 51, 204, 102, 153}));
        QVERIFY(contains(real.notes.at(0), "64-bit real numbers, scaled to bytes, 1 to 255"));
        QVERIFY(contains(real.notes.at(1), "channels come last"));
        // 16-bit numbers of N×C×H×W, as cameras make them.
        const auto deep = images(0x0B, {1, 1, 2, 2}, numbers<std::int16_t>({0, 32767, 1000, 500}));
        QCOMPARE(imageOf(deep, 0), (Bytes{0, 255, 8, 4}));
        QVERIFY(contains(deep.notes.at(0), "16-bit whole numbers, scaled to bytes, 32767 to 255"));
        // Bytes stay as they are, however dark: in four dimensions and turned as in three.
        QCOMPARE(imageOf(images(0x08, {1, 1, 1, 3}, {0, 1, 1}), 0), (Bytes{0, 1, 1}));
        QCOMPARE(imageOf(images(0x08, {1, 3, 1}, {0, 1, 1}, true), 0), (Bytes{0, 1, 1}));
        QCOMPARE(imageOf(images(0x08, {1, 1, 3}, {0, 1, 1}), 0), (Bytes{0, 1, 1}));
        const auto labels = [&](std::uint8_t type, const std::vector<std::uint32_t>& dims,
                                const Bytes& values) {
            writeFile(folder / "labels.gz", gzip(idx(type, dims, values)));
            return readIdxLabels(folder / "labels.gz");
        };
        using Labels = std::vector<std::uint8_t>;
        QCOMPARE(labels(0x0E, {2, 3}, numbers<double>({0, 0, 1, 1, 0, 0})).labels, (Labels{2, 0}));
        QCOMPARE(labels(0x09, {2}, {5, 7}).labels, (Labels{5, 7}));
        QVERIFY(contains(errorOf([&] { labels(0x09, {2}, {5, 0xFF}); }), "not -1 (sample 1)"));
        // A packed file that is cut short is one.
        auto cut = gzip(idx(0x0C, {2}, numbers<std::int32_t>({5, 7})));
        cut.resize(cut.size() - 6);
        writeFile(folder / "labels.gz", cut);
        QVERIFY(!errorOf([&] { readIdxLabels(folder / "labels.gz"); }).empty());
    }

    void coloursOfAnySizeAreTurnedUpright() {
        const TemporaryFolder folder;
        // Three channels of 2 columns × 3 rows, each stored column by column.
        Bytes stored;
        for (std::uint8_t channel = 0; channel < 3; ++channel)
            for (std::uint8_t x = 0; x < 2; ++x)
                for (std::uint8_t y = 0; y < 3; ++y)
                    stored.push_back(static_cast<std::uint8_t>(100 * channel + 10 * y + x));
        writeFile(folder / "images", idx(0x08, {1, 3, 2, 3}, stored));
        const auto turned = readIdxImages(folder / "images", true);
        QCOMPARE(turned.images.dims(), (std::vector<std::int64_t>{1, 3, 3, 2}));
        QCOMPARE(imageOf(turned, 0), (Bytes{0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121, 200,
                                            201, 210, 211, 220, 221}));
    }

    void filesOfNamesMayComeFromAnywhere() {
        const TemporaryFolder folder;
        const auto names = [&](const std::string& text) {
            writeFile(folder / "names.txt", bytesOf(text));
            return readClassNames(folder / "names.txt");
        };
        const std::vector<std::string> expected = {"Füchse", "Hasen", "Igel"};
        QCOMPARE(names("\xEF\xBB\xBF"
                       "Füchse\nHasen\nIgel\n"),
                 expected);
        QCOMPARE(names("\r\rFüchse\rHasen\r\rIgel"), expected);
        QCOMPARE(names("Füchse\r\n  \r\nHasen\r\nIgel\r\n\r\n"), expected);
        QCOMPARE(names("F\xFC"
                       "chse\nHasen\nIgel\n"),
                 expected); // Windows-1252
        std::string wide = "\xFF\xFE";
        for (const char16_t each : std::u16string_view(u"Füchse\r\nHasen\r\nIgel\r\n")) {
            wide += static_cast<char>(each & 0xFF);
            wide += static_cast<char>(each >> 8);
        }
        QCOMPARE(names(wide), expected);
        // Mappings with a mark and blank lines, too.
        QCOMPARE(names("\xEF\xBB\xBF"
                       "0 65\r\n\r\n1 66\r\n"),
                 (std::vector<std::string>{"A", "B"}));
    }

    void classesHaveNames() {
        const TemporaryFolder folder;
        const auto names = [&](std::string_view text) {
            writeFile(folder / "names.txt", bytesOf(text));
            return readClassNames(folder / "names.txt");
        };
        using Names = std::vector<std::string>;
        QCOMPARE(names("T-shirt\r\nTrousers\n\nPullover"),
                 (Names{"T-shirt", "Trousers", "Pullover"}));
        QCOMPARE(names("0 48\n1 49\n2 65\n"), (Names{"0", "1", "A"}));
        QCOMPARE(names("1 65 97\n2 66 98\n"), (Names{"0", "A", "B"}));
        QCOMPARE(names("0 228\n1 8364\n"), (Names{"ä", "€"}));
        QCOMPARE(names("7\n8\n"), (Names{"7", "8"})); // no mapping
        QVERIFY(contains(errorOf([&] { names("\n\n"); }), "has no names of classes"));
        QVERIFY(contains(errorOf([&] { names("999 65\n1 66\n"); }), "line 1: labels are 0 to 255"));
    }

    /// As EMNIST's letters come: transposed, labels from 1 on, with a mapping.
    void openedByTheCatalog() {
        const TemporaryFolder folder;
        Bytes images;
        Bytes labels;
        for (std::uint8_t i = 0; i < 20; ++i) {
            images.insert(images.end(), {i, 0, 255, 0, 0, 0});
            labels.push_back(static_cast<std::uint8_t>(i % 2 + 1));
        }
        writeFile(folder / "im", idx(0x08, {20, 3, 2}, images));
        writeFile(folder / "la", idx(0x08, {20}, labels));
        writeFile(folder / "map", bytesOf("1 65 97\n2 66 98\n"));
        const ParamValues params = {{"training_images", (folder / "im").string()},
                                    {"training_labels", (folder / "la").string()},
                                    {"transposed", true},
                                    {"class_names", (folder / "map").string()}};
        const auto data = openDataset({.dataset = "idx", .params = params});
        QCOMPARE(data.info.classes, (std::vector<std::string>{"A", "B"}));
        QVERIFY(data.info.input == (Shape{1, 2, 3}));
        for (std::int64_t i = 0; i < data.training->size(); ++i) {
            const auto image = inputOf(*data.training, i);
            QCOMPARE(image[1], 1.0F); // 255 stands beside the first pixel now
            QCOMPARE(data.training->label(i), std::lround(image[0] * 255) % 2);
        }
        QVERIFY(std::ranges::find(data.notes, "labels are 1 to 2: there is no class 0") !=
                data.notes.end());
        QVERIFY(std::ranges::find(data.notes, "im: 20 images") != data.notes.end());
        const auto before = openDataset({.dataset = "idx",
                                         .params = {{"training_images", (folder / "im").string()},
                                                    {"training_labels", (folder / "la").string()}},
                                         .asBefore = true});
        QCOMPARE(before.info.classes, (std::vector<std::string>{"0", "1", "2"}));
        QVERIFY(before.training->label(0) >= 1);
    }

    void classesWithoutImagesAreNamed() {
        const TemporaryFolder folder;
        std::vector<std::uint8_t> images(120);
        std::vector<std::uint8_t> labels;
        for (int i = 0; i < 20; ++i)
            labels.push_back(static_cast<std::uint8_t>(i % 2 == 0 ? 0 : 10));
        writeFile(folder / "im", idx(0x08, {20, 3, 2}, images));
        writeFile(folder / "la", idx(0x08, {20}, labels));
        const auto isSaid = [&](const std::string& what) {
            const auto notes =
                openDataset({.dataset = "idx",
                             .params = {{"training_images", (folder / "im").string()},
                                        {"training_labels", (folder / "la").string()}}})
                    .notes;
            return std::ranges::find(notes, what) != notes.end();
        };
        QVERIFY(isSaid("9 of 11 classes have no image: 1, 2, 3, 4, 5, 6 and 3 more"));
        labels[1] = labels[3] = 2;
        for (auto& label : labels)
            label = label == 10 ? 1 : label;
        labels[5] = labels[7] = 4;
        writeFile(folder / "la", idx(0x08, {20}, labels));
        QVERIFY(isSaid("1 of 5 classes has no image: 3"));
    }
};

QTEST_APPLESS_MAIN(IdxSetTest)
#include "tst_idx_set.moc"
