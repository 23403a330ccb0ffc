// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/passes/eliminate.h"
#include "engine/passes/fold_constants.h"

#include <QTest>

#include <array>
#include <cmath>

using namespace gradwright;

namespace {

std::vector<Tensor> evaluated(const OpGraph& graph) {
    const auto program = makeReferenceBackend()->compile(graph, {.batch = 1});
    program->forward({});
    std::vector<Tensor> results;
    for (const auto& output : graph.outputs())
        results.push_back(program->read(output.value));
    return results;
}

Tensor numbers(const std::vector<float>& values) {
    return Tensor::of<float>({static_cast<std::int64_t>(values.size())}, std::span(values));
}

} // namespace

/// The pass with the reference backend as what computes.
class FoldConstantsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatDependsOnConstantsAloneIsComputedOnce() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{3}});
        const auto a = graph.addConstant(numbers({1, -2, 3}), "a");
        const auto b = graph.addConstant(numbers({4, 5, 6}), "b");
        const auto product = graph.add(BinaryOp{BinaryKind::Multiply}, {a, b}, "product");
        const auto isLess = graph.add(CompareOp{Comparison::Less}, {a, b}, "less");
        const auto chosen = graph.add(WhereOp{}, {isLess, product, b}, "chosen");
        const auto y = graph.add(BinaryOp{BinaryKind::Add}, {x, chosen}, "y");
        graph.addOutput("y", y);
        QCOMPARE(foldConstants(graph, evaluated), std::size_t{3});
        QCOMPARE(eliminateDead(graph), std::size_t{3});
        QCOMPARE(graph.ops().size(), std::size_t{1});
        const auto& folded = *graph.value(graph.ops()[0].inputs[1]).constant;
        QVERIFY(folded == numbers({4, -10, 18}));
        QCOMPARE(foldConstants(graph, evaluated), std::size_t{0});

        const std::array<float, 6> batch{1, 2, 3, 10, 20, 30};
        for (const auto& backend : {makeReferenceBackend(), makeOneDnnBackend()}) {
            const auto program = backend->compile(graph, {.batch = 2});
            program->forward(std::array{BatchInput{x, batch.data()}});
            const auto result = program->read(y);
            const std::vector<float> expected{5, -8, 21, 14, 10, 48};
            QVERIFY(std::ranges::equal(result.span<float>(), expected));
        }
    }

    void whatTheBatchOrChanceDecidesStays() {
        OpGraph graph;
        graph.addOutput("ones", graph.add(FillOp{{Dim::batch(), 2}, 1}, {}, "ones"));
        const auto a = graph.addConstant(numbers({1, 2}), "a");
        graph.addOutput("drop", graph.add(DropoutOp{}, {a}, "drop"));
        QCOMPARE(foldConstants(graph, evaluated), std::size_t{0});
        graph.addOutput("two", graph.add(FillOp{{2}, 1}, {}, "two"));
        QCOMPARE(foldConstants(graph, evaluated), std::size_t{1});
    }

    void weightsStayInputs() {
        OpGraph graph;
        for (const bool trainable : {true, false}) {
            const auto key = trainable ? "learns" : "tracked";
            const auto weight = graph.addWeight({key, {2}, {}, {}, trainable});
            const UnaryOp twice{UnaryKind::Linear, 2};
            graph.addOutput(key, graph.add(twice, {graph.weightValue(weight)}, key));
        }
        QCOMPARE(foldConstants(graph, evaluated), std::size_t{0});
        const auto folded =
            programGraph(graph, Mode::Inference, {}, [](const OpGraph& g) { return evaluated(g); });
        QCOMPARE(folded.ops().size(), std::size_t{2});
    }

    void whatIsMuchLargerThanItsInputsStays() {
        OpGraph graph;
        const auto a = graph.addConstant(numbers({1, 2}), "a");
        const auto most = kMostFoldedElements;
        const auto few = graph.add(ExpandOp{{most / 2, 2}}, {a}, "few");
        const auto many = graph.add(ExpandOp{{most / 2 + 1, 2}}, {a}, "many");
        const auto filled = graph.add(FillOp{{most + 1}, 3}, {}, "filled");
        const Tensor large(DType::F32, {most + 1});
        const auto scaled = graph.add(UnaryOp{UnaryKind::Linear, 2},
                                      {graph.addConstant(large, "large")}, "as large as its input");
        for (const auto value : {few, many, filled, scaled})
            graph.addOutput(graph.value(value).path, value);
        QCOMPARE(foldConstants(graph, evaluated), std::size_t{2});
        QVERIFY(graph.value(few).constant && graph.value(scaled).constant);
        QVERIFY(!graph.value(many).constant && !graph.value(filled).constant);
    }

    /// x·(2·√3 + ln 5) with the numbers as constants, in all backends and precisions.
    void programsComputeConstantsOnce_data() {
        QTest::addColumn<bool>("isDouble");
        QTest::addColumn<bool>("isReference");
        QTest::newRow("reference, double") << true << true;
        QTest::newRow("reference, float") << false << true;
        QTest::newRow("oneDNN") << false << false;
    }
    void programsComputeConstantsOnce() {
        QFETCH(bool, isDouble);
        QFETCH(bool, isReference);
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{2}});
        const auto three = graph.addConstant(numbers({3, 3}), "three");
        const auto five = graph.addConstant(numbers({5, 5}), "five");
        const auto root = graph.add(UnaryOp{UnaryKind::SquareRoot, 2}, {three}, "root");
        const auto logarithm = graph.add(UnaryOp{UnaryKind::Logarithm}, {five}, "logarithm");
        const auto factor = graph.add(BinaryOp{}, {root, logarithm}, "factor");
        graph.addOutput("y", graph.add(BinaryOp{BinaryKind::Multiply}, {x, factor}, "y"));
        const auto backend = isReference ? makeReferenceBackend() : makeOneDnnBackend();
        const CompileOptions options{.batch = 1,
                                     .precision = isDouble ? Precision::F64 : Precision::F32};
        const auto program = backend->compile(graph, options);
        QCOMPARE(program->report().ops.size(), std::size_t{1});
        QCOMPARE(backend->plan(graph, options).ops.size(), std::size_t{1});
        const std::array<float, 2> batch{1, -2};
        program->forward(std::array{BatchInput{x, batch.data()}});
        const auto y = program->read(graph.output("y")).to(DType::F64);
        const double expected = 2 * std::sqrt(3.0) + std::log(5.0);
        const double tolerance = isDouble ? 1e-14 : 1e-6;
        QVERIFY(std::abs(y.span<double>()[0] - expected) < tolerance);
        QVERIFY(std::abs(y.span<double>()[1] + 2 * expected) < 2 * tolerance);
    }

    /// A step of training with constants around its weight; the gradient is 2·(w·6 - 1)·6.
    void trainingFoldsBeforeItDifferentiates() {
        OpGraph graph;
        const auto weight = graph.addWeight({"w", {1}, {}, {}});
        const auto target = graph.addInput("target", {Shape{1}});
        const auto two = graph.addConstant(numbers({2}), "two");
        const auto six = graph.add(UnaryOp{UnaryKind::Linear, 3}, {two}, "six");
        const auto product =
            graph.add(BinaryOp{BinaryKind::Multiply}, {graph.weightValue(weight), six}, "product");
        const auto y = graph.add(ExpandOp{{Dim::batch(), 1}}, {product}, "y");
        graph.addLoss(graph.add(MeanSquaredErrorOp{}, {y, target}, "loss"), 1.0);
        for (const auto& backend : {makeReferenceBackend(), makeOneDnnBackend()}) {
            const auto program = backend->compile(graph, {.batch = 1, .mode = Mode::Training});
            program->weights()->write(weight, numbers({2}));
            const std::array<float, 1> batch{1};
            program->forward(std::array{BatchInput{target, batch.data()}});
            QVERIFY(program->backward());
            QVERIFY(program->weights()->readGradient(weight).to(DType::F32) == numbers({132}));
            for (const auto& op : program->report().ops)
                QVERIFY(op.path != "six");
        }
    }

    /// What is computed with lengths is known when they are numbers: 2⁴⁰ to the last digit.
    void shapesFoldOnceTheyAreBound() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{3}});
        const auto shape = graph.add(ShapeOp{}, {x}, "shape");
        const auto number = graph.add(CastOp{DType::F32}, {shape}, "number");
        const auto half = graph.add(UnaryOp{UnaryKind::Linear, 0.5}, {number}, "half");
        const auto whole = graph.add(CastOp{DType::I64}, {half}, "whole");
        graph.addOutput("y", whole);
        QCOMPARE(foldConstants(graph, evaluated), std::size_t{0});
        graph.bind({{"N", (std::int64_t{1} << 40) + 1}});
        QCOMPARE(foldConstants(graph, evaluated), std::size_t{4});
        const std::vector<std::int64_t> lengths{(std::int64_t{1} << 40) + 1, 3};
        QVERIFY(std::ranges::equal(graph.value(shape).constant->span<std::int64_t>(), lengths));
        eliminateDead(graph);
        QVERIFY(graph.ops().empty());
    }

    /// The batch is what a program is compiled for.
    void programsKnowTheirBatch() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{3, 2}});
        const auto shape = graph.add(ShapeOp{0, 2}, {x}, "shape");
        const auto sizes = graph.add(CastOp{DType::F32}, {shape}, "sizes");
        graph.addOutput("shape", sizes);
        const std::vector<float> batch(24);
        for (const auto& backend : {makeReferenceBackend(), makeOneDnnBackend()})
            for (const std::int64_t samples : {1, 4}) {
                const auto program = backend->compile(graph, {.batch = samples});
                program->forward(std::array{BatchInput{x, batch.data()}});
                QVERIFY(program->read(sizes) == numbers({static_cast<float>(samples), 3}));
            }
    }

    void aGraphsResultMayBeAConstant() {
        OpGraph graph;
        const auto a = graph.addConstant(numbers({1, 2}), "a");
        const auto b = graph.add(UnaryOp{UnaryKind::Linear, 2}, {a}, "b");
        graph.addOutput("b", b);
        QCOMPARE(foldConstants(graph, evaluated), std::size_t{1});
        eliminateDead(graph);
        QVERIFY(graph.ops().empty());
        for (const auto& backend : {makeReferenceBackend(), makeOneDnnBackend()}) {
            const auto program = backend->compile(graph, {.batch = 1});
            program->forward({});
            QVERIFY(program->read(b) == numbers({2, 4}));
        }
    }
};

QTEST_APPLESS_MAIN(FoldConstantsTest)
#include "tst_fold_constants.moc"
