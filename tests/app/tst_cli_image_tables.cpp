// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/json.h"
#include "tests/app/cli.h"
#include "tests/support/image_tables.h"

#include <QTest>

#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// Tables that name image files, from the files to the answer.
class CliImageTablesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Two pictures, and whether they show the same digit.
    void pairsOfImagesAreLearnedAndUsed() {
        const auto folder = cli_ / "pairs";
        writePairs(folder, 600);
        auto project = pairProject(folder, 30);
        project.data.assignment = {};
        const auto file = cli_.save(project, "pairs.gradwright");
        const auto train = [&](const QStringList& more) {
            return cli_.run(QStringList{"train", file, "--run-dir", cli_.path("runs"), "--json"} +
                            more);
        };
        QCOMPARE(train({}).whyNoFailure({"2 Inputs (first, second)", "assign the data's columns"}),
                 std::string());
        QCOMPARE(train({"--set", "data.inputs.first=left", "--set", "data.inputs.second=write"})
                     .whyNoFailure({"no column \"write\"", "\"left\", \"right\""}),
                 std::string());
        const auto trained =
            train({"--set", "data.inputs.first=left", "--set", "data.inputs.second=right"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        // Half of the pairs are the same digit.
        QVERIFY2(trained.json()["test_accuracy"].get<double>() > 0.85, trained.text().c_str());

        const auto run = QString::fromStdString(onlyRun(cli_ / "runs").string());
        const auto measured = cli_.run({"evaluate", run, "--json"});
        QVERIFY2(measured.code == 0, measured.text().c_str());
        QVERIFY(std::abs(measured.json()["loss"].get<double>() -
                         trained.json()["test_loss"].get<double>()) < 1e-6);

        // Pictures that it has not seen, in a table elsewhere.
        writePairs(cli_ / "new", 700);
        std::string rows = "right,left\n";
        for (int i = 640; i < 700; ++i)
            rows += fmt::format("right/{}.png,left/{}.png\n", i, i);
        writeText(cli_ / "new/rows.csv", rows);
        fs::remove_all(folder); // the run needs its data no more
        const auto read = cli_.run({"predict", run, cli_.path("new/rows.csv"), "--json"});
        QVERIFY2(read.code == 0, read.text().c_str());
        const auto readings = read.json();
        QCOMPARE(readings.size(), std::size_t{60});
        int right = 0;
        for (std::size_t i = 0; i < readings.size(); ++i)
            right += readings[i]["class"].get<std::string>() == (i % 2 == 0 ? "yes" : "no") ? 1 : 0;
        QVERIFY2(right > 48, std::to_string(right).c_str());

        fs::remove(cli_ / "new/left/641.png");
        writeText(cli_ / "new/right/650.png", "no image");
        const auto broken = cli_.run({"predict", run, cli_.path("new/rows.csv")});
        QCOMPARE(broken.code, 1);
        QVERIFY2(broken.err.contains("2 images cannot be used") &&
                     broken.err.contains("line 3, column \"left\": left/641.png") &&
                     broken.err.contains("line 12, column \"right\": right/650.png"),
                 broken.text().c_str());
    }

    /// A project for other shapes becomes one for these, and a stopped run ends as if it had not.
    void aPhotoAndNumbersAreFitted() {
        const auto folder = cli_ / "homes";
        writeHomes(folder, 150);
        auto project = homeProject(folder, 40);
        project.data.assignment = {};
        project.data.params.erase("image_size");
        const auto file = cli_.save(project, "homes.gradwright");
        const auto train = [&](const char* runs, const char* epochs) {
            return cli_.run({"train", file, "--fit", "--set", "data.image_size=3x5", "--epochs",
                             epochs, "--run-dir", cli_.path(runs), "--json"});
        };
        const auto trained = train("whole", "40");
        QVERIFY2(trained.code == 0, trained.text().c_str());
        QVERIFY2(trained.json()["test_r2"].get<double>() > 0.9, trained.text().c_str());
        const auto whole = onlyRun(cli_ / "whole");
        const auto record = parseJson(contentsOf(whole / "run.json"), "run.json");
        QVERIFY((record["data"]["inputs"]["numbers"] == Json{"rooms", "age"}));
        QVERIFY((record["data"]["columns"][1]["image"]["shape"] == Json{1, 3, 5}));
        QCOMPARE(train("parts", "15").code, 0);
        const auto parts = onlyRun(cli_ / "parts");
        const auto resumed = cli_.run({"train", "--resume", QString::fromStdString(parts.string()),
                                       "--epochs", "40", "--json"});
        QVERIFY2(resumed.code == 0, resumed.text().c_str());
        QVERIFY(contentsOf(parts / "last.safetensors") == contentsOf(whole / "last.safetensors"));

        // --fit leaves nothing out by itself.
        const auto one = cli_.run({"train", "template:peaks-and-pits", "--data", "csv", "--set",
                                   "data.file=" + cli_.path("homes/homes.csv"), "--fit",
                                   "--run-dir", cli_.path("one")});
        QCOMPARE(one.whyNoFailure({"Images (\"photo\") and numbers (\"rooms\", \"age\")"}),
                 std::string());
    }

    /// A table with one column of images makes a network that reads images, too.
    void aColumnOfPhotosIsReadLikeAFolder() {
        const auto folder = cli_ / "digits";
        fs::create_directories(folder);
        std::string text = "picture,digit\n";
        for (int i = 0; i < 200; ++i) {
            const auto name = fmt::format("{}.png", i);
            writeFile(folder / name, digitPng(i % 4, static_cast<std::uint32_t>(i)));
            text += fmt::format("{},{}\n", name, i % 4);
        }
        writeText(folder / "digits.csv", text);
        const auto trained = cli_.run({"train",
                                       "template:softmax-regression",
                                       "--data",
                                       "csv",
                                       "--set",
                                       "data.file=" + cli_.path("digits/digits.csv"),
                                       "--set",
                                       "data.image_channels=gray",
                                       "--set",
                                       "data.image_size=10x10",
                                       "--fit",
                                       "--epochs",
                                       "40",
                                       "--batch",
                                       "16",
                                       "--learning-rate",
                                       "0.02",
                                       "--schedule",
                                       "constant",
                                       "--run-dir",
                                       cli_.path("photos"),
                                       "--json"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        QVERIFY2(trained.json()["test_accuracy"].get<double>() > 0.85, trained.text().c_str());
        const auto run = QString::fromStdString(onlyRun(cli_ / "photos").string());
        writeFile(cli_ / "new.png", digitPng(2, 1000));
        writeText(cli_ / "new.csv", "picture\nnew.png\n");
        const auto image = cli_.run({"predict", run, cli_.path("new.png"), "--json"});
        const auto row = cli_.run({"predict", run, cli_.path("new.csv"), "--json"});
        QVERIFY2(image.code == 0 && row.code == 0, (image.text() + row.text()).c_str());
        QVERIFY(image.json()[0]["probabilities"] == row.json()[0]["probabilities"]);
        QCOMPARE(image.json()[0]["class"].get<std::string>(), std::string("2"));
    }

private:
    Cli cli_;
};

QTEST_APPLESS_MAIN(CliImageTablesTest)
#include "tst_cli_image_tables.moc"
