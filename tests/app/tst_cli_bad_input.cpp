// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/image.h"
#include "engine/io/safetensors.h"
#include "engine/project/project_file.h"
#include "engine/project/templates.h"
#include "tests/app/cli.h"

#include <QRegularExpression>
#include <QTest>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

using Change = void (*)(Json& project);

void writeText(const fs::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
}

QString text(const fs::path& path) {
    return QString::fromStdString(path.string());
}

/// A network without anything that bounds its values, so that a large learning rate diverges.
Project unboundedNetwork() {
    auto project = openTemplate("perceptron");
    auto& graph = project.network.main;
    for (const auto& [id, node] : graph.nodes())
        if (node.layerUse()->layer == "dense") {
            apply(project, {NetworkEdit{SetParam{"", id, "activation", std::string("identity")}}});
            break;
        }
    return project;
}

bool isFinite(const fs::path& checkpoint) {
    const auto contents = readSafetensors(checkpoint);
    return !contents.tensors.empty() &&
           std::ranges::all_of(contents.tensors, [](const auto& entry) {
               return std::ranges::all_of(entry.second.template span<float>(),
                                          [](float value) { return std::isfinite(value); });
           });
}

} // namespace

Q_DECLARE_METATYPE(Change)

/// What is wrong, where, and what would be right; and nothing saved before is lost.
class CliBadInputTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        good_ = toJson(openTemplate("perceptron"));
        const auto result = cli_.run({"train", "template:perceptron", "--epochs", "1", "--quiet",
                                      "--run-dir", cli_.path("runs")});
        QVERIFY2(result.code == 0, result.text().c_str());
        run_ = onlyRun(cli_ / "runs");
        QVERIFY(!run_.empty());
        const auto other = cli_.run({"train", "template:softmax-regression", "--epochs", "1",
                                     "--quiet", "--run-dir", cli_.path("other")});
        QVERIFY2(other.code == 0, other.text().c_str());
        otherRun_ = onlyRun(cli_ / "other");
    }

    /// The nodes of the perceptron: 1 input, 2 flatten, 3 dense, 4 output; links 1→2→3→4.
    void wrongProjects_data() {
        QTest::addColumn<Change>("change");
        QTest::addColumn<QStringList>("messages");
        const auto row = [](const char* name, const QStringList& messages, Change change) {
            QTest::newRow(name) << change << messages;
        };
        row("a cycle", {"cycle", "one way"}, [](Json& p) {
            p["network"]["links"][0]["from"] = {3, 0};
        });
        row("a second link into a port", {"link 9", "link"}, [](Json& p) {
            p["network"]["links"].push_back({{"id", 9}, {"from", {1, 0}}, {"to", {3, 0}}});
        });
        row("no such port", {"link 3", "output"}, [](Json& p) {
            p["network"]["links"][2]["from"] = {3, 5};
        });
        row("no such node", {"link 3", "77"}, [](Json& p) {
            p["network"]["links"][2]["from"] = {77, 0};
        });
        row("a parameter out of range", {"association", "Units", "-3"},
            [](Json& p) { p["network"]["nodes"][2]["params"]["units"] = -3; });
        row("a parameter of another type", {"association", "many"},
            [](Json& p) { p["network"]["nodes"][2]["params"]["units"] = "many"; });
        row("an unknown layer", {"teleport"},
            [](Json& p) { p["network"]["nodes"][1]["layer"] = "teleport"; });
        row("an input of another size", {"1×20×20", "1×24×24"}, [](Json& p) {
            p["network"]["nodes"][0]["params"]["shape"] = {1, 24, 24};
        });
        row("another number of classes", {"10 classes", "7"},
            [](Json& p) { p["network"]["nodes"][2]["params"]["units"] = 7; });
        row("a newer version", {"newer", "99", "update"}, [](Json& p) { p["schema"] = 99; });
        row("no version", {"schema", "1"}, [](Json& p) { p.erase("schema"); });
        row("something else", {"no Gradwright project"}, [](Json& p) { p = Json{{"a", 1}}; });
        row("an unknown data set", {"imagenet", "mnist"},
            [](Json& p) { p["data"]["dataset"] = "imagenet"; });
        row("a limit below 0", {"limit", "-5"}, [](Json& p) { p["data"]["limit"] = -5; });
        row("an unknown optimizer", {"newton", "adam"},
            [](Json& p) { p["training"]["optimizer"]["key"] = "newton"; });
        row("epochs out of range", {"Epochs", "0"},
            [](Json& p) { p["training"]["params"]["epochs"] = 0; });
        row("epochs of another type", {"Epochs", "ten"},
            [](Json& p) { p["training"]["params"]["epochs"] = "ten"; });
        row("an objective without weight", {"weight", "0"},
            [](Json& p) { p["training"]["objectives"][0]["weight"] = 0; });
    }
    void wrongProjects() {
        QFETCH(Change, change);
        QFETCH(QStringList, messages);
        auto project = good_;
        change(project);
        const auto file = cli_ / "wrong.gradwright";
        writeText(file, project.dump());
        expectRefused(file, messages);
    }

    void brokenProjectFiles_data() {
        QTest::addColumn<QByteArray>("contents");
        QTest::addColumn<QStringList>("messages");
        const auto whole = QByteArray::fromStdString(projectText(openTemplate("perceptron")));
        QTest::newRow("empty") << QByteArray() << QStringList{"not valid JSON", "line 1"};
        QTest::newRow("truncated")
            << whole.left(whole.size() / 2) << QStringList{"not valid JSON", "line"};
        QTest::newRow("one byte lost")
            << whole.left(whole.size() - 2) << QStringList{"not valid JSON"};
        QTest::newRow("binary") << QByteArray("\x89PNG\0\xff\xfe", 7)
                                << QStringList{"not valid JSON"};
        QTest::newRow("no text") << QByteArray(whole).replace("Perceptron", "Per\xff\xfe")
                                 << QStringList{"not valid JSON"};
        QTest::newRow("deep") << QByteArray(100'000, '[') << QStringList{"nested deeper"};
    }
    void brokenProjectFiles() {
        QFETCH(QByteArray, contents);
        QFETCH(QStringList, messages);
        const auto file = cli_ / "broken.gradwright";
        writeText(file, contents.toStdString());
        expectRefused(file, messages);
    }

    void missingFiles() {
        expectFailure({"summary", cli_.path("none.gradwright")}, {"none.gradwright"});
        expectFailure({"train", cli_.path("none.gradwright")}, {"none.gradwright"});
        expectFailure({"train", "template:alexnet"}, {"alexnet", "lenet-5"});
        expectFailure({"summary", text(run_)}, {text(run_)}); // a folder
        expectFailure({"evaluate", cli_.path("no-run")}, {"no-run", "no such run"});
        expectFailure({"predict", cli_.path("no-run"), "x.png"}, {"no-run", "no such run"});
        expectFailure({"train", "--resume", cli_.path("no-run")}, {"no-run", "no such run"});
        expectFailure({"evaluate", cli_.path("resources")}, {"resources", "run.json"});
    }

    void brokenDataFiles_data() {
        QTest::addColumn<QString>("file"); // of the four, the one that is changed
        QTest::addColumn<int>("keep");     // bytes; -1: it is missing
        QTest::addColumn<QByteArray>("head");
        QTest::newRow("images cut short") << "train-images-idx3-ubyte" << 5000 << QByteArray();
        QTest::newRow("labels cut short") << "train-labels-idx1-ubyte" << 100 << QByteArray();
        QTest::newRow("test images cut short") << "t10k-images-idx3-ubyte" << 10 << QByteArray();
        QTest::newRow("empty") << "t10k-labels-idx1-ubyte" << 0 << QByteArray();
        QTest::newRow("missing") << "train-images-idx3-ubyte" << -1 << QByteArray();
        QTest::newRow("no IDX") << "train-images-idx3-ubyte" << 900 << QByteArray("%PDF");
    }
    void brokenDataFiles() {
        QFETCH(QString, file);
        QFETCH(int, keep);
        QFETCH(QByteArray, head);
        const auto folder = cli_ / "broken-data";
        fs::remove_all(folder);
        fs::copy(cli_ / "resources/datasets/mnist", folder);
        const auto broken = folder / file.toStdString();
        if (keep < 0)
            fs::remove(broken);
        else
            fs::resize_file(broken, static_cast<std::uintmax_t>(keep));
        if (!head.isEmpty())
            std::fstream(broken, std::ios::binary | std::ios::in | std::ios::out)
                << head.toStdString();
        auto project = openTemplate("perceptron");
        project.data = {
            .dataset = "idx",
            .params = {{"size", std::int64_t{20}},
                       {"training-images", (folder / "train-images-idx3-ubyte").string()},
                       {"training-labels", (folder / "train-labels-idx1-ubyte").string()},
                       {"test-images", (folder / "t10k-images-idx3-ubyte").string()},
                       {"test-labels", (folder / "t10k-labels-idx1-ubyte").string()}}};
        const auto saved = cli_.save(project, "data.gradwright");
        expectFailure({"train", saved}, {text(broken)});
        QVERIFY(!fs::exists(cli_ / "data.runs"));
    }

    void brokenCheckpoints_data() {
        QTest::addColumn<QStringList>("messages");
        QTest::newRow("truncated") << QStringList{"safetensors"};
        QTest::newRow("one bit wrong") << QStringList{"safetensors"};
        QTest::newRow("empty") << QStringList{"safetensors"};
        QTest::newRow("of another network") << QStringList{"safetensors", "another network"};
        QTest::newRow("missing") << QStringList{""};
    }
    void brokenCheckpoints() {
        QFETCH(QStringList, messages);
        const std::string damage = QTest::currentDataTag();
        for (const std::string name : {"best.safetensors", "last.safetensors"}) {
            const auto run = copyOfRun();
            const auto file = run / name;
            if (damage == "truncated")
                fs::resize_file(file, fs::file_size(file) - 10);
            else if (damage == "one bit wrong")
                flipBit(file, fs::file_size(file) - 100);
            else if (damage == "empty")
                fs::resize_file(file, 0);
            else if (damage == "missing")
                fs::remove(file);
            else
                fs::copy_file(otherRun_ / name, file, fs::copy_options::overwrite_existing);
            const auto before = filesIn(run);
            if (name == "last.safetensors") {
                expectFailure({"train", "--resume", text(run), "--epochs", "2"},
                              messages + QStringList{text(file)});
            } else if (damage != "missing") {
                expectFailure({"evaluate", text(run)}, messages + QStringList{text(file)});
                expectFailure({"predict", text(run), sample()}, messages + QStringList{text(file)});
            }
            QVERIFY(filesIn(run) == before);
        }
    }

    void brokenRunRecords() {
        const auto run = copyOfRun();
        const auto whole = contentsOf(run / "run.json");
        writeText(run / "run.json", whole.substr(0, whole.size() / 2));
        for (const auto& arguments :
             {QStringList{"evaluate", text(run)}, QStringList{"predict", text(run), sample()},
              QStringList{"train", "--resume", text(run)}})
            expectFailure(arguments, {"run.json", "not valid JSON"});
        writeText(run / "run.json", "{}");
        expectFailure({"evaluate", text(run)}, {"run.json", "project"});
        fs::remove(run / "run.json");
        expectFailure({"evaluate", text(run)}, {"run.json is missing"});
    }

    void badImages_data() {
        QTest::addColumn<QString>("kind");
        for (const char* kind :
             {"missing", "blank", "black", "truncated", "text", "empty", "folder"})
            QTest::newRow(kind) << kind;
    }
    void badImages() {
        QFETCH(QString, kind);
        const auto file = cli_ / ("image-" + kind.toStdString() + ".png");
        const auto whole = contentsOf(sample().toStdString());
        if (kind == u"blank" || kind == u"black")
            writePng(makeImage(100, 100, kind == u"blank" ? 1.0F : 0.0F), file);
        else if (kind == u"truncated")
            writeText(file, whole.substr(0, whole.size() / 2));
        else if (kind == u"text")
            writeText(file, "seven");
        else if (kind == u"empty")
            writeText(file, "");
        else if (kind == u"folder")
            fs::create_directories(file);
        expectFailure({"predict", text(run_), text(file)}, {text(file)});
        const auto json = cli_.run({"predict", text(run_), text(file), "--json"});
        QCOMPARE(json.code, 1);
        QCOMPARE(json.out, QByteArray("[]\n"));
    }

    void runDirThatCannotBeMade() {
        const auto file = cli_ / "a-file";
        writeText(file, "precious");
        expectFailure({"train", "template:perceptron", "--run-dir", text(file / "runs")},
                      {text(file), "cannot be made"});
        expectFailure({"train", "template:perceptron", "--run-dir", text(file)}, {text(file)});
        QCOMPARE(contentsOf(file), "precious");
    }

    void readOnlyDisk() {
        // Trains into a file system that was made read-only, then evaluates a run that lies there.
        const auto result = onOwnDisk(
            "cp -r \"$RUN\" \"$DISK/run\" && mount -o remount,ro \"$DISK\" || exit 90\n"
            "\"$CLI\" train template:perceptron --run-dir \"$DISK/runs\"; echo \"train $?\"\n"
            "\"$CLI\" train --resume \"$DISK/run\" --epochs 2; echo \"resume $?\"\n"
            "\"$CLI\" evaluate \"$DISK/run\" --json >/dev/null; echo \"evaluate $?\"\n");
        if (result.code == 90)
            QSKIP("a file system of one's own cannot be mounted here");
        QVERIFY2(result.out.contains("train 1\n"), result.text().c_str());
        QVERIFY2(result.out.contains("resume 1\n"), result.text().c_str());
        QVERIFY2(result.out.contains("evaluate 0\n"), result.text().c_str());
        QVERIFY2(result.err.count("Read-only file system") == 2, result.text().c_str());
    }

    void fullDisk() {
        // Leaves room for the record of the run, not for a checkpoint.
        const auto result = onOwnDisk(
            "cp -r \"$RUN\" \"$DISK/run\" || exit 90\n"
            "cksum \"$DISK\"/run/*.safetensors\n"
            "free=$(df --output=avail -B1 \"$DISK\" | tail -1)\n"
            "head -c $((free - 32768)) /dev/zero > \"$DISK/rest\"\n"
            "\"$CLI\" train --resume \"$DISK/run\" --epochs 3 --quiet; echo \"resume $?\"\n"
            "\"$CLI\" train template:perceptron --run-dir \"$DISK/runs\" --quiet; echo \"train "
            "$?\"\n"
            "cksum \"$DISK\"/run/*.safetensors\n"
            "\"$CLI\" evaluate \"$DISK/run\" --json >/dev/null; echo \"evaluate $?\"\n"
            "rm \"$DISK/rest\"\n"
            "\"$CLI\" train --resume \"$DISK/run\" --epochs 3 --quiet; echo \"again $?\"\n");
        if (result.code == 90)
            QSKIP("a file system of one's own cannot be mounted here");
        QVERIFY2(result.out.contains("resume 1\n"), result.text().c_str());
        QVERIFY2(result.out.contains("train 1\n"), result.text().c_str());
        QVERIFY2(result.err.count("No space left on device") == 2, result.text().c_str());
        QVERIFY2(result.out.contains("evaluate 0\n"), result.text().c_str());
        QVERIFY2(result.out.contains("again 0\n"), result.text().c_str());
        auto sums = result.out.split('\n');
        sums.removeIf([](const QByteArray& line) { return !line.contains(".safetensors"); });
        QCOMPARE(sums.size(), 4);
        QCOMPARE(sums[0], sums[2]);
        QCOMPARE(sums[1], sums[3]);
    }

    void divergenceKeepsTheLastGoodCheckpoint_data() {
        QTest::addColumn<double>("checkpointSeconds");
        QTest::newRow("saved each step") << 0.0;
        QTest::newRow("saved each epoch") << 30.0;
    }
    void divergenceKeepsTheLastGoodCheckpoint() {
        QFETCH(double, checkpointSeconds);
        auto project = unboundedNetwork();
        project.training.params["checkpoint_seconds"] = checkpointSeconds;
        const auto file = cli_.save(project, "diverges.gradwright");
        const auto runs = cli_ / fmt::format("diverged{}", checkpointSeconds);
        const auto result = cli_.run({"train", file, "--optimizer", "sgd", "--learning-rate",
                                      "1000", "--run-dir", text(runs), "--quiet", "--json"});
        QCOMPARE(result.code, 1);
        QCOMPARE(result.out, QByteArray());
        QVERIFY2(result.failsInOneLine(), result.text().c_str());
        const QRegularExpression expected(
            QStringLiteral("Step \\d+: .*(association|digit).*learning rate"));
        QVERIFY2(expected.match(QString::fromUtf8(result.err)).hasMatch(), result.text().c_str());
        const auto run = onlyRun(runs);
        QVERIFY(isFinite(run / "last.safetensors"));
        if (checkpointSeconds > 0) { // the state of the start, still worth going on from
            const auto resumed = cli_.run({"train", "--resume", text(run), "--learning-rate",
                                           "0.01", "--epochs", "1", "--json"});
            QVERIFY2(resumed.code == 0, resumed.text().c_str());
        }
    }

    void divergenceKeepsTheBestWeights() {
        const auto file = cli_.save(unboundedNetwork(), "later.gradwright");
        const auto runs = cli_ / "later";
        const auto good = cli_.run({"train", file, "--optimizer", "sgd", "--learning-rate", "0.01",
                                    "--epochs", "1", "--run-dir", text(runs), "--json"});
        QVERIFY2(good.code == 0, good.text().c_str());
        const auto run = onlyRun(runs);
        const auto best = contentsOf(run / "best.safetensors");
        const auto last = contentsOf(run / "last.safetensors");
        expectFailure({"train", "--resume", text(run), "--learning-rate", "1000", "--epochs", "3"},
                      {"Step ", "learning rate"});
        QVERIFY(contentsOf(run / "best.safetensors") == best);
        QVERIFY(contentsOf(run / "last.safetensors") == last);
        QCOMPARE(cli_.run({"evaluate", text(run), "--json"}).json()["accuracy"].get<double>(),
                 good.json()["test_accuracy"].get<double>());
    }

private:
    static QString sample() {
        return QStringLiteral(GRADWRIGHT_SOURCE_DIR "/resources/samples/0-marker.png");
    }

    /// Exit code 1, nothing on standard output but progress, one line that contains all messages.
    void expectFailure(const QStringList& arguments, const QStringList& messages) {
        const auto result = cli_.run(arguments);
        QVERIFY2(result.code == 1, result.text().c_str());
        QVERIFY2(result.failsInOneLine(), result.text().c_str());
        for (const auto& message : messages)
            QVERIFY2(result.err.contains(message.toUtf8()),
                     qPrintable(message + u'\n' + QString::fromStdString(result.text())));
    }

    /// Training refuses the project, leaves the file as it is and makes no folder for runs.
    void expectRefused(const fs::path& file, const QStringList& messages) {
        const auto before = contentsOf(file);
        expectFailure({"train", text(file)}, messages);
        QVERIFY(contentsOf(file) == before);
        QVERIFY(!fs::exists(fs::path(file).replace_extension(".runs")));
        QCOMPARE(cli_.run({"train", text(file), "--json"}).out, QByteArray());
    }

    fs::path copyOfRun() {
        const auto copy = cli_ / fmt::format("copy{}", ++copies_);
        fs::copy(run_, copy);
        return copy;
    }

    static std::map<std::string, std::string> filesIn(const fs::path& folder) {
        std::map<std::string, std::string> files;
        for (const auto& entry : fs::directory_iterator(folder))
            if (!entry.path().filename().string().starts_with('.')) // the lock
                files[entry.path().filename().string()] = contentsOf(entry.path());
        return files;
    }

    static void flipBit(const fs::path& file, std::uintmax_t offset) {
        auto contents = contentsOf(file);
        contents[offset] = static_cast<char>(contents[offset] ^ 4);
        writeText(file, contents);
    }

    /// Runs a shell script with a small file system of its own at $DISK; code 90 when it cannot be
    /// made.
    CliResult onOwnDisk(const QString& script) const {
        const auto disk = cli_.path("disk");
        fs::create_directories(disk.toStdString());
        auto process = cli_.prepared({});
        auto environment = process->processEnvironment();
        environment.insert(QStringLiteral("DISK"), disk);
        environment.insert(QStringLiteral("RUN"), text(run_));
        environment.insert(QStringLiteral("CLI"), Cli::program());
        process->setProcessEnvironment(environment);
        process->setProgram(QStringLiteral("unshare"));
        process->setArguments({::geteuid() == 0 ? "-m" : "-rm", "sh", "-c",
                               "mount -t tmpfs -o size=1m none \"$DISK\" || exit 90\n" + script});
        process->start();
        if (!process->waitForStarted())
            return {90, {}, {}};
        auto result = Cli::finish(*process);
        if (result.err.startsWith("unshare: "))
            result.code = 90;
        return result;
    }

    Cli cli_;
    Json good_;
    fs::path run_;
    fs::path otherRun_;
    int copies_ = 0;
};

QTEST_GUILESS_MAIN(CliBadInputTest)
#include "tst_cli_bad_input.moc"
