// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/safetensors.h"
#include "engine/passes/quantization/fake_quantization.h"
#include "engine/passes/quantization/pack_dense.h"
#include "engine/project/runs.h"
#include "engine/quantization/quantizable_run.h"
#include "engine/support/error.h"
#include "engine/training/checkpoint.h"
#include "tests/support/data_files.h"
#include "tests/support/message_of.h"
#include "tests/support/small_jobs.h"
#include "tests/support/small_mnist_home.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

/// Trainings that go on with numbers rounded to integers, and what is left when they are.
class TrainingForIntegersTest : public QObject {
    Q_OBJECT

private:
    SmallMnistHome home_{800, 300};
    const TemporaryFolder folder_;
    RunDirectory first_ = trainedFirst();

    RunDirectory trainedFirst() {
        auto project = smallProject(800);
        set(project, "epochs", std::int64_t{3});
        EventLog log;
        Trainer(trainingJob(project, folder_.path()), log.sink()).run({});
        return RunDirectory::open(log.all<RunStarted>().at(0).run);
    }
    Project continued(const char* integers, std::int64_t epochs = 2) const {
        auto project = projectOfRun(first_);
        project.startWeights = weightsOfRun(first_);
        set(project, "integers", std::string(integers));
        set(project, "epochs", epochs);
        return project;
    }
    static std::filesystem::path trained(const TrainingJob& job) {
        EventLog log;
        Trainer(job, log.sink()).run({});
        if (!log.has<Finished>())
            throw Error("{}", log.has<Failed>() ? log.all<Failed>().at(0).message : "not finished");
        return log.all<RunStarted>().at(0).run;
    }

    /// Of the test set, with the rounding that the run was trained with.
    static std::optional<Score> scoreAsTrained(const RunDirectory& directory,
                                               const QuantizableRun& run) {
        const auto project = projectOfRun(directory);
        const auto rounded = evaluationGraph(project.network, run.data.info, project.training);
        const auto weights = readCheckpointWeights(weightsOfRun(directory));
        InferenceModel model{rounded.graph, {}};
        for (const auto& spec : rounded.graph.weights())
            model.weights.push_back(weights.find(spec.key)->to(DType::F32));
        return scoreOf(model, rounded, run.test());
    }

private Q_SLOTS:
    void valuesKeepTheRangesThatTheyHad() {
        EventLog log;
        const auto job = trainingJob(continued("int8"), folder_.path());
        Trainer(job, log.sink()).run({});
        QVERIFY(log.has<Finished>());
        const auto notes = log.all<RunStarted>().at(0).notes;
        QCOMPARE(std::ranges::count(
                     notes, "2 values are rounded to integers in the ranges that they have now"),
                 1);
        QVERIFY(std::ranges::none_of(notes, [](const std::string& note) {
            return note.find("which are new") != std::string::npos;
        }));
        // Those of quantize, whose plan is made of the weights that the training began with.
        const auto before = quantizableRun(first_);
        const auto after = quantizableRun(RunDirectory::open(log.all<RunStarted>().at(0).run));
        QVERIFY(before.given.empty());
        QCOMPARE(after.given.size(), std::size_t{2});
        const auto all = before.calibration(1000);
        const auto seen = observe(before.model, before.graph, all);
        QVERIFY(seen.has_value());
        const auto plan =
            planFor(before.model.graph, *seen, RangeMethod::MinMax, ByteKind::Unsigned);
        std::vector<Quantization> expected;
        for (const auto& [name, layer] : plan)
            expected.push_back(layer.x);
        for (const auto& [path, how] : after.given)
            QVERIFY2(std::ranges::any_of(expected,
                                         [&](const Quantization& each) {
                                             return each.zero == how.zero &&
                                                    std::abs(each.scale / how.scale - 1) < 1e-4F;
                                         }),
                     path.c_str());
    }

    /// What training has measured is what integers answer.
    void integersAnswerAsTrained() {
        const auto path = trained(trainingJob(continued("int8"), folder_.path()));
        const auto run = quantizableRun(RunDirectory::open(path));
        const auto made =
            quantizeTrained(run.model, run.graph, run.calibration(300), {.given = run.given});
        QVERIFY(made.has_value());
        for (const auto& [name, layer] : made->plan)
            QVERIFY2(std::ranges::any_of(
                         run.given, [&](const auto& given) { return given.second == layer.x; }),
                     name.c_str());
        const auto trainedScore = scoreAsTrained(RunDirectory::open(path), run);
        const auto integers = scoreOf(made->model, run.graph, run.test());
        QVERIFY(trainedScore && integers);
        QVERIFY(std::abs(trainedScore->loss - integers->loss) < 0.01 * trainedScore->loss);
        QVERIFY(std::abs(trainedScore->quality.value - integers->quality.value) < 0.011);
    }

    /// The same of kernels of 4 bits, to rounding: values stay as they are.
    void packedKernelsAnswerAsTrained() {
        const auto path = trained(trainingJob(continued("int4"), folder_.path()));
        const auto run = quantizableRun(RunDirectory::open(path));
        QVERIFY(run.given.empty());
        auto packed = run.model;
        QCOMPARE(packDense(packed, kPackedGroup).size(), std::size_t{2});
        const auto asTrained = scoreAsTrained(RunDirectory::open(path), run);
        const auto answered = scoreOf(packed, run.graph, run.test());
        const auto real = scoreOf(run.model, run.graph, run.test());
        QVERIFY(asTrained && answered && real);
        QVERIFY(std::abs(asTrained->loss - answered->loss) < 1e-4 * answered->loss);
        QVERIFY(std::abs(real->loss - answered->loss) > 1e-4 * answered->loss);
        QCOMPARE(asTrained->quality.value, answered->quality.value);
    }

    /// A run that is stopped between two epochs, or within one, ends with the same weights.
    void resumedTrainingsEndWithTheSameWeights() {
        const auto whole = trained(trainingJob(continued("int8", 3), folder_.path()));
        auto job = trainingJob(continued("int8", 1), folder_.path());
        const auto part = trained(job);
        auto rest = trainingJob(continued("int8", 3), folder_.path());
        rest.resume = part;
        QCOMPARE(trained(rest), part);
        const auto expected = readCheckpointWeights(RunDirectory::open(whole).lastWeights());
        const auto made = readCheckpointWeights(RunDirectory::open(part).lastWeights());
        QCOMPARE(made.values.size(), expected.values.size());
        for (const auto& [key, values] : expected.values)
            QVERIFY2(*made.find(key) == values, key.c_str());
    }

    void whatCannotBeTrainedSoIsRefused() {
        auto fresh = continued("int8");
        fresh.startWeights.clear();
        EventLog log;
        Trainer(trainingJob(fresh, folder_.path()), log.sink()).run({});
        QVERIFY(log.has<Failed>());
        QVERIFY(log.all<Failed>().at(0).message.find("train --from RUN") != std::string::npos);
        auto half = continued("int8");
        set(half, "precision", std::string("bf16"));
        QVERIFY(messageOf([&] {
                    requireValid(half.training);
                }).contains(QStringLiteral("FP32 or FP64")));
        set(half, "precision", std::string("fp32"));
        set(half, "device", std::string("cuda:0"));
        QVERIFY(messageOf([&] {
                    requireValid(half.training);
                }).contains(QStringLiteral("on the processor")));
    }
};

QTEST_GUILESS_MAIN(TrainingForIntegersTest)
#include "tst_training_for_integers.moc"
