// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/fix_statistics.h"
#include "engine/training/recipes/optimizers.h"
#include "tests/engine/backend/sample_nets.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::int64_t kBatch = 6;

/// An image through a normalization of fixed statistics to class scores.
OpGraph normalizedNet(bool fixed) {
    OpGraph graph;
    const auto weight = [&](const char* key, Shape shape, Initializer initializer,
                            bool trainable = true) {
        const auto size = shape.elements();
        return graph.addWeight(
            {key, std::move(shape), std::move(initializer), {size, size}, trainable});
    };
    const auto image = graph.addInput("image", {Shape{3, 5, 5}});
    const auto label = graph.addInput("label", {Shape{1}, DType::I32});
    auto x = graph.add(ConvOp{.outChannels = 4, .kernel = {3, 3}, .bias = false}, {image}, "conv",
                       {weight("conv/weight", {4, 3, 3, 3}, {"normal", 0.4})});
    BatchNormOp norm;
    norm.fixed = fixed;
    x = graph.add(norm, {x}, "norm",
                  {weight("norm/weight", {4}, {"uniform", 2.0}),
                   weight("norm/bias", {4}, {"normal", 0.5}),
                   weight("norm/running_mean", {4}, {"normal", 0.3}, false),
                   weight("norm/running_var", {4}, {"constant", 0.6}, false)});
    x = graph.add(ActivationOp{{ActivationKind::Tanh}}, {x}, "tanh");
    x = graph.add(GlobalAveragePoolOp{}, {x}, "pool");
    x = graph.add(DenseOp{.units = 3, .bias = false}, {x}, "scores",
                  {weight("scores/weight", {3, 4}, {"normal", 1.0})});
    graph.addOutput("logits", x);
    graph.addLoss(graph.add(SoftmaxCrossEntropyOp{}, {x, label}, "loss"), 1.0);
    return graph;
}

CompileOptions training(Precision precision) {
    return {.batch = kBatch, .precision = precision, .mode = Mode::Training};
}

Tensor weightNamed(const WeightStore& store, const std::string& key) {
    for (std::uint32_t i = 0; i < store.specs().size(); ++i)
        if (store.specs()[i].key == key)
            return store.read(WeightId{i}).to(DType::F64);
    return {};
}

Tensor gradientNamed(const WeightStore& store, const std::string& key) {
    for (std::uint32_t i = 0; i < store.specs().size(); ++i)
        if (store.specs()[i].key == key)
            return store.readGradient(WeightId{i}).to(DType::F64);
    return {};
}

/// Loss of a batch in training, with one weight moved.
double lossWith(const std::string& key, std::size_t element, double move) {
    const auto graph = normalizedNet(true);
    const auto batch = randomBatch(graph, kBatch, 3);
    const auto program = makeReferenceBackend()->compile(graph, training(Precision::F64));
    initializeWeights(*program->weights(), 5);
    for (std::uint32_t i = 0; i < graph.weights().size(); ++i)
        if (graph.weights()[i].key == key) {
            auto values = program->weights()->read(WeightId{i});
            values.span<double>()[element] += move;
            program->weights()->write(WeightId{i}, values);
        }
    program->forward(batch.bindings(graph));
    return program->lossSum() / static_cast<double>(kBatch);
}

} // namespace

/// Batch normalization whose statistics stay as they are.
class TestFixedStatistics : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void thePassKeepsTheNumbersOfResults() {
        auto graph = normalizedNet(true);
        const auto norm = std::ranges::find_if(graph.ops(), [](const Op& op) {
            return std::holds_alternative<BatchNormOp>(op.attributes);
        });
        const auto output = norm->output();
        QCOMPARE(fixStatistics(graph), std::size_t{1});
        QVERIFY(std::holds_alternative<BinaryOp>(graph.producerOf(output)->attributes));
        QVERIFY(std::ranges::none_of(graph.ops(), [](const Op& op) {
            return std::holds_alternative<BatchNormOp>(op.attributes);
        }));
        auto followsBatches = normalizedNet(false);
        QCOMPARE(fixStatistics(followsBatches), std::size_t{0});
    }

    /// What it gives in training is what it gives at inference, and no step changes the statistics.
    void trainingComputesAsInferenceDoes() {
        for (const auto& backend : {std::shared_ptr<Backend>(makeReferenceBackend()),
                                    std::shared_ptr<Backend>(makeOneDnnBackend()),
                                    std::shared_ptr<Backend>(makeOneDnnBackend({.parts = 2}))}) {
            const auto graph = normalizedNet(true);
            const auto batch = randomBatch(graph, kBatch, 3);
            auto options = training(Precision::F32);
            const auto& sgd = optimizer("sgd");
            const ParamValues plain;
            options.update = sgd.make(Params(sgd.params, plain));
            const auto program = backend->compile(graph, options);
            initializeWeights(*program->weights(), 5);
            const auto inference = backend->compile(
                graph, {.batch = kBatch, .mode = Mode::Inference}, program->weights());
            const auto mean = weightNamed(*program->weights(), "norm/running_mean");
            const auto variance = weightNamed(*program->weights(), "norm/running_var");
            const auto scale = weightNamed(*program->weights(), "norm/weight");
            const auto inputs = batch.bindings(graph);
            inference->forward(inputs);
            program->forward(inputs);
            QVERIFY2(std::abs(program->lossSum() - inference->lossSum()) < 1e-5,
                     backend->key().c_str());
            program->backward();
            program->update(0.1, 1);
            QVERIFY(weightNamed(*program->weights(), "norm/running_mean") == mean);
            QVERIFY(weightNamed(*program->weights(), "norm/running_var") == variance);
            QVERIFY(!(weightNamed(*program->weights(), "norm/weight") == scale));
        }
    }

    void gradientsAreThoseOfCentralDifferences() {
        const auto graph = normalizedNet(true);
        const auto batch = randomBatch(graph, kBatch, 3);
        const auto exact = makeReferenceBackend()->compile(graph, training(Precision::F64));
        initializeWeights(*exact->weights(), 5);
        exact->forward(batch.bindings(graph));
        exact->backward();
        constexpr double kStep = 1e-5;
        for (const auto& [key, element] :
             {std::pair{"norm/weight", 2}, {"norm/bias", 1}, {"conv/weight", 17}}) {
            const auto place = static_cast<std::size_t>(element);
            const auto difference =
                (lossWith(key, place, kStep) - lossWith(key, place, -kStep)) / (2 * kStep);
            const auto gradient = gradientNamed(*exact->weights(), key).span<double>()[place];
            QVERIFY2(std::abs(difference - gradient) < 1e-7 * (1 + std::abs(difference)), key);
            QVERIFY2(std::abs(gradient) > 1e-6, key);
        }
        for (const int parts : {1, 2}) {
            const auto fast =
                makeOneDnnBackend({.parts = parts})->compile(graph, training(Precision::F32));
            initializeWeights(*fast->weights(), 5);
            fast->forward(batch.bindings(graph));
            fast->backward();
            for (const auto* const key : {"norm/weight", "norm/bias", "conv/weight"}) {
                const auto want = gradientNamed(*exact->weights(), key);
                const auto have = gradientNamed(*fast->weights(), key);
                for (std::size_t i = 0; i < want.span<double>().size(); ++i)
                    QVERIFY2(std::abs(want.span<double>()[i] - have.span<double>()[i]) < 1e-5, key);
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestFixedStatistics)
#include "tst_fixed_statistics.moc"
