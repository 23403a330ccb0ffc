// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/safetensors.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"

#include <QRegularExpression>
#include <QTest>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

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

/// Disks, checkpoints and learning rates that end a training: nothing saved before is lost.
class CliLossTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        run_ = trained("perceptron");
        otherRun_ = trained("softmax-regression");
        QVERIFY(!run_.empty() && !otherRun_.empty());
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

    [[nodiscard]] fs::path trained(const char* name) const {
        const auto result = cli_.run({"train", QStringLiteral("template:%1").arg(name), "--epochs",
                                      "1", "--quiet", "--run-dir", cli_.path(name)});
        return result.code == 0 ? onlyRun(cli_ / name) : fs::path();
    }

    void expectFailure(const QStringList& arguments, const QStringList& messages) {
        const auto why = cli_.run(arguments).whyNoFailure(messages);
        QVERIFY2(why.empty(), why.c_str());
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
    fs::path run_;
    fs::path otherRun_;
    int copies_ = 0;
};

QTEST_GUILESS_MAIN(CliLossTest)
#include "tst_cli_loss.moc"
