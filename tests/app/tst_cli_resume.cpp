// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/json_lines.h"
#include "engine/io/run_directory.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"

#include <QElapsedTimer>
#include <QTest>

#include <csignal>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

/// Epochs done, as far as the metrics tell.
int epochsIn(const fs::path& run) {
    int epochs = 0;
    for (const auto& line : readJsonLines(run / "metrics.jsonl").records)
        if (line.contains("epoch_loss"))
            epochs = line["epoch"].get<int>();
    return epochs;
}

} // namespace

class CliResumeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void signalsStopCleanly_data() {
        QTest::addColumn<int>("signal");
        QTest::newRow("Ctrl+C") << SIGINT;
        QTest::newRow("SIGTERM") << SIGTERM;
    }
    void signalsStopCleanly() {
        QFETCH(int, signal);
        const auto folder = fmt::format("signal{}", signal);
        auto process = cli_.start({"train", "template:small-cnn", "--epochs", "1000", "--run-dir",
                                   cli_.path(folder), "--json"});
        fs::path run;
        QTRY_VERIFY_WITH_TIMEOUT(!(run = onlyRun(cli_ / folder)).empty() &&
                                     fs::file_size(run / "metrics.jsonl") > 0,
                                 60'000);
        QElapsedTimer timer;
        timer.start();
        QCOMPARE(::kill(static_cast<pid_t>(process->processId()), signal), 0);
        const auto result = Cli::finish(*process);
        // About a second on a free machine; far from what is left of a thousand epochs.
        QVERIFY(timer.elapsed() < 20'000);
        QVERIFY2(result.code == 1, result.text().c_str());
        QCOMPARE(result.json()["finished"].get<bool>(), false);
        QCOMPARE(result.json()["run"].get<std::string>(), run.string());
        QVERIFY2(result.err.contains("--resume " + QByteArray::fromStdString(run.string())),
                 result.text().c_str());

        const auto steps = result.json()["steps"].get<std::int64_t>();
        const auto resumed = cli_.run(
            {"train", "--resume", QString::fromStdString(run.string()), "--epochs", "1", "--json"});
        QVERIFY2(resumed.code == 0, resumed.text().c_str());
        QVERIFY(resumed.json()["finished"].get<bool>());
        QVERIFY(resumed.json()["steps"].get<std::int64_t>() >= steps);
        QCOMPARE(resumed.json()["run"].get<std::string>(), run.string());
        QVERIFY2(resumed.err.contains("from step"), resumed.text().c_str());
    }

    /// The schedule of the perceptron is constant, so two epochs are the first two of four.
    void resumeExtends() {
        const auto train = [&](const char* folder, const char* epochs) {
            return cli_.run({"train", "template:perceptron", "--epochs", epochs, "--run-dir",
                             cli_.path(folder), "--quiet"});
        };
        QCOMPARE(train("whole", "4").code, 0);
        QCOMPARE(train("parts", "2").code, 0);
        const auto whole = onlyRun(cli_ / "whole");
        const auto parts = onlyRun(cli_ / "parts");
        QCOMPARE(epochsIn(parts), 2);
        QVERIFY(contentsOf(parts / "last.safetensors") != contentsOf(whole / "last.safetensors"));
        const auto resumed = cli_.run({"train", "--resume", QString::fromStdString(parts.string()),
                                       "--epochs", "4", "--json"});
        QVERIFY2(resumed.code == 0, resumed.text().c_str());
        QCOMPARE(resumed.json()["epochs"].get<int>(), 4);
        QCOMPARE(epochsIn(parts), 4);
        QVERIFY(contentsOf(parts / "last.safetensors") == contentsOf(whole / "last.safetensors"));
        // The record follows, so that a later resume goes to the same end.
        const auto record = RunDirectory::open(parts).readRunJson();
        QCOMPARE(record["project"]["training"]["params"]["epochs"].get<int>(), 4);
        QCOMPARE(record["result"]["epochs"].get<int>(), 4);
    }

    void resumeOfAFinishedRunChangesNothing() {
        QCOMPARE(cli_.run({"train", "template:perceptron", "--epochs", "1", "--run-dir",
                           cli_.path("done"), "--quiet"})
                     .code,
                 0);
        const auto run = onlyRun(cli_ / "done");
        const auto last = contentsOf(run / "last.safetensors");
        const auto best = contentsOf(run / "best.safetensors");
        const auto again =
            cli_.run({"train", "--resume", QString::fromStdString(run.string()), "--json"});
        QVERIFY2(again.code == 0, again.text().c_str());
        QCOMPARE(again.json()["epochs"].get<int>(), 1);
        QVERIFY(contentsOf(run / "last.safetensors") == last);
        QVERIFY(contentsOf(run / "best.safetensors") == best);
        // It says so, for as many epochs as it has and for fewer.
        const auto said = cli_.run({"train", "--resume", QString::fromStdString(run.string())});
        QVERIFY2(said.text().find("Nothing is left to train: the run has had 1 epoch, and 1 is "
                                  "asked for (--epochs takes more)") != std::string::npos,
                 said.text().c_str());
        QVERIFY(said.text().find("Training") == std::string::npos);
    }

    void aRunIsWrittenByOneProcessAtATime() {
        auto process = cli_.start({"train", "template:small-cnn", "--epochs", "1000", "--run-dir",
                                   cli_.path("busy"), "--quiet"});
        fs::path run;
        QTRY_VERIFY_WITH_TIMEOUT(!(run = onlyRun(cli_ / "busy")).empty(), 60'000);
        const auto second = cli_.run({"train", "--resume", QString::fromStdString(run.string())});
        QCOMPARE(second.code, 1);
        QVERIFY2(second.failsInOneLine() &&
                     second.err.contains(QByteArray::number(process->processId())),
                 second.text().c_str());
        process->kill();
        process->waitForFinished();
    }

private:
    Cli cli_;
};

QTEST_GUILESS_MAIN(CliResumeTest)
#include "tst_cli_resume.moc"
