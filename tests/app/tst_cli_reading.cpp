// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/run_directory.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"

#include <QProcess>
#include <QStandardPaths>
#include <QTest>

#include <cmath>
#include <fstream>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

/// y = 2 a + b in the notation of most of Europe, without a header.
std::string semicolons(int count) {
    std::string text;
    for (int i = 0; i < count; ++i)
        text += fmt::format("{},5;{},25;{},25\n", i % 17, i % 11, 2 * (i % 17) + 1 + i % 11);
    return text;
}

std::string notesIn(const Json& record) {
    std::string all;
    for (const auto& note : record["data_notes"])
        all += note.get<std::string>() + "\n";
    return all;
}

} // namespace

/// What the terminal says of the data, and that other commands read them alike.
class CliReadingTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatWasReadIsSaidAndKept() {
        writeText(cli_ / "t.txt", semicolons(120));
        const auto run = trained({"--set", "data.file=t.txt", "--epochs", "30"}, "said");
        QVERIFY2(text_.contains("Data: 120 rows: 120 used") &&
                     text_.contains("Data: no header: the columns are called 1 to 3") &&
                     text_.contains("Data: numbers with decimal commas: 1, 2, 3"),
                 text_.constData());
        const auto record = RunDirectory::open(run.toStdString()).readRunJson();
        QVERIFY(contains(notesIn(record), "numbers with decimal commas: 1, 2, 3"));
        QVERIFY(record["data"]["reading"]["delimiter"] == ";");
        QVERIFY(record["ended_by"] == "epochs");
        // One row shows neither delimiter nor the lack of a header.
        writeText(cli_ / "one.txt", "3,5;4,25\n");
        const auto read = cli_.run({"predict", run, cli_.path("one.txt"), "--json"});
        QVERIFY2(read.code == 0, read.text().c_str());
        const auto value = read.json()[0]["values"]["3"].get<double>();
        QVERIFY2(std::abs(value - 11.25) < 3, read.text().c_str());
        // The program of the network states what it lacks.
        const auto exported = cli_.run({"export", run, "-o", cli_.path("net.py")});
        QVERIFY2(exported.code == 0, exported.text().c_str());
        std::ifstream stream(cli_ / "net.py");
        const std::string code(std::istreambuf_iterator<char>(stream), {});
        const auto scaling = record["data"]["columns"][1]["scaling"];
        QVERIFY2(contains(code, fmt::format("#   input 1 = (2 - {:.9g}) / {:.9g}",
                                            scaling[0].get<double>(), scaling[1].get<double>())),
                 code.c_str());
        const auto target = record["data"]["target_scaling"][0];
        QVERIFY(contains(code, fmt::format("#   3 = output 0 * {:.9g} + {:.9g}",
                                           target[1].get<double>(), target[0].get<double>())));
    }

    /// Names of columns and classes are the same whatever the file's encoding, to the end.
    void umlautsOfWindowsSurvive() {
        std::string text = "Gr\xF6\xDF"
                           "e;Farbe\n";
        for (int i = 0; i < 80; ++i)
            text += fmt::format("{},5;{}\n", i, i < 40 ? "gr\xFCn" : "wei\xDF");
        writeText(cli_ / "west.csv", text);
        const auto run = trained({"--set", "data.file=west.csv", "--epochs", "8"}, "west");
        QVERIFY2(text_.contains("Data: the text is read as Windows-1252"), text_.constData());
        const auto record = RunDirectory::open(run.toStdString()).readRunJson();
        QVERIFY(contains(notesIn(record), "read as Windows-1252"));
        QVERIFY((record["data"]["classes"] == Json::array({"grün", "weiß"})));
        QCOMPARE(record["data"]["columns"][0]["name"].get<std::string>(), std::string("Größe"));
        // Rows to predict may be in another encoding than those of the training.
        writeText(cli_ / "new.csv", "Größe\n2,5\n78,5\n");
        for (const auto* file : {"new.csv", "west.csv"}) {
            const auto read = cli_.run({"predict", run, cli_.path(file), "--json"});
            QVERIFY2(read.code == 0, read.text().c_str());
            QVERIFY2(read.json().front()["class"] == "grün", read.text().c_str());
            QVERIFY2(read.json().back()["class"] == "weiß", read.text().c_str());
        }
        const auto measured = cli_.run({"evaluate", run});
        QVERIFY2(measured.code == 0, measured.text().c_str());
        const auto exported = cli_.run({"export", run, "-o", cli_.path("west.py")});
        QVERIFY2(exported.code == 0, exported.text().c_str());
        std::ifstream stream(cli_ / "west.py");
        const std::string code(std::istreambuf_iterator<char>(stream), {});
        QVERIFY2(contains(code, "#   outputs: grün, weiß") &&
                     contains(code, "CLASSES = [\"grün\", \"weiß\"]"),
                 code.c_str());
    }

    /// The exported program does to raw rows what the run did. Its preparation needs nothing of a
    /// framework but an array, for which a list stands here.
    void exportedProgramsPrepareRawRows() {
        if (QStandardPaths::findExecutable(QStringLiteral("python3")).isEmpty())
            QSKIP("python3 is not installed");
        std::string text = "amount;share;town;price\n";
        for (int i = 0; i < 90; ++i)
            text += fmt::format("1.{};{};{};{},5\n", 100 + i,
                                i % 9 == 0 ? std::string() : fmt::format("{} %", i % 13),
                                i % 3 == 0 ? "Köln" : "Ulm", 3 * i);
        writeText(cli_ / "raw.csv", text);
        const auto run = trained({"--set", "data.file=raw.csv", "--epochs", "2"}, "raw");
        const auto data = RunDirectory::open(run.toStdString()).readRunJson()["data"];
        const auto scaled = [&](std::size_t column, double value) {
            const auto& scaling = data["columns"][column]["scaling"];
            return (value - scaling[0].get<double>()) / scaling[1].get<double>();
        };
        for (const auto* format : {"pytorch", "keras"}) {
            const auto exported =
                cli_.run({"export", run, "-o", cli_.path("raw.py"), "--format", format, "--force"});
            QVERIFY2(exported.code == 0, exported.text().c_str());
            QProcess python;
            python.setWorkingDirectory(cli_.path(""));
            python.start(QStringLiteral("python3"),
                         {QStringLiteral(GRADWRIGHT_SOURCE_DIR "/tests/app/prepared_rows.py")});
            QVERIFY(python.waitForFinished());
            const auto errors = python.readAllStandardError();
            QVERIFY2(python.exitCode() == 0, errors.constData());
            const auto found = Json::parse(python.readAllStandardOutput().toStdString());
            const std::vector<std::vector<double>> wanted = {
                {scaled(0, 1120), scaled(1, 7), 0, 1}, {scaled(0, 1150), 0, 1, 0}, {0, 0, 0, 0}};
            for (std::size_t row = 0; row < wanted.size(); ++row)
                for (std::size_t i = 0; i < wanted[row].size(); ++i)
                    QVERIFY2(std::abs(found[0][row][i].get<double>() - wanted[row][i]) < 1e-9,
                             found.dump().c_str());
            const auto target = data["target_scaling"][0];
            QVERIFY(std::abs(found[1][0]["price"].get<double>() -
                             (0.5 * target[1].get<double>() + target[0].get<double>())) < 1e-9);
        }
    }

    /// A run without notes is of an earlier version, and its data are read as that read them.
    void runsOfEarlierVersionsReadAsBefore() {
        // "None" was no value, so half of the rows were left out.
        std::string text = "x;kind\n";
        for (int i = 0; i < 80; ++i)
            text += fmt::format("{},5;{}\n", i % 9, i % 2 == 0 ? "None" : i % 4 == 1 ? "a" : "b");
        writeText(cli_ / "old.csv", text);
        const auto run = trained({"--set", "data.file=old.csv", "--epochs", "2"}, "old");
        QCOMPARE(forget(run)["data"]["classes"].size(), std::size_t{3});
        const auto resumed = cli_.run({"train", "--resume", run, "--epochs", "3"});
        QVERIFY2(resumed.code == 1 && resumed.err.contains("The data set has 2 classes"),
                 resumed.text().c_str());
        // What both read alike is resumed, evaluated and predicted.
        std::string plain = "x,kind\n";
        for (int i = 0; i < 80; ++i)
            plain += fmt::format("{}.5,{}\n", i % 9, i % 2 == 0 ? "a" : "b");
        writeText(cli_ / "plain.csv", plain);
        const auto other = trained({"--set", "data.file=plain.csv", "--epochs", "2"}, "plain");
        forget(other);
        for (const auto& command : {QStringList{"train", "--resume", other, "--epochs", "3"},
                                    QStringList{"evaluate", other},
                                    QStringList{"predict", other, cli_.path("plain.csv")}}) {
            const auto result = cli_.run(command);
            QVERIFY2(result.code == 0, result.text().c_str());
        }
    }

    /// A run is measured on what it was trained for, however the file is read by now.
    void anEvaluationReadsAsTheTrainingRead() {
        writeText(cli_ / "t.txt", semicolons(120));
        writeText(cli_ / "test.txt", semicolons(40));
        const auto run = trained(
            {"--set", "data.file=t.txt", "--set", "data.test_file=test.txt", "--epochs", "3"},
            "alike");
        const auto before = cli_.run({"evaluate", run, "--json"});
        QVERIFY2(before.code == 0, before.text().c_str());
        // Other rows to train on would give other scales, and other answers.
        writeText(cli_ / "t.txt", semicolons(140));
        const auto changed = cli_.run({"evaluate", run});
        QVERIFY2(changed.code == 1 &&
                     changed.err.contains("the data set has changed since this run"),
                 changed.text().c_str());
        writeText(cli_ / "t.txt", semicolons(120));
        const auto after = cli_.run({"evaluate", run, "--json"});
        QVERIFY2(after.code == 0, after.text().c_str());
        QVERIFY2(after.json() == before.json(), after.text().c_str());
    }

    void aResumedRunTakesTheRateThatIsAskedFor() {
        writeText(cli_ / "t.txt", semicolons(60));
        const auto run = trained({"--set", "data.file=t.txt", "--epochs", "12", "--schedule",
                                  "plateau", "--set", "schedule.patience=0", "--set",
                                  "schedule.gamma=0.1", "--learning-rate", "0.5"},
                                 "rate");
        const auto resumed =
            cli_.run({"train", "--resume", run, "--epochs", "13", "--learning-rate", "0.02"});
        QVERIFY2(resumed.code == 0, resumed.text().c_str());
        QVERIFY2(resumed.out.contains("with a learning rate of 0.02"), resumed.text().c_str());
        std::ifstream stream(fs::path(run.toStdString()) / "metrics.jsonl");
        double last = 0;
        for (std::string line; std::getline(stream, line);)
            if (const auto json = Json::parse(line);
                json.contains("learning_rate") && json["epoch"].get<double>() < 13)
                last = json["learning_rate"].get<double>();
        QCOMPARE(last, 0.02);
    }

    void batchesOfOneInFrontOfBatchNormalizationAreWarnedOf() {
        const auto summary = [&](const char* batch) {
            return cli_.run({"summary", "template:small-cnn", "--batch", batch});
        };
        // Of images, the mean is over the pixels too.
        QVERIFY(!summary("1").err.contains("at a batch size of 1"));
        const auto project = cli_.run({"new", "two-spirals", "-o", cli_.path("bn.gradwright")});
        QVERIFY2(project.code == 0, project.text().c_str());
        std::ifstream stream(cli_ / "bn.gradwright");
        auto json = Json::parse(stream);
        QVERIFY(insertNormalization(json));
        writeText(cli_ / "bn.gradwright", json.dump());
        const auto one = cli_.run({"summary", cli_.path("bn.gradwright"), "--batch", "1"});
        QVERIFY2(one.err.contains("warning: ") && one.err.contains("at a batch size of 1"),
                 one.text().c_str());
        const auto two = cli_.run({"summary", cli_.path("bn.gradwright"), "--batch", "2"});
        QVERIFY2(!two.err.contains("at a batch size of 1"), two.text().c_str());
    }

    void oneIsNotCountedAsSeveral() {
        std::string text = "x,y\n";
        for (int i = 0; i < 40; ++i)
            text += fmt::format("{}.5,{}.25\n", i, 2 * i);
        writeText(cli_ / "many.csv", text);
        writeText(cli_ / "one.csv", "x,y\n3.5,6.25\n");
        const auto run = trained({"--set", "data.file=many.csv", "--set", "data.test_file=one.csv",
                                  "--epochs", "1", "--batch", "64"},
                                 "one");
        for (const char* said :
             {"Data: test table: 1 row: 1 used", "Training 1 epoch of 1 step with ",
              "over 1 sample, with the weights of epoch 1."})
            QVERIFY2(text_.contains(said), (text_.toStdString() + said).c_str());
        const auto measured = cli_.run({"evaluate", run});
        QVERIFY2(measured.out.contains(" over 1 sample of the test set."), measured.text().c_str());
        const auto asked = cli_.run({"baseline", run, "--methods", "linear"});
        QVERIFY2(asked.out.contains("32 samples learned, 1 sample of the test set asked."),
                 asked.text().c_str());
    }

    void classWeightsCanBeBalanced() {
        std::string text = "x,kind\n";
        for (int i = 0; i < 100; ++i)
            text += fmt::format("{}.5,{}\n", i, i % 10 == 0 ? "rare" : "usual");
        writeText(cli_ / "rare.csv", text);
        const auto run =
            trained({"--set", "data.file=rare.csv", "--epochs", "1", "--set",
                     "loss.class_weights=balanced", "--set", "data.validation_fraction=0"},
                    "balanced", "template:two-spirals");
        const auto record = RunDirectory::open(run.toStdString()).readRunJson();
        const auto weights =
            record["project"]["training"]["objectives"][0]["loss"]["params"]["class_weights"]
                .get<std::string>();
        // 80 rows train, 8 of them rare.
        QCOMPARE(weights, std::string("5, 0.555556"));
    }

    void pixelsOfATableFitNetworksForImages() {
        std::string text = "label";
        for (int i = 0; i < 784; ++i)
            text += fmt::format(",pixel{}", i);
        text += "\n";
        for (int row = 0; row < 40; ++row) {
            text += std::to_string(row % 2);
            for (int i = 0; i < 784; ++i)
                text += (i / 392) == row % 2 ? ",255" : ",0";
            text += "\n";
        }
        writeText(cli_ / "pixels.csv", text);
        for (const auto* pixels : {"", "28x28"}) {
            const auto run =
                trained({"--set", "data.file=pixels.csv", "--set", "data.target=label", "--set",
                         QString("data.pixels=%1").arg(pixels), "--epochs", "2"},
                        fmt::format("pixels{}", pixels), "template:lenet-5");
            const auto record = RunDirectory::open(run.toStdString()).readRunJson();
            QVERIFY(record["data"]["input"] ==
                    (*pixels ? Json::array({1, 28, 28}) : Json::array({784})));
        }
    }

private:
    /// Trains a table; the run's folder.
    QString trained(QStringList arguments, const std::string& name,
                    const char* project = "template:peaks-and-pits") {
        const QStringList command{"train", project,     "--data",       "csv",
                                  "--fit", "--run-dir", cli_.path(name)};
        const auto result = cli_.run(command + arguments);
        text_ = result.out + result.err;
        if (result.code != 0)
            QTest::qFail(result.text().c_str(), __FILE__, __LINE__);
        return QString::fromStdString(onlyRun(cli_ / name).string());
    }

    /// Makes a run as earlier versions wrote them; what it was.
    static Json forget(const QString& run) {
        const auto folder = RunDirectory::open(run.toStdString());
        const auto before = folder.readRunJson();
        auto record = before;
        record.erase("data_notes");
        record["data"].erase("reading");
        folder.writeRunJson(record);
        return before;
    }

    /// Batch normalization behind the first hidden layer of "two-spirals".
    static bool insertNormalization(Json& project) {
        auto& network = project["network"];
        for (const auto& node : network["nodes"])
            if (node["name"] == "hidden1")
                for (auto& link : network["links"])
                    if (link["from"][0] == node["id"]) {
                        const auto to = link["to"];
                        link["to"] = Json::array({99, 0});
                        network["links"].push_back(
                            {{"id", 99}, {"from", Json::array({99, 0})}, {"to", to}});
                        network["nodes"].push_back(
                            {{"id", 99}, {"name", "bn"}, {"layer", "batch-norm"}});
                        return true;
                    }
        return false;
    }

    Cli cli_;
    QByteArray text_;
};

QTEST_GUILESS_MAIN(CliReadingTest)
#include "tst_cli_reading.moc"
