// SPDX-License-Identifier: GPL-3.0-or-later
//
// A training in several processes, followed without a window; and what becomes of it where they do
// not start.
#include "engine/io/run_directory.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/training/checkpoint.h"
#include "engine/training/processes.h"
#include "engine/worker/processes_trainer.h"
#include "engine/worker/shared_job.h"
#include "tests/support/data_files.h"
#include "tests/support/marked_ranks.h"
#include "tests/support/message_of.h"
#include "tests/support/small_jobs.h"
#include "tests/support/small_mnist.h"

#include <QTest>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

/// As Open MPI 4.1 says it.
const std::string kKilled =
    "gradwright-cli: Stopped while waiting for rank 1.\n"
    "--------------------------------------------------------------------------\n"
    "mpirun noticed that process rank 1 with PID 4711 on node here exited on signal 9 (Killed).\n"
    "--------------------------------------------------------------------------\n";
/// As 5.0 does.
const std::string kTerminated =
    "--------------------------------------------------------------------------\n"
    "prterun noticed that process rank 12 with PID 815 on node here exited on\n"
    "signal 11 (Segmentation fault).\n"
    "--------------------------------------------------------------------------\n";

Project sharedProject() {
    auto project = smallProject(50);
    set(project, "where", std::string("processes"));
    set(project, "precision", std::string("fp64"));
    set(project, "batch", std::int64_t{10});
    return project;
}

/// A program that does this in mpirun's place.
fs::path scriptOf(const fs::path& folder, const std::string& commands) {
    const auto file = folder / "mpirun";
    std::ofstream(file) << "#!/bin/sh\n" << commands << "\n";
    fs::permissions(file, fs::perms::owner_all);
    return file;
}

double largestDifference(const Weights& a, const Weights& b) {
    double largest = 0;
    for (const auto& [key, value] : a.values) {
        const auto other = b.find(key)->span<double>();
        for (std::size_t i = 0; i < other.size(); ++i)
            largest = std::max(largest, std::abs(value.span<double>()[i] - other[i]));
    }
    return largest;
}

} // namespace

class ProcessesTrainerTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        makeSmallMnist(resources_.path(), 1000, 60);
        qputenv("GRADWRIGHT_RESOURCES", QByteArray::fromStdString(resources_.path()));
    }

    /// In FP64 the weights are those of one process, and the events tell the same.
    void itsTrainingIsThatOfOneProcess() {
        if (const auto why = whyNoMpirun(); !why.isEmpty())
            QSKIP(qPrintable(why));
        const TemporaryFolder folder;
        const auto job = trainingJob(sharedProject(), folder / "runs");
        EventLog log, alone;
        ProcessesTrainer trainer(job, log.sink(),
                                 {.program = RanksProgram{*findMpirun(), GRADWRIGHT_CLI}});
        trainer.run({});
        Trainer(trainingJob(sharedProject(), folder / "alone"), alone.sink()).run({});
        QVERIFY(!log.has<Failed>());
        QVERIFY(std::holds_alternative<Finished>(log.events().back()));
        const auto steps = log.all<StepDone>(), others = alone.all<StepDone>();
        QCOMPARE(steps.size(), others.size());
        for (std::size_t i = 0; i < steps.size(); ++i)
            QVERIFY(std::abs(steps[i].loss - others[i].loss) < 1e-9);
        const auto run = log.all<RunStarted>().at(0).run;
        QVERIFY(largestDifference(readCheckpointWeights(run / "last.safetensors"),
                                  readCheckpointWeights(alone.all<RunStarted>().at(0).run /
                                                        "last.safetensors")) < 1e-9);
        QCOMPARE(RunDirectory::open(run).readRunJson()["machine"]["ranks"]["count"].get<int>(), 2);
        QCOMPARE(trainer.processId(), 0);
    }

    void whatKeepsProcessesFromStartingIsSaid_data() {
        QTest::addColumn<std::string>("commands");
        QTest::addColumn<std::string>("message");
        QTest::newRow("the program") << std::string("echo chatter; echo 'gradwright-cli: no room';"
                                                    "echo more; exit 1")
                                     << std::string("have ended: no room");
        QTest::newRow("mpirun") << std::string("echo -----; echo 'There are no slots.' >&2; exit 1")
                                << std::string("have ended: There are no slots.");
        QTest::newRow("nobody") << std::string("exit 7")
                                << std::string("mpirun ended with exit code 7.");
        QTest::newRow("waiting") << std::string("exec sleep 600")
                                 << std::string("did not start within 0.5 s");
    }
    void whatKeepsProcessesFromStartingIsSaid() {
        QFETCH(std::string, commands);
        QFETCH(std::string, message);
        const TemporaryFolder folder;
        EventLog log;
        ProcessesTrainer(trainingJob(sharedProject(), folder / "runs"), log.sink(),
                         {.program = RanksProgram{scriptOf(folder.path(), commands), "true"},
                          .silence = std::chrono::milliseconds(500)})
            .run({});
        QCOMPARE(log.events().size(), 1U);
        const auto failed = log.all<Failed>().at(0);
        QVERIFY2(failed.message.find(message) != std::string::npos, failed.message.c_str());
        QVERIFY(!failed.isInterrupted); // there is no run to resume
    }

    void aProgramThatIsMissingIsNamed() {
        const TemporaryFolder folder;
        EventLog log;
        ProcessesTrainer(trainingJob(sharedProject(), folder / "runs"), log.sink(),
                         {.program = RanksProgram{folder / "none", "true"}})
            .run({});
        const auto message = log.all<Failed>().at(0).message;
        QVERIFY2(message.find((folder / "none").string() + " cannot be started") !=
                     std::string::npos,
                 message.c_str());
    }

    void aStopBeforeTheyConnectEndsThem() {
        const TemporaryFolder folder;
        EventLog log;
        std::stop_source stop;
        stop.request_stop();
        ProcessesTrainer(
            trainingJob(sharedProject(), folder / "runs"), log.sink(),
            {.program = RanksProgram{scriptOf(folder.path(), "exec sleep 600"), "true"}})
            .run(stop.get_token());
        QCOMPARE(log.events().size(), 1U);
        QVERIFY(log.has<Stopped>() && !log.all<Stopped>().at(0).resumable);
    }

    void whatTheyCannotShareIsRefused() {
        auto project = sharedProject();
        project.data.augmentation = {{"mixup", 0.2}};
        const TemporaryFolder folder;
        EventLog log;
        ProcessesTrainer(trainingJob(project, folder / "runs"), log.sink(),
                         {.program = RanksProgram{folder / "none", "true"}})
            .run({});
        const auto message = log.all<Failed>().at(0).message;
        QVERIFY2(message.starts_with("MixUp mixes samples of one batch"), message.c_str());
        QVERIFY(whyNotShared(inOneProcess(project.training), project.data).empty());
    }

    void mpirunSaysWhoWasEnded() {
        QCOMPARE(endOfRank(kKilled).value(), std::string("Rank 1 was ended by signal 9 (Killed)."));
        QCOMPARE(endOfRank(kTerminated).value(),
                 std::string("Rank 12 was ended by signal 11 (Segmentation fault)."));
        QVERIFY(!endOfRank("mpirun was unable to start"));
        QCOMPARE(complaintOf(kKilled), std::string("Stopped while waiting for rank 1."));
        QCOMPARE(complaintOf("a\n \n----\nb\nc\nd\n"), std::string("b c d"));
        QCOMPARE(complaintOf(""), std::string());
    }

    /// All but the ranks reaches each process.
    void theJobIsSharedWhole() {
        const TemporaryFolder folder;
        auto job = trainingJob(sharedProject(), folder / "runs");
        job.resume = folder / "resumed";
        job.resumeRate = 0.25;
        job.sharesStatistics = job.roundsGradients = true;
        job.overlapsSums = false;
        job.bucketBytes = 4711;
        job.trace = folder / "trace.json";
        job.rankPatience = std::chrono::seconds(7);
        job.rateScaling = RateScaling{32, 64, 0.1, 0.2, 5};
        writeSharedJob(folder.path(), job);
        const auto read = readSharedJob(folder.path());
        QVERIFY(read.network == job.network && read.settings == job.settings &&
                read.project == job.project && read.name == job.name);
        QVERIFY(read.resume == job.resume && read.runsFolder == job.runsFolder &&
                read.resumeRate == job.resumeRate && read.trace == job.trace);
        QVERIFY(read.sharesStatistics && read.roundsGradients && !read.overlapsSums);
        QCOMPARE(read.bucketBytes, job.bucketBytes);
        QVERIFY(read.rankPatience == job.rankPatience && read.rateScaling == job.rateScaling);

        const auto file = folder / kSharedJobFile;
        fs::resize_file(file, fs::file_size(file) - 1);
        const auto message = messageOf([&] { readSharedJob(folder.path()); });
        QVERIFY2(message.startsWith(QString::fromStdString(file.string()) + ": a message ends"),
                 qPrintable(message));
    }

private:
    const TemporaryFolder resources_;
};

QTEST_GUILESS_MAIN(ProcessesTrainerTest)
#include "tst_processes_trainer.moc"
