// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/run_directory.h"
#include "engine/project/runs.h"
#include "engine/support/json.h"
#include "engine/training/checkpoint.h"
#include "engine/worker/gpu_list.h"
#include "engine/worker/messages.h"
#include "engine/worker/worker_link.h"
#include "tests/engine/worker/worker_rig.h"

#include <QTest>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// Largest difference between two sets of weights, as a share of the largest weight.
double differenceOf(const Weights& a, const Weights& b) {
    double difference = 0;
    double largest = 0;
    for (const auto& [key, values] : a.values) {
        const auto left = values.span<float>();
        const auto right = b.find(key)->span<float>();
        for (std::size_t i = 0; i < left.size(); ++i) {
            difference = std::max<double>(difference, std::abs(left[i] - right[i]));
            largest = std::max<double>(largest, std::abs(left[i]));
        }
    }
    return difference / largest;
}

std::string onlyFailureOf(const Project& project, const RemoteOptions& options) {
    const TemporaryFolder folder;
    EventLog log;
    trainRemotely(log, trainingJob(project, folder.path()), options);
    if (log.events().size() != 1 || !RunDirectory::list(folder.path()).empty())
        return "it began: " + failureOf(log);
    return failureOf(log);
}

} // namespace

/// Trainings in a worker whose GPU is the stand-in.
class RemoteTrainerTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { mnist_.emplace(); }

    /// LeNet-5 in the worker is what it is here, to the bit, and its events are the same.
    void equalsATrainingInThisProcess() {
        auto project = openTemplate("lenet-5");
        project.data.limit = 20;
        project.data.validationFraction = 0.01;
        set(project, "batch", std::int64_t{8});
        set(project, "epochs", std::int64_t{2});
        set(project, "device", std::string("cuda"));
        const TemporaryFolder here;
        const TemporaryFolder there;
        EventLog local;
        EventLog remote;
        trainHere(local, trainingJob(project, here.path()));
        trainRemotely(remote, trainingJob(project, there.path()), standinWorker());
        QCOMPARE(failureOf(remote), std::string());
        QVERIFY(remote.has<Finished>());
        QVERIFY(lastWeightsOf(runOf(local)) == lastWeightsOf(runOf(remote)));
        QCOMPARE(readFile(runOf(local) / "best.safetensors"),
                 readFile(runOf(remote) / "best.safetensors"));

        const auto a = local.events();
        const auto b = remote.events();
        QCOMPARE(a.size(), b.size());
        for (std::size_t i = 0; i < a.size(); ++i)
            QCOMPARE(a[i].index(), b[i].index());
        const auto localSteps = local.all<StepDone>();
        const auto remoteSteps = remote.all<StepDone>();
        for (std::size_t i = 0; i < localSteps.size(); ++i) {
            QCOMPARE(localSteps[i].loss, remoteSteps[i].loss);
            QVERIFY(localSteps[i].quality == remoteSteps[i].quality);
            QCOMPARE(*localSteps[i].gradientNorms, *remoteSteps[i].gradientNorms);
        }
        QVERIFY(local.all<Finished>()[0].test == remote.all<Finished>()[0].test);
        QCOMPARE(remote.all<RunStarted>()[0].gpu, std::string("stand-in"));
        const auto record = RunDirectory::open(runOf(remote)).readRunJson();
        QCOMPARE(record["machine"]["device_key"].get<std::string>(), std::string("cuda:0"));
        QCOMPARE(record["machine"]["device"].get<std::string>(), std::string("stand-in"));
        QVERIFY(projectOfRun(RunDirectory::open(runOf(remote))).network == project.network);
    }

    void obeysCommands() {
        const TemporaryFolder folder;
        auto project = gpuProject(1000);
        set(project, "epochs", std::int64_t{100'000});
        EventLog log;
        std::stop_source stop;
        std::int64_t paused = 0;
        RemoteTrainer* running = nullptr;
        const auto keep = log.sink();
        RemoteTrainer trainer(
            trainingJob(project, folder.path()),
            [&](const TrainingEvent& event) {
                keep(event);
                if (const auto* pause = std::get_if<Paused>(&event)) {
                    paused = pause->step;
                    running->setLearningRate(0.5);
                    running->step();
                }
                if (std::holds_alternative<SnapshotTaken>(event))
                    running->resume();
                const auto* step = std::get_if<StepDone>(&event);
                if (step && step->step == 3)
                    running->pause();
                if (step && paused > 0 && step->step == paused + 1)
                    running->requestSnapshot();
                if (step && paused > 0 && step->step == paused + 5)
                    stop.request_stop();
            },
            standinWorker());
        running = &trainer;
        trainer.run(stop.get_token());
        QCOMPARE(failureOf(log), std::string());
        QCOMPARE(log.all<Paused>().size(), 1U);
        QCOMPARE(log.all<Resumed>().at(0).step, paused + 1);
        QCOMPARE(log.all<LearningRateChanged>().at(0).learningRate, 0.5);
        const auto snapshot = log.all<SnapshotTaken>().at(0);
        QCOMPARE(snapshot.step, paused + 1);
        QCOMPARE(snapshot.weights->values.size(), 4U);
        QVERIFY((snapshot.weights->find("hidden/weight")->shape() == Shape{16, 784}));
        const auto stopped = log.all<Stopped>().at(0);
        QVERIFY(stopped.resumable && stopped.step >= paused + 5);
        QCOMPARE(stepsOfCheckpoint(runOf(log) / "last.safetensors"), stopped.step);
        QVERIFY(!RunDirectory::open(runOf(log)).isLocked());
        QCOMPARE(trainer.processId(), 0);
    }

    /// What comes out of half on one and half on the other is near what the CPU makes alone, and
    /// the run records where it was.
    void checkpointsMoveBetweenDevices_data() {
        QTest::addColumn<std::string>("first");
        QTest::addColumn<std::string>("second");
        QTest::newRow("CPU to GPU") << std::string("cpu") << std::string("cuda:0");
        QTest::newRow("GPU to CPU") << std::string("cuda:0") << std::string("cpu");
    }
    void checkpointsMoveBetweenDevices() {
        QFETCH(std::string, first);
        QFETCH(std::string, second);
        const TemporaryFolder folder;
        auto project = smallProject(200);
        EventLog whole;
        Trainer(trainingJob(project, folder / "whole"), whole.sink()).run({});
        set(project, "device", first);
        set(project, "epochs", std::int64_t{1});
        EventLog begun;
        makeTrainer(trainingJob(project, folder / "moved"), begun.sink(), standinWorker())->run({});
        QVERIFY2(begun.has<Finished>(), failureOf(begun).c_str());
        set(project, "device", second);
        set(project, "epochs", std::int64_t{2});
        auto job = trainingJob(project, folder / "moved");
        job.resume = runOf(begun);
        EventLog resumed;
        makeTrainer(job, resumed.sink(), standinWorker())->run({});
        QVERIFY2(resumed.has<Finished>(), failureOf(resumed).c_str());
        QCOMPARE(resumed.all<RunStarted>()[0].startStep, std::int64_t{7});
        const auto record = RunDirectory::open(runOf(begun)).readRunJson();
        QCOMPARE(record["machine"]["device_key"].get<std::string>(), second);
        QCOMPARE(projectOfRun(RunDirectory::open(runOf(begun))).training.target().device, second);
        const auto difference =
            differenceOf(readCheckpointWeights(runOf(whole) / "last.safetensors"),
                         readCheckpointWeights(runOf(begun) / "last.safetensors"));
        QVERIFY2(difference < 1e-4, qPrintable(QString::number(difference)));
    }

    /// One message, and no run is left behind.
    void whatAGpuCannotDoIsRefusedBeforeTheStart() {
        auto project = gpuProject();
        set(project, "precision", std::string("fp64"));
        QCOMPARE(onlyFailureOf(project, standinWorker()),
                 std::string("the engine for NVIDIA GPUs computes in fp32, tf32, bf16 and fp16; "
                             "fp64 runs on the "
                             "reference backend"));
        project = gpuProject();
        project.training.optimizer = {"lbfgs", {}};
        QVERIFY2(contains(onlyFailureOf(project, standinWorker()),
                          "lbfgs does not run on NVIDIA GPUs; train on the CPU with it"),
                 onlyFailureOf(project, standinWorker()).c_str());
        project = gpuProject();
        project.data.dataset = "nowhere";
        QVERIFY(contains(onlyFailureOf(project, standinWorker()), "nowhere"));
        project = gpuProject();
        set(project, "device", std::string("cuda:5"));
        QCOMPARE(
            onlyFailureOf(project, standinWorker()),
            std::string("There is no GPU cuda:5 in this computer; the last is cuda:0, stand-in. "
                        "Choose that one or train on the CPU."));
    }

    /// The batch that is said to fit does, and one more does not.
    void memoryIsCheckedBeforeTheStart() {
        auto project = gpuProject(1000);
        set(project, "batch", std::int64_t{1000});
        const std::vector<std::string> little{"--memory", std::to_string((64 << 20) + 3'500'000)};
        const auto why = onlyFailureOf(project, standinWorker(little));
        QVERIFY2(contains(why, "stand-in has 67 MiB of memory free") && contains(why, "fits"),
                 why.c_str());
        const auto words = QString::fromStdString(why).split(' ');
        const auto fitting = words.at(words.indexOf("fits") - 1).toLongLong();
        QVERIFY2(fitting > 1 && fitting < 1000, why.c_str());
        const auto failureAt = [&](std::int64_t batch) {
            set(project, "batch", batch);
            set(project, "epochs", std::int64_t{1});
            const TemporaryFolder folder;
            EventLog log;
            trainRemotely(log, trainingJob(project, folder.path()), standinWorker(little));
            return failureOf(log);
        };
        QCOMPARE(failureAt(fitting), std::string());
        const auto none = onlyFailureOf(project, standinWorker({"--memory", "60000000"}));
        QVERIFY2(contains(none, "not even a batch of 1 fits; train it on the CPU"), none.c_str());
    }

    void withoutAGpuOneSentenceSaysWhy() {
        for (const char* why :
             {"no NVIDIA driver is installed",
              "the NVIDIA driver is too old: it is for CUDA 10.2, needed is 11.4"}) {
            const auto options = standinWorker({"--none", why});
            QCOMPARE(
                onlyFailureOf(gpuProject(), options),
                fmt::format("There is no GPU to train on: {}. Train on the CPU instead.", why));
            const auto search = listGpus(options.program);
            QVERIFY(search.found.empty());
            QCOMPARE(search.why, std::string(why));
        }
        const std::string unusable = "this program was built without code for GPUs";
        const auto options = standinWorker({"--unusable", unusable});
        QCOMPARE(
            onlyFailureOf(gpuProject(), options),
            fmt::format("stand-in (cuda:0) cannot be used: {}. Choose another device.", unusable));
        const auto search = listGpus(options.program);
        QCOMPARE(search.found.size(), 1U);
        QCOMPARE(search.found[0].key, std::string("cuda:0"));
        QCOMPARE(search.found[0].name, std::string("stand-in"));
        QCOMPARE(search.found[0].whyNot, unusable);
    }

    void aMissingOrBrokenWorkerIsNamed() {
        const RemoteOptions missing{.program = WorkerProgram{"/nowhere/worker"}};
        QVERIFY2(
            contains(onlyFailureOf(gpuProject(), missing),
                     "The training on a GPU did not start: /nowhere/worker cannot be started: "),
            onlyFailureOf(gpuProject(), missing).c_str());
        QVERIFY(contains(listGpus(missing.program).why, "/nowhere/worker cannot be started"));
        const RemoteOptions dying{.program = WorkerProgram{"/bin/false"}};
        QCOMPARE(
            onlyFailureOf(gpuProject(), dying),
            std::string("The process that trains on the GPU ended with exit code 1. Nothing had "
                        "been trained yet; try again, or train on the CPU."));
        QVERIFY(contains(listGpus(dying.program).why, "ended with exit code 1"));
        const WorkerProgram hanging{"/bin/sleep", {"100"}};
        QCOMPARE(listGpus(hanging, std::chrono::milliseconds(300)).why,
                 std::string("the NVIDIA driver does not answer"));
        const auto program = qgetenv("GRADWRIGHT_WORKER");
        qputenv("GRADWRIGHT_WORKER", GRADWRIGHT_STANDIN_WORKER);
        QCOMPARE(installedWorker().path, std::filesystem::path(GRADWRIGHT_STANDIN_WORKER));
        program.isEmpty() ? qunsetenv("GRADWRIGHT_WORKER") : qputenv("GRADWRIGHT_WORKER", program);
    }

    /// A program that writes something else into the socket.
    void aWorkerThatTalksNonsenseIsEnded() {
        const TemporaryFolder folder;
        const auto script = folder / "worker";
        const auto with = [&](const std::string& text) {
            const std::string lines = "#!/bin/sh\n" + text + "\n";
            writeFile(script, {lines.begin(), lines.end()});
            chmod(script.c_str(), 0700);
            return onlyFailureOf(gpuProject(), {.program = WorkerProgram{script}});
        };
        const auto garbage = with("echo this is no message at all >&3; sleep 100");
        QVERIFY2(contains(garbage, "sent what cannot be read (it is not of this version of "
                                   "Gradwright) and was ended"),
                 garbage.c_str());
        // Half of a message, then the end.
        const auto cut = with("printf '\\001\\000\\127\\107\\012\\000' >&3; exit 3");
        QVERIFY2(contains(cut, "ended with exit code 3"), cut.c_str());
    }

    /// One that is stuck is ended when its time to stop is over, though nobody calls it silent yet.
    void aWorkerThatDoesNotStopIsEnded() {
        const TemporaryFolder folder;
        auto project = gpuProject(1000);
        set(project, "epochs", std::int64_t{100'000});
        auto options = standinWorker();
        options.silence = std::chrono::hours(1);
        options.stopping = std::chrono::seconds(1);
        EventLog log;
        std::stop_source stop;
        RemoteTrainer* running = nullptr;
        const auto keep = log.sink();
        RemoteTrainer trainer(
            trainingJob(project, folder.path()),
            [&](const TrainingEvent& event) {
                keep(event);
                const auto* step = std::get_if<StepDone>(&event);
                if (step && step->step == 3) {
                    ::kill(running->processId(), SIGSTOP);
                    stop.request_stop();
                }
            },
            options);
        running = &trainer;
        trainer.run(stop.get_token());
        const auto why = failureOf(log);
        QVERIFY2(contains(why, "did not stop when it was asked to and was ended. The run is saved "
                               "up to step"),
                 why.c_str());
        QVERIFY(!RunDirectory::open(runOf(log)).isLocked());
    }

    /// The worker ends by itself, with a checkpoint, when the program that started it is gone.
    void theWorkerEndsWithItsParent() {
        const TemporaryFolder folder;
        auto project = gpuProject(1000);
        set(project, "epochs", std::int64_t{100'000});
        std::optional<WorkerProcess> worker;
        worker.emplace(*standinWorker().program);
        const auto body = jobBody(trainingJob(project, folder.path()));
        {
            WorkerLink link(worker->socket());
            link.send(MessageKind::Train, body);
            std::int64_t steps = 0;
            while (steps < 5 && !link.isClosed()) {
                link.wait(1000);
                while (const auto message = link.next())
                    if (message->kind == MessageKind::Event &&
                        std::holds_alternative<StepDone>(eventFrom(message->body)))
                        ++steps;
            }
            QVERIFY(steps >= 5);
        }
        worker->closeSocket();
        QVERIFY(worker->hasEnded(60'000));
        QCOMPARE(worker->waitForEnd(), std::string("ended with exit code 0"));
        const auto runs = RunDirectory::list(folder.path());
        QCOMPARE(runs.size(), 1U);
        QVERIFY(!runs[0].isLocked());
        QVERIFY(stepsOfCheckpoint(runs[0].lastWeights()) >= 5);
    }

private:
    std::optional<SmallMnist> mnist_;
};

QTEST_GUILESS_MAIN(RemoteTrainerTest)
#include "tst_remote_trainer.moc"
