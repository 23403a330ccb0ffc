// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/own_data.h"
#include "engine/data/tables/table_params.h"
#include "engine/graph/analysis.h"
#include "engine/project/own_project.h"
#include "engine/support/error.h"
#include "engine/training/objective.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

void writeText(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    test::writeFile(file, Bytes(text.begin(), text.end()));
}

/// id; two measures; the class follows from the first. The decimal sign is the delimiter's.
std::string plants(int rows, char delimiter = ',', char point = '.') {
    std::string text = fmt::format("id{0}length{0}width{0}species\n", delimiter);
    for (int i = 0; i < rows; ++i) {
        const bool isLong = i % 3 == 0;
        text += fmt::format("{1}{0}{2}{3}{4}{0}{5}{3}5{0}{6}\n", delimiter, i + 1,
                            isLong ? 5 + i % 2 : 1 + i % 2, point, i % 10, i % 7,
                            isLong ? "setosa" : "other");
    }
    return text;
}

/// Layers of the main network from its first to its last.
std::vector<std::string> layersOf(const Project& project) {
    std::vector<std::string> keys;
    for (const auto& [id, node] : project.network.main.nodes())
        keys.push_back(node.layerUse()->layer);
    return keys;
}

/// What keeps the project from being trained on its data; empty when nothing does.
std::string whyNoTraining(const Project& project) {
    const auto analysis = analyze(project.network);
    auto info = openDataset(project.data).info;
    for (const auto& found : {analysis.diagnostics,
                              diagnoseTraining(project.network, analysis, info, project.training)})
        for (const auto& diagnostic : found)
            if (diagnostic.severity == Severity::Error)
                return diagnostic.message;
    static_cast<void>(trainingGraph(project.network, info, project.training));
    return {};
}

Shape inputShape(const Project& project) {
    const auto analysis = analyze(project.network);
    return analysis.nodes.front().output;
}

Shape outputShape(const Project& project) {
    const auto analysis = analyze(project.network);
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i)
        if (analysis.flat.nodes[i].layer->key == "output")
            return analysis.nodes[i].output;
    return {};
}

/// `each` images of a class, of one brightness or one hue.
void writeImages(const fs::path& folder, const std::vector<std::string>& classes, int side,
                 int channels, int each) {
    int shade = 40;
    for (const auto& name : classes) {
        fs::create_directories(folder / name);
        for (int i = 0; i < each; ++i) {
            Bytes pixels;
            for (int p = 0; p < side * side; ++p)
                for (int c = 0; c < channels; ++c)
                    pixels.push_back(static_cast<std::uint8_t>(shade + 50 * c + i));
            test::writeFile(folder / name / fmt::format("{}.jpg", i),
                            jpeg(side, side, channels, pixels));
        }
        shade += 60;
    }
}

Bytes idxImages(std::uint32_t count, std::uint32_t side) {
    Bytes values;
    for (std::uint32_t i = 0; i < count * side * side; ++i)
        values.push_back(static_cast<std::uint8_t>(i / (side * side) % 3 * 80));
    return idx(0x08, {count, side, side}, values);
}

Bytes idxLabels(std::uint32_t count) {
    Bytes values;
    for (std::uint32_t i = 0; i < count; ++i)
        values.push_back(static_cast<std::uint8_t>(i % 3));
    return idx(0x08, {count}, values);
}

} // namespace

class OwnDataTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// A prior on the weights, which many samples outweigh.
    void fewRowsAreTrainedWithAPenalty() {
        const test::TemporaryFolder folder;
        for (const auto& [rows, penalty] : {std::pair(150, 0.02), std::pair(1390, 0.005)}) {
            std::string text = "a,b\n";
            for (int i = 0; i < rows; ++i)
                text += fmt::format("{}.5,{}.25\n", i * 7 % 31, i % 13);
            test::writeFile(folder / "a.csv", Bytes(text.begin(), text.end()));
            const auto project = projectForData(folder / "a.csv");
            QCOMPARE(std::get<double>(project.training.params.at("l2")), penalty);
        }
        std::string many = "a,b\n";
        for (int i = 0; i < 20'000; ++i)
            many += fmt::format("{}.5,{}.25\n", i * 7 % 31, i % 13);
        test::writeFile(folder / "a.csv", Bytes(many.begin(), many.end()));
        QVERIFY(!projectForData(folder / "a.csv").training.params.contains("l2"));
    }

    void whatIsChosenAsTheTargetIsNotLeftOut() {
        const test::TemporaryFolder folder;
        std::string text = "id,size,price\n";
        for (int i = 1; i <= 40; ++i)
            text += fmt::format("{},{}.5,{}.25\n", i, i * 7 % 31, i % 13);
        test::writeFile(folder / "a.csv", Bytes(text.begin(), text.end()));
        QCOMPARE(ignoredBy(projectForData(folder / "a.csv").data),
                 (std::vector<std::string>{"id"}));
        const auto project = projectForData(
            folder / "a.csv", [](DataChoice& data) { data.params["target"] = std::string("id"); });
        QVERIFY(ignoredBy(project.data).empty());
        QCOMPARE(project.training.objectives.front().loss.key, std::string("mean-squared-error"));
    }

    /// Who asks for dates gets them, though they would be left out without being asked for.
    void datesThatAreAskedForAreUsed() {
        const test::TemporaryFolder folder;
        std::string text = "id,day,size,price\n";
        for (int i = 1; i <= 60; ++i)
            text += fmt::format("{},2024-{:02}-{:02},{}.5,{}.25\n", i, i % 12 + 1, i % 28 + 1,
                                i * 7 % 31, i % 13);
        test::writeFile(folder / "a.csv", Bytes(text.begin(), text.end()));
        const auto project = projectForData(folder / "a.csv", [](DataChoice& data) {
            data.params["dates"] = std::string("parts");
        });
        QCOMPARE(ignoredBy(project.data), (std::vector<std::string>{"id"}));
        const auto info = openDataset(project.data).info;
        QCOMPARE(info.columns.size(), std::size_t{4}); // year, month, day of the week, size
        QVERIFY(project.network.main.findByName("price") != nullptr);
    }

    void valuesWithoutAUsableNameAreCalledValue() {
        const test::TemporaryFolder folder;
        std::string text = "size;Preis (€)\n";
        for (int i = 1; i <= 60; ++i)
            text += fmt::format("{},5;{},25\n", i * 7 % 31, i % 13);
        test::writeFile(folder / "a.csv", Bytes(text.begin(), text.end()));
        const auto project = projectForData(folder / "a.csv");
        QVERIFY(project.network.main.findByName("value") != nullptr);
        QVERIFY(project.network.main.findByName("class") == nullptr);
    }

    void columnsAreRecognised() {
        std::string text = "id,name,age,empty,pay,kind\n";
        for (int i = 0; i < 40; ++i)
            text += fmt::format("{},person {},{},,{},{}\n", i, i * 7919 % 1000, 20 + i % 30,
                                i == 5 ? "?" : std::to_string(0.5 * i), i % 3 == 0 ? "a" : "b");
        const auto profile = profileOf(parseCsv(text, "people.csv"));
        QCOMPARE(profile.rows, std::size_t{40});
        QCOMPARE(profile.columns[0].whyUseless, std::string("a number for each row"));
        QCOMPARE(profile.columns[1].whyUseless,
                 std::string("a different text in nearly every row"));
        QCOMPARE(profile.columns[2].whyUseless, std::string());
        QVERIFY(profile.columns[2].isWhole);
        QCOMPARE(profile.columns[2].minimum, 20.0);
        QCOMPARE(profile.columns[2].maximum, 49.0);
        QVERIFY(profile.columns[3].kind == ColumnKind::Empty);
        QCOMPARE(profile.columns[3].missing, std::size_t{40});
        QCOMPARE(profile.columns[4].missing, std::size_t{1});
        QVERIFY(!profile.columns[4].isWhole);
        QVERIFY(profile.columns[5].kind == ColumnKind::Texts);
        QCOMPARE(profile.columns[5].examples, (std::vector<std::string>{"b", "a"}));
        const auto proposal = proposalFor(profile, "people.csv");
        QCOMPARE(proposal.target, std::string("kind"));
        QCOMPARE(proposal.ignored, (std::vector<std::string>{"id", "name", "empty"}));
    }

    void wholeNumbersThatCountNothingStay() {
        std::string text = "year,order_id,y\n";
        for (int i = 0; i < 12; ++i)
            text += fmt::format("{},{},{}\n", 1990 + i, 1000 + 17 * i, i % 2);
        const auto profile = profileOf(parseCsv(text, "years.csv"));
        // A year in each row may well explain something; what is called an id does not.
        QCOMPARE(proposalFor(profile, "years.csv").ignored, (std::vector<std::string>{"order_id"}));
    }

    void aColumnThatIsCalledSoIsTheTarget() {
        const auto proposed = [](const std::string& text) {
            return proposalFor(profileOf(parseCsv(text, "t.csv")), "t.csv").target;
        };
        QCOMPARE(proposed("label,p0,p1\n1,0.5,7\n0,0.25,8\n"), std::string("label"));
        QCOMPARE(proposed("a,b,c\n1,0.5,7\n0,0.25,8\n"), std::string("c"));
        // Two of them leave it open.
        QCOMPARE(proposed("target,class,c\n1,0.5,7\n0,0.25,8\n"), std::string("c"));
        QVERIFY(contains(errorOf([&] { proposed("a,empty\n1,\n2,\n"); }),
                         "t.csv: a table needs a column to predict"));
    }

    void namesWithCommasAreQuoted() {
        const std::vector<std::string> names{"age", "GDP, current", "a \"b\", c"};
        QCOMPARE(columnNamesIn(columnList(names)), names);
        QCOMPARE(columnNamesIn(" age ,sex,, "), (std::vector<std::string>{"age", "sex"}));
    }

    void aTableOfClassesGetsAPerceptron() {
        writeText(folder_ / "plants.csv", plants(120));
        const auto project = projectForData(folder_ / "plants.csv");
        QCOMPARE(project.name, std::string("plants"));
        QCOMPARE(layersOf(project), (std::vector<std::string>{"input", "dense", "dense", "dense",
                                                              "softmax", "output"}));
        QVERIFY(inputShape(project) == Shape({2})); // without the id
        QVERIFY(outputShape(project) == Shape({2}));
        QCOMPARE(project.description, std::string("Predicts species (2 classes) from 2 columns."));
        QCOMPARE(project.training.objectives.front().loss.key,
                 std::string("softmax-cross-entropy"));
        QCOMPARE(whyNoTraining(project), std::string());
    }

    void semicolonsAndDecimalCommasAreRead() {
        writeText(folder_ / "german.csv", plants(120, ';', ','));
        const auto project = projectForData(folder_ / "german.csv");
        QVERIFY(inputShape(project) == Shape({2}));
        QCOMPARE(whyNoTraining(project), std::string());
        const auto profile = tableProfile(project.data);
        QVERIFY(profile && profile->columns[1].kind == ColumnKind::Numbers);
        QCOMPARE(profile->columns[1].maximum, 6.9);
    }

    void aTableOfValuesIsRegression() {
        std::string text = "size\tview\tprice\n";
        for (int i = 0; i < 90; ++i)
            text += fmt::format("{}\t{}\t{}\n", i % 23 + 0.5, i % 3 == 0 ? "sea" : "yard",
                                100 + 20 * (i % 23));
        writeText(folder_ / "houses.tsv", text);
        const auto project = projectForData(folder_ / "houses.tsv");
        QCOMPARE(layersOf(project),
                 (std::vector<std::string>{"input", "dense", "dense", "dense", "output"}));
        QVERIFY(inputShape(project) == Shape({3})); // a number, and two categories
        QVERIFY(outputShape(project) == Shape({1}));
        QCOMPARE(project.training.objectives.front().loss.key, std::string("mean-squared-error"));
        QCOMPARE(project.network.main.nodes().rbegin()->second.name, std::string("price"));
        QCOMPARE(whyNoTraining(project), std::string());
    }

    void theNetworkFollowsTheTarget() {
        writeText(folder_ / "plants.csv", plants(120));
        auto project = projectForData(folder_ / "plants.csv");
        const auto original = project;
        project.data.params["target"] = std::string("length");
        project.data.params["ignore"] = std::string();
        auto info = openDataset(project.data).info;
        const auto before = project;
        const auto undo = apply(project, fitToData(project, info));
        auto undone = project;
        apply(undone, undo);
        QVERIFY(undone == before);
        // Width and two species, since the id counts the rows; a single value, without a Softmax.
        QVERIFY(inputShape(project) == Shape({3}));
        QVERIFY(outputShape(project) == Shape({1}));
        QCOMPARE(project.training.objectives.front().loss.key, std::string("mean-squared-error"));
        QCOMPARE(whyNoTraining(project), std::string());
        QVERIFY(std::get<ProjectEdit::Group>(fitToData(project, info).change).empty());
        project.data.params["target"] = std::string("species");
        info = openDataset(project.data).info;
        apply(project, fitToData(project, info));
        QVERIFY(outputShape(project) == Shape({2}));
        QCOMPARE(project.training.objectives.front().loss.key,
                 std::string("softmax-cross-entropy"));
        QCOMPARE(whyNoTraining(project), std::string());
        // What fits already stays as it is.
        project = original;
        apply(project, fitToData(project, openDataset(original.data).info));
        QVERIFY(project == original);
    }

    void smallGrayImagesGetLeNet() {
        writeImages(folder_ / "gray", {"dark", "light", "white"}, 28, 1, 8);
        const auto project = projectForData(folder_ / "gray");
        QCOMPARE(project.name, std::string("gray"));
        QVERIFY(inputShape(project) == Shape({1, 28, 28}));
        QVERIFY(outputShape(project) == Shape({3}));
        const auto layers = layersOf(project);
        QCOMPARE(std::ranges::count(layers, "conv2d"), 2);
        QCOMPARE(std::ranges::count(layers, "dense"), 3);
        QCOMPARE(whyNoTraining(project), std::string());
    }

    void colourAndLargerImagesGetASmallCnn() {
        writeImages(folder_ / "colour/train", {"red", "blue"}, 80, 3, 6);
        writeImages(folder_ / "colour/test", {"red", "blue"}, 80, 3, 2);
        const auto project = projectForData(folder_ / "colour");
        QVERIFY(inputShape(project) == Shape({3, 64, 64})); // scaled down
        QVERIFY(outputShape(project) == Shape({2}));
        QCOMPARE(openDataset(project.data).test->size(), std::int64_t{4});
        const auto layers = layersOf(project);
        QCOMPARE(std::ranges::count(layers, "conv2d"), 4); // 64, 32, 16 and 8 px
        QCOMPARE(std::ranges::count(layers, "global-average-pool"), 1);
        QCOMPARE(whyNoTraining(project), std::string());
    }

    void foldersThatHoldASingleOneAreGoneThrough() {
        writeImages(folder_ / "packed/pets/seg_train/seg_train", {"cat", "dog"}, 8, 1, 6);
        writeImages(folder_ / "packed/pets/seg_test/seg_test", {"cat", "dog"}, 8, 1, 2);
        const auto parts = projectForData(folder_ / "packed");
        const auto data = openDataset(parts.data);
        QCOMPARE(data.info.classes, (std::vector<std::string>{"cat", "dog"}));
        QCOMPARE(data.test->size(), std::int64_t{4});
        writeImages(folder_ / "single/images", {"cat", "dog"}, 8, 1, 6);
        QCOMPARE(openDataset(projectForData(folder_ / "single").data).info.classes,
                 (std::vector<std::string>{"cat", "dog"}));
    }

    void tinyImagesNeedNoConvolutions() {
        writeImages(folder_ / "tiny", {"a", "b"}, 8, 1, 6);
        const auto project = projectForData(folder_ / "tiny");
        QVERIFY(inputShape(project) == Shape({1, 8, 8}));
        QCOMPARE(std::ranges::count(layersOf(project), "flatten"), 1);
        QCOMPARE(whyNoTraining(project), std::string());
    }

    void idxPairsAreFoundByName() {
        fs::create_directories(folder_ / "idx");
        test::writeFile(folder_ / "idx/train-images-idx3-ubyte", idxImages(60, 14));
        test::writeFile(folder_ / "idx/train-labels-idx1-ubyte.gz", gzip(idxLabels(60)));
        auto project = projectForData(folder_ / "idx/train-labels-idx1-ubyte.gz");
        QVERIFY(inputShape(project) == Shape({1, 14, 14}));
        auto data = openDataset(project.data);
        QCOMPARE(data.training->size() + data.test->size(), std::int64_t{60});
        QCOMPARE(data.test->size(), std::int64_t{12}); // held back, each class in proportion
        for (std::int64_t i = 0; i < data.test->size(); ++i)
            QCOMPARE(inputOf(*data.test, i).front(),
                     static_cast<float>(data.test->label(i) * 80) / 255.0F);
        QCOMPARE(whyNoTraining(project), std::string());

        test::writeFile(folder_ / "idx/t10k-images-idx3-ubyte", idxImages(9, 14));
        test::writeFile(folder_ / "idx/t10k-labels-idx1-ubyte", idxLabels(9));
        for (const auto* const name : {"idx", "idx/t10k-images-idx3-ubyte"}) {
            project = projectForData(folder_ / name);
            data = openDataset(project.data);
            QCOMPARE(data.training->size(), std::int64_t{60});
            QCOMPARE(data.test->size(), std::int64_t{9});
        }
        fs::remove(folder_ / "idx/t10k-labels-idx1-ubyte");
        QVERIFY(contains(errorOf([&] { projectForData(folder_ / "idx"); }),
                         "it would be called t10k-labels-idx1-ubyte"));
    }

    void textsGetAnLstm() {
        std::string text;
        for (int i = 0; i < 400; ++i)
            text += fmt::format("line {} of a text that is long enough.\n", i % 9);
        writeText(folder_ / "story.txt", text);
        const auto project = projectForData(folder_ / "story.txt");
        QCOMPARE(project.data.dataset, std::string("text"));
        const auto classes =
            static_cast<std::int64_t>(openDataset(project.data).info.classes.size());
        QVERIFY(outputShape(project) == Shape({64, classes}));
        QCOMPARE(std::ranges::count(layersOf(project), "lstm"), 1);
        QCOMPARE(whyNoTraining(project), std::string());
    }

    void aTableNeedsNoEnding() {
        writeText(folder_ / "banknotes.txt", plants(40));
        QCOMPARE(dataFrom(folder_ / "banknotes.txt").dataset, std::string("csv"));
    }

    void imagesBesideNumbersHaveAnInputOfTheirOwn() {
        writeImages(folder_ / "mixed", {"a", "b"}, 64, 3, 20);
        std::string text = "photo,weight,kind\n";
        for (int i = 0; i < 40; ++i)
            text += fmt::format("{}/{}.jpg,{}.5,{}\n", i % 2 == 0 ? "a" : "b", i / 2, i % 5,
                                i % 2 == 0 ? "a" : "b");
        writeText(folder_ / "mixed/table.csv", text);
        const auto project = projectForData(folder_ / "mixed/table.csv");
        QCOMPARE(std::ranges::count(layersOf(project), "input"), 2);
        QCOMPARE(whyNoTraining(project), std::string());
    }

    void whatCannotBeReadIsSaid_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("message");
        QTest::newRow("empty") << "nothing.csv" << QByteArray() << "nothing.csv: the file is empty";
        QTest::newRow("row") << "short.csv" << QByteArray("a,b,c\n1,2,3\n4,5\n")
                             << "short.csv, line 3: 2 fields";
        QTest::newRow("sheet") << "book.xlsx" << QByteArray("PK\3\4rest")
                               << "save its sheet as CSV";
        QTest::newRow("json") << "a.json" << QByteArray("[1]") << "save its records as CSV";
        QTest::newRow("image") << "one.png" << QByteArray("\x89PNG\r\n")
                               << "open the folder that holds one folder of images per class";
        QTest::newRow("bytes") << "a.bin" << QByteArray("\1\2\0\3", 4) << "is no data that can be";
        QTest::newRow("label") << "x-labels-idx1-ubyte" << QByteArray("\0\0\x08\1\0\0\0\1\0", 9)
                               << "the file of their images is not beside it";
    }
    void whatCannotBeReadIsSaid() {
        QFETCH(QString, name);
        QFETCH(QByteArray, content);
        QFETCH(QString, message);
        const auto file = folder_ / name.toStdString();
        test::writeFile(file, Bytes(content.begin(), content.end()));
        const auto error = errorOf([&] { projectForData(file); });
        QVERIFY2(contains(error, message.toStdString()), error.c_str());
        QVERIFY2(contains(error, file.string()), error.c_str());
    }

    void foldersWithoutClassesAreExplained() {
        writeImages(folder_ / "flat", {"."}, 8, 1, 2);
        QVERIFY(contains(errorOf([&] { projectForData(folder_ / "flat"); }),
                         "put those of each class into a folder of its own"));
        QVERIFY(contains(errorOf([&] { projectForData(folder_ / "gone"); }), "no such file"));
    }

private:
    TemporaryFolder folder_;
};

QTEST_GUILESS_MAIN(OwnDataTest)
#include "tst_own_data.moc"
