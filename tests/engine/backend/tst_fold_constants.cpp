// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/passes/eliminate.h"
#include "engine/passes/fold_constants.h"

#include <QTest>

#include <array>

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
