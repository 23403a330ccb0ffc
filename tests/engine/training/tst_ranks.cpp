// SPDX-License-Identifier: GPL-3.0-or-later
//
// A training that ranks share is the training of one process: here they are threads.
#include "engine/distributed/greeting.h"
#include "tests/engine/backend/sample_nets.h"
#include "tests/engine/training/rank_training.h"
#include "tests/support/small_mnist.h"

#include <QTest>

#include <thread>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

/// What two ranks with these projects fail with, by rank.
std::vector<std::string> failuresOf(const std::vector<Project>& projects) {
    const TemporaryFolder folder;
    auto members = makeThreadCommunicators(static_cast<int>(projects.size()));
    std::vector<EventLog> logs(projects.size());
    std::vector<std::thread> threads;
    for (std::size_t rank = 0; rank < projects.size(); ++rank) {
        auto job = trainingJob(projects[rank], fs::path(folder.path()) / std::to_string(rank));
        job.ranks = std::move(members[rank]);
        threads.emplace_back([&logs, rank, job = std::move(job)]() mutable {
            Trainer(std::move(job), logs[rank].sink()).run({});
        });
    }
    for (auto& thread : threads)
        thread.join();
    std::vector<std::string> messages;
    for (const auto& log : logs)
        messages.push_back(log.all<Failed>().at(0).message);
    return messages;
}

} // namespace

class RanksTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Few samples to test with: the reference takes its time.
    void initTestCase() {
        makeSmallMnist(resources_.path(), 2000, 200);
        qputenv("GRADWRIGHT_RESOURCES", QByteArray::fromStdString(resources_.path()));
    }

    /// With dropout, whose masks must be those of one process, too.
    void aSharedTrainingIsThatOfOneProcess_data() {
        QTest::addColumn<std::string>("optimizer");
        for (const auto& def : optimizers())
            QTest::newRow(def.key.c_str()) << def.key;
    }
    void aSharedTrainingIsThatOfOneProcess() {
        QFETCH(std::string, optimizer);
        auto project = doubleProject();
        choose(project, optimizer);
        if (trainingJob(project, {}).settings.updateRule().fullBatch)
            set(project, "batch", std::int64_t{50});
        const TemporaryFolder folder;
        const auto alone = trainTogether(project, 1, folder.path());
        for (const int size : {2, 3, 4}) {
            const auto together = trainTogether(project, size, folder.path());
            const auto difference = largestDifference(alone.weights(), together.weights());
            QVERIFY2(difference < 1e-9, fmt::format("{} ranks: {}", size, difference).c_str());
            QVERIFY(std::abs(alone.result().test.loss - together.result().test.loss) < 1e-9);
            QCOMPARE(together.result().test.samples, alone.result().test.samples);
            const auto epochs = alone.logs[0].all<EpochDone>();
            const auto others = together.logs[0].all<EpochDone>();
            QCOMPARE(others.size(), epochs.size());
            for (std::size_t i = 0; i < epochs.size(); ++i) {
                QVERIFY(std::abs(others[i].training.loss - epochs[i].training.loss) < 1e-9);
                QCOMPARE(others[i].training.samples, epochs[i].training.samples);
                QCOMPARE(others[i].validation->quality.value, epochs[i].validation->quality.value);
            }
            for (std::size_t rank = 1; rank < static_cast<std::size_t>(size); ++rank)
                QVERIFY(readFile(together.runs[rank] / "last.safetensors") ==
                        readFile(together.runs[0] / "last.safetensors"));
        }
    }

    /// The last batch of an epoch has so few samples that some of the ranks get fewer, or none.
    void aShortLastBatchIsShared_data() {
        QTest::addColumn<int>("samples");
        for (const int last : {1, 3, 4, 5, 9})
            QTest::addRow("%d", last) << 30 + last;
    }
    void aShortLastBatchIsShared() {
        QFETCH(int, samples);
        auto project = doubleProject();
        project.data.limit = samples;
        project.data.validationFraction = 0;
        const TemporaryFolder folder;
        const auto alone = trainTogether(project, 1, folder.path());
        QCOMPARE(alone.result().step, std::int64_t{4 * 4});
        const auto steps = alone.logs[0].all<StepDone>();
        QCOMPARE(steps[3].samples, std::int64_t{samples - 30});
        for (const int size : {2, 3, 4}) {
            const auto together = trainTogether(project, size, folder.path());
            const auto difference = largestDifference(alone.weights(), together.weights());
            QVERIFY2(difference < 1e-9, fmt::format("{} ranks: {}", size, difference).c_str());
            const auto others = together.logs[0].all<StepDone>();
            QCOMPARE(others.size(), steps.size());
            for (std::size_t i = 0; i < steps.size(); ++i) {
                QCOMPARE(others[i].samples, steps[i].samples);
                QVERIFY(std::abs(others[i].loss - steps[i].loss) < 1e-9);
            }
            for (std::size_t rank = 1; rank < static_cast<std::size_t>(size); ++rank)
                QVERIFY(together.lastFile(rank) == together.lastFile());
        }
    }

    /// Synchronized, batches are normalized as in one process, by the samples of all.
    void normalizationMaySeeAllSamples() {
        const auto project = normalized(doubleProject());
        const TemporaryFolder folder;
        const auto alone = trainTogether(project, 1, folder.path());
        for (const int size : {2, 3, 4}) {
            const auto together =
                trainTogether(project, size, folder.path(), {.sharesStatistics = true});
            const auto difference = largestDifference(alone.weights(), together.weights());
            QVERIFY2(difference < 1e-9, fmt::format("{} ranks: {}", size, difference).c_str());
        }
        const auto apart = trainTogether(project, 2, folder.path());
        QVERIFY(largestDifference(alone.weights(), apart.weights()) > 1e-3);
    }

    /// The same in FP32 on the CPU engine, in one part and in several.
    void normalizationMaySeeAllSamplesInSinglePrecision_data() {
        QTest::addColumn<int>("parts");
        QTest::newRow("whole") << 1;
        QTest::newRow("two parts") << 2;
    }
    void normalizationMaySeeAllSamplesInSinglePrecision() {
        QFETCH(int, parts);
        auto project = normalized(doubleProject());
        set(project, "precision", std::string("fp32"));
        set(project, "batch", std::int64_t{40});
        set(project, "parts", std::int64_t{parts});
        const TemporaryFolder folder;
        const auto alone = trainTogether(project, 1, folder.path());
        for (const int size : {2, 3}) {
            const auto together =
                trainTogether(project, size, folder.path(), {.sharesStatistics = true});
            const auto difference = largestDifference(alone.weights(), together.weights());
            QVERIFY2(difference < 1e-4, fmt::format("{} ranks: {}", size, difference).c_str());
        }
    }

    /// By default each rank normalizes its own samples. Without momentum, a step of all is the mean
    /// of the steps that each would have taken alone, running statistics included.
    void elseNormalizationSeesItsOwnSamples() {
        const auto net = smallResidual();
        constexpr std::int64_t own = 4;
        TrainingSettings settings;
        settings.optimizer = {"sgd", {{"momentum", 0.0}}};
        const CompileOptions options{.batch = own,
                                     .precision = Precision::F64,
                                     .mode = Mode::Training,
                                     .update = settings.updateRule()};
        const auto backend = makeReferenceBackend();
        const auto stepOf = [&](std::int64_t rank, Communicator* ranks) {
            const auto program = backend->compile(net.graph, options);
            initializeWeights(*program->weights(), 1);
            const auto data = randomBatch(net.graph, own, static_cast<std::uint64_t>(rank) + 1);
            const auto inputs = data.bindings(net.graph);
            StepRequest request{inputs, {7, 1, own * rank}, 0.1};
            std::optional<SharedBatch> shared;
            if (ranks)
                request.shared = &shared.emplace(SharedBatch{*ranks, 2 * own});
            program->submit(request);
            program->finish();
            return readWeights(*program->weights());
        };
        auto members = makeThreadCommunicators(2);
        std::vector<Weights> together(2);
        std::thread other([&] { together[1] = stepOf(1, members[1].get()); });
        together[0] = stepOf(0, members[0].get());
        other.join();
        auto mean = stepOf(0, nullptr);
        const auto second = stepOf(1, nullptr);
        for (auto& [key, value] : mean.values) {
            const auto term = second.find(key)->span<double>();
            for (std::size_t i = 0; i < term.size(); ++i)
                value.span<double>()[i] = (value.span<double>()[i] + term[i]) / 2;
        }
        QVERIFY(largestDifference(mean, together[0]) < 1e-12);
        QCOMPARE(largestDifference(together[0], together[1]), 0.0);
    }

    void theSameRanksGiveTheSameBits() {
        auto project = smallProject(300, 0.1);
        set(project, "epochs", std::int64_t{2});
        const TemporaryFolder first, second;
        const auto once = trainTogether(project, 3, first.path());
        const auto again = trainTogether(project, 3, second.path());
        QVERIFY(readFile(once.runs[0] / "last.safetensors") ==
                readFile(again.runs[0] / "last.safetensors"));
        QVERIFY(readFile(once.runs[2] / "best.safetensors") ==
                readFile(again.runs[0] / "best.safetensors"));
    }

    /// In FP32 sums of other parts round otherwise.
    void singlePrecisionStaysClose() {
        auto project = smallProject(1600, 0.05);
        set(project, "batch", std::int64_t{32});
        set(project, "epochs", std::int64_t{2});
        const TemporaryFolder folder;
        const auto alone = trainTogether(project, 1, folder.path());
        QVERIFY(alone.logs[0].all<StepDone>().size() >= 90);
        for (const int size : {2, 4}) {
            const auto together = trainTogether(project, size, folder.path());
            QVERIFY(std::abs(alone.result().test.loss - together.result().test.loss) < 1e-3);
        }
    }

    /// bfloat16 has three digits: the loss stays close, the bytes are half.
    void gradientsMayTravelRounded() {
        auto project = smallProject(400, 0.05);
        const TemporaryFolder folder;
        const auto full = trainTogether(project, 2, folder.path());
        const auto rounded = trainTogether(project, 2, folder.path(), {.roundsGradients = true});
        const auto lossOf = [](const Together& all) { return all.result().test.loss; };
        QVERIFY(lossOf(full) != lossOf(rounded));
        QVERIFY(std::abs(lossOf(full) - lossOf(rounded)) < 0.02 * lossOf(full));
        const auto sent = [](const Together& all) {
            const auto record = RunDirectory::open(all.runs[0]).readRunJson();
            return record["machine"]["ranks"]["bytes_sent"].get<double>();
        };
        QVERIFY(sent(rounded) < 0.55 * sent(full));
        QVERIFY(readFile(rounded.runs[0] / "last.safetensors") ==
                readFile(rounded.runs[1] / "last.safetensors"));
    }

    /// A stop that one rank asks for is one of all, after the same step; what is saved is resumed
    /// on another number of ranks.
    void aStoppedTrainingIsResumedOnOthers() {
        const auto project = doubleProject();
        const TemporaryFolder folder, rest;
        const auto alone = trainTogether(project, 1, folder.path());
        const auto stopped = trainTogether(project, 3, folder.path(), {.stopAfter = 7});
        for (const auto& log : stopped.logs) {
            QVERIFY(log.has<Stopped>());
            QCOMPARE(log.all<Stopped>().at(0).step, std::int64_t{7});
        }
        QVERIFY(RunDirectory::open(stopped.runs[0]).readRunJson()["ended_by"] == "stop");
        for (const int size : {1, 2, 4}) {
            const auto resumed =
                trainTogether(project, size, rest.path(), {.resumed = stopped.runs[0]});
            QVERIFY(largestDifference(alone.weights(), resumed.weights()) < 1e-9);
        }
    }

    void theRunSaysWhoTrained() {
        auto project = doubleProject();
        const TemporaryFolder folder;
        const auto together = trainTogether(project, 2, folder.path());
        const auto ranks = RunDirectory::open(together.runs[0]).readRunJson()["machine"]["ranks"];
        QCOMPARE(ranks["count"].get<int>(), 2);
        QCOMPARE(ranks["hosts"].get<std::vector<std::string>>(),
                 std::vector<std::string>(2, placeHere().host));
        QCOMPARE(ranks["waited_seconds"][0].get<double>(), 0.0);
        QVERIFY(ranks["waited_seconds"][1].get<double>() > 0);
        // The gradients, of twenty steps; halves of them go and come.
        const auto parameters = std::int64_t{28 * 28 * 16 + 16 + 16 * 10 + 10};
        QVERIFY(ranks["bytes_sent"].get<std::int64_t>() >= 20 * parameters * 8);
        QVERIFY(ranks["bytes_sent"].get<std::int64_t>() < 21 * parameters * 8);
    }

    void ranksWithOtherDataAreRefused() {
        for (const auto& message : failuresOf({smallProject(100), smallProject(90)})) {
            const auto text = QString::fromStdString(message);
            QVERIFY2(text.startsWith("All ranks need the same training samples, and rank 1") &&
                         text.endsWith("there it is \"90\", for rank 0 \"100\"."),
                     message.c_str());
        }
    }

    void samplesThatMixAreRefused() {
        auto project = smallProject(100);
        project.data.augmentation = {{"mixup", 0.2}};
        for (const auto& message : failuresOf({project, project}))
            QVERIFY2(message.starts_with("MixUp mixes samples of one batch"), message.c_str());
    }

    /// The run is saved at the last step that all have taken.
    void aLostRankLeavesARunToResume() {
        const auto project = doubleProject();
        const TemporaryFolder folder, rest;
        EventLog log;
        trainUntilRankIsLost(log, project, makeThreadCommunicators(2), folder.path());
        const auto failed = log.all<Failed>();
        QCOMPARE(failed.size(), 1U);
        const auto text = QString::fromStdString(failed[0].message);
        QVERIFY2(text.startsWith("Rank 1 has not answered for 1 s. It is rank 1 (host ") &&
                     text.contains("The run is saved up to step 6: resume it"),
                 failed[0].message.c_str());
        const auto alone = trainTogether(project, 1, rest.path());
        const auto resumed =
            trainTogether(project, 2, rest.path(), {.resumed = log.all<RunStarted>().at(0).run});
        QVERIFY(largestDifference(alone.weights(), resumed.weights()) < 1e-9);
    }

private:
    const TemporaryFolder resources_;
};

QTEST_GUILESS_MAIN(RanksTest)
#include "tst_ranks.moc"
