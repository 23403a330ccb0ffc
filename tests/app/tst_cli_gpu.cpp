// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/run_directory.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"

#include <QDir>
#include <QTest>

#include <csignal>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

/// The children of a process, from /proc.
std::vector<pid_t> childrenOf(qint64 parent) {
    std::vector<pid_t> children;
    const auto list = contentsOf(fmt::format("/proc/{}/task/{}/children", parent, parent));
    for (const auto& word : QString::fromStdString(list).split(' ', Qt::SkipEmptyParts))
        children.push_back(word.toInt());
    return children;
}

} // namespace

/// The real program with the worker whose GPU is the stand-in.
class CliGpuTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        qputenv("GRADWRIGHT_WORKER", GRADWRIGHT_STANDIN_WORKER);
        project_ = openTemplate("multilayer-perceptron");
        project_.data.limit = 200;
        file_ = cli_.save(project_, "small.gradwright");
    }
    void cleanupTestCase() { qunsetenv("GRADWRIGHT_WORKER"); }

    void theGpuIsListed() {
        const auto text = cli_.run({"devices"});
        QCOMPARE(text.code, 0);
        QVERIFY2(text.out.contains("cuda:0  stand-in, "), text.text().c_str());
        QVERIFY2(text.out.contains("trains in fp32, tf32, bf16, fp16"), text.text().c_str());
        const auto list = cli_.run({"devices", "--json"}).json();
        const auto& gpu = list.back();
        QCOMPARE(gpu["device"].get<std::string>(), std::string("cuda:0"));
        QCOMPARE(gpu["engine"].get<std::string>(), std::string("cuda"));
        QVERIFY(gpu["unusable"].is_null());
    }

    /// Trained there, evaluated here, and resumed here.
    void aNetworkIsTrainedOnIt() {
        const auto trained = cli_.run(
            {"train", file_, "--device", "cuda", "--epochs", "2", "--run-dir", cli_.path("runs")});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        QVERIFY2(trained.out.contains("steps on stand-in"), trained.text().c_str());
        const auto run = onlyRun(cli_ / "runs");
        const auto machine = [&] { return RunDirectory::open(run).readRunJson()["machine"]; };
        QCOMPARE(machine()["device_key"].get<std::string>(), std::string("cuda:0"));
        const auto evaluated = cli_.run({"evaluate", QString::fromStdString(run), "--json"});
        QVERIFY2(evaluated.code == 0, evaluated.text().c_str());
        const auto resumed = cli_.run({"train", "--resume", QString::fromStdString(run), "--device",
                                       "cpu", "--epochs", "3", "--json"});
        QVERIFY2(resumed.code == 0, resumed.text().c_str());
        QCOMPARE(resumed.json()["epochs"].get<int>(), 3);
        QCOMPARE(machine()["device_key"].get<std::string>(), std::string("cpu"));
    }

    void whatIsNotThereIsNamed() {
        const auto other = cli_.run({"train", file_, "--device", "cuda:2"});
        QVERIFY2(other.whyNoFailure({"There is no GPU cuda:2 in this computer"}).empty(),
                 other.text().c_str());
        const auto typo = cli_.run({"train", file_, "--device", "gpu"});
        QCOMPARE(typo.code, 2);
        QVERIFY2(typo.err.contains("--device: Device must be one of cpu, cuda, not gpu"),
                 typo.text().c_str());
        const auto precise = cli_.run({"train", file_, "--device", "cuda", "--precision", "fp64"});
        QVERIFY2(precise.whyNoFailure({"fp64 runs on the reference backend"}).empty(),
                 precise.text().c_str());
        const auto report = cli_.run({"summary", file_, "--device", "cuda", "--report"});
        QVERIFY2(report.code == 0 && report.out.contains("cuda: "), report.text().c_str());
        const auto calibrated = cli_.run({"calibrate", file_, "--device", "cuda"});
        QCOMPARE(calibrated.code, 2);
    }

    void aWorkerThatIsMissingIsNamed() {
        auto process = cli_.prepared({"train", file_, "--device", "cuda"});
        auto environment = process->processEnvironment();
        environment.insert("GRADWRIGHT_WORKER", "/nowhere/worker");
        process->setProcessEnvironment(environment);
        process->start();
        const auto result = Cli::finish(*process);
        QVERIFY2(result.whyNoFailure({"did not start: /nowhere/worker cannot be started"}).empty(),
                 result.text().c_str());
    }

    /// Ctrl+C reaches both programs; the training stops as it does on the processor.
    void ctrlCStopsCleanly() {
        auto process = cli_.start({"train", file_, "--device", "cuda", "--epochs", "100000",
                                   "--run-dir", cli_.path("stopped")});
        fs::path run;
        QTRY_VERIFY_WITH_TIMEOUT(!(run = onlyRun(cli_ / "stopped")).empty() &&
                                     fs::file_size(run / "metrics.jsonl") > 0,
                                 60'000);
        const auto workers = childrenOf(process->processId());
        QCOMPARE(workers.size(), 1U);
        ::kill(workers[0], SIGINT);
        ::kill(static_cast<pid_t>(process->processId()), SIGINT);
        const auto result = Cli::finish(*process);
        QVERIFY2(result.code == 1 && result.err.contains("Stopped after step"),
                 result.text().c_str());
        QVERIFY(!RunDirectory::open(run).isLocked());
    }

    void aKilledWorkerIsOneMessage() {
        auto process = cli_.start({"train", file_, "--device", "cuda", "--epochs", "100000",
                                   "--run-dir", cli_.path("killed"), "--quiet"});
        fs::path run;
        QTRY_VERIFY_WITH_TIMEOUT(!(run = onlyRun(cli_ / "killed")).empty() &&
                                     fs::file_size(run / "metrics.jsonl") > 0,
                                 60'000);
        const auto workers = childrenOf(process->processId());
        QCOMPARE(workers.size(), 1U);
        ::kill(workers[0], SIGKILL);
        const auto result = Cli::finish(*process);
        QVERIFY2(result
                     .whyNoFailure({"The process that trains on the GPU was killed",
                                    "The run is saved up to step", "gradwright-cli train --resume"})
                     .empty(),
                 result.text().c_str());
    }

private:
    Cli cli_{400, 60};
    Project project_;
    QString file_;
};

QTEST_GUILESS_MAIN(CliGpuTest)
#include "tst_cli_gpu.moc"
