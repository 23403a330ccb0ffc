// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/op_graph.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

using Types = std::vector<ValueType>;

ValueType classIndex() {
    return {{1}, DType::I32};
}

QString shapeOf(const OpAttributes& op, const Types& inputs) {
    return QString::fromStdString(toString(inferTypes(op, inputs)[0].sample()));
}

QString refusal(const OpAttributes& op, const Types& inputs) {
    return messageOf([&] { return inferTypes(op, inputs); });
}

} // namespace

class OpTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void windowsFollowTheFormula() {
        QCOMPARE(windowOutput(28, 5, 1, 0), 24);
        QCOMPARE(windowOutput(28, 5, 1, 4), 28);
        QCOMPARE(windowOutput(7, 2, 2, 0), 3);
        QCOMPARE(windowOutput(7, 3, 2, 2, 3), 2);
        QCOMPARE(windowOutput(4, 5, 1, 0), 0);
        QCOMPARE(windowOutput(5, 5, 3, 0), 1);
    }

    void infersShapes() {
        const ConvOp conv{6, {5, 3}, {2, 1}, {1, 2}, {1, 0, 2, 3}, 3, true};
        QCOMPARE(shapeOf(conv, {{{3, 11, 13}}}), "6×4×14");
        QCOMPARE(shapeOf(DenseOp{10}, {{{84}}}), "10");
        const PoolOp pool{PoolKind::Max, {3, 2}, {2, 2}, {1, 1, 0, 1}};
        QCOMPARE(shapeOf(pool, {{{5, 7, 8}}}), "5×4×4");
        QCOMPARE(shapeOf(GlobalAveragePoolOp{}, {{{5, 7, 8}}}), "5");
        QCOMPARE(shapeOf(BatchNormOp{}, {{{5, 7}}}), "5×7");
        QCOMPARE(shapeOf(ReshapeOp::ofSample({4, 15}), {{{3, 4, 5}}}), "4×15");
        QCOMPARE(shapeOf(AddOp{}, {{{3, 4}}, {{3, 4}}, {{3, 4}}}), "3×4");
        QCOMPARE(shapeOf(ConcatOp::ofSample(1), {{{3, 4}}, {{3, 7}}}), "3×11");
        QCOMPARE(shapeOf(OneHotOp{10}, {classIndex()}), "10");
        QCOMPARE(shapeOf(SoftmaxCrossEntropyOp{}, {{{10}}, classIndex()}), "1");
        QCOMPARE(shapeOf(MeanSquaredErrorOp{}, {{{4, 5}}, {{4, 5}}}), "1");
    }

    void refusalsSayRuleAndShapes_data() {
        QTest::addColumn<QString>("message");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char* name, const OpAttributes& op, const Types& inputs,
                            const char* expected) {
            QTest::newRow(name) << refusal(op, inputs) << expected;
        };
        row("image", ConvOp{}, {{{784}}},
            "conv: takes channels × steps, channels × rows × columns or channels × slices × rows × "
            "columns; received N×784");
        row("kernel", ConvOp{1, {5, 5}}, {{{1, 4, 9}}},
            "conv: the kernel 5×5 must fit the padded input; received N×1×4×9");
        row("groups", ConvOp{.outChannels = 4, .groups = 2}, {{{3, 4, 4}}},
            "conv: 2 groups must divide both channel counts; received N×3×4×4");
        row("stride", ConvOp{.stride = {0, 1}}, {{{3, 4, 4}}},
            "conv: kernel, stride and dilation are 1 or more; received N×3×4×4");
        row("padding", ConvOp{.padding = {0, -1, 0, 0}}, {{{3, 4, 4}}},
            "conv: padding is 0 or more; received N×3×4×4");
        row("channels", ConvOp{.outChannels = 0}, {{{3, 4, 4}}},
            "conv: makes 1 channel or more; received N×3×4×4");
        row("pool padding", PoolOp{.padding = {2, 0, 0, 0}}, {{{3, 4, 4}}},
            "pool: the padding must be smaller than the kernel 2×2; received N×3×4×4");
        row("vector", DenseOp{10}, {{{2, 3, 4}}},
            "dense: takes a vector or a sequence; received N×2×3×4");
        row("units", DenseOp{0}, {{{3}}}, "dense: has 1 unit or more; received N×3");
        row("one input", DenseOp{10}, {{{2}}, {{3}}}, "dense: takes 1 input(s); received N×2, N×3");
        row("no input", AddOp{}, {}, "add: takes two or more inputs; received no input");
        row("indices", AddOp{}, {{{1}}, classIndex()},
            "add: takes real numbers, not I32; received N×1, N×1");
        row("add", AddOp{}, {{{2, 3}}, {{3, 2}}},
            "add: takes inputs of one shape; received N×2×3, N×3×2");
        row("axis", ConcatOp::ofSample(2), {{{2, 3}}, {{2, 3}}},
            "concatenate: axis 3 must exist; received N×2×3, N×2×3");
        row("concat", ConcatOp::ofSample(0), {{{2, 3}}, {{2, 4}}},
            "concatenate: inputs must agree in all but axis 1; received N×2×3, N×2×4");
        row("concat rank", ConcatOp::ofSample(0), {{{2}}, {{2, 4}}},
            "concatenate: inputs must agree in all but axis 1; received N×2, N×2×4");
        row("reshape", ReshapeOp::ofSample({5}), {{{2, 3}}},
            "reshape: N×5 needs as many elements as the input; received N×2×3");
        row("one-hot", OneHotOp{3}, {{{1}}}, "one-hot: takes one class index; received N×1");
        row("cross-entropy", SoftmaxCrossEntropyOp{}, {{{2, 3}}, classIndex()},
            "softmax-cross-entropy: takes a vector of logits and a class index or as many "
            "probabilities, or a sequence of both; received N×2×3, N×1");
        row("squared error", MeanSquaredErrorOp{}, {{{2}}, {{3}}},
            "mean-squared-error: takes a prediction and a target of one shape; received N×2, N×3");
        const auto number = ValueType::of({});
        const auto byte = ValueType::of({}, DType::U8);
        const ValueType image({3, 4}, DType::U8);
        row("quantize to", QuantizeOp{DType::I32}, {{{3, 4}}, number},
            "quantize: makes U8 or I8, not I32; received N×3×4, scalar");
        row("quantize scales", QuantizeOp{DType::U8, 1}, {{{3, 4}}, ValueType::of({4})},
            "quantize: takes one scale, or one for each index of axis 1; received N×3×4, 4");
        row("quantize zero type", QuantizeOp{DType::I8}, {{{3, 4}}, number, byte},
            "quantize: takes a zero point of type I8, as the integers are; received N×3×4, scalar, "
            "scalar");
        row("quantize blocks", QuantizeOp{DType::U8, 2, 3}, {{{3, 4}}, {{3, 1}}},
            "quantize: takes scales N×3×2 for blocks of 3; received N×3×4, N×3×1");
        row("quantize integers", QuantizeOp{}, {image, number},
            "quantize: takes real numbers, not U8; received N×3×4, scalar");
        row("dequantize", DequantizeOp{}, {{{3, 4}}, number},
            "dequantize: takes U8, I8 or I32, not F32; received N×3×4, scalar");
        row("integer product", MatMulIntegerOp{}, {image, ValueType::of({4, 2})},
            "matmul-integer: takes integers of 8 bits, not U8 and F32; received N×3×4, 4×2");
        row("zero points", MatMulIntegerOp{false, true},
            {image, ValueType::of({4, 2}, DType::U8), ValueType::of({3}, DType::U8)},
            "matmul-integer: takes one zero point or 2 of them; received N×3×4, 4×2, 3");
        row("integer kernel", ConvIntegerOp{}, {image, ValueType::of({2, 3, 5}, DType::U8)},
            "conv-integer: the kernel must fit the padded input; received N×3×4, 2×3×5");
    }
    void refusalsSayRuleAndShapes() {
        QFETCH(QString, message);
        QFETCH(QString, expected);
        QCOMPARE(message, expected);
    }

    void countsMultiplyAccumulates() {
        const auto macs = [](const OpAttributes& op, const Types& inputs) {
            return macsOf(op, inputs);
        };
        QCOMPARE(macs(ConvOp{6, {5, 5}}, {{{1, 28, 28}}}), 6 * 24 * 24 * 25);
        QCOMPARE(macs(ConvOp{.outChannels = 4, .kernel = {3, 3}, .groups = 4}, {{{4, 9, 9}}}),
                 4 * 7 * 7 * 9);
        QCOMPARE(macs(DenseOp{120}, {{{400}}}), 48'000);
        QCOMPARE(macs(BatchNormOp{}, {{{3, 4, 5}}}), 60);
        QCOMPARE(macs(ActivationOp{}, {{{3, 4, 5}}}), 0);
        QVERIFY_THROWS_EXCEPTION(Error, macs(DenseOp{1 << 24}, {{{1 << 24}}}));
    }

    void activationsMatchTheirSlopes() {
        for (const auto& about : activations()) {
            QVERIFY(!about.title.empty() && !about.doc.empty() && !about.formula.empty());
            QCOMPARE(activationFromKey(about.key), about.kind);
            QCOMPARE(info(about.kind).key, about.key);
            const Activation f{about.kind, 0.1};
            QCOMPARE(preservesZero(f), evaluate(f, 0.0) == 0.0);
            for (const double x : {-2.75, -0.5, 0.25, 2.0, 4.0}) {
                const double step = 1e-6;
                const double slope = (evaluate(f, x + step) - evaluate(f, x - step)) / (2 * step);
                QVERIFY2(std::abs(slope - derivative(f, x)) < 1e-8, about.key.c_str());
            }
            QVERIFY(std::isfinite(evaluate(f, -1000.0)) && std::isfinite(derivative(f, 1000.0)));
        }
        QCOMPARE(messageOf([] { return activationFromKey("swich"); }),
                 "there is no activation \"swich\"; known are identity, relu, leaky-relu, relu6, "
                 "elu, selu, celu, gelu, gelu-tanh, silu, mish, hard-swish, softplus, sigmoid, "
                 "hard-sigmoid, tanh, hard-tanh, softsign, step");
    }

    void opsCheckTheirWeights() {
        OpGraph graph;
        const auto x = graph.addInput("x", {{3}});
        const auto kernel = graph.addWeight({"d/weight", {2, 3}, {}, {}, true});
        const auto wrong = graph.addWeight({"d/bias", {3}, {}, {}, true});
        QCOMPARE(messageOf([&] { return graph.add(DenseOp{2}, {x}, "d", {kernel}); }),
                 "dense at d takes 2 weights, not 1");
        QCOMPARE(messageOf([&] {
                     return graph.add(DenseOp{2}, {x}, "d", {kernel, wrong});
                 }),
                 "dense at d takes a weight of shape 2, not 3");
        QVERIFY(graph.ops().empty());
        const auto y = graph.add(DenseOp{2, false}, {x}, "d", {kernel});
        QCOMPARE(graph.producerOf(y)->path, std::string("d"));
        QVERIFY(!graph.producerOf(x));
        QCOMPARE(graph.parameters(), 9);
        QCOMPARE(messageOf([&] { return graph.output("y"); }),
                 "the network has no output \"y\"; it has none");
        graph.addOutput("z", y);
        QCOMPARE(messageOf([&] { return graph.output("y"); }),
                 "the network has no output \"y\"; it has z");
        QCOMPARE(messageOf([&] {
                     graph.addLoss(y, 1.0);
                     return 0;
                 }),
                 "a loss must be one number per sample, not N×2");
    }

    void dropoutKeepsItsShare() {
        for (const double rate : {0.0, 0.1, 0.5, 0.9}) {
            std::vector<std::uint8_t> keep(200'003);
            dropoutKeeps({rate, 0}, 1, 1, keep);
            const auto kept = static_cast<double>(std::count(keep.begin(), keep.end(), 1));
            const auto all = static_cast<double>(keep.size());
            // Five deviations of the binomial distribution; none at all for rate 0.
            QVERIFY(std::abs(kept - all * (1 - rate)) <= 5 * std::sqrt(all * rate * (1 - rate)));
        }
    }

    void dropoutDependsOnSeedStreamAndStepAlone() {
        const auto mask = [](std::uint32_t stream, std::uint64_t seed, std::uint64_t step,
                             std::size_t size = 5000) {
            std::vector<std::uint8_t> keep(size, 7);
            dropoutKeeps({0.5, stream}, seed, step, keep);
            return keep;
        };
        const auto first = mask(0, 1, 1);
        QCOMPARE(mask(0, 1, 1), first);
        QVERIFY(mask(1, 1, 1) != first);
        QVERIFY(mask(0, 2, 1) != first);
        QVERIFY(mask(0, 1, 2) != first);
        // A smaller batch sees the same start.
        const auto shorter = mask(0, 1, 1, 1234);
        QVERIFY(std::equal(shorter.begin(), shorter.end(), first.begin()));
    }
};

QTEST_APPLESS_MAIN(OpTest)
#include "tst_op.moc"
