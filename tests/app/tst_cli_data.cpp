// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image.h"
#include "engine/io/run_directory.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"
#include "tests/support/wide_and_deep.h"

#include <QTest>

#include <cmath>
#include <fstream>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

/// price = 100 + 20 size, and 50 more with a view.
std::string houses(int count) {
    std::string text = "size;view;price\n";
    for (int i = 0; i < count; ++i) {
        const int size = 1 + (7 * i) % 23;
        const bool view = i % 3 == 0;
        text += fmt::format("{};{};{}\n", size, view ? "sea" : "none", 100 + 20 * size + 50 * view);
    }
    return text;
}

} // namespace

/// Data of a person's own, from the file to the answer.
class CliDataTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void ownDataNeedTwoCommands() {
        std::string plants = "id,length,width,species\n";
        for (int i = 0; i < 240; ++i)
            plants += fmt::format("{},{}.{},{}.5,{}\n", i + 1, i % 3 == 0 ? 5 : 2, i % 10, i % 7,
                                  i % 3 == 0 ? "setosa" : "other");
        writeText(cli_ / "plants.csv", plants);
        const auto made = cli_.run(
            {"new", "--data", cli_.path("plants.csv"), "-o", cli_.path("plants.gradwright")});
        QVERIFY2(made.code == 0, made.text().c_str());
        QVERIFY2(made.out.contains("Predicts species (2 classes) from 2 columns."),
                 made.text().c_str());
        QVERIFY2(made.out.contains("Left out: id"), made.text().c_str());
        const auto trained = cli_.run({"train", cli_.path("plants.gradwright"), "--json"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        QVERIFY2(trained.json()["test_accuracy"].get<double>() > 0.95, trained.text().c_str());

        const auto described = cli_.run({"new", "--data", cli_.path("plants.csv"), "-o",
                                         cli_.path("again.gradwright"), "--json"});
        QVERIFY2(described.json()["left_out"] == Json::array({"id"}), described.text().c_str());
        const auto both = cli_.run(
            {"new", "lenet-5", "--data", cli_.path("plants.csv"), "-o", cli_.path("x.gradwright")});
        QCOMPARE(both.code, 2);
        const auto missing =
            cli_.run({"new", "--data", cli_.path("none.csv"), "-o", cli_.path("x.gradwright")});
        QCOMPARE(missing.whyNoFailure({"none.csv", "there is no such file or folder"}),
                 std::string());
        QVERIFY(!fs::exists(cli_ / "x.gradwright"));
    }

    /// The column that was proposed is not the one that is wanted, and of another kind.
    void theTargetMayBeAnother() {
        writeText(cli_ / "houses.csv", houses(120));
        const auto made = [this](const QStringList& more) {
            return cli_.run(QStringList{"new", "--data", cli_.path("houses.csv"), "-o",
                                        cli_.path("houses.gradwright"), "--force"} +
                            more);
        };
        const auto named = made({"--set", "data.target=view"});
        QVERIFY2(named.out.contains("Predicts view (2 classes) from 2 columns."),
                 named.text().c_str());
        // The network for classes becomes one for values, its loss with it.
        const auto trained =
            cli_.run({"train", cli_.path("houses.gradwright"), "--fit", "--set",
                      "data.target=price", "--json", "--run-dir", cli_.path("other")});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        QVERIFY2(trained.json()["test_r2"].get<double>() > 0.9, trained.text().c_str());

        QCOMPARE(made({"--set", "epochs=3"}).code, 2);
        QCOMPARE(cli_.run({"new", "lenet-5", "--set", "data.limit=9", "-o", cli_.path("x")}).code,
                 2);
        QCOMPARE(made({"--set", "data.target=colour"})
                     .whyNoFailure({"colour", "\"size\", \"view\", \"price\""}),
                 std::string());
    }

    void aTableIsLearnedAndUsed() {
        writeText(cli_ / "houses.csv", houses(300));
        const auto trained =
            cli_.run({"train", "template:peaks-and-pits", "--data", "csv", "--set",
                      "data.file=houses.csv", "--set", "data.task=regression", "--fit", "--epochs",
                      "40", "--batch", "16", "--run-dir", cli_.path("table"), "--json"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        QVERIFY2(trained.json()["test_r2"].get<double>() > 0.98, trained.text().c_str());

        const auto run = QString::fromStdString(onlyRun(cli_ / "table").string());
        const auto measured = cli_.run({"evaluate", run, "--json"});
        QVERIFY2(measured.code == 0, measured.text().c_str());
        // In the table's own units, where prices spread over 500.
        const auto error = measured.json()["metrics"]["mae"].get<double>();
        QVERIFY2(error > 0.01 && error < 15, measured.text().c_str());

        // The network is of use where the data are no more; columns are found by name.
        fs::remove(cli_ / "houses.csv");
        writeText(cli_ / "new.csv", "view,price,size\nsea,?,10\nnone,?,20\n");
        const auto read = cli_.run({"predict", run, cli_.path("new.csv"), "--json"});
        QVERIFY2(read.code == 0, read.text().c_str());
        QCOMPARE(read.json().size(), std::size_t{2});
        QCOMPARE(read.json()[1]["row"].get<int>(), 2);
        QVERIFY2(std::abs(read.json()[0]["values"]["price"].get<double>() - 350) < 30,
                 read.text().c_str());
        QVERIFY2(std::abs(read.json()[1]["values"]["price"].get<double>() - 500) < 30,
                 read.text().c_str());
        writeText(cli_ / "wrong.csv", "view,price\nsea,1\n");
        QCOMPARE(cli_.run({"predict", run, cli_.path("wrong.csv")})
                     .whyNoFailure({"wrong.csv", "no column \"size\""}),
                 std::string());
    }

    /// Two Inputs that get their columns, from the file to the answer, as one Input that is sliced.
    void columnsOfATableGoToSeveralInputs() {
        writeText(cli_ / "branches.csv", houseTable(200));
        auto two = houseProject(cli_.path("branches.csv").toStdString(), true);
        two.data.assignment = {};
        const auto file = cli_.save(two, "two.gradwright");
        const auto train = [&](const QString& project, const QString& folder,
                               const QStringList& more) {
            return cli_.run(QStringList{"train", project, "--run-dir", folder, "--json"} + more);
        };
        QCOMPARE(train(file, cli_.path("two"), {})
                     .whyNoFailure({"2 Inputs (numbers, view)", "assign the data's columns"}),
                 std::string());
        QCOMPARE(train(file, cli_.path("two"),
                       {"--set", "data.inputs.numbers=size", "--set", "data.inputs.view=view"})
                     .whyNoFailure({"No Input gets the column \"age\""}),
                 std::string());
        const auto trained =
            train(file, cli_.path("two"),
                  {"--set", "data.inputs.numbers=size,age", "--set", "data.inputs.view=view"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        const auto fitted = train(file, cli_.path("fitted"), {"--fit"});
        QVERIFY2(fitted.code == 0, fitted.text().c_str());
        QCOMPARE(fitted.json()["test_loss"].get<double>(),
                 trained.json()["test_loss"].get<double>());
        const auto sliced =
            train(cli_.save(houseProject(cli_.path("branches.csv").toStdString(), false),
                            "one.gradwright"),
                  cli_.path("one"), {});
        QVERIFY2(sliced.code == 0, sliced.text().c_str());
        const auto near = [](const Json& a, const Json& b) {
            return std::abs(a.get<double>() - b.get<double>()) <= 1e-5 * std::abs(b.get<double>());
        };
        QVERIFY2(near(trained.json()["test_loss"], sliced.json()["test_loss"]),
                 (trained.text() + sliced.text()).c_str());

        const auto run = QString::fromStdString(onlyRun(cli_ / "two").string());
        const auto other = QString::fromStdString(onlyRun(cli_ / "one").string());
        const auto measured = cli_.run({"evaluate", run, "--json"});
        QVERIFY2(measured.code == 0, measured.text().c_str());
        QVERIFY(near(measured.json()["loss"], trained.json()["test_loss"]));
        writeText(cli_ / "house.csv", "age,view,size\n3,sea,10\n");
        const auto read = cli_.run({"predict", run, cli_.path("house.csv"), "--json"});
        QVERIFY2(read.code == 0, read.text().c_str());
        const auto expected = cli_.run({"predict", other, cli_.path("house.csv"), "--json"});
        QVERIFY2(near(read.json()[0]["values"]["price"], expected.json()[0]["values"]["price"]),
                 (read.text() + expected.text()).c_str());
        const auto resumed = cli_.run({"train", "--resume", run, "--epochs", "6", "--json"});
        QVERIFY2(resumed.code == 0, resumed.text().c_str());
        QVERIFY(resumed.json()["test_loss"].get<double>() <
                trained.json()["test_loss"].get<double>());
    }

    void imageFoldersAreLearnedAndUsed() {
        for (const auto* name : {"bright", "dark"}) {
            fs::create_directories(cli_ / ("pictures/" + std::string(name)));
            for (int i = 0; i < 20; ++i)
                writePng(makeImage(9 + i, 12,
                                   (*name == 'b' ? 0.7F : 0.1F) + 0.01F * static_cast<float>(i)),
                         cli_ / fmt::format("pictures/{}/{}.png", name, i));
        }
        const auto trained = cli_.run({"train",
                                       "template:softmax-regression",
                                       "--data",
                                       "images",
                                       "--set",
                                       "data.folder=pictures",
                                       "--set",
                                       "data.size=8x8",
                                       "--set",
                                       "data.channels=gray",
                                       "--fit",
                                       "--set",
                                       "augmentation.flip_horizontal=yes",
                                       "--set",
                                       "augmentation.brightness=0.05",
                                       "--epochs",
                                       "30",
                                       "--batch",
                                       "8",
                                       "--schedule",
                                       "constant",
                                       "--learning-rate",
                                       "0.05",
                                       "--run-dir",
                                       cli_.path("images"),
                                       "--json"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        QCOMPARE(trained.json()["test_accuracy"].get<double>(), 1.0);
        const auto run = QString::fromStdString(onlyRun(cli_ / "images").string());
        const auto read = cli_.run({"predict", run, cli_.path("pictures/bright/3.png"), "--json"});
        QVERIFY2(read.code == 0, read.text().c_str());
        QCOMPARE(read.json()[0]["class"].get<std::string>(), std::string("bright"));
    }

    void imagesAreReconstructedFromNoise() {
        const auto trained =
            cli_.run({"train", "template:denoising-autoencoder", "--set", "data.limit=6000",
                      "--epochs", "20", "--run-dir", cli_.path("denoised"), "--json"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        QVERIFY2(trained.json()["test_r2"].get<double>() > 0.3, trained.text().c_str());
        // What was not asked for as an autoencoder learns classes.
        QCOMPARE(cli_.run({"train", "template:denoising-autoencoder", "--set",
                           "data.reconstruct=false", "--run-dir", cli_.path("denoised")})
                     .whyNoFailure({"cannot be trained on this data"}),
                 std::string());
    }

    void aTextIsLearned() {
        std::string text;
        for (int i = 0; i < 600; ++i)
            text += "the cat sat on the mat. ";
        writeText(cli_ / "cat.txt", text);
        const auto trained =
            cli_.run({"train", "template:character-lstm", "--data", "text", "--set",
                      "data.file=cat.txt", "--set", "data.steps=16", "--fit", "--epochs", "2",
                      "--batch", "8", "--run-dir", cli_.path("text"), "--json"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        const auto run = QString::fromStdString(onlyRun(cli_ / "text").string());
        const auto measured = cli_.run({"evaluate", run, "--top-k", "2", "--json"});
        QVERIFY2(measured.code == 0, measured.text().c_str());
        const auto json = measured.json();
        const auto amongTwo = json["metrics"]["top_2_accuracy"].get<double>();
        QVERIFY(amongTwo >= json["accuracy"].get<double>() && amongTwo <= 1);
        QCOMPARE(cli_.run({"evaluate", run, "--top-k", "200"}).whyNoFailure({"--top-k 200"}),
                 std::string());
        const auto bits = json["metrics"]["bits"].get<double>();
        QVERIFY2(bits > 0 && bits < 1, measured.text().c_str());
        QVERIFY(std::abs(bits - json["loss"].get<double>() / std::log(2.0)) < 1e-3);
        QVERIFY(json["accuracy"].get<double>() > 0.8);

        const auto written = cli_.run({"predict", run, "--text", "the cat sat ", "--length", "36",
                                       "--temperature", "0", "--json"});
        QVERIFY2(written.code == 0, written.text().c_str());
        QCOMPARE(written.json()["text"].get<std::string>(),
                 std::string("the cat sat on the mat. the cat sat on the mat. "));
        const auto loose = [&](const char* seed) {
            return cli_.run({"predict", run, "--text", "the", "--temperature", "3", "--seed", seed})
                .out;
        };
        QVERIFY(loose("1") == loose("1") && loose("1") != loose("2"));
        QVERIFY(cli_.run({"predict", run, "--text", ""}).code == 2);
    }

    void augmentedTrainingRepeats() {
        const auto weights = [&](const QString& folder, const char* seed) {
            const auto trained =
                cli_.run({"train", "template:multilayer-perceptron", "--epochs", "1", "--threads",
                          "1", "--set", "augmentation.rotation=15", "--set",
                          "augmentation.elastic=1", "--set", "augmentation.mixup=0.2", "--seed",
                          seed, "--run-dir", cli_.path(folder.toStdString()), "--quiet"});
            return trained.code == 0
                       ? contentsOf(onlyRun(cli_ / folder.toStdString()) / "last.safetensors")
                       : std::string();
        };
        const auto first = weights("a", "5");
        QVERIFY(!first.empty());
        QVERIFY(first == weights("b", "5"));
        QVERIFY(first != weights("c", "6"));
    }

    void everyDataSetIsListed() {
        const auto listed = cli_.run({"datasets", "--json"});
        QVERIFY2(listed.code == 0, listed.text().c_str());
        QCOMPARE(listed.json().size(), datasets().size());
        for (const auto& entry : listed.json())
            QCOMPARE(entry["params"].size(),
                     dataset(entry["key"].get<std::string>()).params.size());
        QVERIFY(cli_.run({"datasets"}).out.contains("data.test_fraction"));
    }

    void settingsMayHaveTheirFormerKeys() {
        const auto trained =
            cli_.run({"train", "template:playground", "--epochs", "1", "--set", "data.samples=100",
                      "--set", "data.test-samples=40", "--run-dir", cli_.path("former"), "--json"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        const auto record = RunDirectory::open(onlyRun(cli_ / "former")).readRunJson();
        QCOMPARE(record["result"]["test_samples"].get<int>(), 40);
        const auto& params = record["project"]["data"]["params"];
        QCOMPARE(params["test_samples"].get<int>(), 40);
        QVERIFY(!params.contains("test-samples"));
    }

    void mistakesAreExplained() {
        const auto usage = [&](const QStringList& options, const char* message) {
            auto arguments = QStringList{"train", "template:perceptron"} + options;
            const auto result = cli_.run(arguments);
            return result.code == 2 && result.err.contains(message) ? std::string() : result.text();
        };
        QCOMPARE(usage({"--data", "imagenet"}, "there is no data set \"imagenet\""), std::string());
        QCOMPARE(usage({"--set", "data.colour=1"}, "there is no \"colour\"; known are size"),
                 std::string());
        QCOMPARE(usage({"--set", "augmentation.rotation=500"}, "from 0 to 180, not 500"),
                 std::string());
        QCOMPARE(usage({"--set", "data.validation_fraction=2"}, "from 0 to 0.9, not 2"),
                 std::string());
        writeText(cli_ / "broken.csv", "a,b\n1,2\n3\n");
        const auto broken = cli_.run({"train", "template:peaks-and-pits", "--data", "csv", "--set",
                                      "data.file=broken.csv", "--fit"});
        QCOMPARE(broken.whyNoFailure({"broken.csv, line 3", "1 field,", "the first row has 2"}),
                 std::string());
        const auto unfit =
            cli_.run({"train", "template:weather", "--set", "augmentation.flip_horizontal=yes",
                      "--run-dir", cli_.path("unfit")});
        QCOMPARE(unfit.whyNoFailure({"augmentation changes images"}), std::string());
        QVERIFY(!fs::exists(cli_ / "unfit") || fs::is_empty(cli_ / "unfit"));
    }

    void aRunGoesOnWithTheSameDataOnly() {
        writeText(cli_ / "changing.csv", houses(60));
        const auto trained =
            cli_.run({"train", "template:peaks-and-pits", "--data", "csv", "--set",
                      "data.file=changing.csv", "--set", "data.task=regression", "--fit",
                      "--epochs", "1", "--run-dir", cli_.path("changing"), "--json"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        const auto run = QString::fromStdString(onlyRun(cli_ / "changing").string());
        QCOMPARE(cli_.run({"train", "--resume", run, "--epochs", "2"}).code, 0);
        writeText(cli_ / "changing.csv", houses(61));
        QCOMPARE(cli_.run({"train", "--resume", run, "--epochs", "3"})
                     .whyNoFailure({"the data have changed since the run began"}),
                 std::string());
    }

private:
    Cli cli_;
};

QTEST_GUILESS_MAIN(CliDataTest)
#include "tst_cli_data.moc"
