// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/eliminate.h"

#include <QTest>

using namespace gradwright;

class EliminateTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void deadOpsGo() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{4}});
        const auto y = graph.add(ActivationOp{{ActivationKind::Tanh}}, {x}, "y");
        const auto aside = graph.add(ActivationOp{{ActivationKind::Relu}}, {y}, "aside");
        graph.add(ActivationOp{{ActivationKind::Relu}}, {aside}, "further");
        graph.addOutput("y", y);
        QCOMPARE(eliminateDead(graph), std::size_t{2});
        QCOMPARE(graph.ops().size(), std::size_t{1});
        QCOMPARE(eliminateDead(graph), std::size_t{0});
    }

    void identitiesGo_data() {
        QTest::addColumn<std::size_t>("index");
        QTest::addColumn<std::size_t>("training");
        QTest::addColumn<std::size_t>("inference");
        const auto row = [](const char* name, std::size_t index, std::size_t training,
                            std::size_t inference) {
            QTest::newRow(name) << index << training << inference;
        };
        row("reshape to the same", 0, 1, 1);
        row("reshape to another", 1, 0, 0);
        row("permute nothing", 2, 1, 1);
        row("permute", 3, 0, 0);
        row("identity", 4, 1, 1);
        row("relu", 5, 0, 0);
        row("a single input", 6, 1, 1);
        row("a single piece", 7, 1, 1);
        row("resample nothing", 8, 1, 1);
        row("resample", 9, 0, 0);
        row("drop-out", 10, 0, 1);
        row("noise", 11, 0, 1);
    }
    void identitiesGo() {
        QFETCH(std::size_t, index);
        QFETCH(std::size_t, training);
        QFETCH(std::size_t, inference);
        const std::vector<OpAttributes> ops{
            ReshapeOp::ofSample({4, 4}),
            ReshapeOp::ofSample({2, 8}),
            PermuteOp::ofSample({0, 1}),
            PermuteOp::ofSample({1, 0}),
            ActivationOp{{ActivationKind::Identity}},
            ActivationOp{{ActivationKind::Relu}},
            ConcatOp{1},
            SplitOp{1, {4}},
            ResampleOp::ofSample({{}, {}}),
            ResampleOp::ofSample({{AxisMap::Kind::Nearest, 8}, {}}),
            DropoutOp{},
            GaussianNoiseOp{},
        };
        for (const bool forInference : {false, true}) {
            OpGraph graph;
            const auto x = graph.addInput("x", {Shape{4, 4}});
            const auto y = graph.add(ops[index], {x}, "y");
            const auto z = graph.add(ActivationOp{{ActivationKind::Tanh}}, {y}, "z");
            graph.addOutput("z", z);
            const auto gone = eliminateIdentities(graph, forInference);
            QCOMPARE(gone, forInference ? inference : training);
            QCOMPARE(graph.ops().size(), 2 - gone);
            if (gone == 1)
                QVERIFY(graph.ops()[0].inputs[0] == x);
            QCOMPARE(eliminateIdentities(graph, forInference), std::size_t{0});
        }
    }

    void chainsOfIdentitiesGoAtOnce() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{4}});
        auto value = x;
        for (int i = 0; i < 3; ++i)
            value = graph.add(DropoutOp{}, {value}, "drop");
        const auto y = graph.add(ActivationOp{{ActivationKind::Tanh}}, {value}, "y");
        graph.addOutput("y", y);
        QCOMPARE(eliminateIdentities(graph, true), std::size_t{3});
        QVERIFY(graph.producerOf(y)->inputs[0] == x);
    }

    void resultsKeepTheirNumbers() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{4}});
        const auto first = graph.add(DropoutOp{}, {x}, "first");
        const auto second = graph.add(DropoutOp{}, {first}, "second");
        graph.addOutput("y", second);
        QCOMPARE(eliminateIdentities(graph, true), std::size_t{1});
        QVERIFY(graph.output("y") == second);
        QVERIFY(graph.producerOf(second)->inputs[0] == x);
    }
};

QTEST_APPLESS_MAIN(EliminateTest)
#include "tst_eliminate.moc"
