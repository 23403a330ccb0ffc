// SPDX-License-Identifier: GPL-3.0-or-later
//
// The real program in several processes of Open MPI, on this computer.
#include "engine/io/run_directory.h"
#include "engine/support/json.h"
#include "engine/training/checkpoint.h"
#include "tests/app/cli.h"

#include <QDir>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QTest>

#include <cmath>
#include <csignal>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

const QStringList kLeNet = {"train", "template:lenet-5", "--batch", "48", "--seed",
                            "3",     "--schedule",       "constant"};

/// More processes than processors if it must be.
const QStringList kMpirun = {"--map-by", ":OVERSUBSCRIBE", "--bind-to", "none"};

double largestDifference(const fs::path& first, const fs::path& other) {
    const auto a = readCheckpointWeights(first), b = readCheckpointWeights(other);
    double largest = 0;
    for (const auto& [key, value] : a.values) {
        const auto* same = b.find(key);
        for (std::size_t i = 0; i < value.span<float>().size(); ++i)
            largest = std::max(largest, std::abs(static_cast<double>(value.span<float>()[i] -
                                                                     same->span<float>()[i])));
    }
    return largest;
}

/// Processes whose parent is mpirun, or a daemon that it has started, by rank.
std::vector<pid_t> ranksOf(const QString& runDir) {
    std::vector<std::pair<int, pid_t>> found;
    for (const auto& name : QDir("/proc").entryList(QDir::Dirs)) {
        bool isNumber = false;
        const auto id = name.toInt(&isNumber);
        QFile command("/proc/" + name + "/cmdline"), environment("/proc/" + name + "/environ");
        if (!isNumber || !command.open(QIODevice::ReadOnly) ||
            !environment.open(QIODevice::ReadOnly))
            continue;
        const auto arguments = command.readAll().split('\0');
        if (!arguments.front().endsWith("gradwright-cli") || !arguments.contains(runDir.toUtf8()))
            continue;
        for (const auto& variable : environment.readAll().split('\0'))
            if (variable.startsWith("OMPI_COMM_WORLD_RANK="))
                found.emplace_back(variable.mid(variable.indexOf('=') + 1).toInt(), id);
    }
    std::ranges::sort(found);
    std::vector<pid_t> processes;
    for (const auto& [rank, id] : found)
        processes.push_back(id);
    return processes;
}

/// What ranks that are not the first write to.
QStringList foldersOfRanks() {
    return QDir::temp().entryList({"gradwright-rank-*"}, QDir::Dirs);
}

} // namespace

class CliMpiTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        if (QStandardPaths::findExecutable("mpirun").isEmpty())
            QSKIP("mpirun is not installed (openmpi-bin)");
        // Open MPI wants to be asked twice for this, and for more processes than processors.
        qputenv("OMPI_ALLOW_RUN_AS_ROOT", "1");
        qputenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
        qunsetenv("DISPLAY"); // its hwloc would look for GPUs there
        QProcess probe;       // without our program
        probe.start("mpirun", kMpirun + QStringList{"-n", "2", "true"});
        if (!probe.waitForFinished(60'000) || probe.exitCode() != 0)
            QSKIP("mpirun cannot start processes here");
    }

    /// One run, as one process would have made it, but for the rounding of sums.
    void severalProcessesTrainOneNetwork_data() {
        QTest::addColumn<int>("ranks");
        QTest::newRow("two") << 2;
        QTest::newRow("four") << 4;
    }
    void severalProcessesTrainOneNetwork() {
        QFETCH(int, ranks);
        const auto folder = QString("together%1").arg(ranks),
                   single = QString("single%1").arg(ranks);
        const QStringList settings = kLeNet + QStringList{"--epochs", "2", "--json"};
        const auto alone =
            cli_.run(settings + QStringList{"--run-dir", cli_.path(single.toStdString())});
        QVERIFY2(alone.code == 0, alone.text().c_str());
        auto process =
            started(ranks, settings + QStringList{"--run-dir", cli_.path(folder.toStdString())});
        const auto together = Cli::finish(*process);
        QVERIFY2(together.code == 0, together.text().c_str());
        const auto result = together.json();
        QVERIFY2(result.is_object(), together.text().c_str());
        QCOMPARE(result["steps"].get<int>(), alone.json()["steps"].get<int>());
        QVERIFY(std::abs(result["test_loss"].get<double>() -
                         alone.json()["test_loss"].get<double>()) < 1e-3);
        const fs::path run = result["run"].get<std::string>();
        QCOMPARE(onlyRun(cli_ / folder.toStdString()).string(), run.string());
        QVERIFY(largestDifference(run / "last.safetensors",
                                  fs::path(alone.json()["run"].get<std::string>()) /
                                      "last.safetensors") < 1e-3);
        const auto record = RunDirectory::open(run).readRunJson();
        QCOMPARE(record["machine"]["ranks"]["count"].get<int>(), ranks);
        QVERIFY(record["ended_by"] == "epochs");
        QVERIFY2(foldersOfRanks().isEmpty(), qPrintable(foldersOfRanks().join(' ')));
    }

    /// The gradients of the large layer are summed while those of the convolutions are made, and
    /// the weights are those of sums after that, to the bit.
    void sumsGoBesideTheBackwardPass() {
        const QStringList cnn = {"train",    "template:small-cnn",
                                 "--batch",  "96",
                                 "--epochs", "1",
                                 "--seed",   "3",
                                 "--set",    "parts=1",
                                 "--json"};
        const auto trained = [&](const std::string& folder, const QStringList& more) {
            auto process = started(2, cnn + QStringList{"--run-dir", cli_.path(folder)} + more);
            return Cli::finish(*process);
        };
        const auto apart = trained("apart", {"--no-overlap"});
        QVERIFY2(apart.code == 0, apart.text().c_str());
        const auto beside = trained("beside", {"--trace", cli_.path("beside.json")});
        QVERIFY2(beside.code == 0, beside.text().c_str());
        const auto runOf = [](const CliResult& result) {
            return fs::path(result.json()["run"].get<std::string>());
        };
        QCOMPARE(largestDifference(runOf(apart) / "last.safetensors",
                                   runOf(beside) / "last.safetensors"),
                 0.0);
        const auto ranksOf = [&](const CliResult& result) {
            return RunDirectory::open(runOf(result)).readRunJson()["machine"]["ranks"];
        };
        QVERIFY(!ranksOf(apart)["overlapped"].get<bool>());
        QVERIFY(ranksOf(beside)["overlapped"].get<bool>());
        QCOMPARE(ranksOf(beside)["bytes_sent"].get<std::int64_t>(),
                 ranksOf(apart)["bytes_sent"].get<std::int64_t>());
        const auto bytes = readFile(cli_ / "beside.json");
        const auto trace = Json::parse(bytes.begin(), bytes.end());
        int sums = 0;
        for (const auto& event : trace["traceEvents"])
            sums += event["cat"] == "all-reduce" ? 1 : 0;
        QVERIFY(sums >= 2 * 10); // two buckets in each of at least ten steps
    }

    /// With an MPI that a single thread may use, sums wait for the end of the backward pass: a note
    /// says so, and the weights are the same.
    void anMpiForOneThreadIsEnough() {
        const QStringList cnn = {"train",    "template:small-cnn",
                                 "--batch",  "96",
                                 "--epochs", "1",
                                 "--seed",   "3",
                                 "--set",    "parts=1",
                                 "--set",    "data.limit=400",
                                 "--json"};
        const auto trained = [&](const char* threads) {
            auto process =
                started(2, cnn + QStringList{"--run-dir", cli_.path(std::string("mpi-") + threads)},
                        threads);
            return Cli::finish(*process);
        };
        const auto several = trained("serialized"), one = trained("funneled");
        QVERIFY2(several.code == 0, several.text().c_str());
        QVERIFY2(one.code == 0, one.text().c_str());
        const auto folderOf = [](const CliResult& result) {
            return fs::path(result.json()["run"].get<std::string>());
        };
        const auto overlapped = [&](const CliResult& result) {
            const auto record = RunDirectory::open(folderOf(result)).readRunJson();
            return record["machine"]["ranks"]["overlapped"].get<bool>();
        };
        QVERIFY(overlapped(several) && !overlapped(one));
        const auto isNoted = [](const CliResult& result) {
            const auto json = result.json();
            return std::ranges::any_of(json["data_notes"], [](const Json& note) {
                return note == "gradients are summed after the backward pass: this MPI lets a "
                               "single thread use it";
            });
        };
        QVERIFY(!isNoted(several) && isNoted(one));
        QCOMPARE(largestDifference(folderOf(several) / "last.safetensors",
                                   folderOf(one) / "last.safetensors"),
                 0.0);
        const auto wrong = trained("many");
        QVERIFY2(wrong.err.contains("GRADWRIGHT_MPI_THREADS must be \"funneled\" or "
                                    "\"serialized\", not \"many\""),
                 wrong.text().c_str());
    }

    /// A process that is gone ends the others in time, and the run is resumed as if nothing had
    /// happened.
    void aProcessThatDiesLeavesARun_data() {
        QTest::addColumn<int>("signal");
        QTest::addColumn<int>("victim");
        QTest::newRow("killed") << SIGKILL << 1;
        QTest::newRow("halted") << SIGSTOP << 1;
        QTest::newRow("halted first") << SIGSTOP << 0;
    }
    void aProcessThatDiesLeavesARun() {
        QFETCH(int, signal);
        QFETCH(int, victim);
        const auto folder = fmt::format("fault-{}-{}", signal, victim);
        auto process =
            started(2, kLeNet + QStringList{"--epochs", "1000", "--set", "checkpoint_seconds=1",
                                            "--patience", "2", "--run-dir", cli_.path(folder)});
        fs::path run;
        QTRY_VERIFY_WITH_TIMEOUT(!(run = onlyRun(cli_ / folder)).empty() &&
                                     stepsOfCheckpoint(run / "last.safetensors") > 0,
                                 60'000);
        std::vector<pid_t> ranks;
        QTRY_COMPARE_WITH_TIMEOUT((ranks = ranksOf(cli_.path(folder))).size(), 2U, 10'000);
        QCOMPARE(::kill(ranks[static_cast<std::size_t>(victim)], signal), 0);
        const auto result = Cli::finish(*process);
        QVERIFY2(result.code != 0, result.text().c_str());
        QTRY_VERIFY_WITH_TIMEOUT(ranksOf(cli_.path(folder)).empty(), 30'000);
        if (signal == SIGSTOP)
            QVERIFY2(result.err.contains(
                         QString("Rank %1 has not answered for 2 s.").arg(victim).toUtf8()),
                     result.text().c_str());
        const auto saved = stepsOfCheckpoint(run / "last.safetensors");
        QVERIFY(saved > 0);
        const auto epochs = QString::number(saved / 21 + 2); // 1,000 samples in batches of 48
        auto again = started(2, {"train", "--resume", QString::fromStdString(run.string()),
                                 "--epochs", epochs, "--json"});
        const auto resumed = Cli::finish(*again);
        QVERIFY2(resumed.code == 0, resumed.text().c_str());

        auto whole = started(2, kLeNet + QStringList{"--epochs", epochs, "--json", "--run-dir",
                                                     cli_.path(folder + "-whole")});
        const auto undisturbed = Cli::finish(*whole);
        QVERIFY2(undisturbed.code == 0, undisturbed.text().c_str());
        // What the other ranks wrote is gone, that of the one that was killed, too.
        QVERIFY2(foldersOfRanks().isEmpty(), qPrintable(foldersOfRanks().join(' ')));
        QCOMPARE(largestDifference(run / "last.safetensors",
                                   fs::path(undisturbed.json()["run"].get<std::string>()) /
                                       "last.safetensors"),
                 0.0);
    }

    /// What all have wrong is said once.
    void anErrorIsSaidOnce() {
        auto process = started(3, {"train", cli_.path("no-such.gradwright")});
        const auto result = Cli::finish(*process);
        QVERIFY(result.code != 0);
        QVERIFY2(result.err.count("gradwright-cli: ") == 1, result.text().c_str());
    }

    void processesThatDoNotFindEachOtherSaySo() {
        auto process = cli_.prepared(kLeNet);
        auto environment = process->processEnvironment();
        environment.insert("OMPI_COMM_WORLD_SIZE", "2");
        process->setProcessEnvironment(environment);
        process->start();
        const auto result = Cli::finish(*process);
        QCOMPARE(result.code, 1);
        QVERIFY2(result.err.contains("2 processes were started together, and Open MPI knows of 1"),
                 result.text().c_str());
    }

private:
    /// Under mpirun, each with one thread.
    [[nodiscard]] std::unique_ptr<QProcess> started(int ranks, const QStringList& arguments,
                                                    const char* threadsOfMpi = "") const {
        auto process = cli_.prepared({});
        auto environment = process->processEnvironment();
        environment.insert("GRADWRIGHT_MPI_THREADS", threadsOfMpi);
        process->setProcessEnvironment(environment);
        process->setProgram("mpirun");
        process->setArguments(
            QStringList{"-n", QString::number(ranks), "--map-by", ":OVERSUBSCRIBE", "--bind-to",
                        "none", Cli::program()} +
            arguments +
            (arguments.contains("--resume") ? QStringList{} : QStringList{"--threads", "1"}));
        process->start();
        return process;
    }

    Cli cli_;
};

QTEST_GUILESS_MAIN(CliMpiTest)
#include "tst_cli_mpi.moc"
