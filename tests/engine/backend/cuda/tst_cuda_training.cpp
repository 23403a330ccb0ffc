// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/lowering.h"
#include "tests/engine/backend/compare_programs.h"
#include "tests/engine/backend/cuda/cuda_rig.h"
#include "tests/engine/backend/net_rows.h"

#include <QTest>

#include <limits>
#include <thread>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::int64_t kBatch = 3;

CompileOptions trainingWith(UpdateRule rule, Precision precision = Precision::F32) {
    return {
        .batch = kBatch, .precision = precision, .mode = Mode::Training, .update = std::move(rule)};
}

/// Three whole steps, as the training loop asks for them; the losses.
std::vector<double> trainBySteps(Program& program, const OpGraph& graph, int steps = 3) {
    initializeWeights(*program.weights(), 1);
    std::vector<double> losses;
    for (std::uint64_t i = 1; i <= static_cast<std::uint64_t>(steps); ++i) {
        const auto data = randomBatch(graph, kBatch, 10 + i);
        const auto inputs = data.bindings(graph);
        program.submit({.inputs = inputs, .seed = {5, i}, .learningRate = 0.01});
        losses.push_back(program.finish()->lossSum);
    }
    return losses;
}

/// All weights and slots, one after the other.
std::vector<float> stateOf(const WeightStore& store) {
    std::vector<float> all;
    const auto append = [&](const Tensor& tensor) {
        const auto values = tensor.span<float>();
        all.insert(all.end(), values.begin(), values.end());
    };
    for (std::uint32_t i = 0; i < store.specs().size(); ++i) {
        append(store.read(WeightId{i}));
        for (std::size_t slot = 0; store.specs()[i].learns() && slot < store.slots(); ++slot)
            append(store.readSlot(WeightId{i}, slot));
    }
    return all;
}

/// The perceptron with something of all that regularizes.
UpdateRule regularized(const std::string& optimizer) {
    auto rule = ruleOf(optimizer);
    rule.regularization = {.l1 = 1e-3,
                           .l2 = 1e-2,
                           .clipValue = 0.05,
                           .clipNorm = 0.3,
                           .maxNorm = 0.4,
                           .averageDecay = 0.7};
    return rule;
}

} // namespace

/// Whole trainings by the CUDA engine on the stand-in.
class CudaTrainingTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        cuda::standin::restartStandin();
        cuda::standin::setThreadOrder(cuda::standin::Order::Forward);
    }

    void netsTrainLikeReference_data() { addNetRows(); }
    void netsTrainLikeReference() {
        QFETCH(std::size_t, index);
        const auto net = sampleNets()[index];
        // Adam's first steps go by the signs of gradients, of which rounding turns some.
        const auto rule = ruleOf("sgd", {{"momentum", 0.9}});
        const auto program = cudaBackend()->compile(net.graph, trainingWith(rule));
        const auto exact =
            makeReferenceBackend()->compile(net.graph, trainingWith(rule, Precision::F64));
        const auto losses = trainBySteps(*program, net.graph);
        const auto wanted = trainBySteps(*exact, net.graph);
        for (std::size_t i = 0; i < losses.size(); ++i)
            QVERIFY2(std::abs(losses[i] - wanted[i]) <= 1e-4 * std::abs(wanted[i]),
                     qPrintable(QString::number(losses[i]) + " " + QString::number(wanted[i])));
        Difference difference;
        addWeights(difference, *program->weights(), *exact->weights(), false);
        QVERIFY2(difference.relative <= 1e-4, difference.text());
    }

    /// Sums in a fixed order: neither the order of the threads nor a second run changes a bit.
    void runsRepeatToTheBit() {
        using cuda::standin::Order;
        const auto net = smallResidual();
        std::vector<float> first;
        for (const auto order :
             {Order::Forward, Order::Forward, Order::Backward, Order::Shuffled}) {
            cuda::standin::restartStandin();
            cuda::standin::setThreadOrder(order, 7);
            const auto program = cudaBackend()->compile(net.graph, trainingWith(ruleOf("adam")));
            trainBySteps(*program, net.graph, 2);
            const auto state = stateOf(*program->weights());
            if (first.empty())
                first = state;
            QVERIFY(state == first);
        }
    }

    void everyOptimizerMovesAsOnTheCpu_data() {
        QTest::addColumn<QString>("key");
        for (const auto& def : optimizers())
            QTest::newRow(def.key.c_str()) << QString::fromStdString(def.key);
    }
    void everyOptimizerMovesAsOnTheCpu() {
        QFETCH(QString, key);
        const auto net = multilayerPerceptron();
        const auto rule = regularized(key.toStdString());
        if (rule.isWhole()) {
            QVERIFY_EXCEPTION_THROWN(
                static_cast<void>(cudaBackend()->compile(net.graph, trainingWith(rule))), Error);
            return;
        }
        const auto program = cudaBackend()->compile(net.graph, trainingWith(rule));
        const auto exact =
            makeReferenceBackend()->compile(net.graph, trainingWith(rule, Precision::F64));
        trainBySteps(*program, net.graph);
        trainBySteps(*exact, net.graph);
        Difference difference;
        for (std::uint32_t i = 0; i < net.graph.weights().size(); ++i) {
            const WeightId id{i};
            difference.add("weight", program->weights()->read(id), exact->weights()->read(id));
            const auto average = program->weights()->slots() - 1;
            difference.add("average", program->weights()->readSlot(id, average),
                           exact->weights()->readSlot(id, average));
        }
        // Rules that go by the sign or the size of small gradients multiply rounding.
        QVERIFY2(difference.relative <= 1e-4, difference.text());
    }

    /// One launch of recorded work and one wait, and nothing back but the results.
    void aStepIsOneLaunchAndOneWait() {
        const auto net = leNet5();
        const auto program = cudaBackend()->compile(net.graph, trainingWith(ruleOf("adam")));
        trainBySteps(*program, net.graph, 1);
        const auto data = randomBatch(net.graph, kBatch, 3);
        const auto inputs = data.bindings(net.graph);
        const auto before = cuda::standin::counters();
        program->submit({.inputs = inputs, .seed = {5, 2}, .learningRate = 0.01});
        program->finish();
        const auto after = cuda::standin::counters();
        QCOMPARE(after.graphLaunches - before.graphLaunches, std::size_t{1});
        QCOMPARE(after.synchronizations - before.synchronizations, std::size_t{1});
        QVERIFY(after.bytesOut - before.bytesOut < 512);
    }

    /// The learning rate, the seed and the step are read when recorded work runs.
    void recordedWorkFollowsTheStep() {
        const auto net = multilayerPerceptron();
        const auto program =
            cudaBackend()->compile(net.graph, trainingWith(ruleOf("sgd", {{"momentum", 0.0}})));
        initializeWeights(*program->weights(), 1);
        const auto data = randomBatch(net.graph, kBatch, 3);
        const auto inputs = data.bindings(net.graph);
        const auto moved = [&](double rate, std::uint64_t step) {
            const auto before = stateOf(*program->weights());
            program->submit({.inputs = inputs, .seed = {5, step}, .learningRate = rate});
            program->finish();
            const auto after = stateOf(*program->weights());
            double sum = 0;
            for (std::size_t i = 0; i < before.size(); ++i)
                sum += std::abs(static_cast<double>(after[i]) - static_cast<double>(before[i]));
            return sum;
        };
        QCOMPARE(moved(0, 1), 0.0);
        const double once = moved(1e-6, 2);
        QVERIFY(once > 0);
        // So small a step leaves the gradient as it was.
        const double tenfold = moved(1e-5, 3);
        QVERIFY2(std::abs(tenfold / once - 10) < 1, qPrintable(QString::number(tenfold / once)));
    }

    void aBadStepChangesNothing_data() {
        QTest::addColumn<QString>("net");
        QTest::newRow("its loss") << "perceptron";
        QTest::newRow("its gradients, with running statistics") << "residual";
    }
    /// And is told as by the reference.
    void aBadStepChangesNothing() {
        QFETCH(QString, net);
        const auto graph = net == "perceptron" ? multilayerPerceptron({ActivationKind::Tanh}).graph
                                               : smallResidual().graph;
        auto data = randomBatch(graph, kBatch, 3);
        data.images.span<float>()[5] = std::numeric_limits<float>::quiet_NaN();
        const auto inputs = data.bindings(graph);
        std::optional<NonFinite> faults[2];
        for (const bool isExact : {false, true}) {
            const auto backend = isExact ? makeReferenceBackend() : cudaBackend();
            const auto program = backend->compile(graph, trainingWith(ruleOf("adam")));
            initializeWeights(*program->weights(), 1);
            const auto before = stateOf(*program->weights());
            program->submit({.inputs = inputs, .seed = {5, 1}, .learningRate = 0.1});
            faults[isExact] = program->finish()->fault;
            QVERIFY(stateOf(*program->weights()) == before);
        }
        QVERIFY(faults[0].has_value() && faults[1].has_value());
        QVERIFY(faults[0]->where == faults[1]->where);
        QCOMPARE(faults[0]->path, faults[1]->path);
    }

    /// The search runs the pass again and leaves the loss as it was.
    void aSearchForFaultsAddsNoLoss() {
        const auto net = multilayerPerceptron();
        const auto program = cudaBackend()->compile(net.graph, trainingWith(ruleOf("adam")));
        initializeWeights(*program->weights(), 1);
        const auto data = randomBatch(net.graph, kBatch, 3);
        QVERIFY(program->forward(data.bindings(net.graph), {5, 1}));
        const double loss = program->lossSum();
        QVERIFY(!program->firstNonFinite());
        QVERIFY(program->backward());
        QCOMPARE(program->lossSum(), loss);
    }

    /// Which leaves the outputs of its step, not those of the passes after it.
    void aStepMayFailToBeScored() {
        auto graph = multilayerPerceptron().graph;
        const auto output = graph.outputs()[0].value;
        graph.setScore(
            ScoreSpec{output, graph.addInput("unknown", ValueType(Shape{1}, DType::I32))});
        const auto program = cudaBackend()->compile(graph, {.batch = kBatch});
        initializeWeights(*program->weights(), 1);
        const auto boundTo = [&](const SampleBatch& data) {
            auto inputs = data.bindings(graph);
            std::erase_if(inputs, [&](const BatchInput& input) {
                return input.value == graph.score()->target;
            });
            return inputs;
        };
        const auto first = randomBatch(graph, kBatch, 3);
        const auto inputs = boundTo(first);
        program->submit({inputs, {5, 1}, 0});
        QVERIFY_THROWS_EXCEPTION(Error, static_cast<void>(program->finish()));
        const auto second = randomBatch(graph, kBatch, 4);
        QVERIFY(program->forward(boundTo(second), {5, 2}));
        const auto values = program->read(output);
        std::vector<float> copied(values.span<float>().size());
        program->copyOutput(output, copied);
        QVERIFY(std::ranges::equal(copied, values.span<float>()));
    }

    /// A program is made by one thread and run by another.
    void otherThreadsRunPrograms() {
        const auto net = multilayerPerceptron();
        const auto program = cudaBackend()->compile(net.graph, trainingWith(ruleOf("adam")));
        std::vector<double> losses;
        std::thread([&] { losses = trainBySteps(*program, net.graph); }).join();
        QCOMPARE(losses.size(), std::size_t{3});
        QCOMPARE(trainBySteps(*program, net.graph).size(), std::size_t{3});
    }

    void faultsOfTheDeviceAreErrors() {
        const auto net = multilayerPerceptron();
        const auto program = cudaBackend()->compile(net.graph, trainingWith(ruleOf("adam")));
        initializeWeights(*program->weights(), 1);
        const auto data = randomBatch(net.graph, kBatch, 3);
        const auto inputs = data.bindings(net.graph);
        program->submit({.inputs = inputs, .seed = {5, 1}, .learningRate = 0.1});
        cuda::standin::injectFault(0, cuda::standin::kIllegalAddress, true);
        try {
            program->finish();
            QFAIL("the fault was not noticed");
        } catch (const cuda::DeviceError& error) {
            QVERIFY(error.isFatal());
        }
    }

    void tooLittleMemoryIsAnError() {
        cuda::standin::setMemoryLimit(1 << 20);
        const auto net = smallCnn();
        try {
            static_cast<void>(cudaBackend()->compile(net.graph, trainingWith(ruleOf("adam"))));
            QFAIL("the network does not fit");
        } catch (const cuda::DeviceError& error) {
            QVERIFY(error.isOutOfMemory());
            QVERIFY(!error.isFatal());
        }
    }

    /// Without a device, and what a program then takes.
    void plansEqualPrograms_data() { addNetRows(); }
    void plansEqualPrograms() {
        QFETCH(std::size_t, index);
        const auto net = sampleNets()[index];
        const auto options = trainingWith(ruleOf("adam"));
        const auto planned = cudaBackend()->plan(net.graph, options);
        const auto made = cudaBackend()->compile(net.graph, options)->report();
        QCOMPARE(planned.arenaBytes, made.arenaBytes);
        QCOMPARE(planned.weightBytes, made.weightBytes);
        QCOMPARE(planned.ops.size(), made.ops.size());
        for (std::size_t i = 0; i < made.ops.size(); ++i)
            QCOMPARE(planned.ops[i].implementation, made.ops[i].implementation);
    }
};

QTEST_MAIN(CudaTrainingTest)
#include "tst_cuda_training.moc"
