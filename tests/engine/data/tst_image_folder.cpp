// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/feed/batcher.h"
#include "engine/data/images/image_corrections.h"
#include "engine/data/images/image_folder.h"
#include "engine/data/images/picture_input.h"
#include "engine/data/sample_origins.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <cmath>
#include <numeric>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

/// One colour all over.
Bytes plainPng(std::uint32_t width, std::uint32_t height, std::uint8_t red, std::uint8_t green,
               std::uint8_t blue) {
    Bytes lines;
    for (std::uint32_t y = 0; y < height; ++y) {
        for (std::uint32_t x = 0; x < width; ++x)
            lines.insert(lines.end(), {red, green, blue});
    }
    return png({.width = width, .height = height, .colourType = 2}, lines);
}

/// Ten reddish and ten bluish pictures of all sizes, PNG and JPEG.
void writePictures(const TemporaryFolder& folder) {
    for (const auto* name : {"red", "blue", ".hidden"})
        fs::create_directories(folder / name);
    for (int i = 0; i < 10; ++i) {
        const auto size = static_cast<std::uint32_t>(5 + 7 * i);
        writeFile(folder / fmt::format("red/{}.PNG", i),
                  plainPng(size, 10, 200, static_cast<std::uint8_t>(5 * i), 0));
        Bytes pixels;
        for (std::uint32_t p = 0; p < size * 20; ++p)
            pixels.insert(pixels.end(), {0, 0, 200});
        writeFile(folder / fmt::format("blue/{}.jpeg", i),
                  jpeg(static_cast<int>(size), 20, 3, pixels));
    }
    writeFile(folder / "red/notes.txt", {'x'});
    writeFile(folder / "red/.DS_Store", {'x'});
}

DataChoice images(const TemporaryFolder& folder, ParamValues params = {}) {
    params.try_emplace("folder", folder.path());
    params.try_emplace("size", IntTuple{8, 6});
    return {.dataset = "images", .params = std::move(params), .validationFraction = 0.25};
}

} // namespace

class ImageFolderTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aFolderIsAClass() {
        const TemporaryFolder folder;
        writePictures(folder);
        const auto data = openDataset(images(folder));
        QCOMPARE(data.info.classes, (std::vector<std::string>{"blue", "red"}));
        QVERIFY(data.info.input == (Shape{3, 8, 6}));
        QCOMPARE(data.training->size(), 16);
        QCOMPARE(data.test->size(), 4);
        QCOMPARE(splitOf(data, images(folder)).validation.size(), std::size_t{4});
        int red = 0;
        for (std::int64_t i = 0; i < data.test->size(); ++i) {
            const auto label = data.test->label(i);
            red += label;
            const auto image = inputOf(*data.test, i);
            // The middle of the first and of the last plane.
            QVERIFY(std::abs(image[27] - (label == 1 ? 200.0F / 255 : 0.0F)) < 0.02F);
            QVERIFY(std::abs(image[2 * 48 + 27] - (label == 0 ? 200.0F / 255 : 0.0F)) < 0.02F);
        }
        QCOMPARE(red, 2); // stratified
    }

    void pixelsAreThoseOfThePictureScaled() {
        const TemporaryFolder folder;
        fs::create_directories(folder / "a");
        fs::create_directories(folder / "b");
        // Left half white, right half black, twice as wide as high.
        Bytes lines;
        for (int y = 0; y < 4; ++y)
            for (int x = 0; x < 8; ++x)
                lines.push_back(x < 4 ? 255 : 0);
        for (const auto* name : {"a/1.png", "a/2.png", "b/1.png", "b/2.png"})
            writeFile(folder / name, png({.width = 8, .height = 4}, lines));
        const auto first = [&](const std::string& fit) {
            const auto data = openDataset(images(folder, {{"size", IntTuple{2, 2}},
                                                          {"channels", std::string("gray")},
                                                          {"fit", fit},
                                                          {"test_fraction", 0.5}}));
            return inputOf(*data.training, 0);
        };
        QCOMPARE(first("stretch"), (std::vector<float>{1, 0, 1, 0}));
        QCOMPARE(first("crop"), (std::vector<float>{1, 0, 1, 0}));
        QCOMPARE(first("pad"), (std::vector<float>{0.5F, 0, 0.5F, 0}));
    }

    void whatIsReadLaterIsPreparedAlike() {
        const TemporaryFolder folder;
        writePictures(folder);
        auto choice = images(folder, {{"normalize", std::string("standardize")}});
        const auto data = openDataset(choice);
        QCOMPARE(data.info.preparation.mean.size(), std::size_t{3});
        QVERIFY(data.info.preparation.mean[0] > 0.2);
        const auto list = listImageFolder(folder.path());
        // Every training sample is one of the files, prepared by the path that the terminal and
        // the window use.
        for (std::int64_t i = 0; i < data.training->size(); ++i)
            QVERIFY(std::ranges::any_of(list.files, [&](const std::string& file) {
                const auto other = preparePicture(list.root / file, data.info);
                return std::ranges::equal(other.input.span<float>(), inputOf(*data.training, i));
            }));
    }

    /// As weights from elsewhere want it: of values from 0 to 1, channel by channel.
    void meanAndDeviationMayBeGiven() {
        const TemporaryFolder folder;
        writePictures(folder);
        auto params = images(folder).params;
        const ChannelScaling scaling{{0.5, 0.25, 0.125}, {0.5, 0.25, 2}};
        setGivenScaling(params, scaling);
        auto choice = images(folder);
        const auto plain = openDataset(choice);
        choice.params = params;
        const auto data = openDataset(choice);
        QVERIFY(data.info.preparation.mean == scaling.mean);
        const auto before = inputOf(*plain.training, 3);
        const auto after = inputOf(*data.training, 3);
        for (std::size_t i = 0; i < before.size(); ++i) {
            const auto channel = i / 48;
            const auto expected = (before[i] - scaling.mean[channel]) / scaling.deviation[channel];
            QVERIFY(std::abs(after[i] - expected) < 1e-5);
        }
        const auto refused = [&](const char* key, const char* text) {
            choice.params[key] = std::string(text);
            const auto why = errorOf([&] { openDataset(choice); });
            choice.params = params;
            return why;
        };
        QVERIFY(contains(refused("mean", "0.5, 0.5"), "a number for each of 3 channels, not 2"));
        QVERIFY(contains(refused("mean", "half"), "such as 0.485, 0.456, 0.406"));
        QVERIFY(contains(refused("deviation", "1 0 1"), "greater than 0"));
        choice.params["deviation"] = std::string("2"); // one for all
        QCOMPARE(openDataset(choice).info.preparation.deviation, (std::vector<double>{2, 2, 2}));
    }

    void batchesAreTheSameForAnyNumberOfThreads() {
        const TemporaryFolder folder;
        writePictures(folder);
        const auto data = openDataset(images(folder));
        QVERIFY(data.training->isCostly());
        std::vector<std::uint32_t> all(16);
        std::iota(all.begin(), all.end(), 0U);
        Batcher batcher(data.training, all, 16, std::nullopt);
        batcher.startEpoch(0);
        const auto* batch = batcher.next();
        for (std::size_t i = 0; i < 16; ++i) {
            const auto expected = inputOf(*data.training, static_cast<std::int64_t>(i));
            QVERIFY(std::equal(expected.begin(), expected.end(),
                               batch->inputs.begin() + static_cast<std::ptrdiff_t>(i * 144)));
            QCOMPARE(batch->labels[i], data.training->label(static_cast<std::int64_t>(i)));
        }
    }

    void aBrokenFileIsNamedWhenItsTurnComes() {
        const TemporaryFolder folder;
        writePictures(folder);
        const auto data = openDataset(images(folder, {{"test_fraction", 0.05}}));
        auto bytes = readFile(folder / "red/9.PNG");
        bytes.resize(bytes.size() / 2);
        writeFile(folder / "red/9.PNG", bytes); // while it trains: before, openDataset() says so
        std::vector<std::uint32_t> all(static_cast<std::size_t>(data.training->size()));
        std::iota(all.begin(), all.end(), 0U);
        const auto error = errorOf([&] {
            for (const auto& source : {data.training, data.test}) {
                all.resize(static_cast<std::size_t>(source->size()));
                std::iota(all.begin(), all.end(), 0U);
                Batcher batcher(source, all, 7, std::nullopt);
                batcher.startEpoch(0);
                while (batcher.next() != nullptr) {
                }
            }
        });
        QVERIFY2(contains(error, "red/9.PNG: this PNG image is broken"), error.c_str());
    }

    void refusesFoldersThatCannotBeLearned() {
        const auto message = [](const TemporaryFolder& folder, ParamValues params = {}) {
            return errorOf([&] { openDataset(images(folder, std::move(params))); });
        };
        const TemporaryFolder folder;
        QVERIFY(contains(message(folder), "a folder for each of two or more classes, not 0"));
        writePictures(folder);
        fs::create_directories(folder / "green");
        QVERIFY(contains(message(folder), "green: holds no PNG or JPEG image"));
        writeFile(folder / "green/a.jpg", {'n', 'o'});
        QVERIFY2(contains(message(folder), "green/a.jpg: not a PNG, JPEG"),
                 message(folder).c_str());
        fs::remove_all(folder / "green");
        QVERIFY(contains(message(folder, {{"folder", folder.path() + "/absent"}}),
                         "there is no such folder"));
        const TemporaryFolder other;
        fs::create_directories(other / "violet");
        QVERIFY(contains(message(folder, {{"test_folder", other.path()}}),
                         "no such class among those to train on (blue, red)"));
        const TemporaryFolder parts;
        fs::create_directories(parts / "train");
        fs::create_directories(parts / "test");
        QVERIFY(contains(message(parts), "are parts, not classes"));
        QVERIFY(contains(errorOf([] { openDataset({.dataset = "images"}); }),
                         "Choose the folder of the images"));
    }

    void filesThatAreThereTwiceAreLeftOutWhenAsked() {
        const TemporaryFolder folder;
        writePictures(folder);
        for (const auto* name : {"red/twin1.png", "red/twin2.png", "blue/twin.png"})
            fs::copy_file(folder / "red/3.PNG", folder / name);
        const TemporaryFolder other;
        for (const auto* name : {"red", "blue"})
            fs::create_directories(other / name);
        fs::copy_file(folder / "red/5.PNG", other / "red/same.png");
        fs::copy_file(folder / "red/5.PNG", other / "blue/otherwise.png");
        writeFile(other / "red/new.png", plainPng(9, 9, 1, 2, 3));
        // As large as another one, and not the same.
        writeFile(other / "red/like.png", plainPng(9, 9, 1, 2, 4));
        const auto opened = [&](const char* duplicates) {
            return openDataset(images(
                folder, {{"test_folder", other.path()}, {"duplicates", std::string(duplicates)}}));
        };
        QCOMPARE(opened("keep").training->size(), 23);
        QCOMPARE(opened("keep").test->size(), 4);
        const auto data = opened("leave_out");
        // The twin of another class contradicts it, which is for a person to settle.
        QCOMPARE(data.training->size(), 21);
        QCOMPARE(data.test->size(), 3);
        const auto isNoted = [&](std::string_view text) {
            return std::ranges::any_of(
                data.notes, [&](const std::string& note) { return contains(note, text); });
        };
        QVERIFY(isNoted("2 images like one before left out (red/twin1.png, red/twin2.png)"));
        QVERIFY(
            isNoted("1 image seen before, or in the folder to train on, left out (red/same.png)"));
        // Nothing is in two parts any more, but for the two that contradict each other.
        const auto choice = images(folder, {{"duplicates", std::string("leave_out")}});
        const auto alone = openDataset(choice);
        QCOMPARE(alone.training->size() + alone.test->size(), 21);
    }

    void correctionsMoveAndLeaveOutImages() {
        const TemporaryFolder folder;
        writePictures(folder);
        const auto choice = images(folder);
        const auto before = readFile(folder / "red/3.PNG");
        auto corrected = withCorrection(choice, {"red/3.PNG", "blue"});
        corrected = withCorrection(corrected, {"red/4.PNG", ""});
        const auto labelOf = [](const Dataset& data, std::string_view file) -> std::int32_t {
            for (const auto& source : {data.training, data.test})
                for (std::int64_t i = 0; i < source->size(); ++i)
                    if (dynamic_cast<const SampleOrigins&>(*source).origin(i) == file)
                        return source->label(i);
            return -1;
        };
        const auto data = openDataset(corrected);
        QCOMPARE(data.training->size() + data.test->size(), 19);
        QCOMPARE(labelOf(data, "red/3.PNG"), 0); // blue
        QCOMPARE(labelOf(data, "red/4.PNG"), -1);
        QCOMPARE(labelOf(data, "red/5.PNG"), 1);
        QVERIFY(std::ranges::any_of(data.notes, [](const std::string& note) {
            return contains(note, "corrected by hand: 1 to another class, 1 left out");
        }));
        QVERIFY(readFile(folder / "red/3.PNG") == before);
        // The folder's own class takes it back.
        auto back = withCorrection(corrected, {"red/3.PNG", "red"});
        back = withCorrection(back, {"red/4.PNG", "red"});
        QVERIFY(back == choice);
        // Names with commas and signs come back as they were.
        const std::vector<ImageCorrection> odd = {{"a,b/x=1.png", "c\"d"}, {"test:e/f.png", ""}};
        QVERIFY(correctionsFrom(correctionsText(odd)) == odd);
        QVERIFY(contains(errorOf([&] {
                             openDataset(withCorrection(choice, {"red/1.PNG", "green"}));
                         }),
                         "is corrected to \"green\", which is none of its classes (blue, red)"));
        QVERIFY(contains(errorOf([] { static_cast<void>(correctionsFrom("cat.png")); }),
                         "corrections are written as"));
    }

    void aTestFolderIsUsedWhole() {
        const TemporaryFolder folder;
        writePictures(folder);
        const TemporaryFolder other;
        fs::create_directories(other / "red");
        writeFile(other / "red/x.png", plainPng(3, 3, 200, 0, 0));
        const auto data = openDataset(images(folder, {{"test_folder", other.path()}}));
        QCOMPARE(data.training->size(), 20);
        QCOMPARE(data.test->size(), 1);
        QCOMPARE(data.test->label(0), 1);
    }
};

QTEST_APPLESS_MAIN(ImageFolderTest)
#include "tst_image_folder.moc"
