// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/backend/compare_cases.h"
#include "tests/engine/backend/net_rows.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace gradwright;
using namespace gradwright::test;

namespace {

CompileOptions inference(std::int64_t batch) {
    return {.batch = batch, .precision = Precision::F32, .mode = Mode::Inference};
}

void addCaseRows() {
    QTest::addColumn<std::size_t>("index");
    const auto cases = opCases();
    for (std::size_t i = 0; i < cases.size(); ++i)
        QTest::newRow(cases[i].name.c_str()) << i;
}

bool equalWeights(const WeightStore& a, const WeightStore& b) {
    for (std::uint32_t i = 0; i < a.specs().size(); ++i)
        if (!(a.read(WeightId{i}) == b.read(WeightId{i})))
            return false;
    return true;
}

void step(Program& program, std::span<const BatchInput> inputs, StepSeed seed, double rate) {
    QVERIFY(program.forward(inputs, seed));
    QVERIFY(program.backward());
    program.update(rate, seed.step + 1);
}

std::unique_ptr<Program> trainedNet(const OpGraph& graph, std::int64_t batch, int steps) {
    auto program = makeOneDnnBackend()->compile(graph, training(batch));
    initializeWeights(*program->weights(), 1);
    for (int i = 0; i < steps; ++i) {
        const auto data = randomBatch(graph, batch, static_cast<std::uint64_t>(i));
        step(*program, data.bindings(graph), {3, static_cast<std::uint64_t>(i)}, 0.01);
    }
    return program;
}

} // namespace

class OneDnnTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void casesEqualReference_data() { addCaseRows(); }
    void casesEqualReference() {
        QFETCH(std::size_t, index);
        const auto opCase = opCases()[index];
        for (const auto mode : {Mode::Training, Mode::Inference}) {
            auto options = training(opCase.batch);
            options.mode = mode;
            auto [program, exact, difference, ran] = compareForward(opCase, options, writeWeights);
            QVERIFY(ran);
            QVERIFY2(difference.relative <= 1e-5, difference.text());
            QVERIFY(std::abs(program->lossSum() - exact->lossSum()) <=
                    1e-5 * std::abs(exact->lossSum()));
            if (mode == Mode::Inference)
                continue;
            QVERIFY(exact->backward() && program->backward());
            addWeights(difference, *program->weights(), *exact->weights(), true);
            QVERIFY2(difference.relative <= 1e-5, difference.text());
            for (std::size_t i = 0; i < opCase.graph.weights().size(); ++i) {
                const double want = exact->gradientSquares()[i];
                QVERIFY(std::abs(program->gradientSquares()[i] - want) <= 1e-5 * want + 1e-12);
            }
            for (auto* each : {exact.get(), program.get()})
                each->update(0.1, 1);
            addWeights(difference, *program->weights(), *exact->weights(), false);
            QVERIFY2(difference.relative <= 1e-5, difference.text());
        }
    }

    /// The padding of channels must stay without influence over many steps.
    void netsTrainLikeReference_data() { addNetRows(); }
    void netsTrainLikeReference() {
        QFETCH(std::size_t, index);
        const auto net = sampleNets()[index];
        constexpr std::int64_t batch = 3;
        const auto program = makeOneDnnBackend()->compile(net.graph, training(batch));
        const auto exact =
            makeReferenceBackend()->compile(net.graph, training(batch, Precision::F64));
        for (auto* each : {program.get(), exact.get()}) {
            initializeWeights(*each->weights(), 1);
            for (std::uint64_t i = 0; i < 3; ++i) {
                const auto data = randomBatch(net.graph, batch, 10 + i);
                step(*each, data.bindings(net.graph), {5, i}, 0.01);
            }
        }
        Difference difference;
        addWeights(difference, *program->weights(), *exact->weights(), true);
        addWeights(difference, *program->weights(), *exact->weights(), false);
        // Three steps multiply the rounding of one; the data has no ReLU at its kink.
        QVERIFY2(difference.relative <= 1e-4, difference.text());
    }

    void noReferenceImplementation_data() { addNetRows(); }
    void noReferenceImplementation() {
        QFETCH(std::size_t, index);
        const auto net = sampleNets()[index];
        std::shared_ptr<WeightStore> store;
        for (const auto& options : {training(32), training(7), inference(128), inference(1)}) {
            const auto program = makeOneDnnBackend()->compile(net.graph, options, store);
            store = program->weights();
            const auto report = program->report();
            QVERIFY(!report.ops.empty());
            QCOMPARE(report.backward.empty(), options.mode == Mode::Inference);
            auto all = report.ops;
            all.insert(all.end(), report.backward.begin(), report.backward.end());
            for (const auto& op : all)
                QVERIFY2(op.implementation.find("ref") == std::string::npos,
                         (op.path + ": " + op.implementation).c_str());
        }
    }

    void activationsAreFused() {
        const auto net = leNet5();
        const auto program = makeOneDnnBackend()->compile(net.graph, training(32));
        int fused = 0;
        for (const auto& op : program->report().ops) {
            QVERIFY(op.op != "activation");
            fused += op.fused == std::vector<std::string>{"relu"} ? 1 : 0;
        }
        QCOMPARE(fused, 4);
    }

    /// From a training program: other batch sizes and inference; from an inference program:
    /// training.
    void storesAreAdopted_data() { addNetRows(); }
    void storesAreAdopted() {
        QFETCH(std::size_t, index);
        const auto net = sampleNets()[index];
        const auto trained = trainedNet(net.graph, 32, 2);
        const auto store = trained->weights();
        const auto logits = net.graph.output("logits");
        for (const std::int64_t batch : {1, 5, 32, 64}) {
            const auto adopted = makeOneDnnBackend()->compile(net.graph, inference(batch), store);
            QCOMPARE(adopted->weights().get(), store.get());
            const auto fresh = makeOneDnnBackend()->compile(net.graph, inference(batch));
            const auto exact = makeReferenceBackend()->compile(net.graph, inference(batch));
            const auto data = randomBatch(net.graph, batch, 9);
            for (const auto* target : {fresh.get(), exact.get()})
                for (std::uint32_t i = 0; i < store->specs().size(); ++i)
                    target->weights()->write(WeightId{i}, store->read(WeightId{i}));
            for (auto* each : {adopted.get(), fresh.get(), exact.get()})
                QVERIFY(each->forward(data.bindings(net.graph)));
            for (const auto* each : {adopted.get(), fresh.get()}) {
                const double error = relativeDifference(each->read(logits), exact->read(logits));
                QVERIFY2(error <= 1e-5, QByteArray::number(error));
            }

            // The one made for inference learns.
            const auto late =
                makeOneDnnBackend()->compile(net.graph, training(batch), fresh->weights());
            const auto usual = makeOneDnnBackend()->compile(net.graph, training(batch), store);
            for (auto* each : {late.get(), usual.get()}) {
                QVERIFY(each->forward(data.bindings(net.graph), {1, 1}));
                QVERIFY(each->backward());
            }
            Difference difference;
            addWeights(difference, *late->weights(), *usual->weights(), true);
            QVERIFY2(difference.relative <= 1e-5, difference.text());
        }
    }

    void twoRunsAreBitEqual_data() { addNetRows(); }
    void twoRunsAreBitEqual() {
        QFETCH(std::size_t, index);
        const auto net = sampleNets()[index];
        const auto first = trainedNet(net.graph, 16, 3);
        const auto second = trainedNet(net.graph, 16, 3);
        QVERIFY(equalWeights(*first->weights(), *second->weights()));
        QVERIFY(std::ranges::equal(first->gradientSquares(), second->gradientSquares()));
    }

    void weightsSurviveTheirLayout() {
        const auto net = leNet5();
        const auto program = makeOneDnnBackend()->compile(net.graph, training(8));
        auto& store = *program->weights();
        for (std::uint32_t i = 0; i < store.specs().size(); ++i) {
            const auto values = randomTensor(DType::F32, store.specs()[i].shape, i);
            store.write(WeightId{i}, values);
            QVERIFY(store.read(WeightId{i}) == values);
            store.writeSlot(WeightId{i}, 0, values);
            QVERIFY(store.readSlot(WeightId{i}, 0) == values);
        }
        QVERIFY_EXCEPTION_THROWN(store.write(WeightId{0}, Tensor(DType::F32, {6, 25})), Error);
        QVERIFY_EXCEPTION_THROWN(store.readSlot(WeightId{0}, 1), Error);
    }

    /// Two ops on one weight: gradients add up.
    void sharedWeightsSumTheirGradients() {
        OpGraph graph;
        const auto in = graph.addInput("x", {Shape{12}});
        const auto target = graph.addInput("y", {Shape{12}});
        const auto weight = graph.addWeight({"shared", {12, 12}, {}, {}});
        const auto once = graph.add(DenseOp{12, false}, {in}, "first", {weight});
        const auto twice = graph.add(DenseOp{12, false}, {once}, "second", {weight});
        graph.addLoss(graph.add(MeanSquaredErrorOp{}, {twice, target}, "loss"), 1.0);
        const auto x = randomTensor(DType::F32, {5, 12}, 1);
        const auto y = randomTensor(DType::F32, {5, 12}, 2);
        const auto program = makeOneDnnBackend()->compile(graph, training(5));
        const auto exact = makeReferenceBackend()->compile(graph, training(5, Precision::F64));
        for (auto* each : {program.get(), exact.get()}) {
            each->weights()->write(weight, randomTensor(DType::F32, {12, 12}, 3, 0.3));
            const std::vector<BatchInput> inputs{{in, x.bytes().data()},
                                                 {target, y.bytes().data()}};
            QVERIFY(each->forward(inputs) && each->backward());
        }
        QVERIFY(relativeDifference(program->weights()->readGradient(weight),
                                   exact->weights()->readGradient(weight)) <= 1e-5);
    }

    void stopsBetweenOps() {
        const auto net = multilayerPerceptron();
        const auto program = makeOneDnnBackend()->compile(net.graph, training(4));
        const auto data = randomBatch(net.graph, 4, 1);
        std::stop_source stop;
        stop.request_stop();
        QVERIFY(!program->forward(data.bindings(net.graph), {}, stop.get_token()));
        QVERIFY_EXCEPTION_THROWN(program->backward(), Error);
        QVERIFY(program->forward(data.bindings(net.graph)));
        QVERIFY(!program->backward(stop.get_token()));
        QVERIFY_EXCEPTION_THROWN(program->update(0.1, 1), Error);
        QVERIFY(program->forward(data.bindings(net.graph)) && program->backward());
        program->update(0.1, 1);
    }

    void runningStatisticsMoveOnlyInUpdate() {
        const auto net = smallResidual();
        const auto program = makeOneDnnBackend()->compile(net.graph, training(4));
        initializeWeights(*program->weights(), 1);
        std::vector<WeightId> statistics;
        std::vector<Tensor> before;
        for (std::uint32_t i = 0; i < net.graph.weights().size(); ++i)
            if (!net.graph.weights()[i].trainable) {
                statistics.push_back(WeightId{i});
                before.push_back(program->weights()->read(WeightId{i}));
            }
        const auto data = randomBatch(net.graph, 4, 1);
        QVERIFY(program->forward(data.bindings(net.graph)) && program->backward());
        for (std::size_t i = 0; i < statistics.size(); ++i)
            QVERIFY(program->weights()->read(statistics[i]) == before[i]);
        program->update(0.1, 1);
        for (std::size_t i = 0; i < statistics.size(); ++i)
            QVERIFY(!(program->weights()->read(statistics[i]) == before[i]));
    }

    /// In front of a fused ReLU, which would turn NaN to 0, too.
    void namesTheFirstNonFiniteLayer() {
        const auto net = smallCnn();
        const auto program = makeOneDnnBackend()->compile(net.graph, training(4));
        initializeWeights(*program->weights(), 1);
        const auto data = randomBatch(net.graph, 4, 1);
        QVERIFY(program->forward(data.bindings(net.graph)));
        QVERIFY(!program->firstNonFinite());
        const auto& conv = net.graph.ops()[2];
        auto kernel = program->weights()->read(conv.weights[0]);
        kernel.span<float>()[7] = std::numeric_limits<float>::quiet_NaN();
        program->weights()->write(conv.weights[0], kernel);
        QVERIFY(program->forward(data.bindings(net.graph)));
        QCOMPARE(program->firstNonFinite().value_or("none"), conv.path);
    }

    void refusesWhatItCannotDo() {
        const auto net = multilayerPerceptron();
        auto options = training(4, Precision::F64);
        const auto backend = makeOneDnnBackend();
        try {
            backend->compile(net.graph, options);
            QFAIL("F64 was accepted");
        } catch (const Error& error) {
            QCOMPARE(QString(error.what()), QString("the CPU engine computes in fp32 and bf16; "
                                                    "fp64 runs on the reference backend"));
        }
        QVERIFY_EXCEPTION_THROWN(backend->compile(net.graph, training(0)), Error);
        const auto other = backend->compile(leNet5().graph, training(4))->weights();
        QVERIFY_EXCEPTION_THROWN(backend->compile(net.graph, training(4), other), Error);
        const auto foreign = makeReferenceBackend()->compile(net.graph, training(4))->weights();
        QVERIFY_EXCEPTION_THROWN(backend->compile(net.graph, training(4), foreign), Error);

        const auto program = backend->compile(net.graph, training(4));
        auto data = randomBatch(net.graph, 4, 1);
        const auto bound = data.bindings(net.graph);
        QVERIFY_EXCEPTION_THROWN(program->forward(std::span(bound).first(1)), Error);
        data.labels.span<std::int32_t>()[2] = 10;
        QVERIFY_EXCEPTION_THROWN(program->forward(data.bindings(net.graph)), Error);
        QVERIFY_EXCEPTION_THROWN(program->lossSum(), Error);
    }

    void deadOpsAreNotRun() {
        auto net = multilayerPerceptron();
        const auto image = net.graph.input("image");
        const auto unused = net.graph.addWeight({"unused", {4, 1, 3, 3}, {}, {}});
        net.graph.add(ConvOp{.outChannels = 4, .kernel = {3, 3}, .bias = false}, {image}, "unused",
                      {unused});
        const auto program = makeOneDnnBackend()->compile(net.graph, training(4));
        for (const auto& op : program->report().ops)
            QVERIFY(op.path != "unused");
        QVERIFY(isZero(program->weights()->readGradient(unused)));
    }

    void reportsMemoryAndWork() {
        const auto net = leNet5();
        const auto report = makeOneDnnBackend()->compile(net.graph, training(32))->report();
        std::int64_t macs = 0;
        for (const auto& op : report.ops)
            macs += op.macs;
        QCOMPARE(macs, 32 * net.graph.macs());
        QVERIFY(report.arenaBytes > 0);
        // Values, gradients and one slot of 61,706 parameters, more with padding.
        QVERIFY(report.weightBytes >= 3 * 4 * 61'706);
    }
};

QTEST_APPLESS_MAIN(OneDnnTest)
#include "tst_onednn.moc"
