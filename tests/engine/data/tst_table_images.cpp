// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/data_info_json.h"
#include "engine/data/images/picture_input.h"
#include "engine/data/images/picture_sample.h"
#include "engine/data/tables/image_column.h"
#include "engine/data/tables/table.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <random>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

Bytes bytesOf(std::string_view text) {
    return {text.begin(), text.end()};
}

/// A gray picture of one value, 4 × 4.
Bytes plainGray(std::uint8_t value) {
    return png({.width = 4, .height = 4}, Bytes(16, value));
}

/// photos/0.png … 9.png, of the gray values 10, 20, … 100.
void writePhotos(const TemporaryFolder& folder) {
    fs::create_directories(folder / "photos");
    for (int i = 0; i < 10; ++i)
        writeFile(folder / fmt::format("photos/{}.png", i),
                  plainGray(static_cast<std::uint8_t>(10 * (i + 1))));
}

DataChoice table(const TemporaryFolder& folder, std::string_view text, ParamValues params = {}) {
    writeFile(folder / "t.csv", bytesOf(text));
    params.try_emplace("file", (folder / "t.csv").string());
    params.try_emplace("image_size", IntTuple{2, 2});
    params.try_emplace("image_channels", std::string("gray"));
    return {.dataset = "csv", .params = std::move(params), .validationFraction = 0.0};
}

/// age,photo,price: the photo of row i has the value 10 (i + 1), the age is i, the price 100 i.
std::string mixedTable() {
    std::string text = "age,photo,price\n";
    for (int i = 0; i < 10; ++i)
        text += fmt::format("{},photos/{}.png,{}\n", i, i, 100 * i + 0.5);
    return text;
}

bool isNear(double a, double b) {
    return std::abs(a - b) < 1e-6;
}

/// Both parts of a data set, sample by sample.
std::vector<std::vector<float>> samplesOf(const Dataset& data) {
    std::vector<std::vector<float>> samples;
    for (const auto* source : {data.training.get(), data.test.get()})
        for (std::int64_t i = 0; i < source->size(); ++i)
            samples.push_back(inputOf(*source, i));
    return samples;
}

} // namespace

/// Tables whose cells name image files.
class TableImagesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void imagesLieBetweenNumbersAsTheColumnsDo() {
        const TemporaryFolder folder;
        writePhotos(folder);
        auto text = mixedTable();
        // Absolute names, and endings in capitals, are as good.
        fs::rename(folder / "photos/3.png", folder / "photos/3.PNG");
        const std::string plain = "photos/3.png";
        text.replace(text.find(plain), plain.size(), (folder / "photos/3.PNG").string());
        const auto data = openDataset(table(folder, text, {{"normalize", std::string("none")}}));
        const auto& columns = data.info.columns;
        QCOMPARE(columns.size(), std::size_t{2});
        QVERIFY(columns[0].isNumeric() && !columns[0].image);
        QVERIFY(columns[1].image && columns[1].image->shape == (Shape{1, 2, 2}));
        QVERIFY(!columns[1].isNumeric());
        QVERIFY(data.info.input == Shape{5});
        QVERIFY(data.info.preparation.pictures == PictureKind::None);
        QVERIFY(data.training->isCostly());
        const auto samples = samplesOf(data);
        QCOMPARE(samples.size(), std::size_t{10});
        std::vector<bool> seen(10);
        for (const auto& sample : samples) {
            QCOMPARE(sample.size(), std::size_t{5});
            const auto i = static_cast<std::size_t>(sample[0]);
            seen.at(i) = true;
            for (std::size_t pixel = 1; pixel < 5; ++pixel)
                QVERIFY(isNear(sample[pixel], 10.0 * static_cast<double>(i + 1) / 255));
        }
        QVERIFY(std::ranges::all_of(seen, [](bool each) { return each; }));
        float price = 0;
        data.test->target(0, std::span(&price, 1));
        const auto age = inputOf(*data.test, 0)[0];
        QVERIFY(std::abs(data.info.targetScaling[0].restored(double{price}) -
                         (100 * double{age} + 0.5)) < 1e-2);
        QVERIFY(dataInfoFromJson(parseJson(toJson(data.info).dump(), "the data")) == data.info);
    }

    void aSingleColumnIsReadAsImageFoldersAre() {
        const TemporaryFolder folder;
        fs::create_directories(folder / "a");
        fs::create_directories(folder / "b");
        std::string text = "photo,kind\n";
        for (int i = 0; i < 6; ++i) {
            Bytes pixels;
            for (int p = 0; p < 6 * 9 * 3; ++p)
                pixels.push_back(static_cast<std::uint8_t>((p * 37 + i * 91) % 256));
            const auto name =
                fmt::format("{}/{}.{}", i % 2 == 0 ? "a" : "b", i, i < 3 ? "png" : "jpg");
            writeFile(folder / name, i < 3 ? png({.width = 6, .height = 9, .colourType = 2}, pixels)
                                           : jpeg(6, 9, 3, pixels));
            text += fmt::format("{},{}\n", name, i % 2 == 0 ? "a" : "b");
        }
        for (const auto* fit : {"crop", "pad", "stretch"}) {
            ParamValues params{{"test_fraction", 0.34}};
            params.insert({{"image_channels", std::string("rgb")},
                           {"image_size", IntTuple{5, 4}},
                           {"image_normalize", std::string("standardize")},
                           {"image_fit", std::string(fit)}});
            const auto data = openDataset(table(folder, text, params));
            QVERIFY(data.info.input == (Shape{3, 5, 4}));
            QVERIFY(data.info.preparation.pictures == PictureKind::Whole);
            QCOMPARE(data.info.preparation.mean.size(), std::size_t{3});
            for (const auto* source : {data.training.get(), data.test.get()})
                for (std::int64_t i = 0; i < source->size(); ++i) {
                    // One of the files of its class, as the terminal and the window read it.
                    const auto kind = data.info.classes[static_cast<std::size_t>(source->label(i))];
                    const auto sample = inputOf(*source, i);
                    bool found = false;
                    for (const auto& entry : fs::directory_iterator(folder / kind))
                        found = found ||
                                std::ranges::equal(
                                    preparePicture(entry.path(), data.info).input.span<float>(),
                                    sample);
                    QVERIFY(found);
                }
        }
    }

    void sizesColoursAndFitsAreObeyed() {
        const TemporaryFolder folder;
        // Left half white, right half black, twice as wide as high.
        Bytes lines;
        for (int p = 0; p < 32; ++p)
            lines.push_back(p % 8 < 4 ? 255 : 0);
        writeFile(folder / "half.png", png({.width = 8, .height = 4}, lines));
        Bytes red;
        for (int p = 0; p < 16; ++p)
            red.insert(red.end(), {255, 0, 0});
        writeFile(folder / "red.png", png({.width = 4, .height = 4, .colourType = 2}, red));
        const std::string rows = "half.png,red.png,x\nhalf.png,red.png,y\n";
        const auto text = "left,right,kind\n" + rows + rows + rows;
        const auto first = [&](ParamValues params) {
            params.insert({"test_fraction", 0.34});
            const auto data = openDataset(table(folder, text, std::move(params)));
            return std::pair(data.info.input, inputOf(*data.training, 0));
        };
        using Values = std::vector<float>;
        const auto [shape, gray] = first({{"image_fit", std::string("pad")}});
        // Of one size: the channels on top of each other.
        QVERIFY(shape == (Shape{2, 2, 2}));
        QCOMPARE(Values(gray.begin(), gray.begin() + 4), (Values{0.5F, 0, 0.5F, 0}));
        // The luminance of red, 0.2126 of white's (BT.709), as sRGB encodes it.
        const double luminance = 1.055 * std::pow(0.2126, 1 / 2.4) - 0.055;
        QVERIFY2(std::abs(double{gray[4]} - luminance) < 0.01, std::to_string(gray[4]).c_str());
        QVERIFY(gray[4] == gray[7]);
        const auto [colours, values] = first({{"image_channels", std::string("rgb")}});
        QVERIFY(colours == (Shape{6, 2, 2}));
        QCOMPARE(Values(values.begin() + 12, values.end()),
                 (Values{1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}));
        // Each its own: a vector.
        const auto [mixed, own] = first({{"image_shapes", std::string("right = 3x1x2, left=2x4")}});
        QVERIFY(mixed == Shape{8 + 6});
        QCOMPARE(own, (Values{1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0}));
        const auto wrong = [&](const char* shapes) {
            return errorOf([&] { first({{"image_shapes", std::string(shapes)}}); });
        };
        QVERIFY(contains(wrong("left"), "written as \"column=1x28x28\""));
        QVERIFY(contains(wrong("left=2x4x4"), "1 or 3 channels"));
        QVERIFY(contains(wrong("left=1x0x4"), "sides from 1 to 4096"));
        QVERIFY(contains(wrong("left=axb"), "\"left=axb\""));
        QVERIFY(contains(wrong("middle=4x4"), "there is no column \"middle\""));
        QVERIFY(contains(wrong("kind=4x4"), "holds no image files"));
        QCOMPARE(withImageShape("a=1x2x3, b=4x5", "b", {3, 6, 7}), std::string("a=1x2x3, b=3x6x7"));
        QCOMPARE(withImageShape("", "c", {1, 2, 2}), std::string("c=1x2x2"));
    }

    void eachColumnIsStandardizedOverItsTrainingRows() {
        const TemporaryFolder folder;
        writePhotos(folder);
        std::string text = "left,right,kind\n";
        for (int i = 0; i < 10; ++i)
            text += fmt::format("photos/{}.png,photos/{}.png,{}\n", i, i / 5 == 0 ? 0 : 9,
                                i % 2 == 0 ? "x" : "y");
        const auto data =
            openDataset(table(folder, text, {{"image_normalize", std::string("standardize")}}));
        // What the training part holds, from the bytes: the value of left is 10 (i + 1).
        for (std::size_t column = 0; column < 2; ++column) {
            const auto& [shape, preparation] = *data.info.columns[column].image;
            double sum = 0;
            double squares = 0;
            for (std::int64_t i = 0; i < data.training->size(); ++i) {
                const auto sample = inputOf(*data.training, i);
                const double value =
                    double{sample[column * 4]} * preparation.deviation[0] + preparation.mean[0];
                const auto byte = std::lround(value * 255);
                QVERIFY(byte % 10 == 0 && std::abs(value * 255 - static_cast<double>(byte)) < 1e-3);
                sum += static_cast<double>(byte) / 255;
                squares += std::pow(static_cast<double>(byte) / 255, 2);
            }
            const auto count = static_cast<double>(data.training->size());
            QVERIFY(isNear(preparation.mean[0], sum / count));
            QVERIFY(isNear(preparation.deviation[0],
                           std::sqrt(squares / count - std::pow(sum / count, 2))));
            QVERIFY(data.info.preparation.mean[column] == preparation.mean[0]);
        }
        QVERIFY(data.info.preparation.pictures == PictureKind::None);
        QVERIFY(dataInfoFromJson(parseJson(toJson(data.info).dump(), "the data")) == data.info);
    }

    void whatCannotBeUsedIsListedByLineAndColumn() {
        const TemporaryFolder folder;
        writePhotos(folder);
        auto cut = plainGray(7);
        cut.resize(cut.size() - 20);
        writeFile(folder / "cut.png", cut);
        auto damaged = png({.width = 40, .height = 40}, Bytes(1600, 9));
        damaged[damaged.size() - 20] ^= 0x55; // in the middle of the pixels
        writeFile(folder / "damaged.png", damaged);
        writeFile(folder / "text.png", bytesOf("<html>not found</html>"));
        writeFile(folder / "empty.jpg", {});
        fs::create_directories(folder / "folder.png");
        auto rows = mixedTable();
        rows += "1,missing.png,1\n2,cut.png,2\n3,damaged.png,3\n4,text.png,4\n5,empty.jpg,5\n"
                "6,folder.png,6\n7,,7\n";
        const auto message = errorOf([&] { openDataset(table(folder, rows)); });
        QVERIFY2(contains(message, "t.csv: 7 images cannot be used"), message.c_str());
        for (const auto* line :
             {"\n  line 12, column \"photo\": missing.png: there is no such file",
              "\n  line 13, column \"photo\": cut.png: this PNG image is broken",
              "\n  line 14, column \"photo\": damaged.png: this PNG image is broken",
              "\n  line 15, column \"photo\": text.png: not a PNG, JPEG",
              "\n  line 16, column \"photo\": empty.jpg: this file is empty",
              "\n  line 17, column \"photo\": folder.png: this is not a file",
              "\n  line 18, column \"photo\": names no file"})
            QVERIFY2(contains(message, line), (message + line).c_str());
        // A missing name alone may be left out, on request.
        const auto gap = mixedTable() + "7,?,7\n";
        QVERIFY(contains(errorOf([&] { openDataset(table(folder, gap)); }), "1 image cannot"));
        const auto kept = openDataset(table(folder, gap, {{"missing", std::string("drop")}}));
        QCOMPARE(kept.training->size() + kept.test->size(), 10);
        // Many are counted.
        auto many = mixedTable();
        for (int i = 0; i < 45; ++i)
            many += fmt::format("1,none{}.png,1\n", i);
        const auto listed = errorOf([&] { openDataset(table(folder, many)); });
        QVERIFY(contains(listed, "45 images cannot be used"));
        QVERIFY(contains(listed, "none39.png") && !contains(listed, "none40.png"));
        QVERIFY(contains(listed, "\n  and 5 more"));
        // So are those of the table to test with.
        writeFile(folder / "test.csv", bytesOf("photo,age,price\nnone.png,1,1\n"));
        const auto tested = errorOf([&] {
            openDataset(
                table(folder, mixedTable(), {{"test_file", (folder / "test.csv").string()}}));
        });
        QVERIFY2(contains(tested, "test.csv: 1 image cannot be used\n  line 2, column \"photo\""),
                 tested.c_str());
    }

    void onlyBeginningAndEndOfLargeSetsAreLookedAt() {
        const TemporaryFolder folder;
        const auto good = plainGray(1);
        writeFile(folder / "good.png", good);
        QVERIFY(!whyNoPicture(folder / "good.png", false));
        QVERIFY(!whyNoPicture(folder / "good.png", true));
        auto damaged = png({.width = 40, .height = 40}, Bytes(1600, 9));
        damaged[damaged.size() - 20] ^= 0x55;
        writeFile(folder / "damaged.png", damaged);
        QVERIFY(!whyNoPicture(folder / "damaged.png", false));
        QVERIFY(whyNoPicture(folder / "damaged.png", true));
        // Something behind the end is no fault.
        auto longer = good;
        longer.resize(longer.size() + 3000, 0);
        writeFile(folder / "longer.png", longer);
        QVERIFY(!whyNoPicture(folder / "longer.png", false));
        auto picture = jpeg(16, 16, 1, Bytes(256, 40));
        writeFile(folder / "good.jpg", picture);
        QVERIFY(!whyNoPicture(folder / "good.jpg", false));
        picture.resize(picture.size() / 2);
        writeFile(folder / "cut.jpg", picture);
        QVERIFY(whyNoPicture(folder / "cut.jpg", false));
    }

    void aFileThatGoesLaterIsNamedWhenItIsRead() {
        const TemporaryFolder folder;
        writePhotos(folder);
        const auto data = openDataset(table(folder, mixedTable()));
        fs::remove_all(folder / "photos");
        const auto message = errorOf([&] { inputOf(*data.training, 0); });
        QVERIFY2(contains(message, "t.csv, line ") && contains(message, "column \"photo\"") &&
                     contains(message, "there is no such file"),
                 message.c_str());
    }

    void columnsAreDetectedByEvidence() {
        const TemporaryFolder folder;
        writePhotos(folder);
        const auto isImage = [&](const std::string& text, ParamValues params = {}) {
            const auto data = openDataset(table(folder, text, std::move(params)));
            return data.info.columns[0].image.has_value();
        };
        const auto rows = [](const char* other) {
            std::string text = "photo,kind\n";
            for (int i = 0; i < 10; ++i)
                text += fmt::format("{},{}\n", i == 5 ? other : fmt::format("photos/{}.png", i),
                                    i % 2 == 0 ? "x" : "y");
            return text;
        };
        QVERIFY(isImage(rows("photos/5.png")));
        // One text that is no name of an image, and it is a column of texts that teaches nothing.
        QVERIFY(contains(errorOf([&] { isImage(rows("unknown")); }),
                         "column \"photo\" is left out: it holds a different text"));
        QVERIFY(!isImage(rows("photos/5.png"), {{"categorical", std::string("photo")}}));
        // Unless it is listed: then what is no image is said.
        QVERIFY(contains(errorOf([&] {
                             isImage(rows("unknown"), {{"images", std::string("photo")}});
                         }),
                         "line 7, column \"photo\": unknown: there is no such file"));
        // Names without an ending are fine where listed.
        fs::copy(folder / "photos/5.png", folder / "plain");
        QVERIFY(isImage(rows("plain"), {{"images", std::string("photo")}}));
        // All end so and none is there: a wrong folder, most likely.
        std::string wrong = "photo,kind\n";
        for (int i = 0; i < 6; ++i)
            wrong += fmt::format("elsewhere/{}.png,{}\n", i, i % 2);
        const auto message = errorOf([&] { isImage(wrong); });
        QVERIFY2(contains(message, "none of them is there") &&
                     contains(message, (folder / "elsewhere/0.png").string()),
                 message.c_str());
        QVERIFY(!isImage(wrong, {{"categorical", std::string("photo")}}));
        // The names of columns are no files.
        auto headless = rows("photos/5.png");
        headless.erase(0, headless.find('\n') + 1);
        const auto data = openDataset(table(folder, headless));
        QCOMPARE(data.info.columns[0].name, std::string("1"));
        QCOMPARE(data.training->size() + data.test->size(), 10);
    }

    void rowsOfAnotherTableArePreparedAlike() {
        const TemporaryFolder folder;
        writePhotos(folder);
        const auto data = openDataset(
            table(folder, mixedTable(), {{"image_normalize", std::string("standardize")}}));
        fs::create_directories(folder / "new");
        writeFile(folder / "new/x.png", plainGray(50));
        writeFile(folder / "new/rows.csv", bytesOf("photo,age\nx.png,4\ngone.png,3\n"));
        const auto rows = readCsv(folder / "new/rows.csv");
        const auto values = tableInputs(rows, 0, data.info.columns);
        // As the fifth photo, whose age is 4.
        const auto samples = samplesOf(data);
        QVERIFY(std::ranges::find(samples, values) != samples.end());
        QVERIFY(contains(errorOf([&] { tableInputs(rows, 1, data.info.columns); }),
                         "rows.csv, line 3, column \"photo\""));
        QVERIFY(contains(errorOf([&] { requireImages(rows, data.info.columns); }),
                         "1 image cannot be used\n  line 3, column \"photo\": gone.png"));
    }

    void brokenTablesAreRefused_data() {
        QTest::addColumn<std::string>("text");
        QTest::addColumn<std::string>("why");
        const auto row = [](const char* name, std::string text, const char* why) {
            QTest::newRow(name) << std::move(text) << std::string(why);
        };
        const std::string head = "photo,age,kind\n";
        const std::string good = "photos/0.png,1,x\nphotos/1.png,2,y\n";
        row("empty", "", "empty");
        row("header alone", head, "");
        row("a field too many", head + good + "photos/2.png,3,x,4\n", "4 fields");
        row("an open quote", head + good + "\"photos/2.png,3,x\n", "quote");
        row("no text", head + good + std::string("photos/2.png\0,3,x\n", 18), "");
        row("bad UTF-8", head + good + "photos/\xff.png,3,x\n", "UTF-8");
        row("two columns of one name", "photo,photo,kind\nphotos/0.png,photos/1.png,x\n" + good,
            "");
        row("images as the target", "age,photo\n1,photos/0.png\n2,photos/1.png\n",
            "the target \"photo\" names image files");
        row("one class", head + "photos/0.png,1,x\nphotos/1.png,2,x\n", "all rows have the class");
        row("a name that climbs to nowhere", head + good + "../../../../nowhere.png,3,x\n",
            "there is no such file");
        row("a name of 5,000 letters", head + good + std::string(5000, 'a') + ".png,3,x\n",
            "cannot be used");
        row("a text among numbers",
            head + good + good + good + good + good + "photos/2.png,many,x\n", "\"many\"");
    }
    void brokenTablesAreRefused() {
        QFETCH(std::string, text);
        QFETCH(std::string, why);
        const TemporaryFolder folder;
        writePhotos(folder);
        const auto message = errorOf([&] { openDataset(table(folder, text)); });
        QVERIFY2(!message.empty() && contains(message, why), message.c_str());
        QVERIFY2(contains(message, "t.csv"), message.c_str());
    }

    /// Whatever a file holds, it opens to samples that can be read, or says why not.
    void garbageNeverCrashes() {
        const TemporaryFolder folder;
        writePhotos(folder);
        const std::vector<std::string> pieces{"photos/0.png",
                                              "photos/1.png",
                                              "photos",
                                              ".png",
                                              "x.jpeg",
                                              ",",
                                              ",",
                                              ",",
                                              "\n",
                                              "\n",
                                              "\"",
                                              "1",
                                              "2.5",
                                              "?",
                                              ";",
                                              "kind",
                                              "/",
                                              "..",
                                              " ",
                                              "\xe2\x82\xac"};
        std::mt19937 random(20);
        int opened = 0;
        for (int i = 0; i < 400; ++i) {
            std::string text = i % 2 == 0 ? "photo,kind\nphotos/2.png,a\nphotos/3.png,b\n" : "";
            if (i % 8 == 0)
                text += text;
            const auto length = random() % (i % 4 == 0 ? 3 : 30);
            for (std::size_t p = 0; p < length; ++p)
                text += pieces[random() % pieces.size()];
            const auto message = errorOf([&] {
                const auto data = openDataset(table(folder, text, {{"test_fraction", 0.4}}));
                for (const auto& sample : samplesOf(data))
                    QCOMPARE(static_cast<std::int64_t>(sample.size()), data.info.input.elements());
                ++opened;
            });
            static_cast<void>(message);
        }
        QVERIFY2(opened > 5 && opened < 395, std::to_string(opened).c_str());
    }

    void damagedDescriptionsAreRefused() {
        const TemporaryFolder folder;
        writePhotos(folder);
        const auto good = toJson(openDataset(table(folder, mixedTable())).info);
        const auto message = [&](auto&& damage) {
            auto json = good;
            damage(json["columns"][1]["image"]);
            return errorOf([&] { dataInfoFromJson(json); });
        };
        QVERIFY(message([](Json&) {}).empty());
        QVERIFY(contains(message([](Json& j) { j["shape"] = {2, 4, 4}; }), "2×4×4"));
        QVERIFY(!message([](Json& j) { j["shape"] = {1, 4}; }).empty());
        QVERIFY(!message([](Json& j) { j["shape"] = {1, -4, 4}; }).empty());
        QVERIFY(!message([](Json& j) { j.erase("preparation"); }).empty());
        QVERIFY(!message([](Json& j) { j = 7; }).empty());
    }
};

QTEST_APPLESS_MAIN(TableImagesTest)
#include "tst_table_images.moc"
