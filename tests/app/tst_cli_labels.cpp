// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/row_corrections.h"
#include "engine/io/run_directory.h"
#include "engine/project/project_file.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"

#include <QTest>

#include <fstream>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// Labels in several spellings, names of rows and broken images, as the commands meet them.
class CliLabelsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// The choice is the project's, and what was trained with it reads other files alike.
    void spellingsAreOneClassEverywhere() {
        std::string text = "customer_id,size,answer\n";
        for (int i = 0; i < 90; ++i)
            text +=
                fmt::format("{},{}.5,{}\n", 7000 + i * 37 % 97, i % 2 == 0 ? 1 + i % 3 : 60 + i % 3,
                            i % 2 == 0 ? (i % 4 == 0 ? "yes" : "Yes") : (i % 3 == 0 ? "NO" : "no"));
        writeTable("t.csv", text);
        const auto told =
            cli_.run({"new", "--data", cli_.path("t.csv"), "-o", cli_.path("p.gradwright")});
        QVERIFY2(told.code == 0, told.text().c_str());
        const QStringList train{"train",     cli_.path("p.gradwright"), "--epochs", "30",
                                "--run-dir", cli_.path("runs")};
        const auto apart = cli_.run(train + QStringList{"--fit"});
        QVERIFY2(apart.code == 0 &&
                     (apart.out + apart.err)
                         .contains("\"Yes\" and \"yes\" differ in case alone and are 2 classes "
                                   "(data.same_case=answer makes them one)"),
                 apart.text().c_str());
        // What `new` leaves out is told as what `train` does.
        QVERIFY2((apart.out + apart.err)
                     .contains("column \"customer_id\" is left out: it has "
                               "another number in each row"),
                 apart.text().c_str());
        const auto joined =
            cli_.run({"train", cli_.path("p.gradwright"), "--fit", "--epochs", "30", "--set",
                      "data.same_case=answer", "--run-dir", cli_.path("joined")});
        QVERIFY2(joined.code == 0 &&
                     (joined.out + joined.err).contains("\"Yes\" and \"yes\" are one class"),
                 joined.text().c_str());
        const auto run = QString::fromStdString(onlyRun(cli_ / "joined").string());
        const auto record = RunDirectory::open(run.toStdString()).readRunJson();
        QVERIFY((record["data"]["classes"] == Json::array({"no", "yes"})));
        writeTable("other.csv", "answer,size,customer_id\nYES,2.5,1\nNo,61.5,2\n");
        const auto read = cli_.run({"predict", run, cli_.path("other.csv"), "--json"});
        QVERIFY2(read.code == 0 && read.json()[0]["class"] == "yes" &&
                     read.json()[1]["class"] == "no",
                 read.text().c_str());
        const auto measured = cli_.run({"evaluate", run, "--json"});
        QVERIFY2(measured.code == 0, measured.text().c_str());
    }

    /// Two rows with the wrong label have the numbers of right ones, so no network learns all of
    /// them: corrected, every part is answered without a mistake.
    void correctedRowsAreTrainedMeasuredAndResumed() {
        std::string text = "size,width,kind\n";
        for (int line = 2; line < 92; ++line)
            text +=
                fmt::format("{},{},{}\n", line % 2 == 0 ? 1 + line % 3 : 60 + line % 3, line % 4,
                            (line % 2 == 0) != (line == 10 || line == 23) ? "small" : "large");
        writeTable("sizes.csv", text);
        DataChoice choice{
            .dataset = "csv",
            .params = {{"file", (cli_ / "sizes.csv").string()}, {"target", std::string("kind")}}};
        for (const auto& [line, name] : {std::pair{10U, "small"}, {23U, ""}})
            choice = withRowCorrection(choice, findRow(choice, line, false, name));
        const auto corrections = std::get<std::string>(choice.params.at("corrections"));
        const auto train =
            cli_.run({"train", "template:two-spirals", "--data", "csv", "--fit", "--epochs", "30",
                      "--set", "data.file=" + cli_.path("sizes.csv"), "--set", "data.target=kind",
                      "--set", "data.corrections=" + QString::fromStdString(corrections),
                      "--run-dir", cli_.path("corrected")});
        const auto isTold = [](const CliResult& result) {
            const auto said = result.out + result.err;
            return result.code == 0 && said.contains("89 rows: 89 used") &&
                   said.contains("corrected by hand: 1 to another class, 1 left out");
        };
        QVERIFY2(isTold(train), train.text().c_str());
        const auto run = QString::fromStdString(onlyRun(cli_ / "corrected").string());
        const auto isRight = [&] {
            int samples = 0;
            for (const auto* part : {"training", "validation", "test"}) {
                const auto score = cli_.run({"evaluate", run, "--split", part, "--json"}).json();
                if (score["accuracy"] != 1.0)
                    return false;
                samples += score["samples"].get<int>();
            }
            return samples == 89;
        };
        QVERIFY(isRight());
        const auto resumed = cli_.run({"train", "--resume", run, "--epochs", "32"});
        QVERIFY2(isTold(resumed), resumed.text().c_str());
        QVERIFY(isRight());
    }

    void trainLeavesOutNamesOfRows() {
        std::string text = "customer_id,size,kind\n";
        for (int i = 0; i < 60; ++i)
            text += fmt::format("{},{}.5,{}\n", 7000 + i * 37 % 97, i % 9, i % 2 == 0 ? "a" : "b");
        writeTable("ids.csv", text);
        const QStringList train{"train",
                                "template:two-spirals",
                                "--data",
                                "csv",
                                "--fit",
                                "--epochs",
                                "1",
                                "--set",
                                "data.file=" + cli_.path("ids.csv"),
                                "--run-dir"};
        const auto without = cli_.run(train + QStringList{cli_.path("without")});
        QVERIFY2(without.code == 0, without.text().c_str());
        const auto columns = [&](const char* name) {
            return RunDirectory::open(onlyRun(cli_ / name)).readRunJson()["data"]["columns"].size();
        };
        QCOMPARE(columns("without"), std::size_t{1});
        QVERIFY((without.out + without.err).contains("data.keep names it to use it"));
        const auto kept =
            cli_.run(train + QStringList{cli_.path("kept"), "--set", "data.keep=customer_id"});
        QVERIFY2(kept.code == 0, kept.text().c_str());
        QCOMPARE(columns("kept"), std::size_t{2});
    }

    void brokenImagesAreToldByTheirFolders() {
        for (const char* const name : {"train/a", "train/b", "test/a", "test/b"})
            for (int i = 0; i < 6; ++i) {
                fs::create_directories(cli_ / (std::string("pets/") + name));
                writeFile(cli_ / fmt::format("pets/{}/{}.jpg", name, i),
                          jpeg(16, 16, 1, Bytes(256, static_cast<std::uint8_t>(40 * i))));
            }
        for (const char* const name : {"train/a/0.jpg", "test/a/1.jpg", "test/b/2.jpg"})
            writeFile(cli_ / (std::string("pets/") + name), Bytes{1, 2, 3});
        const QStringList make{"new", "--data", cli_.path("pets"), "-o",
                               cli_.path("pets.gradwright")};
        const auto refused = cli_.run(make);
        QCOMPARE(refused.code, 1);
        for (const auto& part :
             {cli_.path("pets/train") + ": 1 of 12 images cannot be used",
              cli_.path("pets/test") + ": 2 of 12 images cannot be used",
              QString("data.unreadable=leave_out"), cli_.path("pets/train/a/0.jpg"),
              cli_.path("pets/test/a/1.jpg"), cli_.path("pets/test/b/2.jpg")})
            QVERIFY2(refused.err.contains(part.toUtf8()), refused.text().c_str());
        const auto made = cli_.run(make + QStringList{"--set", "data.unreadable=leave_out"});
        QVERIFY2(made.code == 0, made.text().c_str());
    }

    /// A program of a network that was never trained cannot know what its data were.
    void aProgramSaysWhetherItPreparesInputs() {
        std::string text = "size,kind\n";
        for (int i = 0; i < 60; ++i)
            text += fmt::format("{}.5,{}\n", i % 9, i % 9 < 4 ? "a" : "b");
        writeTable("e.csv", text);
        const auto project = cli_.path("e.gradwright");
        QCOMPARE(cli_.run({"new", "--data", cli_.path("e.csv"), "-o", project}).code, 0);
        for (const char* const format : {"pytorch", "keras"}) {
            const QStringList write{"export", project,           "--format", format,
                                    "-o",     cli_.path("e.py"), "--force"};
            const auto untrained = cli_.run(write);
            QVERIFY2(untrained.code == 0 &&
                         untrained.err.contains("raw inputs are not prepared, since the project "
                                                "has not been trained") &&
                         untrained.err.contains("export RUN"),
                     untrained.text().c_str());
            QVERIFY(contains(program("e.py"), "# Note: raw inputs are not prepared, since"));
            QVERIFY(!contains(program("e.py"), "def prepare("));
        }
        QCOMPARE(cli_.run({"train", project, "--epochs", "1"}).code, 0);
        const auto trained = cli_.run({"export", project, "-o", cli_.path("e.py"), "--force"});
        QVERIFY2(trained.code == 0 && trained.err.isEmpty(), trained.text().c_str());
        QVERIFY(contains(program("e.py"), "def prepare(") &&
                !contains(program("e.py"), "not prepared"));
        // Another network has not been trained, though the project has a run.
        auto edited = loadProject(project.toStdString());
        const auto scores = edited.network.main.findByName("scores")->id;
        apply(edited, {NetworkEdit{SetParam{"", scores, "bias", false}}});
        saveProject(project.toStdString(), edited);
        const auto changed = cli_.run({"export", project, "-o", cli_.path("e.py"), "--force"});
        QVERIFY2(changed.code == 0 && changed.err.contains("the network has been changed"),
                 changed.text().c_str());
        QVERIFY(!contains(program("e.py"), "def prepare("));
    }

private:
    void writeTable(const char* name, const std::string& text) const {
        writeFile(cli_ / name, Bytes(text.begin(), text.end()));
    }
    [[nodiscard]] std::string program(const char* name) const {
        std::ifstream stream(cli_ / name);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    Cli cli_;
};

QTEST_GUILESS_MAIN(CliLabelsTest)
#include "tst_cli_labels.moc"
