// SPDX-License-Identifier: GPL-3.0-or-later
//
// Gradients are summed over ranks while the backward pass goes on, and nothing else changes.
#include "engine/backend/gradient_exchange.h"
#include "engine/passes/program_graph.h"
#include "engine/training/chrome_trace.h"
#include "tests/engine/backend/sample_nets.h"
#include "tests/engine/training/rank_training.h"
#include "tests/support/polled_communicator.h"
#include "tests/support/small_mnist.h"

#include <QTest>

#include <condition_variable>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr int kLooks = 50; ///< a message needs

/// Keeps events in the order in which they end. At one of the backward pass it can hold the thread
/// that computes until something has been summed.
class Recorder final : public TraceSink {
public:
    void add(const TraceEvent& event) override {
        std::unique_lock lock(mutex_);
        kinds_.push_back(event.kind);
        if (event.kind == TraceEvent::Kind::AllReduce) {
            ++sums_;
            summed_.notify_all();
        }
        if (event.kind != TraceEvent::Kind::Backward || ++backward_ != heldAt)
            return;
        constexpr auto patience = std::chrono::seconds(60); // then it has failed
        wasSummed_ = summed_.wait_for(lock, patience, [this] { return sums_ > 0; });
    }

    int heldAt = -1; ///< the event of the backward pass, counted from 1

    [[nodiscard]] int backwardEvents() const { return backward_; }
    [[nodiscard]] int sums() const { return sums_; }
    [[nodiscard]] bool wasSummed() const { return wasSummed_; }
    [[nodiscard]] bool sumsFollow() const {
        const auto first = std::ranges::find(kinds_, TraceEvent::Kind::AllReduce);
        return std::find(first, kinds_.end(), TraceEvent::Kind::Backward) == kinds_.end();
    }

private:
    std::mutex mutex_;
    std::condition_variable summed_;
    std::vector<TraceEvent::Kind> kinds_;
    int backward_ = 0;
    int sums_ = 0;
    bool wasSummed_ = false;
};

struct Engine {
    std::shared_ptr<const Backend> backend;
    Precision precision;
};

Engine engineOf(const std::string& name) {
    if (name == "reference")
        return {makeReferenceBackend(), Precision::F64};
    return {makeOneDnnBackend({.parts = name == "parts" ? 2 : 1}), Precision::F32};
}

/// Two steps of two ranks, each weight a bucket of its own; the weights of both. `heldAt`: of each
/// rank in the second step.
struct Steps {
    std::vector<Weights> weights{2};
    std::vector<Recorder> traces{2}; ///< of the second step
    std::vector<std::uint64_t> bytes = std::vector<std::uint64_t>(2);
};

void take(Steps& steps, const SampleNet& net, const Engine& engine, bool overlaps, int heldAt) {
    constexpr std::int64_t own = 8;
    auto members = PolledCommunicator::make(2, overlaps ? kLooks : 0);
    const auto rankWork = [&](std::size_t rank) {
        TrainingSettings settings;
        const CompileOptions options{.batch = own,
                                     .precision = engine.precision,
                                     .mode = Mode::Training,
                                     .update = settings.updateRule()};
        const auto program = engine.backend->compile(net.graph, options);
        initializeWeights(*program->weights(), 1);
        ExchangeThread beside;
        const auto data = randomBatch(net.graph, own, rank + 1);
        const auto inputs = data.bindings(net.graph);
        steps.traces[rank].heldAt = heldAt;
        for (std::uint64_t step = 1; step <= 2; ++step) {
            StepRequest request{inputs, {7, step, own * static_cast<std::int64_t>(rank)}, 0.01};
            const SharedBatch shared{
                *members[rank], 2 * own, false, Wire::Full, overlaps ? &beside : nullptr, 1};
            request.shared = &shared;
            if (step == 2)
                request.trace = &steps.traces[rank];
            program->submit(request);
            program->finish();
        }
        steps.weights[rank] = readWeights(*program->weights());
        steps.bytes[rank] = members[rank]->bytesSent();
    };
    std::thread other(rankWork, std::size_t{1});
    rankWork(0);
    other.join();
}

} // namespace

class OverlapTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        makeSmallMnist(resources_.path(), 2000, 200);
        qputenv("GRADWRIGHT_RESOURCES", QByteArray::fromStdString(resources_.path()));
    }

    /// The backward pass of each rank is held at one of its last ops until a sum is complete: if
    /// sums began after it, none would ever be.
    void sumsBeginBeforeTheBackwardPassEnds_data() {
        QTest::addColumn<std::string>("engine");
        QTest::addColumn<std::string>("net");
        for (const auto* engine : {"reference", "whole", "parts"})
            for (const auto* net : {"mlp", "lenet", "residual"})
                QTest::addRow("%s, %s", engine, net) << std::string(engine) << std::string(net);
    }
    void sumsBeginBeforeTheBackwardPassEnds() {
        QFETCH(std::string, engine);
        QFETCH(std::string, net);
        const auto sample = net == "mlp"     ? multilayerPerceptron()
                            : net == "lenet" ? leNet5()
                                             : smallResidual();
        const auto used = engineOf(engine);
        Steps apart, together;
        take(apart, sample, used, false, -1);
        const auto events = apart.traces[0].backwardEvents();
        QVERIFY(events > 4);
        QVERIFY(apart.traces[0].sumsFollow());
        const auto learning = std::ranges::count_if(
            sample.graph.weights(), [](const WeightSpec& weight) { return weight.learns(); });
        QCOMPARE(apart.traces[0].sums(), static_cast<int>(learning));

        take(together, sample, used, true, events - 1);
        for (std::size_t rank = 0; rank < 2; ++rank) {
            QVERIFY(together.traces[rank].wasSummed());
            QCOMPARE(together.traces[rank].sums(), static_cast<int>(learning));
            QCOMPARE(largestDifference(apart.weights[rank], together.weights[rank]), 0.0);
            QCOMPARE(together.bytes[rank], apart.bytes[rank]);
        }
        QCOMPARE(largestDifference(together.weights[0], together.weights[1]), 0.0);
    }

    /// The last layer's gradients are made first, and each weight that learns goes once.
    void gradientsGoInTheOrderInWhichTheyAreMade() {
        for (const auto& net : sampleNets()) {
            const auto order = orderOfGradients(programGraph(net.graph, Mode::Training));
            std::set<WeightId> once(order.begin(), order.end());
            std::set<WeightId> learning;
            for (std::uint32_t i = 0; i < net.graph.weights().size(); ++i)
                if (net.graph.weights()[i].learns())
                    learning.insert(WeightId{i});
            QVERIFY2(once == learning && once.size() == order.size(), net.name.c_str());
        }
        const auto net = multilayerPerceptron();
        const auto order = orderOfGradients(programGraph(net.graph, Mode::Training));
        const auto& last = net.graph.weights()[order.front().index()];
        const auto& first = net.graph.weights()[order.back().index()];
        QCOMPARE(last.shape[0], std::int64_t{10}); // of ten classes
        QVERIFY(first.key != last.key && order.back() < order.front());
    }

    void aTrainingIsTheSameToTheBit_data() {
        QTest::addColumn<std::string>("precision");
        QTest::addColumn<int>("parts");
        QTest::addColumn<int>("accumulated");
        QTest::addColumn<bool>("isRounded");
        QTest::newRow("reference") << std::string("fp64") << 1 << 1 << false;
        QTest::newRow("whole") << std::string("fp32") << 1 << 1 << false;
        QTest::newRow("parts") << std::string("fp32") << 2 << 1 << false;
        QTest::newRow("three parts") << std::string("fp32") << 3 << 1 << false;
        QTest::newRow("accumulated") << std::string("fp32") << 2 << 2 << false;
        QTest::newRow("accumulated reference") << std::string("fp64") << 1 << 2 << false;
        QTest::newRow("rounded") << std::string("fp32") << 2 << 1 << true;
    }
    void aTrainingIsTheSameToTheBit() {
        QFETCH(std::string, precision);
        QFETCH(int, parts);
        QFETCH(int, accumulated);
        QFETCH(bool, isRounded);
        auto project = normalized(doubleProject());
        set(project, "precision", precision);
        set(project, "parts", std::int64_t{parts});
        set(project, "accumulate_batches", std::int64_t{accumulated});
        for (const int size : {2, 3}) {
            const TemporaryFolder before, beside;
            Sharing how{.roundsGradients = isRounded, .overlaps = false, .bucketBytes = 1000};
            const auto apart = trainTogether(project, size, before.path(), how);
            how.overlaps = true;
            how.members = [](int ranks) { return PolledCommunicator::make(ranks, 3); };
            const auto together = trainTogether(project, size, beside.path(), how);
            for (std::size_t rank = 0; rank < static_cast<std::size_t>(size); ++rank)
                QVERIFY(apart.lastFile() == together.lastFile(rank));
            const auto record = together.ranksRecord(), other = apart.ranksRecord();
            QCOMPARE(record["bytes_sent"].get<std::int64_t>(),
                     other["bytes_sent"].get<std::int64_t>());
            QVERIFY(record["overlapped"].get<bool>() && !other["overlapped"].get<bool>());
        }
    }

    /// All gradients in one message have none to go beside.
    void aSingleMessageIsNotBesideAnything() {
        const auto project = doubleProject();
        const TemporaryFolder one, several;
        const auto recordWith = [&](const TemporaryFolder& folder, std::size_t bytes) {
            return trainTogether(project, 2, folder.path(), {.bucketBytes = bytes}).ranksRecord();
        };
        QVERIFY(!recordWith(one, kGradientBucket)["overlapped"].get<bool>());
        QVERIFY(recordWith(several, 1000)["overlapped"].get<bool>());
    }

    /// Statistics of all ranks travel in the backward pass: then gradients go after it.
    void sharedStatisticsGoFirst() {
        const auto project = normalized(doubleProject());
        const TemporaryFolder folder;
        const auto together = trainTogether(project, 2, folder.path(),
                                            {.sharesStatistics = true, .bucketBytes = 1000});
        QVERIFY(!together.ranksRecord()["overlapped"].get<bool>());
        const auto notes = together.logs[0].all<RunStarted>().at(0).notes;
        QVERIFY(std::ranges::find(notes, "gradients are summed after the backward pass, in which "
                                         "statistics travel") != notes.end());
    }

    /// A rank that is lost in the middle of a backward pass leaves a run to resume.
    void aRankThatIsLostMeanwhileIsNamed() {
        const auto project = doubleProject();
        const TemporaryFolder folder;
        EventLog log;
        trainUntilRankIsLost(log, project, PolledCommunicator::make(2, 0), folder.path(), 1000);
        const auto failed = log.all<Failed>();
        QCOMPARE(failed.size(), 1U);
        const auto text = QString::fromStdString(failed[0].message);
        QVERIFY2(text.startsWith("Rank 1 has not answered for 1 s.") &&
                     text.contains("The run is saved up to step 6: resume it"),
                 qPrintable(text));
    }

    /// Chrome's format: complete events with category, row and times in microseconds.
    void theTraceShowsSumsBesideTheBackwardPass() {
        const TemporaryFolder folder;
        const auto file = std::filesystem::path(folder.path()) / "trace.json";
        auto project = doubleProject();
        auto members = PolledCommunicator::make(2, 0);
        std::vector<std::thread> threads;
        for (std::size_t rank = 0; rank < 2; ++rank) {
            auto job =
                trainingJob(project, std::filesystem::path(folder.path()) / std::to_string(rank));
            job.ranks = std::move(members[rank]);
            job.bucketBytes = 1000;
            if (rank == 0)
                job.trace = file;
            threads.emplace_back([job = std::move(job)]() mutable {
                Trainer(std::move(job), [](const TrainingEvent&) {}).run({});
            });
        }
        for (auto& thread : threads)
            thread.join();
        const auto bytes = readFile(file);
        const auto trace = Json::parse(bytes.begin(), bytes.end());
        std::map<std::string, int> counts;
        double latest = 0;
        for (const auto& event : trace["traceEvents"]) {
            QCOMPARE(event["ph"].get<std::string>(), std::string("X"));
            QVERIFY(event["ts"].get<double>() >= 0 && event["dur"].get<double>() >= 0);
            QCOMPARE(event["pid"].get<int>(), 0);
            const auto category = event["cat"].get<std::string>();
            QCOMPARE(event["tid"].get<int>() == 1000, category == "all-reduce");
            QVERIFY(!event["name"].get<std::string>().empty());
            ++counts[category];
            latest = std::max(latest, event["ts"].get<double>());
        }
        QVERIFY(latest > 0);
        // The small kernel; its bias with the large kernel; and the bias of that.
        QCOMPARE(counts["all-reduce"], 20 * 3);
        QVERIFY(counts["forward"] >= 20 * 4 && counts["backward"] >= 20 * 4);
    }

private:
    const TemporaryFolder resources_;
};

QTEST_GUILESS_MAIN(OverlapTest)
#include "tst_overlap.moc"
