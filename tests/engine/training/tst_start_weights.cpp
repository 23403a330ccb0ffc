// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/safetensors.h"
#include "engine/project/start_file.h"
#include "engine/support/error.h"
#include "engine/training/checkpoint.h"
#include "engine/training/start_weights.h"
#include "tests/support/data_files.h"
#include "tests/support/message_of.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

namespace {

Tensor filled(Shape shape, float value) {
    Tensor tensor(DType::F32, std::move(shape));
    std::ranges::fill(tensor.span<float>(), value);
    return tensor;
}

/// Of smallProject(): hidden is 784 → 16, scores 16 → 10.
Weights halves() {
    Weights weights;
    weights.values.emplace_back("hidden/weight", filled({16, 784}, 0.5F));
    weights.values.emplace_back("hidden/bias", filled({16}, 0.25F));
    weights.values.emplace_back("scores/weight", filled({10, 16}, -0.5F));
    weights.values.emplace_back("scores/bias", filled({10}, 0.125F));
    return weights;
}

} // namespace

/// Trainings that start with weights from a file.
class StartWeightsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aTrainingStartsWithThem() {
        const TemporaryFolder folder;
        auto project = smallProject(100);
        keepStartWeights(project, halves(), folder / "net.start.safetensors");
        set(project, "epochs", std::int64_t{1});
        set(project, "learning_rate", 1e-9);
        EventLog log;
        Trainer(trainingJob(project, folder.path()), log.sink()).run({});
        const auto started = log.all<RunStarted>().at(0);
        QVERIFY(std::ranges::count(started.notes,
                                   "starts with the weights of net.start.safetensors") == 1);
        const auto weights = readCheckpointWeights(RunDirectory::open(started.run).lastWeights());
        for (const auto& [key, values] : halves().values) {
            const auto* have = weights.find(key);
            QVERIFY2(have, key.c_str());
            for (std::size_t i = 0; i < values.span<float>().size(); ++i)
                QVERIFY2(std::abs(have->span<float>()[i] - values.span<float>()[i]) < 1e-5F,
                         key.c_str());
        }
    }

    /// A layer that has another size now, and one that the file lacks, begin anew.
    void whatHasChangedIsNew() {
        const TemporaryFolder folder;
        auto given = halves();
        given.values.erase(given.values.begin() + 1);
        given.values.back().second = filled({7}, 1);
        auto project = smallProject(100);
        keepStartWeights(project, given, folder / "net.start.safetensors");
        EventLog log;
        Trainer(trainingJob(project, folder.path()), log.sink()).run({});
        const auto notes = log.all<RunStarted>().at(0).notes;
        QCOMPARE(std::ranges::count(notes, "starts with 2 weights of net.start.safetensors; it has "
                                           "none for hidden/bias, scores/bias, which are new"),
                 1);
    }

    void otherWeightsKeepTheirFirstValues() {
        const TemporaryFolder folder;
        Project project;
        Weights given;
        given.values.emplace_back("a/weight", filled({2}, 3));
        keepStartWeights(project, given, folder / "a.safetensors");
        const std::vector<WeightSpec> specs = {{"a/weight", {2}, {"zeros"}, {}},
                                               {"b/weight", {2}, {"constant", 1.0}, {}}};
        const auto weights = startWeightsOf(specs, 1, folder / "a.safetensors");
        QCOMPARE(weights.find("a/weight")->span<float>()[1], 3.0F);
        QCOMPARE(weights.find("b/weight")->span<float>()[1], 1.0F);
        QCOMPARE(startWeightsOf(specs, 1, {}).find("a/weight")->span<float>()[1], 0.0F);
    }

    void whatCannotStartIsAnError() {
        const TemporaryFolder folder;
        auto project = smallProject(100);
        project.startWeights = folder / "gone.safetensors";
        EventLog log;
        Trainer(trainingJob(project, folder.path()), log.sink()).run({});
        QVERIFY(contains(log.all<Failed>().at(0).message, "gone.safetensors"));
        Weights other;
        other.values.emplace_back("other/weight", filled({2}, 3));
        keepStartWeights(project, other, folder / "other.safetensors");
        EventLog second;
        Trainer(trainingJob(project, folder.path()), second.sink()).run({});
        QVERIFY(contains(second.all<Failed>().at(0).message,
                         "other.safetensors has no weight of this network"));
    }
};

QTEST_GUILESS_MAIN(StartWeightsTest)
#include "tst_start_weights.moc"
