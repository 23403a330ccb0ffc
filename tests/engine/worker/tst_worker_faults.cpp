// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/run_directory.h"
#include "engine/support/json.h"
#include "engine/training/checkpoint.h"
#include "tests/engine/worker/worker_rig.h"

#include <QTest>

#include <chrono>
#include <csignal>
#include <random>
#include <thread>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

constexpr auto kSilence = std::chrono::seconds(4);

/// Seven steps an epoch, whose last batch is smaller, and a validation.
Project disturbedProject() {
    return gpuProject(200, 0.02);
}

/// What has to come out, and how long it takes until then.
struct Undisturbed {
    TemporaryFolder folder;
    Bytes weights;
    std::int64_t steps = 0;
    std::chrono::milliseconds took{};
    std::size_t driverCalls = 0;

    Undisturbed() {
        EventLog log;
        const auto began = std::chrono::steady_clock::now();
        const auto job = trainingJob(disturbedProject(), folder / "remote");
        trainRemotely(log, job, standinWorker());
        took = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - began);
        if (!log.has<Finished>())
            throw Error("the undisturbed run failed: {}", failureOf(log));
        weights = lastWeightsOf(runOf(log));
        steps = log.all<Finished>()[0].step;
        EventLog local;
        trainHere(local, trainingJob(disturbedProject(), folder / "local"));
        driverCalls = cuda::standin::counters().calls;
    }
};

/// Sends a signal to the worker, some time after it has begun.
class Disturbance {
public:
    Disturbance(const RemoteTrainer& trainer, int signal, std::chrono::milliseconds after)
        : thread_([&trainer, signal, after](const std::stop_token& stop) {
            while (trainer.processId() == 0 && !stop.stop_requested())
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            const auto until = std::chrono::steady_clock::now() + after;
            while (std::chrono::steady_clock::now() < until && !stop.stop_requested())
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            if (const int process = trainer.processId(); process != 0)
                ::kill(process, signal);
        }) {}

private:
    std::jthread thread_;
};

} // namespace

/// Workers that die, hang or lose their GPU at random moments. The program that started them lives
/// on, and what comes out in the end is what would have come out without.
class WorkerFaultsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        mnist_.emplace(1000, 60);
        undisturbed_.emplace();
    }

    void aDisturbedRunIsResumed_data() {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<int>("number");
        const int rounds = qEnvironmentVariableIsSet("GRADWRIGHT_LONG_TESTS") ? 50 : 2;
        for (const std::string kind : {"killed", "stopped", "poisoned"})
            for (int number = 0; number < rounds; ++number)
                QTest::newRow(fmt::format("{} {}", kind, number).c_str())
                    << QString::fromStdString(kind) << number;
    }
    void aDisturbedRunIsResumed() {
        QFETCH(QString, kind);
        QFETCH(int, number);
        std::mt19937 random(static_cast<unsigned>(1000 * kind.front().unicode() + number));
        const auto below = [&](auto most) {
            return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most));
        };
        const TemporaryFolder folder;
        const auto job = trainingJob(disturbedProject(), folder / "runs");
        const bool isPoisoned = kind == "poisoned";
        auto options =
            isPoisoned
                ? standinWorker({"--fault-after", std::to_string(below(undisturbed_->driverCalls))})
                : standinWorker();
        options.silence = kind == "stopped" ? kSilence : options.silence;
        EventLog log;
        {
            RemoteTrainer trainer(job, log.sink(), options);
            std::optional<Disturbance> disturbance;
            if (!isPoisoned)
                disturbance.emplace(trainer, kind == "killed" ? SIGKILL : SIGSTOP,
                                    std::chrono::milliseconds(below(undisturbed_->took.count())));
            trainer.run({});
            QCOMPARE(trainer.processId(), 0);
        }
        const auto why = failureOf(log);
        const auto runs = RunDirectory::list(folder / "runs");
        if (why.empty()) { // it was quicker
            QVERIFY(log.has<Finished>());
            QVERIFY(lastWeightsOf(runs.at(0).path()) == undisturbed_->weights);
            return;
        }
        // One message, the last one.
        QCOMPARE(log.all<Failed>().size(), 1U);
        QVERIFY(std::holds_alternative<Failed>(log.events().back()));
        QVERIFY2(contains(why, isPoisoned         ? "CUDA_ERROR_ILLEGAL_ADDRESS"
                               : kind == "killed" ? "The process that trains on the GPU was killed"
                                                  : "gave no sign of life for 4 s and was ended"),
                 why.c_str());
        QVERIFY(runs.size() < 2);
        QCOMPARE(log.all<Failed>()[0].isInterrupted, log.has<RunStarted>());
        if (runs.empty()) {
            QVERIFY2(isPoisoned || contains(why, "Nothing had been trained yet"), why.c_str());
            return;
        }
        const auto saved = stepsOfCheckpoint(runs[0].lastWeights());
        if (log.has<RunStarted>())
            QVERIFY2(contains(why, fmt::format("saved up to step {}: resume it on the GPU, or on "
                                               "the CPU",
                                               saved)),
                     why.c_str());
        QVERIFY(!runs[0].isLocked());
        resumeOnGpu(runs[0].path(), folder / "gpu", saved);
        resumeOnCpu(runs[0].path(), folder / "cpu", saved);
    }

private:
    /// Equal to the bit.
    void resumeOnGpu(const fs::path& run, const fs::path& copy, std::int64_t saved) {
        fs::copy(run, copy, fs::copy_options::recursive);
        auto job = trainingJob(disturbedProject(), copy.parent_path());
        job.resume = copy;
        EventLog log;
        trainRemotely(log, job, standinWorker());
        QVERIFY2(log.has<Finished>(), failureOf(log).c_str());
        QCOMPARE(log.all<RunStarted>()[0].startStep, saved);
        QVERIFY(lastWeightsOf(copy) == undisturbed_->weights);
    }
    void resumeOnCpu(const fs::path& run, const fs::path& copy, std::int64_t saved) {
        fs::copy(run, copy, fs::copy_options::recursive);
        auto project = disturbedProject();
        set(project, "device", std::string("cpu"));
        auto job = trainingJob(project, copy.parent_path());
        job.resume = copy;
        EventLog log;
        makeTrainer(job, log.sink())->run({});
        QVERIFY2(log.has<Finished>(), failureOf(log).c_str());
        QCOMPARE(log.all<RunStarted>()[0].startStep, saved);
        QCOMPARE(log.all<Finished>()[0].step, undisturbed_->steps);
    }

    std::optional<SmallMnist> mnist_;
    std::optional<Undisturbed> undisturbed_;
};

QTEST_GUILESS_MAIN(WorkerFaultsTest)
#include "tst_worker_faults.moc"
