// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/differentiate.h"
#include "tests/support/message_of.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

// That the numbers are right is checked by the backends' op cases; here is what the graph says.

namespace {

constexpr Activation kTanh{ActivationKind::Tanh};

WeightId addWeight(OpGraph& graph, const std::string& key, Shape shape, double rate = 1.0) {
    return graph.addWeight({key, std::move(shape), {}, {}, true, rate});
}

ValueId dense(OpGraph& graph, ValueId x, const std::string& path, std::int64_t units,
              double rate = 1.0) {
    const auto features = graph.type(x).sample()[0];
    const auto kernel = addWeight(graph, path + "/weight", {units, features}, rate);
    return graph.add(DenseOp{units, false}, {x}, path, {kernel});
}

void regress(OpGraph& graph, ValueId y) {
    const auto target = graph.addInput("target", graph.type(y));
    graph.addLoss(graph.add(MeanSquaredErrorOp{}, {y, target}, "loss"), 2.0);
}

/// "loss-seed mean-squared-error dense": what the backward pass does, in order.
std::string backwardOf(const OpGraph& graph) {
    std::string text;
    for (const auto& op : graph.ops())
        if (op.isBackward) {
            if (!text.empty())
                text += ' ';
            text += nameOf(op.attributes);
        }
    return text;
}

} // namespace

class DifferentiateTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void gradientsFollowInReverseOrder() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{3}});
        const auto hidden = graph.add(ActivationOp{kTanh}, {dense(graph, x, "a", 4)}, "tanh");
        regress(graph, dense(graph, hidden, "b", 2));
        const auto forward = graph.ops().size();

        const auto result = differentiate(graph);
        QCOMPARE(result.backwardBegin(), forward);
        QCOMPARE(backwardOf(result),
                 std::string("loss-seed mean-squared-error dense activation dense"));
        QCOMPARE(result.gradients().size(), std::size_t{2});
        for (const auto& [weight, value] : result.gradients()) {
            QVERIFY(result.type(value).dims == Dims::of(result.weight(weight).shape));
            QVERIFY(result.producerOf(value)->isBackward);
        }
        // Values keep their numbers, and each gradient says whose it is.
        QVERIFY(result.value(result.losses()[0].perSample).path == "loss");
        const auto& last = result.ops().back();
        QCOMPARE(last.outputs.size(), std::size_t{1}); // x needs no gradient
        QVERIFY(result.value(last.inputs[0]).gradientOf == result.ops()[0].output());
        // A step of differentiate() on the same graph is the same.
        QCOMPARE(backwardOf(differentiate(graph)), backwardOf(result));
    }

    void roundingToIntegersIsRefused() {
        const auto quantized = [](double rate, bool scaleLearns) {
            OpGraph graph;
            const auto x = graph.addInput("x", {Shape{3}});
            const auto y = dense(graph, x, "before", 4, rate);
            const auto scale =
                graph.weightValue(addWeight(graph, "scale", {1}, scaleLearns ? 1.0 : 0.0));
            const auto q = graph.add(QuantizeOp{}, {y, graph.add(FillOp{{1}, 1}, {}, "step")}, "q");
            regress(graph, dense(graph, graph.add(DequantizeOp{}, {q, scale}, "back"), "after", 2));
            return graph;
        };
        QCOMPARE(
            messageOf([&] { return differentiate(quantized(1, false)); }),
            "quantize at q rounds to integers and has no gradient: train the network before it "
            "is quantized, or freeze the weights that q depends on");
        QCOMPARE(messageOf([&] { return differentiate(quantized(0, true)); }),
                 "the scale of integers has no gradient");
        QCOMPARE(differentiate(quantized(0, false)).gradients().size(), std::size_t{1});
    }

    void readersContributeInTheOrderOfTheBackwardPass() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{3}});
        const auto a = dense(graph, x, "a", 3);
        const auto b = graph.add(ActivationOp{kTanh}, {a}, "b");
        const auto sum = graph.add(AddOp{}, {a, b}, "sum");
        regress(graph, sum);
        const auto result = differentiate(graph);
        QCOMPARE(backwardOf(result), std::string("loss-seed mean-squared-error activation add "
                                                 "dense"));
        const auto& add = result.ops()[result.ops().size() - 2];
        // First that of the sum, which passes it on, then that of tanh.
        QVERIFY(result.value(add.inputs[0]).gradientOf == sum);
        QVERIFY(result.value(add.inputs[1]).gradientOf == a);
        QVERIFY(result.value(add.output()).gradientOf == a);
    }

    void joinsSplitAndShapesTurnBack() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{4}});
        const auto a = graph.add(ReshapeOp::ofSample({2, 2}), {dense(graph, x, "a", 4)}, "r");
        const auto b = graph.add(PermuteOp::ofSample({1, 0}), {a}, "p");
        const auto other = graph.addInput("other", {Shape{3, 2}});
        regress(graph, graph.add(ConcatOp::ofSample(0), {b, other}, "join"));
        const auto result = differentiate(graph);
        QCOMPARE(backwardOf(result), std::string("loss-seed mean-squared-error split permute "
                                                 "reshape dense"));
    }

    void aSharedWeightAddsItsGradients() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{3}});
        const auto kernel = addWeight(graph, "shared", {3, 3});
        const auto y = graph.add(DenseOp{3, false}, {x}, "first", {kernel});
        regress(graph, graph.add(DenseOp{3, false}, {y}, "second", {kernel}));
        const auto result = differentiate(graph);
        QCOMPARE(result.gradients().size(), std::size_t{1});
        QCOMPARE(backwardOf(result), std::string("loss-seed mean-squared-error dense dense add"));
    }

    void whatNothingLearnsFromHasNoGradient() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{3}});
        const auto frozen = dense(graph, x, "frozen", 3, 0.0);
        const auto y = dense(graph, frozen, "y", 2);
        dense(graph, y, "aside", 5); // no loss depends on it
        regress(graph, y);
        const auto result = differentiate(graph);
        QCOMPARE(result.gradients().size(), std::size_t{1});
        QCOMPARE(result.weight(result.gradients()[0].weight).key, std::string("y/weight"));
        QCOMPARE(backwardOf(result), std::string("loss-seed mean-squared-error dense"));

        OpGraph without;
        const auto z = without.addInput("z", {Shape{3}});
        regress(without, dense(without, z, "frozen", 2, 0.0));
        QVERIFY(backwardOf(differentiate(without)).empty());
    }
};

QTEST_APPLESS_MAIN(DifferentiateTest)
#include "tst_differentiate.moc"
