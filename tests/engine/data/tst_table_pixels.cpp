// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/data_info_json.h"
#include "engine/data/tables/image_column.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr int kRows = 24;
constexpr int kSide = 8;
constexpr int kPlane = kSide * kSide;

/// Pixel p of row i: half of the image is bright, which half is the class.
int pixelOf(int i, int p) {
    return (p % kPlane < kPlane / 2) == (i % 2 == 0) ? 255 - p % 100 : (i + p) % 20;
}

std::vector<int> pixelsOf(int i, int count) {
    std::vector<int> pixels;
    for (int p = 0; p < count; ++p)
        pixels.push_back(pixelOf(i, p));
    return pixels;
}

/// A table of lists, as `cell` writes the pixels of a row.
std::string listed(int count, const std::function<std::string(std::vector<int>)>& cell) {
    std::string text = "label,pixels\n";
    for (int i = 0; i < kRows; ++i)
        text += fmt::format("{},{}\n", i % 2 == 0 ? "up" : "down", cell(pixelsOf(i, count)));
    return text;
}

std::string blanks(const std::vector<int>& pixels) {
    return fmt::format("{}", fmt::join(pixels, " "));
}

bool isNoted(const Dataset& data, std::string_view part) {
    return std::ranges::any_of(data.notes,
                               [&](const std::string& note) { return contains(note, part); });
}

} // namespace

/// Images whose pixels are the numbers of a table.
class TablePixelsTest : public QObject {
    Q_OBJECT

    Dataset opened(const std::string& text, const std::string& pixels,
                   ParamValues params = {}) const {
        writeFile(folder_ / "t.csv", {text.begin(), text.end()});
        params.insert({{"file", (folder_ / "t.csv").string()},
                       {"target", std::string("label")},
                       {"pixels", pixels}});
        return openDataset({.dataset = "csv", .params = std::move(params)});
    }

    /// Whether each sample is that of the row that has its values, scaled to 0 … 1.
    static void requireRows(const Dataset& data, int count) {
        std::vector<bool> found(kRows);
        for (const auto* source : {data.training.get(), data.test.get()})
            for (std::int64_t s = 0; s < source->size(); ++s) {
                const auto sample = inputOf(*source, s);
                QCOMPARE(sample.size(), static_cast<std::size_t>(count));
                for (int i = 0; i < kRows; ++i) {
                    std::vector<float> expected;
                    for (const auto pixel : pixelsOf(i, count))
                        expected.push_back(static_cast<float>(pixel / 255.0));
                    if (sample != expected)
                        continue;
                    found[static_cast<std::size_t>(i)] = true;
                    QCOMPARE(data.info.classes[static_cast<std::size_t>(source->label(s))],
                             std::string(i % 2 == 0 ? "up" : "down"));
                }
            }
        QVERIFY(std::ranges::all_of(found, [](bool each) { return each; }));
    }

private Q_SLOTS:
    void listsMayBeWrittenInMostWays_data() {
        QTest::addColumn<QString>("text");
        const auto row = [](const char* name,
                            const std::function<std::string(std::vector<int>)>& cell) {
            QTest::newRow(name) << QString::fromStdString(listed(kPlane, cell));
        };
        row("blanks", blanks);
        row("commas", [](auto p) { return fmt::format("\"{}\"", fmt::join(p, ",")); });
        row("semicolons", [](auto p) { return fmt::format("{}", fmt::join(p, ";")); });
        row("Python's lists", [](auto p) { return fmt::format("\"[{}]\"", fmt::join(p, ", ")); });
        row("tuples", [](auto p) { return fmt::format("\"({})\"", fmt::join(p, ", ")); });
        row("rows within brackets", [](auto p) {
            std::string text = "\"[";
            for (std::size_t at = 0; at < p.size(); at += kSide)
                text += fmt::format("{}[{}]", at == 0 ? "" : "\n ",
                                    fmt::join(std::span(p).subspan(at, kSide), " "));
            return text + "]\"";
        });
    }
    void listsMayBeWrittenInMostWays() {
        QFETCH(const QString, text);
        const auto data = opened(text.toStdString(), "8x8");
        QVERIFY(data.info.input == (Shape{1, kSide, kSide}));
        QVERIFY(isNoted(data, "64 numbers in each cell"));
        requireRows(data, kPlane);
        // Without a shape they are a vector of the same numbers.
        QVERIFY(opened(text.toStdString(), "").info.input == Shape{kPlane});
    }

    void coloursLieChannelByChannel_data() {
        QTest::addColumn<QString>("pixels");
        for (const char* pixels : {"3,8,8", "3x8x8", "3, 8, 8", "3X8X8", "3×8×8", " 3 x 8 x 8 "})
            QTest::newRow(pixels) << QString::fromUtf8(pixels);
    }
    void coloursLieChannelByChannel() {
        QFETCH(const QString, pixels);
        constexpr int kAll = 3 * kPlane;
        std::string wide = "label";
        for (int p = 0; p < kAll; ++p)
            wide += fmt::format(",p{}", p);
        wide += "\n";
        for (int i = 0; i < kRows; ++i)
            wide += fmt::format("{},{}\n", i % 2 == 0 ? "up" : "down",
                                fmt::join(pixelsOf(i, kAll), ","));
        for (const auto& text : {wide, listed(kAll, blanks)}) {
            const auto data = opened(text, pixels.toStdString());
            QVERIFY(data.info.input == (Shape{3, kSide, kSide}));
            requireRows(data, kAll);
            QVERIFY(dataInfoFromJson(parseJson(toJson(data.info).dump(), "the data")) == data.info);
        }
    }

    void shapesThatCannotBeAreExplained() {
        const auto text = listed(kPlane, blanks);
        const auto why = [&](const char* pixels) {
            return errorOf([&] { static_cast<void>(opened(text, pixels)); });
        };
        QVERIFY2(contains(why("3,8,8"), "an image of 3×8×8 has 192 pixels, but the columns hold "
                                        "64 numbers"),
                 why("3,8,8").c_str());
        QVERIFY2(contains(why("big"), "data.pixels is written as \"28x28\" or \"3x32x32\", with "
                                      "sides from 1 to 4096, not \"big\""),
                 why("big").c_str());
        QVERIFY(contains(why("8,,8"), "not \"8,,8\""));
        QVERIFY(contains(why("0x8"), "not \"0x8\""));
        QVERIFY(contains(why("2x4x8"), "with 1 or 3 channels, or height×width; not \"2x4x8\""));
        QVERIFY(contains(why("64"), "not \"64\""));
    }

    void rowsOfAnotherLengthAreNamed_data() {
        QTest::addColumn<std::string>("cell");
        QTest::addColumn<std::string>("what");
        const auto pixels = pixelsOf(1, kPlane);
        QTest::newRow("one is missing")
            << blanks(pixelsOf(1, kPlane - 1)) << std::string("but here only 63");
        QTest::newRow("one too many") << blanks(pixels) + " 7" << std::string("but here 65");
        QTest::newRow("a word") << "x " + blanks(pixelsOf(1, kPlane - 1))
                                << std::string("but here \"x\"");
        QTest::newRow("one number") << std::string("5") << std::string("but here only 1");
        QTest::newRow("cut by NumPy")
            << std::string("[0 1 2 ... 61 62 63]")
            << std::string("but here \"...\", in whose place the others were when the file was "
                           "written");
    }
    void rowsOfAnotherLengthAreNamed() {
        QFETCH(const std::string, cell);
        QFETCH(const std::string, what);
        // Beside another column, which would be enough to learn from.
        std::string text = "label,size,pixels\n";
        for (int i = 0; i < kRows; ++i)
            text += fmt::format("{},{}.5,{}\n", i % 2 == 0 ? "up" : "down", i,
                                i == 9 ? cell : blanks(pixelsOf(i, kPlane)));
        for (const char* ignored : {"", "size"}) {
            const auto error = errorOf([&] {
                static_cast<void>(
                    opened(text, *ignored ? "8x8" : "", {{"ignore", std::string(ignored)}}));
            });
            QVERIFY2(contains(error, "t.csv, line 11: column \"pixels\" lists 64 numbers in each "
                                     "cell, " +
                                         what),
                     error.c_str());
        }
        // It may be left out instead, as any column.
        QVERIFY(opened(text, "", {{"ignore", std::string("pixels")}}).info.input == Shape{1});
    }

    void aListThatIsCutEverywhereIsSaidToBe() {
        const auto text = listed(kPlane, [](const std::vector<int>& p) {
            return fmt::format("[{} {} {} ... {} {} {}]", p[0], p[1], p[2], p[61], p[62], p[63]);
        });
        const auto error = errorOf([&] { static_cast<void>(opened(text, "8x8")); });
        QVERIFY2(contains(error, "but here \"...\"") || contains(error, "hold 6 numbers"),
                 error.c_str());
        const auto vector = errorOf([&] { static_cast<void>(opened(text, "")); });
        QVERIFY2(contains(vector, ": column \"pixels\" lists 6 numbers in each cell, but "
                                  "here \"...\""),
                 vector.c_str());
    }

    void whatLiesBetweenPixelsIsLeftOut() {
        // Numbers of the rows among the pixels, names behind them, and the label last.
        std::string text;
        for (int p = 0; p < kPlane; ++p)
            text += fmt::format("p{},{}", p, p == 20 ? "id," : "");
        text += "file,label\n";
        for (int i = 0; i < kRows; ++i) {
            for (int p = 0; p < kPlane; ++p)
                text += fmt::format("{},{}", pixelOf(i, p), p == 20 ? fmt::format("{},", i) : "");
            text += fmt::format("img{:03}.dat,{}\n", i, i % 2 == 0 ? "up" : "down");
        }
        const auto data = opened(text, "8x8");
        QVERIFY(data.info.input == (Shape{1, kSide, kSide}));
        QVERIFY(isNoted(data, "column \"id\" is left out: it counts the rows"));
        QVERIFY(isNoted(data, "column \"file\" is left out"));
        requireRows(data, kPlane);
        // What is no number and no name is for a person to settle.
        auto parts = text;
        for (int i = 0; i < kRows; ++i) {
            const auto name = fmt::format("img{:03}.dat", i);
            parts.replace(parts.find(name), name.size(), i % 3 == 0 ? "test" : "train");
        }
        const auto error = errorOf([&] { static_cast<void>(opened(parts, "8x8")); });
        QVERIFY2(contains(error, "column \"file\" holds no numbers, so the columns cannot be the "
                                 "pixels of an image of 1×8×8; list it as ignored"),
                 error.c_str());
        requireRows(opened(parts, "8x8", {{"ignore", std::string("file")}}), kPlane);
    }

    void rowsOfAnotherWidthAreNamed() {
        std::string text = "label";
        for (int p = 0; p < kPlane; ++p)
            text += fmt::format(",p{}", p);
        text += "\n";
        for (int i = 0; i < kRows; ++i)
            text += fmt::format("{},{}\n", i % 2 == 0 ? "up" : "down",
                                fmt::join(pixelsOf(i, i == 5 ? kPlane - 1 : kPlane), ","));
        const auto error = errorOf([&] { static_cast<void>(opened(text, "8x8")); });
        QVERIFY2(contains(error, "t.csv, line 7: 64 fields") && contains(error, "has 65"),
                 error.c_str());
    }

private:
    TemporaryFolder folder_;
};

QTEST_APPLESS_MAIN(TablePixelsTest)
#include "tst_table_pixels.moc"
