// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/graph/lower.h"
#include "engine/project/templates.h"

#include <QTest>

using namespace gradwright;

namespace {

/// What the loss is computed from: the logits where a softmax comes last, as in training.
ValueId scoredValue(const OpGraph& graph, ValueId output) {
    const auto* maker = graph.producerOf(output);
    const bool isSoftmax = maker && std::holds_alternative<SoftmaxOp>(maker->attributes);
    return isSoftmax ? maker->inputs.front() : output;
}

/// The network with a loss on each output, whatever its data: what a training program is made of.
OpGraph trainable(const Network& network) {
    auto graph = lower(network);
    const auto outputs = graph.outputs();
    for (const auto& [name, output] : outputs) {
        const auto value = scoredValue(graph, output);
        const auto target = graph.addInput(name + " target", graph.type(value));
        graph.addLoss(graph.add(MeanSquaredErrorOp{}, {value, target}, "loss"), 1.0);
    }
    return graph;
}

} // namespace

/// What the CPU engine makes of the bundled networks.
class TemplateProgramsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void fastCodeRunsEverywhere_data() {
        QTest::addColumn<std::string>("key");
        for (const auto& key : templateKeys())
            QTest::newRow(key.c_str()) << key;
    }
    void fastCodeRunsEverywhere() {
        QFETCH(std::string, key);
        const auto graph = trainable(openTemplate(key).network);
        std::shared_ptr<WeightStore> store;
        for (const auto mode : {Mode::Training, Mode::Inference}) {
            const auto program =
                makeOneDnnBackend()->compile(graph, {.batch = 2, .mode = mode}, store);
            store = program->weights();
            const auto report = program->report();
            std::int64_t macs = 0;
            for (const auto* ops : {&report.ops, &report.backward})
                for (const auto& op : *ops) {
                    const auto where = op.path + ": " + op.implementation;
                    // oneDNN's loops for what has no fast code.
                    QVERIFY2(op.implementation.find("ref") == std::string::npos, where.c_str());
                    QVERIFY2(!op.implementation.empty() && !op.layout.empty(), where.c_str());
                    if (op.implementation != "none") // another view of the same memory
                        QVERIFY2(op.operations > 0 && op.bytes > 0, where.c_str());
                    // Built-in layers have code of their own, which stays what it was.
                    QVERIFY2(op.op != "fused", where.c_str());
                    macs += ops == &report.ops ? op.macs : 0;
                }
            QCOMPARE(macs, 2 * graph.macs());
            QCOMPARE(report.backward.empty(), mode == Mode::Inference);
        }
    }

    /// Chen et al. 2016, for what one more forward pass costs at most.
    void deepNetworksRecomputeInLessMemory_data() {
        QTest::addColumn<std::string>("key");
        QTest::addColumn<double>("share");
        QTest::newRow("ResNet-152") << std::string("resnet-152") << 0.3;
        QTest::newRow("VGG-16") << std::string("vgg-16") << 0.97;
        QTest::newRow("ResNet-20") << std::string("cifar-resnet-20") << 0.5;
        QTest::newRow("transformer") << std::string("tiny-vision-transformer") << 0.6;
    }
    void deepNetworksRecomputeInLessMemory() {
        QFETCH(std::string, key);
        QFETCH(double, share);
        const auto graph = trainable(openTemplate(key).network);
        const auto report = makeOneDnnBackend()->plan(
            graph, {.batch = 8, .mode = Mode::Training, .recompute = true});
        const auto& again = report.recomputation.value();
        const auto left =
            static_cast<double>(report.arenaBytes) / static_cast<double>(again.arenaBytesOnce);
        QVERIFY2(left <= share, std::to_string(left).c_str());
        std::int64_t forward = 0;
        for (const auto& op : report.ops)
            forward += op.operations;
        QVERIFY(again.operations > 0 && again.operations < forward);
    }
};

QTEST_APPLESS_MAIN(TemplateProgramsTest)
#include "tst_template_programs.moc"
