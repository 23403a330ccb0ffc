// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/freeze.h"
#include "engine/io/safetensors.h"
#include "engine/project/start_file.h"
#include "engine/training/checkpoint.h"
#include "engine/training/frozen_part.h"
#include "engine/training/start_weights.h"
#include "tests/support/data_files.h"
#include "tests/support/network_builder.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// Two convolutions with normalizations, a residual one, drop-out and a last layer.
Network smallConvolutional() {
    NetworkBuilder build;
    auto x = build.layer("input", {{"shape", IntTuple{1, 28, 28}}}, "image");
    x = build.after(x, "conv2d",
                    {{"filters", std::int64_t{4}}, {"stride", IntTuple{4, 4}}, {"bias", false}},
                    "first");
    x = build.after(x, "batch-norm", {}, "first_norm");
    x = build.after(x, "relu", {}, "first_relu");
    auto y = build.after(
        x, "conv2d",
        {{"filters", std::int64_t{4}}, {"padding", std::string("same")}, {"bias", false}},
        "second");
    y = build.after(y, "batch-norm", {}, "second_norm");
    const auto sum = build.layer("add", {}, "sum");
    build.link(y, sum, 0);
    build.link(x, sum, 1);
    x = build.after(sum, "flatten", {}, "flat");
    x = build.after(x, "dropout", {{"rate", 0.2}}, "dropout");
    x = build.after(x, "dense", {{"units", std::int64_t{10}}}, "scores");
    build.after(x, "output", {}, "digit");
    return build.network;
}

Project frozenProject(const char* upTo, std::int64_t cacheMegabytes) {
    auto project = smallProject(300, 0.2);
    project.network = smallConvolutional();
    project.canvas = {};
    const auto node = project.network.main.findByName(upTo)->id;
    apply(project.network, freeze(project.network, "", nodesUpTo(project.network.main, node)));
    set(project, "feature_cache", cacheMegabytes);
    set(project, "parts", std::int64_t{1});
    return project;
}

TrainingGraph graphOf(const Project& project) {
    const auto data = openDataset(project.data);
    return trainingGraph(project.network, data.info, project.training);
}

struct Trained {
    Weights weights;
    std::vector<EpochDone> epochs;
    std::optional<Score> test;
    std::vector<std::string> notes;
    std::filesystem::path run;
};

Trained trained(const Project& project, const TemporaryFolder& folder) {
    EventLog log;
    Trainer(trainingJob(project, folder.path()), log.sink()).run({});
    if (log.has<Failed>())
        throw Error(log.all<Failed>().front().message);
    const auto started = log.all<RunStarted>().at(0);
    return {readCheckpointWeights(RunDirectory::open(started.run).lastWeights()),
            log.all<EpochDone>(), log.all<Finished>().at(0).test, started.notes, started.run};
}

bool isKept(const Trained& run) {
    return std::ranges::any_of(run.notes, [](const std::string& note) {
        return contains(note, "is computed once and kept");
    });
}

} // namespace

/// Trainings whose first layers no step changes.
class TestFrozenPart : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theCutIsAsFarBehindAsThereIsOne() {
        const auto whole = graphOf(frozenProject("second_norm", 0));
        const auto part = cutFrozen(whole);
        QVERIFY(part);
        // The sum and the flattening are the same in each step, too; drop-out is not.
        QVERIFY(part->features == (Shape{4 * 7 * 7}));
        QCOMPARE(part->front.outputs().size(), std::size_t{1});
        QVERIFY(std::ranges::none_of(part->back.graph.ops(), [](const Op& op) {
            return std::holds_alternative<ConvOp>(op.attributes);
        }));
        QVERIFY(std::ranges::any_of(part->back.graph.ops(), [](const Op& op) {
            return std::holds_alternative<DropoutOp>(op.attributes);
        }));
        // Inside the residual part two values lead on: the cut is in front of it.
        const auto inner = frozenProject("second", 0);
        QVERIFY(cutFrozen(graphOf(inner))->features == (Shape{4, 7, 7}));
    }

    void nothingIsCutWhereStepsChangeIt() {
        auto project = smallProject(300);
        project.network = smallConvolutional();
        QVERIFY(!cutFrozen(graphOf(project)));
        // Statistics of batches make features depend on the other samples.
        const auto node = project.network.main.findByName("second_norm")->id;
        apply(project.network, freeze(project.network, "", nodesUpTo(project.network.main, node),
                                      FrozenStatistics::OfBatch));
        const auto part = cutFrozen(graphOf(project));
        QVERIFY(part);
        QVERIFY(std::ranges::none_of(part->front.ops(), [](const Op& op) {
            return std::holds_alternative<BatchNormOp>(op.attributes);
        }));
    }

    /// Weights, statistics and all figures are those of a training that computes everything anew.
    void keptFeaturesChangeNoNumber() {
        const TemporaryFolder folder;
        const auto with = trained(frozenProject("second_norm", 100), folder);
        const auto without = trained(frozenProject("second_norm", 0), folder);
        QVERIFY(isKept(with));
        QVERIFY(!isKept(without));
        QCOMPARE(with.epochs.size(), without.epochs.size());
        for (std::size_t i = 0; i < with.epochs.size(); ++i) {
            QVERIFY(std::abs(with.epochs[i].training.loss - without.epochs[i].training.loss) <
                    1e-5);
            QVERIFY(std::abs(with.epochs[i].validation->loss - without.epochs[i].validation->loss) <
                    1e-5);
            QCOMPARE(with.epochs[i].validation->quality.value,
                     without.epochs[i].validation->quality.value);
        }
        QVERIFY(std::abs(with.test->loss - without.test->loss) < 1e-5);
        QCOMPARE(with.test->samples, without.test->samples);
        for (const auto& [key, values] : with.weights.values) {
            const auto* const other = without.weights.find(key);
            QVERIFY2(other, key.c_str());
            for (std::size_t i = 0; i < values.span<float>().size(); ++i)
                QVERIFY2(std::abs(values.span<float>()[i] - other->span<float>()[i]) < 1e-5F,
                         key.c_str());
        }
    }

    /// To the bit, and the optimizer keeps nothing of them.
    void frozenWeightsStayAsTheyAre() {
        const TemporaryFolder folder;
        for (const auto cache : {std::int64_t{100}, std::int64_t{0}}) {
            auto project = frozenProject("second_norm", cache);
            const auto graph = graphOf(project).graph;
            const auto start = startWeightsOf(graph.weights(), 7, {});
            keepStartWeights(project, start, folder / "start.safetensors");
            const auto run = trained(project, folder);
            for (const auto& [key, values] : run.weights.values) {
                const bool isHead = key.starts_with("scores/");
                QVERIFY2((*start.find(key) == values) != isHead, key.c_str());
            }
            const auto file = readSafetensors(RunDirectory::open(run.run).lastWeights()).tensors;
            const auto slots = std::ranges::count_if(
                file, [](const auto& entry) { return contains(entry.first, "first/weight"); });
            QCOMPARE(slots, 1);
        }
    }

    void whatDoesNotFitIsComputedAnew() {
        const TemporaryFolder folder;
        auto large = frozenProject("second_norm", 1);
        large.data.limit = 3000; // 2.4 MB of features
        set(large, "epochs", std::int64_t{1});
        QVERIFY(!isKept(trained(large, folder)));
        auto augmented = frozenProject("second_norm", 100);
        augmented.data.augmentation["shift"] = 0.1;
        set(augmented, "epochs", std::int64_t{1});
        QVERIFY(!isKept(trained(augmented, folder)));
    }

    void aStoppedRunIsResumedWithKeptFeatures() {
        const TemporaryFolder folder;
        auto project = frozenProject("second_norm", 100);
        const auto through = trained(project, folder);
        set(project, "epochs", std::int64_t{1});
        const auto first = trained(project, folder);
        set(project, "epochs", std::int64_t{2});
        auto job = trainingJob(project, folder.path());
        job.resume = first.run;
        EventLog log;
        Trainer(job, log.sink()).run({});
        QVERIFY(log.has<Finished>());
        const auto weights = readCheckpointWeights(RunDirectory::open(first.run).lastWeights());
        for (const auto& [key, values] : through.weights.values)
            QVERIFY2(*weights.find(key) == values, key.c_str());
    }

    void aSampleWithoutFeaturesIsAnError() {
        const auto data = openDataset(smallProject(10).data);
        FeatureSource source(data.training, Shape{2});
        source.begin({4, 2});
        source.room(2)[1] = 5;
        std::vector<float> values(2);
        source.input(2, values);
        QCOMPARE(values[1], 5.0F);
        QCOMPARE(source.label(2), data.training->label(2));
        QVERIFY(contains(errorOf([&] { source.input(3, values); }), "no features of sample 3"));
    }
};

QTEST_GUILESS_MAIN(TestFrozenPart)
#include "tst_frozen_part.moc"
