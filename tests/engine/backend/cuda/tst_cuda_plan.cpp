// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/launches.h"
#include "engine/backend/cuda/program.h"
#include "tests/engine/backend/cuda/cuda_rig.h"
#include "tests/engine/backend/net_rows.h"
#include "tests/standin/standin_rig.h"

#include <QTest>

#include <string_view>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::int64_t kPlanBatch = 3;

CompileOptions planOptions(Precision precision = Precision::F32) {
    return {.batch = kPlanBatch,
            .precision = precision,
            .mode = Mode::Training,
            .update = ruleOf("adam")};
}

/// One dense layer of 5 to 4 numbers, from an input that needs no gradient, with its loss.
OpGraph denseNet() {
    OpGraph graph;
    const auto image = graph.addInput("image", {Shape{5}});
    const auto kernel = graph.addWeight({"kernel", Shape{4, 5}, {}, {}});
    const auto bias = graph.addWeight({"bias", Shape{4}, {}, {}});
    const auto logits = graph.add(DenseOp{4}, {image}, "dense", {kernel, bias});
    graph.addOutput("logits", logits);
    const auto label = graph.addInput("label", {Shape{1}, DType::I32});
    graph.addLoss(graph.add(SoftmaxCrossEntropyOp{}, {logits, label}, "loss"), 1.0);
    return graph;
}

/// The first launch of that kernel.
const cuda::PreparedLaunch& launchOf(const cuda::StepPlan& plan, std::string_view kernel) {
    for (const auto& launch : plan.launches)
        if (launch.kernel == kernel)
            return launch;
    throw Error("nothing launches {}", kernel);
}

} // namespace

/// What a step is planned to be, without running one.
class CudaPlanTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void plansHaveTheLaunchesOfPrograms_data() {
        QTest::addColumn<std::size_t>("index");
        QTest::addColumn<Precision>("precision");
        const auto nets = sampleNets();
        for (std::size_t i = 0; i < nets.size(); ++i) {
            QTest::addRow("%s, fp32", nets[i].name.c_str()) << i << Precision::F32;
            QTest::addRow("%s, fp16", nets[i].name.c_str()) << i << Precision::F16;
        }
    }
    void plansHaveTheLaunchesOfPrograms() {
        QFETCH(std::size_t, index);
        QFETCH(Precision, precision);
        const auto options = planOptions(precision);
        const auto net = sampleNets()[index];
        const auto graph = programGraph(net.graph, Mode::Training);
        cuda::standin::Rig rig;
        const auto plan = cuda::planStep(rig.device(), graph, options);
        auto weights = std::make_shared<cuda::CudaWeights>(rig.device(), graph.weights());
        weights->prepareTraining(options.update->allSlots());
        weights->prepareLossScale();
        const cuda::CudaProgram program(rig.device(), graph, options, weights);
        const auto& made = program.launches().launches;
        QCOMPARE(plan.launches.size(), made.size());
        for (std::size_t i = 0; i < made.size(); ++i) {
            const auto& planned = plan.launches[i];
            QCOMPARE(std::string_view(planned.kernel), std::string_view(made[i].kernel));
            QCOMPARE(planned.launch.grid.x, made[i].launch.grid.x);
            QCOMPARE(planned.op, made[i].op);
            if (planned.op == graph.ops().size())
                continue;
            QVERIFY2(planned.cost.read + planned.cost.written > 0, planned.kernel);
            QVERIFY2(planned.cost.operations > 0, planned.kernel);
        }
    }

    void arraysCountOnce() {
        const auto graph = programGraph(denseNet(), Mode::Training);
        cuda::standin::Rig rig;
        const auto plan = cuda::planStep(rig.device(), graph, planOptions());
        const auto& forward = launchOf(plan, "gw_multiply").cost;
        QCOMPARE(forward.read, std::size_t{4 * (3 * 5 + 4 * 5 + 4)});
        QCOMPARE(forward.written, std::size_t{4 * 3 * 4});
        QCOMPARE(forward.operations, std::int64_t{2 * 3 * 5 * 4});
        QCOMPARE(forward.tileBytes, std::size_t{4 * (3 + 4) * 5}); // one tile
        QCOMPARE(forward.tileOperations, std::int64_t{2 * 64 * 64 * 5});
        const auto& bias = launchOf(plan, "gw_addRows").cost;
        QCOMPARE(bias.read, std::size_t{4 * 3 * 4});
        QCOMPARE(bias.written, std::size_t{4 * 4});
        // Adam: weight, gradient and two slots in, all but the gradient out.
        const auto& update = launchOf(plan, "gw_stepAdam").cost;
        QCOMPARE(update.read, std::size_t{4 * 4 * 24});
        QCOMPARE(update.written, std::size_t{4 * 3 * 24});
    }

    /// Forward, by the graph's own count.
    void productsCountTheirOperations_data() { addNetRows(); }
    void productsCountTheirOperations() {
        QFETCH(std::size_t, index);
        const auto graph = programGraph(sampleNets()[index].graph, Mode::Training);
        cuda::standin::Rig rig;
        const auto plan = cuda::planStep(rig.device(), graph, planOptions());
        std::vector<std::int64_t> counted(graph.ops().size() + 1);
        for (const auto& launch : plan.launches)
            if (launch.cost.tileBytes > 0)
                counted[launch.op] += launch.cost.operations;
        for (std::size_t i = 0; i < graph.ops().size(); ++i) {
            const auto& op = graph.ops()[i];
            const bool isProduct = std::holds_alternative<DenseOp>(op.attributes) ||
                                   std::holds_alternative<ConvOp>(op.attributes) ||
                                   std::holds_alternative<ConvTransposeOp>(op.attributes);
            if (isProduct)
                QCOMPARE(counted[i], kPlanBatch * graph.operationsOf(op));
        }
    }

    /// Each precision rounds the products of layers, TF32 those of recurrent cells, too.
    void productsKnowTheirFormat() {
        const auto graph = programGraph(smallSequence().graph, Mode::Training);
        cuda::standin::Rig rig;
        for (const auto precision :
             {Precision::F32, Precision::Bf16, Precision::F16, Precision::Tf32}) {
            const auto plan = cuda::planStep(rig.device(), graph, planOptions(precision));
            std::size_t layers = 0;
            std::size_t cells = 0;
            for (const auto& launch : plan.launches) {
                if (launch.cost.tileBytes == 0)
                    continue;
                const auto& op = graph.ops()[launch.op].attributes;
                const auto* gradient = std::get_if<GradientOp>(&op);
                const auto& of = gradient ? gradient->forward->attributes : op;
                if (std::holds_alternative<DenseOp>(of) || std::holds_alternative<ConvOp>(of)) {
                    ++layers;
                    QVERIFY(launch.cost.format == precision);
                } else if (std::holds_alternative<RecurrentOp>(of)) {
                    ++cells;
                    QVERIFY((launch.cost.format == Precision::F32) ==
                            (precision != Precision::Tf32));
                } else {
                    QVERIFY(launch.cost.format == Precision::F32);
                }
            }
            QVERIFY(layers > 3 && cells > 3);
        }
    }

    void tilesLoadTheirRowsAndColumns() {
        cuda::PreparedLaunch launch{};
        cuda::countTiles(launch, 65, 100, 7, 3);
        // 2 × 2 tiles: each row and each column twice.
        QCOMPARE(launch.cost.tileBytes, std::size_t{4 * 3 * 7 * 2 * (65 + 100)});
        QCOMPARE(launch.cost.tileOperations, std::int64_t{2 * 3 * 7 * 128 * 128});
    }

    void theLeastIsEachValueOncePerReader() {
        const auto graph = programGraph(denseNet(), Mode::Training);
        auto options = planOptions();
        const auto withUpdate = cuda::leastBytes(graph, options);
        options.update.reset();
        const auto without = cuda::leastBytes(graph, options);
        QCOMPARE(withUpdate - without, std::size_t{4 * (3 + 2 * 2) * 24});
        // Forward: image, weights, logits; the loss: logits, labels, its own; its sum.
        std::int64_t elements = 15 + 24 + 12 + (12 + 3 + 3) + 3;
        for (const auto& op : graph.ops())
            if (op.isBackward) {
                for (const auto id : op.weights)
                    elements += graph.weight(id).shape.elements();
                for (const auto& ids : {op.inputs, op.outputs})
                    for (const auto id : ids)
                        elements += graph.type(id).shapeFor(kPlanBatch).elements();
            }
        QCOMPARE(without, static_cast<std::size_t>(4 * elements));
    }
};

QTEST_APPLESS_MAIN(CudaPlanTest)
#include "tst_cuda_plan.moc"
