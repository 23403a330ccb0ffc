// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/json.h"
#include "tests/engine/backend/graph_bench.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace {

std::vector<double> oneConvolution(const Shape& in, std::vector<float> data, ConvOp op,
                                   const Shape& kernelShape, std::vector<double> kernel) {
    Bench bench;
    const auto x = bench.input(in, std::move(data));
    op.bias = false;
    const auto weight = bench.weight("kernel", kernelShape, std::move(kernel));
    const auto y = bench.graph.add(op, {x}, "conv", {weight});
    bench.graph.addOutput("output", y);
    bench.compile(Mode::Inference);
    return bench.forward(y);
}

} // namespace

class ReferenceAnswersTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void convolutionByHand() {
        const Shape image{1, 3, 3};
        const Shape square{1, 1, 2, 2};
        const std::vector<double> kernel{1, 2, 3, 4};
        QVERIFY(agree(oneConvolution(image, upTo(9), {.kernel = {2, 2}}, square, kernel),
                      {37, 47, 67, 77}));
        QVERIFY(agree(oneConvolution(image, upTo(9),
                                     {.kernel = {2, 2}, .stride = {2, 2}, .padding = {1, 0, 1, 0}},
                                     square, kernel),
                      {4, 18, 36, 77}));
        QVERIFY(agree(
            oneConvolution(image, upTo(9), {.kernel = {2, 2}, .dilation = {2, 2}}, square, kernel),
            {64}));
        // Output channels 0 and 1 see input channel 0, 2 and 3 see channel 1.
        QVERIFY(agree(oneConvolution({2, 1, 1}, {3, 5}, {.outChannels = 4, .groups = 2},
                                     {4, 1, 1, 1}, {1, 10, 100, 1000}),
                      {3, 30, 500, 5000}));
        QVERIFY(agree(
            oneConvolution({2, 1, 1}, {3, 5}, {.outChannels = 2}, {2, 2, 1, 1}, {1, 10, 100, 1000}),
            {53, 5300}));
    }

    void denseByHand() {
        Bench bench;
        const auto x = bench.input({3}, {1, 2, 3, 4, 5, 6});
        const auto y = bench.graph.add(DenseOp{.units = 2}, {x}, "dense",
                                       {bench.weight("weight", {2, 3}, {1, 10, 100, 2, 0, -1}),
                                        bench.weight("bias", {2}, {0.5, -0.5})});
        bench.graph.addOutput("output", y);
        bench.compile(Mode::Inference, 2);
        QVERIFY(agree(bench.forward(y), {321.5, -1.5, 654.5, 1.5}));
    }

    void averagePoolingOfABorder() {
        for (const bool countPadding : {false, true}) {
            Bench bench;
            const auto x = bench.input({1, 2, 2}, upTo(4));
            const auto y = bench.graph.add(PoolOp{.kind = PoolKind::Average,
                                                  .kernel = {2, 2},
                                                  .stride = {2, 2},
                                                  .padding = {1, 1, 1, 0},
                                                  .countPadding = countPadding},
                                           {x}, "pool");
            bench.graph.addOutput("output", y);
            bench.compile(Mode::Inference);
            QVERIFY(agree(bench.forward(y),
                          countPadding ? std::vector{0.25, 0.75} : std::vector{1.0, 3.0}));
        }
    }

    void firstOfEqualMaximaTakesTheGradient() {
        Bench bench;
        WeightId weight;
        const auto x = bench.graph.add(ReshapeOp::ofSample(Shape{1, 2, 2}),
                                       {bench.learned({1, 5, 5, 5}, weight)}, "image");
        const auto y = bench.graph.add(PoolOp{}, {x}, "pool");
        const auto target = bench.input({1, 1, 1}, {4});
        bench.graph.addLoss(bench.graph.add(MeanSquaredErrorOp{}, {y, target}, "loss"), 1.0);
        auto& program = bench.compile(Mode::Training);
        QVERIFY(program.forward(bench.data()) && program.backward());
        QVERIFY(agree(Bench::numbers(program.weights()->readGradient(weight)), {0, 2, 0, 0}));
    }

    void crossEntropyByHand() {
        Bench bench;
        WeightId weight;
        const auto logits = bench.learned({0, std::log(3.0)}, weight);
        const auto loss =
            bench.graph.add(SoftmaxCrossEntropyOp{}, {logits, bench.classes({1})}, "");
        bench.graph.addLoss(loss, 0.5);
        auto& program = bench.compile(Mode::Training);
        QVERIFY(agree(bench.forward(loss), {std::log(4.0 / 3.0)}));
        QVERIFY(agree({program.lossSum()}, {0.5 * std::log(4.0 / 3.0)}));
        QVERIFY(program.backward());
        QVERIFY(agree(Bench::numbers(program.weights()->readGradient(weight)), {0.125, -0.125}));
        QVERIFY(agree({program.gradientSquares()[weight.index()]}, {2 * 0.125 * 0.125}));

        program.weights()->write(weight, Tensor::of<double>({2, 1}, std::vector{1000.0, 0.0}));
        QVERIFY(agree(bench.forward(loss), {1000.0}));
        QVERIFY(program.backward());
        QVERIFY(agree(Bench::numbers(program.weights()->readGradient(weight)), {0.5, -0.5}));
    }

    void meanSquaredErrorByHand() {
        Bench bench;
        WeightId weight;
        const auto prediction = bench.learned({1, 2}, weight);
        const auto loss =
            bench.graph.add(MeanSquaredErrorOp{}, {prediction, bench.input({2}, {0, 4})}, "loss");
        bench.graph.addLoss(loss, 1.0);
        auto& program = bench.compile(Mode::Training);
        QVERIFY(agree(bench.forward(loss), {2.5}));
        QVERIFY(program.backward());
        QVERIFY(agree(Bench::numbers(program.weights()->readGradient(weight)), {1, -2}));
        program.update(0.5, 1);
        QVERIFY(agree(Bench::numbers(program.weights()->read(weight)), {0.5, 3}));
    }

    void lossSumAddsSamplesAndGradientIsTheirMean() {
        Bench bench;
        const auto weight = bench.weight("weight", {1, 1}, {2});
        const auto y = bench.graph.add(DenseOp{.units = 1, .bias = false},
                                       {bench.input({1}, {1, 3})}, "dense", {weight});
        const auto loss =
            bench.graph.add(MeanSquaredErrorOp{}, {y, bench.input({1}, {0, 0})}, "loss");
        bench.graph.addLoss(loss, 2.0);
        auto& program = bench.compile(Mode::Training, 2);
        QVERIFY(agree(bench.forward(loss), {4, 36}));
        QVERIFY(agree({program.lossSum()}, {80}));
        QVERIFY(program.backward());
        // d/dw of 2 · (w² + 9 w²) / 2 at 2
        QVERIFY(agree(Bench::numbers(program.weights()->readGradient(weight)), {40}));
    }

    void batchNormByHand() {
        NormBench bench;
        auto& program = bench.compile(Mode::Training, 4);
        QVERIFY(agree(bench.forward(bench.y), {-1, 1.0 / 3, 5.0 / 3, 3}));
        QVERIFY(program.backward());
        auto& store = *program.weights();
        // Statistics move in update() only, by a quarter towards mean 4 and unbiased variance 20/3.
        QVERIFY(agree(Bench::numbers(store.read(bench.mean)), {0}));
        QVERIFY(agree(Bench::numbers(store.read(bench.variance)), {1}));
        program.update(0.0, 1);
        QVERIFY(agree(Bench::numbers(store.read(bench.mean)), {1}));
        QVERIFY(agree(Bench::numbers(store.read(bench.variance)), {0.75 + 5.0 / 3}));
        QCOMPARE(program.gradientSquares()[bench.mean.index()], 0.0);

        // Inference uses them: variance 5 and epsilon 4 make a deviation of 3.
        store.write(bench.variance, Tensor::of<double>({1}, std::vector{5.0}));
        auto weights = program.weights();
        bench.adopt(Mode::Inference, 4, weights);
        QVERIFY(agree(bench.forward(bench.y), {1, 1 + 4.0 / 3, 1 + 8.0 / 3, 5}));
        QVERIFY(agree(Bench::numbers(weights->read(bench.mean)), {1}));
    }
};

QTEST_APPLESS_MAIN(ReferenceAnswersTest)
#include "tst_reference_answers.moc"
