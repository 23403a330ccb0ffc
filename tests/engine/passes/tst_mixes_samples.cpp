// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/mixes_samples.h"

#include <QTest>

using namespace gradwright;

class MixesSamplesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatWorksPerSampleDoesNotMix_data() { addRows(); }
    void whatWorksPerSampleDoesNotMix() {
        QFETCH(std::size_t, index);
        QFETCH(bool, mixes);
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{4, 6}});
        graph.insert(0, ops()[index], {x}, "op");
        QCOMPARE(mixesSamples(graph), mixes);
    }

    void productsOfSamplesMix() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{4}});
        const auto kernel = graph.weightValue(graph.addWeight({"w", {4, 3}, {}, {}}));
        graph.add(MatMulOp{}, {x, kernel}, "dense");
        QVERIFY(!mixesSamples(graph));
        graph.add(MatMulOp{false, true}, {x, x}, "similarity of samples");
        QVERIFY(mixesSamples(graph));
    }

private:
    static std::vector<OpAttributes> ops() {
        return {ActivationOp{{ActivationKind::Relu}},
                SoftmaxOp{.axis = -1},
                SoftmaxOp{.axis = 0},
                SoftmaxOp{.axis = -3},
                ReduceOp{ReduceKind::Sum, {1, 2}},
                ReduceOp{ReduceKind::Sum, {0, 2}},
                ReduceOp{ReduceKind::Sum},
                PermuteOp{{0, 2, 1}},
                PermuteOp{{1, 0, 2}},
                ReshapeOp::ofSample({24}),
                ReshapeOp{{Dim(4) * Dim::batch(), 6}},
                SplitOp{-1, {2, 4}},
                ArgMaxOp{0},
                TopKOp{2, 1}};
    }
    static void addRows() {
        QTest::addColumn<std::size_t>("index");
        QTest::addColumn<bool>("mixes");
        const std::vector<bool> expected{false, false, true,  true, false, true, true,
                                         false, true,  false, true, false, true, false};
        const auto all = ops();
        for (std::size_t i = 0; i < all.size(); ++i)
            QTest::addRow("%zu %s", i, std::string(nameOf(all[i])).c_str())
                << i << bool(expected[i]);
    }
};

QTEST_APPLESS_MAIN(MixesSamplesTest)
#include "tst_mixes_samples.moc"
