// SPDX-License-Identifier: GPL-3.0-or-later
//
// A training whose settings ask for several processes, which the program starts itself.
#include "engine/io/run_directory.h"
#include "engine/support/json.h"
#include "engine/training/checkpoint.h"
#include "tests/app/cli.h"
#include "tests/support/marked_ranks.h"

#include <QDir>
#include <QTest>

#include <csignal>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

const QStringList kLeNet = {"train", "template:lenet-5", "--batch",  "48",        "--seed",
                            "3",     "--schedule",       "constant", "--threads", "1"};
const QStringList kShared = {"--set", "where=processes", "--set", "processes=2"};

} // namespace

class CliProcessesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        if (const auto why = whyNoMpirun(); !why.isEmpty())
            QSKIP(qPrintable(why));
        QVERIFY(QDir().mkpath(cli_.path("tmp")));
        qputenv("TMPDIR", cli_.path("tmp").toUtf8()); // where nobody else leaves anything
    }

    /// The run is the one that mpirun gives when the user starts it, to the bit.
    void theProgramStartsMpirun() {
        const QStringList settings = kLeNet + QStringList{"--epochs", "1", "--json"};
        const auto own = cli_.run(settings + kShared + QStringList{"--run-dir", cli_.path("own")});
        QVERIFY2(own.code == 0, own.text().c_str());
        auto process = cli_.prepared({});
        process->setProgram("mpirun");
        process->setArguments(QStringList{"--allow-run-as-root", "-n", "2", "--map-by",
                                          ":OVERSUBSCRIBE", "--bind-to", "none", Cli::program()} +
                              settings + QStringList{"--run-dir", cli_.path("users")});
        process->start();
        const auto users = Cli::finish(*process);
        QVERIFY2(users.code == 0, users.text().c_str());
        const auto weightsOf = [](const CliResult& result) {
            return readFile(fs::path(result.json()["run"].get<std::string>()) / "last.safetensors");
        };
        QVERIFY(weightsOf(own) == weightsOf(users));
        QCOMPARE(onlyRun(cli_ / "own").string(), own.json()["run"].get<std::string>());
        const auto record = RunDirectory::open(onlyRun(cli_ / "own")).readRunJson();
        QCOMPARE(record["machine"]["ranks"]["count"].get<int>(), 2);
    }

    /// Whoever has started the processes is gone at once: they save the run and end.
    void theyEndWithWhoeverStartedThem() {
        auto process = cli_.start(kLeNet + kShared +
                                  QStringList{"--epochs", "1000", "--set", "checkpoint_seconds=1",
                                              "--run-dir", cli_.path("left")});
        fs::path run;
        QTRY_VERIFY_WITH_TIMEOUT(!(run = onlyRun(cli_ / "left")).empty() &&
                                     stepsOfCheckpoint(run / "last.safetensors") > 0,
                                 120'000);
        QCOMPARE(mark_.ranks().size(), 2U);
        process->kill();
        QVERIFY(process->waitForFinished(60'000));
        QTRY_VERIFY_WITH_TIMEOUT(mark_.ranks().empty(), 60'000);
        QVERIFY(RunDirectory::open(run).readRunJson()["ended_by"] == "stop");
        QVERIFY2(QDir(cli_.path("tmp")).entryList({"gradwright-*"}, QDir::Dirs).isEmpty(),
                 "what the processes shared is left");
        const auto saved = stepsOfCheckpoint(run / "last.safetensors");
        const auto again = cli_.run({"train", "--resume", QString::fromStdString(run.string()),
                                     "--epochs", QString::number(saved / 15 + 2), "--json"});
        QVERIFY2(again.code == 0, again.text().c_str());
        QVERIFY(again.json()["steps"].get<std::int64_t>() > saved);
    }

    void aFolderForProcessesIsNoneForPeople() {
        const auto result = cli_.run({"train", "--job", cli_.path("nowhere")});
        QCOMPARE(result.code, 2);
        QVERIFY2(result.err.contains("--job is for processes that mpirun has started"),
                 result.text().c_str());
    }

private:
    const RankMark mark_;
    Cli cli_;
};

QTEST_GUILESS_MAIN(CliProcessesTest)
#include "tst_cli_processes.moc"
