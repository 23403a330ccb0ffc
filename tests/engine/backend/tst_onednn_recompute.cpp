// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/backend/compare_programs.h"
#include "tests/engine/backend/net_rows.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace {

std::unique_ptr<Program> trained(const OpGraph& graph, CompileOptions options, bool recompute) {
    options.recompute = recompute;
    auto program = makeOneDnnBackend()->compile(graph, options);
    initializeWeights(*program->weights(), 1);
    for (std::uint64_t i = 0; i < 3; ++i) {
        const auto data = randomBatch(graph, options.batch, 10 + i);
        if (!program->forward(data.bindings(graph), {5, i}) || !program->backward())
            return nullptr;
        program->update(0.01, i + 1);
    }
    return program;
}

void compareBits(const OpGraph& graph, const CompileOptions& options) {
    const auto kept = trained(graph, options, false);
    const auto again = trained(graph, options, true);
    QVERIFY(kept && again);
    QCOMPARE(again->lossSum(), kept->lossSum());
    for (std::uint32_t i = 0; i < graph.weights().size(); ++i)
        QVERIFY2(again->weights()->read(WeightId{i}) == kept->weights()->read(WeightId{i}),
                 graph.weight(WeightId{i}).key.c_str());
    const auto report = again->report();
    QVERIFY(report.recomputation.has_value());
    QVERIFY(!kept->report().recomputation);
    if (report.parts > 1) // of the first one
        return;
    QCOMPARE(report.recomputation->arenaBytesOnce, kept->report().arenaBytes);
    if (report.recomputation->parts == 0)
        QCOMPARE(report.arenaBytes, kept->report().arenaBytes);
    else
        QVERIFY(report.arenaBytes < kept->report().arenaBytes);
}

} // namespace

/// Values that are thrown away and computed again: less memory, the same numbers.
class OneDnnRecomputeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theNumbersAreTheSame_data() { addNetRows(); }
    void theNumbersAreTheSame() {
        QFETCH(std::size_t, index);
        const auto net = sampleNets()[index];
        compareBits(net.graph, training(10));
        auto options = training(10);
        options.parts = 2;
        compareBits(net.graph, options);
        options = training(10);
        options.precision = Precision::Bf16;
        compareBits(net.graph, options);
    }

    void aDeepNetworkTakesLess() {
        const auto graph = smallResidual().graph;
        const auto report = trained(graph, training(16), true)->report();
        QVERIFY(report.recomputation->parts > 0);
        QVERIFY(report.recomputation->operations > 0);
    }

    void inferenceKeepsNothingAnyway() {
        const auto graph = leNet5().graph;
        const auto program = makeOneDnnBackend()->compile(
            graph, {.batch = 4, .mode = Mode::Inference, .recompute = true});
        QVERIFY(!program->report().recomputation);
    }
};

QTEST_APPLESS_MAIN(OneDnnRecomputeTest)
#include "tst_onednn_recompute.moc"
