// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/added_images.h"
#include "engine/data/images/picture_input.h"
#include "engine/data/sample_origins.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <filesystem>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

/// A slanted stroke, white on black, as the window's pad writes drawings.
GrayImage stroke(int shift) {
    auto image = makeImage(280, 280);
    for (int y = 60; y < 220; ++y)
        for (int x = 0; x < 20; ++x)
            image.at(100 + shift + y / 8 + x, y) = 1;
    return image;
}

bool mentions(const std::vector<std::string>& notes, std::string_view what) {
    return std::ranges::any_of(
        notes, [&](const std::string& note) { return note.find(what) != std::string::npos; });
}

} // namespace

/// Images that a person adds to those to train on.
class AddedImagesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        folder_ = std::make_unique<TemporaryFolder>();
        choice_ = {.dataset = "mnist"};
        choice_.params[std::string(kAddedFolderParam)] = root().string();
    }

    void theyAreTrainedOnBehindTheOthers() {
        const auto plain = openDataset({.dataset = "mnist"});
        draw("7/drawn-0001.png", 0);
        draw("2/photo.png", 12);
        const auto data = openDataset(choice_);
        QVERIFY(data.info == plain.info);
        QCOMPARE(data.test->size(), plain.test->size());
        const auto own = plain.training->size();
        QCOMPARE(data.training->size(), own + 2);
        QVERIFY(mentions(data.notes, "added images: 2 files: 2 PNG"));
        // By class, then by name.
        QCOMPARE(data.training->label(own), 2);
        QCOMPARE(data.training->label(own + 1), 7);
        const auto& origins = dynamic_cast<const SampleOrigins&>(*data.training);
        QCOMPARE(origins.origin(own + 1), std::string("added: 7/drawn-0001.png"));
        QCOMPARE(addedImageOf(origins.origin(own + 1)), std::string("7/drawn-0001.png"));
        QVERIFY(addedImageOf(origins.origin(0)).empty());
        // As the Inference page would read it, to the nearest byte; the others as they were.
        std::vector<float> input(784);
        data.training->input(own + 1, input);
        const auto wanted = prepareDrawing(stroke(0), data.info).input;
        for (std::size_t i = 0; i < input.size(); ++i)
            QVERIFY(std::abs(input[i] - wanted.span<float>()[i]) < 0.51F / 255);
        std::vector<std::uint8_t> bytes(784);
        data.training->bytes(own + 1, bytes);
        QVERIFY(data.training->byteScaling() != nullptr && !data.training->isCostly());
        std::vector<float> scaled(784);
        scaleBytes(bytes, *data.training->byteScaling(), scaled.data());
        QVERIFY(scaled == input);
        std::vector<float> first(784);
        std::vector<float> before(784);
        data.training->input(5, first);
        plain.training->input(5, before);
        QVERIFY(first == before);
    }

    /// However few of the others are wanted, and whatever is kept for validation.
    void theyAreAlwaysTrainedOn() {
        const auto plain = openDataset({.dataset = "mnist"});
        for (int i = 0; i < 12; ++i)
            draw(fmt::format("{}/drawn-{:04}.png", i % 10, i + 1), i);
        const auto own = static_cast<std::uint32_t>(plain.training->size());
        for (const std::int64_t limit : {0, 100}) {
            choice_.limit = limit;
            choice_.validationFraction = 0.5;
            choice_.params[std::string(kAddedAlwaysParam)] = true;
            const auto data = openDataset(choice_);
            const auto split = splitOf(data, choice_);
            const auto isAdded = [&](std::uint32_t sample) { return sample >= own; };
            QCOMPARE(std::ranges::count_if(split.training, isAdded), 12);
            QCOMPARE(std::ranges::count_if(split.validation, isAdded), 0);
            // The others are those of the data without them.
            auto without = splitOf(plain, choice_);
            QVERIFY(split.validation == without.validation);
            QVERIFY(std::ranges::equal(std::span(split.training).first(without.training.size()),
                                       without.training));
            if (limit > 0)
                QCOMPARE(split.training.size(), std::size_t{112});
        }
    }

    /// As runs did that say nothing of it, so that they continue with the same samples.
    void otherwiseTheyAreSplitLikeTheOthers() {
        for (int i = 0; i < 40; ++i)
            draw(fmt::format("{}/drawn-{:04}.png", i % 10, i + 1), i);
        choice_.limit = 100;
        choice_.validationFraction = 0.5;
        const auto data = openDataset(choice_);
        std::vector<std::int32_t> labels;
        for (std::int64_t i = 0; i < data.training->size(); ++i)
            labels.push_back(data.training->label(i));
        const auto split = splitOf(data, choice_);
        const auto alike = splitOf(labels, data.info.classes.size(), choice_);
        QVERIFY(split.training == alike.training && split.training.size() == 100);
        QVERIFY(split.validation == alike.validation);
    }

    /// Others read what is shared as ever.
    void theyDoNotReachOtherProjects() {
        const auto before = openDataset({.dataset = "mnist"});
        draw("7/drawn-0001.png", 0);
        QCOMPARE(openDataset(choice_).training->size(), before.training->size() + 1);
        QCOMPARE(openDataset({.dataset = "mnist"}).training->size(), before.training->size());
        draw("7/drawn-0002.png", 5);
        QCOMPARE(openDataset(choice_).training->size(), before.training->size() + 2);
    }

    /// Image folders are decoded when a sample is read, and so are images that were added to them.
    void whereFilesAreDecodedTheyAre() {
        for (const auto* name :
             {"a/1.png", "a/2.png", "a/3.png", "b/1.png", "b/2.png", "b/3.png"}) {
            fs::create_directories((*folder_ / "own" / name).parent_path());
            writePng(stroke(name[0] == 'a' ? 0 : 40), *folder_ / "own" / name);
        }
        DataChoice plain{.dataset = "images", .validationFraction = 0};
        plain.params = {{"folder", (*folder_ / "own").string()},
                        {"size", IntTuple{16, 16}},
                        {"channels", std::string("gray")},
                        {"test_fraction", 0.34}};
        auto added = plain;
        added.params[std::string(kAddedFolderParam)] = root().string();
        draw("b/drawn-0001.png", 20);
        const auto data = openDataset(added);
        const auto own = openDataset(plain).training->size();
        QCOMPARE(data.training->size(), own + 1);
        QCOMPARE(data.training->label(own), 1);
        QVERIFY(data.training->isCostly() && data.training->byteScaling() == nullptr);
        std::vector<float> input(256);
        data.training->input(own, input);
        const auto wanted = preparePicture(root() / "b/drawn-0001.png", data.info).input;
        QVERIFY(std::ranges::equal(input, wanted.span<float>()));
        QCOMPARE(dynamic_cast<const SampleOrigins&>(*data.training).origin(0).substr(0, 2),
                 std::string("a/"));
    }

    void noFolderAddsNothing() {
        const auto plain = openDataset({.dataset = "mnist"});
        for (const bool hasEmptyFolder : {false, true}) { // its last image was taken out
            if (hasEmptyFolder)
                fs::create_directories(root() / "3");
            const auto data = openDataset(choice_);
            QCOMPARE(data.training->size(), plain.training->size());
            QVERIFY(mentions(data.notes, "added images: none in"));
        }
    }

    void whatDoesNotFitIsRefused() {
        draw("eight/drawn-0001.png", 0);
        QVERIFY(contains(errorOf([&] { openDataset(choice_); }), "no such class"));
        fs::remove_all(root());
        fs::create_directories(root() / "3");
        writeFile(root() / "3" / "drawn-0001.png", Bytes{1, 2, 3});
        QVERIFY(contains(errorOf([&] { openDataset(choice_); }), "drawn-0001.png"));
        fs::remove_all(root());
        writeFile(root(), Bytes{1});
        QVERIFY(contains(errorOf([&] { openDataset(choice_); }), "lie in a folder"));
        // The setting is none of data without images.
        DataChoice points{.dataset = "points"};
        points.params[std::string(kAddedFolderParam)] = root().string();
        QVERIFY(!errorOf([&] { openDataset(points); }).empty());
    }

    void classesHaveFoldersWhateverTheyAreCalled() {
        QCOMPARE(classFolderName("7"), std::string("7"));
        QCOMPARE(classFolderName("T-shirt/top"), std::string("T-shirt_top"));
        QCOMPARE(classFolderName(".."), std::string("_.."));
        QCOMPARE(classFolderName(""), std::string("_"));
    }

    void namesAreNeverTakenTwice() {
        QCOMPARE(nextDrawnName(root(), ".png"), std::string("drawn-0001.png"));
        draw("7/drawn-0009.jpg", 0);
        draw("2/drawn-4.png", 0);
        draw("2/drawn-0100x.png", 0);
        draw("2/other-0200.png", 0);
        QCOMPARE(nextDrawnName(root(), ".png"), std::string("drawn-0010.png"));
    }

private:
    [[nodiscard]] fs::path root() const { return *folder_ / "drawings"; }
    void draw(const std::string& name, int shift) const {
        fs::create_directories((root() / name).parent_path());
        writePng(stroke(shift), root() / name);
    }

    std::unique_ptr<TemporaryFolder> folder_;
    DataChoice choice_;
};

QTEST_APPLESS_MAIN(AddedImagesTest)
#include "tst_added_images.moc"
