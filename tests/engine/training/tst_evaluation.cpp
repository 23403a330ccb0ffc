// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"
#include "engine/inference/readings.h"
#include "engine/metrics/quality.h"
#include "engine/training/evaluation.h"
#include "tests/support/numeric.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <vector>

using namespace gradwright;

namespace {

constexpr std::int64_t kSamples = 300; // more than one batch, and a shorter one

/// Random inputs with a class, or two target values, of their own; counts how often each is read.
class CountedSource final : public DataSource {
public:
    /// With that many target values; with classes where there are none.
    CountedSource(Shape shape, std::int64_t values)
        : shape_(std::move(shape))
        , target_(values == 0 ? Shape{} : Shape{values})
        , reads_(kSamples) {}

    [[nodiscard]] std::int64_t size() const override { return kSamples; }
    [[nodiscard]] const Shape& shape() const override { return shape_; }
    void input(std::int64_t index, std::span<float> out) const override {
        ++reads_[static_cast<std::size_t>(index)];
        const auto values = test::randomTensor(DType::F32, shape_, seed(index));
        std::ranges::copy(values.span<float>(), out.begin());
    }
    [[nodiscard]] std::int32_t label(std::int64_t index) const override {
        return static_cast<std::int32_t>(target_.rank() == 0 ? index % 10 : 0);
    }
    [[nodiscard]] const Shape& targetShape() const override { return target_; }
    void target(std::int64_t index, std::span<float> out) const override {
        out[0] = static_cast<float>(index % 7) / 7;
        if (out.size() > 1)
            out[1] = static_cast<float>(index % 3) - 1;
    }

    [[nodiscard]] bool wasReadOnce() const {
        return std::ranges::all_of(reads_, [](const auto& count) { return count == 1; });
    }
    void forget() {
        for (auto& count : reads_)
            count = 0;
    }

private:
    static std::uint64_t seed(std::int64_t index) { return static_cast<std::uint64_t>(index) + 1; }

    Shape shape_;
    Shape target_;
    mutable std::vector<std::atomic<int>> reads_;
};

DataInfo infoOf(const CountedSource& source) {
    DataInfo info;
    info.input = source.shape();
    info.target = source.targetShape();
    if (info.target.rank() == 0)
        for (int c = 0; c < 10; ++c)
            info.classes.push_back(std::to_string(c));
    return info;
}

ProgramCache programsOf(const TrainingGraph& graph, Precision precision = Precision::F32) {
    ProgramCache programs(backendFor({.precision = precision}), graph.graph,
                          {.precision = precision});
    programs.get(1, Mode::Inference);
    initializeWeights(*programs.weights(), 5);
    return programs;
}

/// Of values instead of ten classes.
Project regressionProject(const std::string& loss, std::int64_t values) {
    auto project = test::smallProject();
    const auto& graph = project.network.main;
    const auto idOf = [&](const char* name) { return graph.findByName(name)->id; };
    apply(project.network, {SetParam{"", idOf("scores"), "units", values}});
    const auto scores = idOf("scores");
    const auto digit = idOf("digit");
    apply(project.network, removeNodes(project.network, "", {idOf("probabilities")}));
    apply(project.network, {AddLink{"", {{90}, {scores, {0}}, {digit, {0}}}}});
    project.training.objectives[0].loss = {loss, {}};
    return project;
}

} // namespace

/// What is measured over a set of samples.
class EvaluationTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void onePassTellsAll_data() {
        QTest::addColumn<QString>("loss");
        QTest::addColumn<qint64>("values");
        QTest::addColumn<Precision>("precision");
        const auto row = [](const char* name, const char* loss, qint64 values,
                            Precision precision = Precision::F32) {
            QTest::newRow(name) << loss << values << precision;
        };
        row("classes", "softmax-cross-entropy", 0);
        row("classes in BF16", "softmax-cross-entropy", 0, Precision::Bf16);
        row("classes in FP64", "softmax-cross-entropy", 0, Precision::F64);
        row("a loss on probabilities", "mean-squared-error", 0);
        row("values", "mean-squared-error", 2);
        row("values from a sigmoid", "binary-cross-entropy", 2);
        // No probability of a second class.
        row("a value", "mean-squared-error", 1);
        row("a value from a sigmoid", "binary-cross-entropy", 1);
    }

    /// Each sample is read once; loss and score are those of evaluate(), the outcomes those of
    /// readAll(), which take a pass each.
    void onePassTellsAll() {
        QFETCH(QString, loss);
        QFETCH(qint64, values);
        QFETCH(Precision, precision);
        const bool ofClasses = values == 0;
        auto project =
            ofClasses ? test::smallProject() : regressionProject(loss.toStdString(), values);
        project.training.objectives[0].loss = {loss.toStdString(), {}};
        const auto source = std::make_shared<CountedSource>(Shape{1, 28, 28}, values);
        const auto info = infoOf(*source);
        const auto all = allIndices(*source);

        const auto graph = evaluationGraph(project.network, info, project.training);
        auto programs = programsOf(graph, precision);
        std::int64_t told = 0;
        const auto whole = evaluateWithOutcomes(programs, graph, source, all, {},
                                                [&](std::int64_t done) { told = done; });
        QVERIFY(whole.has_value());
        QVERIFY(source->wasReadOnce());
        QCOMPARE(told, kSamples);
        QCOMPARE(whole->score.samples, kSamples);
        QCOMPARE(whole->outcomes.samples(), kSamples);

        const auto training = trainingGraph(project.network, info, project.training);
        auto others = programsOf(training, precision);
        const auto score = evaluate(others, training, source, all);
        QVERIFY(std::abs(whole->score.loss - score->loss) < 1e-6 * std::abs(score->loss));
        QCOMPARE(whole->score.quality.metric, &metric(ofClasses ? "accuracy" : "r2"));
        QVERIFY(std::abs(whole->score.quality.value - score->quality.value) < 1e-6);

        source->forget();
        const auto inference = inferenceGraph(project.network, info, project.training);
        const auto weights = readWeights(*programs.weights());
        const auto outcomes = readAll(inference, weights, source, {}, {}, {.precision = precision});
        QVERIFY(source->wasReadOnce());
        QCOMPARE(whole->outcomes.elements, outcomes->elements);
        QCOMPARE(whole->outcomes.labels, outcomes->labels);
        QCOMPARE(whole->outcomes.targets, outcomes->targets);
        QCOMPARE(whole->outcomes.outputs.size(), outcomes->outputs.size());
        for (std::size_t i = 0; i < outcomes->outputs.size(); ++i)
            QVERIFY(std::abs(whole->outcomes.outputs[i] - outcomes->outputs[i]) < 1e-6F);
        // The difference of precisions shows.
        const auto plain = readAll(inference, weights, source);
        QCOMPARE(plain->outputs != outcomes->outputs, precision != Precision::F32);
        // The score and the first metric of the outcomes are the same figure.
        const auto first = measure(whole->outcomes).front();
        QCOMPARE(first.metric, whole->score.quality.metric);
        QVERIFY(std::abs(first.value - whole->score.quality.value) < 1e-6);
    }

    void aStopGivesNothing() {
        const auto project = test::smallProject();
        const auto source = std::make_shared<CountedSource>(Shape{1, 28, 28}, 0);
        const auto graph = evaluationGraph(project.network, infoOf(*source), project.training);
        auto programs = programsOf(graph);
        std::stop_source stop;
        stop.request_stop();
        QVERIFY(
            !evaluateWithOutcomes(programs, graph, source, allIndices(*source), stop.get_token()));
    }
};

QTEST_APPLESS_MAIN(EvaluationTest)
#include "tst_evaluation.moc"
