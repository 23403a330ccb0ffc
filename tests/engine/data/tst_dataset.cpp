// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/dataset.h"
#include "engine/support/error.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// Five square images, image i all i * 10, labels 0 1 2 0 1.
void writeTinySet(const TemporaryFolder& folder, const Bytes& labels = {0, 1, 2, 0, 1},
                  std::uint32_t side = 4) {
    Bytes pixels;
    for (std::uint8_t i = 0; i < 5; ++i)
        pixels.insert(pixels.end(), side * side, static_cast<std::uint8_t>(i * 10));
    const auto images = idx(8, {5, side, side}, pixels);
    const auto classes = idx(8, {static_cast<std::uint32_t>(labels.size())}, labels);
    for (const auto* part : {"train", "t10k"}) {
        writeFile(folder / (std::string(part) + "-images-idx3-ubyte"), images);
        writeFile(folder / (std::string(part) + "-labels-idx1-ubyte"), classes);
    }
}

ParamValues idxParams(const TemporaryFolder& folder) {
    return {{"training_images", (folder / "train-images-idx3-ubyte").string()},
            {"training_labels", (folder / "train-labels-idx1-ubyte").string()},
            {"test_images", (folder / "t10k-images-idx3-ubyte").string()},
            {"test_labels", (folder / "t10k-labels-idx1-ubyte").string()}};
}

std::vector<int> countsOf(const DataSource& source, const std::vector<std::uint32_t>& part) {
    std::vector<int> counts(10, 0);
    for (const auto index : part)
        ++counts[static_cast<std::size_t>(source.label(index))];
    return counts;
}

} // namespace

class DatasetTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Every sample is held out in one fold; classes are in proportion, sizes within one.
    void foldsCutTheSamples() {
        const std::vector<std::int32_t> labels = [] {
            std::vector<std::int32_t> made;
            for (int i = 0; i < 103; ++i)
                made.push_back(i < 60 ? 0 : i < 90 ? 1 : 2);
            return made;
        }();
        std::vector<int> heldOut(labels.size());
        for (std::int64_t fold = 0; fold < 5; ++fold) {
            const auto split = foldSplit(labels, 3, 5, fold, 7);
            QVERIFY(split.validation.size() == 20 || split.validation.size() == 21);
            QCOMPARE(split.training.size() + split.validation.size(), labels.size());
            std::vector<int> counts(3);
            for (const auto sample : split.validation) {
                ++heldOut[sample];
                ++counts[static_cast<std::size_t>(labels[sample])];
            }
            QCOMPARE(counts[0], 12);
            QCOMPARE(counts[1], 6);
            QVERIFY(counts[2] == 2 || counts[2] == 3);
        }
        QCOMPARE(std::ranges::count(heldOut, 1), std::ptrdiff_t{103});
        QVERIFY(foldSplit(labels, 3, 5, 0, 7).validation !=
                foldSplit(labels, 3, 5, 0, 8).validation);
        const auto refused = [&](std::int64_t folds, std::int64_t fold) {
            return errorOf([&] { foldSplit(labels, 3, folds, fold, 7); });
        };
        QVERIFY(contains(refused(1, 0), "fold 0 of 1 is none"));
        QVERIFY(contains(refused(5, 5), "fold 5 of 5 is none"));
        QVERIFY(contains(refused(5, -1), "fold -1 of 5 is none"));
        QVERIFY(contains(refused(104, 0), "103 samples cannot be cut into 104 folds"));
    }

    void initTestCase() { mnist_ = openDataset({}); }

    void catalogIsComplete() {
        std::set<std::string> keys;
        for (const auto& def : datasets()) {
            QVERIFY(keys.insert(def.key).second);
            QVERIFY(!def.title.empty() && !def.doc.empty() && !def.origin.empty() &&
                    !def.licence.empty());
            for (const auto& param : def.params) {
                QVERIFY(!param.title.empty() && !param.doc.empty());
                QVERIFY(!whyInvalid(param, param.defaultValue));
            }
            QCOMPARE(&dataset(def.key), &def);
        }
        QVERIFY(contains(errorOf([] { dataset("imagenet"); }), "known are mnist, fashion-mnist"));
    }

    void mnistIsWhole() {
        QCOMPARE(mnist_.training->size(), 60'000);
        QCOMPARE(mnist_.test->size(), 10'000);
        QVERIFY(mnist_.info.input == (Shape{1, 28, 28}));
        QCOMPARE(mnist_.info.classes.size(), std::size_t{10});
        // The first labels of both files, as every MNIST tutorial prints them.
        QCOMPARE(mnist_.training->label(0), 5);
        QCOMPARE(mnist_.training->label(1), 0);
        QCOMPARE(mnist_.test->label(0), 7);
        const auto first = inputOf(*mnist_.training, 0);
        QVERIFY(std::abs(first[5 * 28 + 12] - 3.0F / 255.0F) < 1e-7F);
        QVERIFY(std::ranges::all_of(first, [](float v) { return v >= 0 && v <= 1; }));
        QVERIFY(contains(errorOf([&] { inputOf(*mnist_.test, 10'000); }), "sample 10000 of 10000"));
        QVERIFY(!errorOf([&] { static_cast<void>(mnist_.test->label(-1)); }).empty());
    }

    void standardizesByTheTrainingImages() {
        const DataChoice whole{.dataset = "mnist",
                               .params = {{"normalize", std::string("standardize")}},
                               .validationFraction = 0};
        const auto data = openDataset(whole);
        QVERIFY(std::abs(data.info.preparation.mean.at(0) - 0.1307) < 5e-5);
        QVERIFY(std::abs(data.info.preparation.deviation.at(0) - 0.3081) < 5e-5);
        double sum = 0;
        double squares = 0;
        for (std::int64_t i = 0; i < data.training->size(); ++i)
            for (const auto value : inputOf(*data.training, i)) {
                sum += value;
                squares += double{value} * value;
            }
        const double count = 60'000.0 * 784.0;
        QVERIFY(std::abs(sum / count) < 1e-5);
        QVERIFY(std::abs(squares / count - 1) < 1e-5);
    }

    /// What validates must not be known before.
    void standardizesByTheTrainingPartAlone() {
        const TemporaryFolder folder;
        writeTinySet(folder);
        DataChoice choice{.dataset = "idx", .params = idxParams(folder), .validationFraction = 0.4};
        choice.params["normalize"] = std::string("standardize");
        const auto data = openDataset(choice);
        const auto split = splitOf(data, choice);
        QCOMPARE(split.training.size(), std::size_t{3});
        double mean = 0;
        for (const auto index : split.training)
            mean += index * 10.0 / 255 / 3;
        QVERIFY(std::abs(data.info.preparation.mean.at(0) - mean) < 1e-6);
    }

    void everyByteBecomesWhatTheTableSays() {
        const TemporaryFolder folder;
        writeTinySet(folder, {0, 1, 2, 0, 1}, 16);
        Bytes pixels(5 * 256);
        for (std::size_t i = 0; i < pixels.size(); ++i)
            pixels[i] = static_cast<std::uint8_t>(i);
        for (const auto* part : {"train", "t10k"})
            writeFile(folder / (std::string(part) + "-images-idx3-ubyte"),
                      idx(8, {5, 16, 16}, pixels));
        for (const bool binarize : {false, true})
            for (const auto* normalize : {"unit", "standardize"}) {
                auto params = idxParams(folder);
                params["binarize"] = binarize;
                params["normalize"] = std::string(normalize);
                const auto data = openDataset({"idx", params});
                const auto table = byteTable(data.info.preparation);
                const auto values = inputOf(*data.training, 1);
                for (std::size_t byte = 0; byte < 256; ++byte)
                    QVERIFY(std::abs(values[byte] - table[byte]) < 1e-6F);
            }
    }

    void bytesScaledAreTheInputs_data() {
        QTest::addColumn<std::int64_t>("size");
        QTest::addColumn<QString>("normalize");
        for (const auto* normalize : {"unit", "standardize"}) {
            QTest::addRow("whole, %s", normalize) << std::int64_t{28} << normalize;
            QTest::addRow("cropped, %s", normalize) << std::int64_t{20} << normalize;
        }
    }
    void bytesScaledAreTheInputs() {
        QFETCH(std::int64_t, size);
        QFETCH(QString, normalize);
        const auto data =
            openDataset({"mnist", {{"size", size}, {"normalize", normalize.toStdString()}}});
        const auto* scaling = data.test->byteScaling();
        QVERIFY(scaling);
        const auto values = inputOf(*data.test, 3);
        Bytes bytes(values.size());
        data.test->bytes(3, bytes);
        std::vector<float> scaled(values.size());
        scaleBytes(bytes, *scaling, scaled.data());
        QCOMPARE(scaled, values);
        QVERIFY(contains(errorOf([&] { data.test->bytes(10'000, bytes); }), "sample 10000"));
    }

    void blackAndWhiteHasNoBytes() {
        const auto data = openDataset({"mnist", {{"binarize", true}}});
        QVERIFY(!data.test->byteScaling());
        Bytes bytes(784);
        QVERIFY(contains(errorOf([&] { data.test->bytes(3, bytes); }), "black or white"));
    }

    void cropsAndBinarizes() {
        const auto data = openDataset({"mnist", {{"size", std::int64_t{20}}, {"binarize", true}}});
        QVERIFY(data.info.input == (Shape{1, 20, 20}));
        const auto whole = inputOf(*mnist_.test, 3);
        const auto small = inputOf(*data.test, 3);
        for (std::size_t y = 0; y < 20; ++y)
            for (std::size_t x = 0; x < 20; ++x)
                QCOMPARE(small[y * 20 + x], whole[(y + 4) * 28 + x + 4] > 0.5F ? 1.0F : 0.0F);
    }

    /// What the drawing pad does to a picture is what the source does to its bytes.
    void preparationAgreesWithTheSource() {
        const auto data = openDataset(
            {"mnist", {{"size", std::int64_t{24}}, {"normalize", std::string("standardize")}}});
        const auto stored = Tensor::of<float>({1, 28, 28}, inputOf(*mnist_.test, 11));
        const auto prepared = applyPreparation(stored, data.info.preparation);
        const auto expected = inputOf(*data.test, 11);
        QVERIFY(prepared.shape() == data.info.input);
        for (std::size_t i = 0; i < expected.size(); ++i)
            QVERIFY(std::abs(prepared.span<float>()[i] - expected[i]) < 1e-6F);
        QVERIFY(contains(errorOf([&] { applyPreparation(stored, Preparation{.size = 30}); }),
                         "30 × 30 cannot be cut"));
        QVERIFY(
            !errorOf([&] { applyPreparation(stored, Preparation{.deviation = {0.0}}); }).empty());
        QVERIFY(
            !errorOf([&] { applyPreparation(Tensor(DType::F32, {784}), Preparation{}); }).empty());
    }

    void splitIsStratifiedAndDisjoint() {
        const auto split = splitOf(mnist_, {});
        QCOMPARE(split.training.size(), std::size_t{54'000});
        QCOMPARE(split.validation.size(), std::size_t{6'000});
        std::vector<std::uint32_t> all = split.training;
        all.insert(all.end(), split.validation.begin(), split.validation.end());
        std::ranges::sort(all);
        for (std::uint32_t i = 0; i < all.size(); ++i)
            QCOMPARE(all[i], i);
        const auto training = countsOf(*mnist_.training, split.training);
        const auto validation = countsOf(*mnist_.training, split.validation);
        for (std::size_t c = 0; c < 10; ++c)
            QVERIFY(std::abs(validation[c] - 0.1 * (training[c] + validation[c])) < 1.0);
    }

    void splitDependsOnItsSeedOnly() {
        const auto first = splitOf(mnist_, {});
        const auto again = splitOf(openDataset({"mnist", {{"binarize", true}}}), {});
        QCOMPARE(first.training, again.training);
        QCOMPARE(first.validation, again.validation);
        DataChoice other;
        other.splitSeed = 2;
        QVERIFY(splitOf(mnist_, other).validation != first.validation);
        other = {};
        other.limit = 1000;
        const auto limited = splitOf(mnist_, other);
        QCOMPARE(limited.training.size(), std::size_t{1000});
        QVERIFY(
            std::equal(limited.training.begin(), limited.training.end(), first.training.begin()));
        QCOMPARE(limited.validation, first.validation);
    }

    void splitRefusesWhatMakesNoSense() {
        const auto fraction = [&](double value) {
            return errorOf([&] { stratifiedSplit(*mnist_.training, 10, value, 1); });
        };
        QVERIFY(contains(fraction(1.0), "not 1"));
        QVERIFY(contains(fraction(-0.1), "not -0.1"));
        QVERIFY(contains(fraction(std::nan("")), "not nan"));
        QVERIFY(contains(fraction(0.999999), "nothing of 60000"));
        QVERIFY(stratifiedSplit(*mnist_.training, 10, 0.0, 1).validation.empty());
        QVERIFY(
            contains(errorOf([&] { stratifiedSplit(*mnist_.training, 9, 0.1, 1); }), "label 9"));
        DataChoice negative;
        negative.limit = -1;
        QVERIFY(contains(errorOf([&] { splitOf(mnist_, negative); }), "not -1"));
    }

    void readsIdxFiles() {
        const TemporaryFolder folder;
        writeTinySet(folder);
        const auto data = openDataset({"idx", idxParams(folder)});
        QVERIFY(data.info.input == (Shape{1, 4, 4}));
        QCOMPARE(data.info.classes, (std::vector<std::string>{"0", "1", "2"}));
        QCOMPARE(data.test->size(), 5);
        QCOMPARE(data.test->label(2), 2);
        for (const auto value : inputOf(*data.test, 3))
            QVERIFY(std::abs(value - 30.0F / 255.0F) < 1e-7F);
    }

    void refusesIdxFilesThatDoNotFit() {
        const TemporaryFolder folder;
        auto params = idxParams(folder);
        const auto message = [&] { return errorOf([&] { openDataset({"idx", params}); }); };

        QVERIFY(contains(message(), "no such file"));
        writeTinySet(folder, {0, 1, 2, 0});
        QVERIFY(contains(message(), "holds 5 images"));
        writeTinySet(folder);
        writeFile(folder / "t10k-labels-idx1-ubyte", idx(8, {5}, {0, 1, 2, 0, 3}));
        QVERIFY2(contains(message(), "label 3 of sample 4 is outside 0 to 2"), message().c_str());
        writeTinySet(folder);
        writeFile(folder / "t10k-images-idx3-ubyte", idx(8, {5, 2, 2}, Bytes(20)));
        QVERIFY2(contains(message(), "must have the same size"), message().c_str());
        writeTinySet(folder);
        params["size"] = std::int64_t{5};
        QVERIFY2(contains(message(), "5 × 5 cannot be cut"), message().c_str());
        params.erase("training_labels");
        QVERIFY(contains(message(), "Choose the file of the training labels"));
    }

    /// What comes with the program is read once for all who have it open.
    void openDataAreShared() {
        const auto again = openDataset({});
        QVERIFY(again.training == mnist_.training && again.test == mnist_.test);
        QVERIFY(again.info == mnist_.info);
        const auto smaller = openDataset({"mnist", {{"size", std::int64_t{20}}}});
        QVERIFY(smaller.training != mnist_.training);
        // Files of the user's may change meanwhile.
        const TemporaryFolder folder;
        writeTinySet(folder, {0, 1, 2, 0, 9}, 28);
        const DataChoice own{"fashion-mnist", {{"folder", folder.path()}}};
        const auto first = openDataset(own);
        QVERIFY(openDataset(own).training != first.training);
    }

    void reconstructionAsksForTheInputItself() {
        DataChoice choice{.reconstruct = true};
        const auto data = openDataset(choice);
        QVERIFY(!data.info.hasClasses() && data.info.reconstructs);
        QVERIFY(data.info.target == data.info.input);
        std::vector<float> input(784);
        std::vector<float> target(784);
        for (const auto& source : {data.training, data.test}) {
            QVERIFY(source->targetShape() == data.info.input);
            source->input(7, input);
            source->target(7, target);
            QVERIFY(input == target);
        }
        mnist_.test->input(7, input);
        QVERIFY(input == target);
        QVERIFY(!opensAlike(choice, {}));
        choice.dataset = "king-james-bible";
        QVERIFY(contains(errorOf([&] { openDataset(choice); }), "a text cannot be reconstructed"));
    }

    void refusesWrongParameters() {
        const auto message = [](const std::string& key, const ParamValue& value) {
            return errorOf([&] { openDataset({"mnist", {{key, value}}}); });
        };
        QVERIFY(contains(message("size", std::int64_t{29}), "from 20 to 28, not 29"));
        QVERIFY(contains(message("normalize", std::string("log")), "unit, standardize"));
        QVERIFY(contains(message("colour", true), "colour"));
    }

    void fashionMnistComesFromAFolder() {
        const TemporaryFolder folder;
        const auto open = [&](const std::string& path) {
            return openDataset({"fashion-mnist", {{"folder", path}}});
        };
        writeTinySet(folder, {0, 1, 2, 0, 9}, 28);
        const auto data = open(folder.path());
        QCOMPARE(data.info.classes[9], std::string("Ankle boot"));
        QCOMPARE(data.training->size(), 5);
        QVERIFY(contains(errorOf([&] { open(folder.path() + "/absent"); }),
                         "package dataset-fashion-mnist"));
        writeTinySet(folder, {0, 1, 2, 10, 1}, 28);
        QVERIFY(contains(errorOf([&] { open(folder.path()); }), "label 10 of sample 3"));
    }

private:
    Dataset mnist_;
};

QTEST_APPLESS_MAIN(DatasetTest)
#include "tst_dataset.moc"
