// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/json.h"
#include "engine/support/stopped.h"
#include "tests/engine/backend/graph_bench.h"

#include <QTest>

#include <chrono>
#include <limits>
#include <thread>

using namespace gradwright;
using namespace gradwright::test;

class ReferenceProgramTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void dropoutUsesTheSharedMask() {
        constexpr int size = 1000;
        const DropoutOp op{.rate = 0.25, .stream = 6};
        Bench bench;
        const auto y = bench.graph.add(op, {bench.input({size / 2}, upTo(size))}, "dropout");
        bench.graph.addOutput("output", y);
        auto& program = bench.compile(Mode::Training, 2);
        std::vector<std::uint8_t> keep(size);
        for (const StepSeed seed : {StepSeed{1, 0}, StepSeed{1, 1}, StepSeed{2, 0}}) {
            QVERIFY(program.forward(bench.data(), seed));
            const auto values = Bench::numbers(program.read(y));
            dropoutKeeps(op, seed.seed, seed.step, keep);
            const auto kept = std::ranges::count(keep, 1);
            QVERIFY2(kept > 690 && kept < 810, qPrintable(QString::number(kept)));
            for (std::size_t i = 0; i < keep.size(); ++i)
                QCOMPARE(values[i], keep[i] ? static_cast<double>(i + 1) / 0.75 : 0.0);
        }
        bench.compile(Mode::Inference, 2);
        QCOMPARE(bench.forward(y)[999], 1000.0);
    }

    /// A convolution of many seconds. Where the stop comes before it begins, it is taken then.
    void stopIsTakenWithinAnOp() {
        constexpr std::int64_t channels = 96;
        constexpr std::int64_t side = 64;
        Bench bench;
        const ConvOp op{
            .outChannels = channels, .kernel = {5, 5}, .padding = {2, 2, 2, 2}, .bias = false};
        const auto x = bench.input({channels, side, side},
                                   std::vector<float>(std::size_t{channels * side * side}, 1.0F));
        const auto kernel =
            bench.weight("kernel", {channels, channels, 5, 5},
                         std::vector<double>(std::size_t{channels * channels * 25}));
        const auto y = bench.graph.add(op, {x}, "conv", {kernel});
        bench.graph.addOutput("output", y);
        auto& program = bench.compile(Mode::Inference, 1);
        std::stop_source stop;
        const std::jthread asking([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            stop.request_stop();
        });
        QVERIFY(!program.forward(bench.data(), {}, stop.get_token()));
    }

    void stopIsTakenWhileCompiling() {
        Bench bench;
        const auto y = bench.graph.add(ActivationOp{{ActivationKind::Relu}},
                                       {bench.input({2}, {1, 2})}, "relu");
        bench.graph.addOutput("output", y);
        std::stop_source stop;
        CompileOptions options{.batch = 1, .precision = Precision::F64};
        options.stop = stop.get_token();
        QVERIFY(makeReferenceBackend()->compile(bench.graph, options, nullptr));
        stop.request_stop();
        QVERIFY_THROWS_EXCEPTION(WorkStopped, static_cast<void>(makeReferenceBackend()->compile(
                                                  bench.graph, options, nullptr)));
    }

    void deadOpsAreSkipped() {
        Bench bench;
        const auto x = bench.input({2}, {1, 2});
        const auto y = bench.graph.add(ActivationOp{{ActivationKind::Relu}}, {x}, "relu");
        const auto unbound = bench.graph.addInput("unbound", {Shape{2}});
        const auto dead = bench.graph.add(DenseOp{.units = 2, .bias = false}, {unbound}, "dead",
                                          {bench.weight("dead", {2, 2}, {1, 1, 1, 1})});
        bench.graph.addOutput("output", y);
        auto& program = bench.compile(Mode::Inference);
        QVERIFY(agree(bench.forward(y), {1, 2}));
        QCOMPARE(program.report().ops.size(), std::size_t{1});
        QVERIFY(contains(messageOf([&] { (void)program.read(dead); }), "neither an output"));
    }

    /// Weight decay must not touch what no loss depends on, nor must its gradient be stale.
    void weightsWithoutGradientStay() {
        Bench bench;
        WeightId used;
        const auto x = bench.learned({3}, used);
        const auto beside = bench.weight("beside", {1, 1}, {7});
        const auto y = bench.graph.add(DenseOp{.units = 1, .bias = false}, {x}, "beside", {beside});
        bench.graph.addOutput("output", y);
        const auto target = bench.input({1}, {0});
        bench.graph.addLoss(bench.graph.add(MeanSquaredErrorOp{}, {x, target}, "loss"), 1.0);
        auto& program = bench.compile(Mode::Training);
        QVERIFY(agree(bench.forward(y), {21}));
        QVERIFY(program.backward());
        QVERIFY(agree(Bench::numbers(program.weights()->readGradient(beside)), {0}));
        QVERIFY(agree(Bench::numbers(program.weights()->readGradient(used)), {6}));
        program.update(0.5, 1);
        QVERIFY(agree(Bench::numbers(program.weights()->read(beside)), {7}));
        QVERIFY(agree(Bench::numbers(program.weights()->read(used)), {0}));
    }

    void classOutsideTheLogitsIsAnError() {
        for (const int index : {-1, 3}) {
            Bench bench;
            const auto logits = bench.input({3}, {1, 2, 3, 4, 5, 6});
            const auto loss = bench.graph.add(SoftmaxCrossEntropyOp{},
                                              {logits, bench.classes({2, index})}, "loss");
            bench.graph.addLoss(loss, 1.0);
            auto& program = bench.compile(Mode::Training, 2);
            const auto message = messageOf([&] { program.forward(bench.data()); });
            QVERIFY(contains(message, fmt::format("sample 1 of the batch has class {}", index)));
            QVERIFY(contains(messageOf([&] { (void)program.lossSum(); }), "forward"));
        }
        Bench bench;
        const auto y = bench.graph.add(OneHotOp{.classes = 3}, {bench.classes({1, 3})}, "one-hot");
        bench.graph.addOutput("output", y);
        bench.compile(Mode::Inference, 2);
        QVERIFY(contains(messageOf([&] { bench.forward(y); }), "there are 3 classes, 0 to 2"));
    }

    void misuseIsAnError() {
        NormBench bench;
        auto& program = bench.compile(Mode::Training, 4);
        QVERIFY(contains(messageOf([&] { program.forward({}); }), "input \"in0\""));
        QVERIFY(contains(messageOf([&] { program.backward(); }), "forward"));
        QVERIFY(program.forward(bench.data()));
        QVERIFY(contains(messageOf([&] { program.update(0.1, 1); }), "backward"));
        std::vector<float> small(3);
        QVERIFY(contains(messageOf([&] { program.copyOutput(bench.y, small); }), "buffer holds 3"));
        std::vector<float> room(4);
        program.copyOutput(bench.y, room);
        QCOMPARE(room[3], 3.0F);
        auto& evaluation = bench.compile(Mode::Inference, 4);
        QVERIFY(evaluation.forward(bench.data()));
        QVERIFY(contains(messageOf([&] { evaluation.backward(); }), "training"));
        QVERIFY(contains(messageOf([&] { bench.compile(Mode::Inference, 0); }), "one sample"));
    }

    void stopsBetweenOps() {
        NormBench bench;
        auto& program = bench.compile(Mode::Training, 4);
        std::stop_source source;
        QVERIFY(program.forward(bench.data(), {}, source.get_token()));
        source.request_stop();
        QVERIFY(!program.backward(source.get_token()));
        QVERIFY(contains(messageOf([&] { program.update(0.1, 1); }), "backward"));
        QVERIFY(!program.forward(bench.data(), {}, source.get_token()));
        QVERIFY(contains(messageOf([&] { (void)program.lossSum(); }), "forward"));
    }

    void firstNonFiniteNamesTheLayer() {
        Bench bench;
        const auto x = bench.input({1}, {2});
        const auto weight = bench.weight("weight", {1, 1}, {3});
        const auto a = bench.graph.add(DenseOp{.units = 1, .bias = false}, {x}, "first", {weight});
        const auto second = bench.weight("second", {1, 1}, {1});
        const auto b = bench.graph.add(DenseOp{.units = 1, .bias = false}, {a}, "second", {second});
        const auto c = bench.graph.add(ActivationOp{{ActivationKind::Relu}}, {b}, "third");
        bench.graph.addOutput("output", c);
        auto& program = bench.compile(Mode::Inference);
        QCOMPARE(bench.forward(c)[0], 6.0);
        QVERIFY(!program.firstNonFinite());
        for (const double bad :
             {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
            program.weights()->write(second, Tensor::of<double>({1, 1}, std::vector{bad}));
            bench.forward(c);
            QCOMPARE(program.firstNonFinite().value_or(""), std::string("second"));
        }
    }

    void storesAreSharedAndChecked() {
        NormBench bench;
        auto store = bench.compile(Mode::Inference, 4).weights();
        QCOMPARE(store->slots(), std::size_t{0});
        QVERIFY(contains(messageOf([&] { (void)store->readGradient(WeightId{0}); }), "training"));
        QVERIFY(contains(messageOf([&] { (void)store->read(WeightId{9}); }), "number 9"));
        const Tensor wrong(DType::F32, {2});
        QVERIFY(
            contains(messageOf([&] { store->write(WeightId{0}, wrong); }), "scale has shape 1"));

        auto backend = makeReferenceBackend();
        CompileOptions options{.batch = 2, .precision = Precision::F64, .mode = Mode::Training};
        options.update = kPlainDescent;
        options.update->slots = 2;
        const auto training = backend->compile(bench.graph, options, store);
        QCOMPARE(training->weights(), store);
        QCOMPARE(store->slots(), std::size_t{2});
        QVERIFY(agree(Bench::numbers(store->read(WeightId{0})), {2}));
        QVERIFY(agree(Bench::numbers(store->readGradient(WeightId{0})), {0}));
        store->writeSlot(WeightId{0}, 1, Tensor::of<float>({1}, std::vector{0.5F}));
        QVERIFY(agree(Bench::numbers(store->readSlot(WeightId{0}, 1)), {0.5}));
        QVERIFY(agree(Bench::numbers(store->readSlot(WeightId{0}, 0)), {0}));
        QVERIFY(contains(messageOf([&] { (void)store->readSlot(WeightId{0}, 2); }), "number 2"));
        QVERIFY(contains(messageOf([&] { (void)store->readGradient(bench.mean); }), "not trained"));

        options.update->slots = 1;
        QVERIFY(contains(messageOf([&] { (void)backend->compile(bench.graph, options, store); }),
                         "optimizer state"));
        options.precision = Precision::F32;
        QVERIFY(contains(messageOf([&] { (void)backend->compile(bench.graph, options, nullptr); }),
                         "cannot run in F32"));
        options.update.reset();
        QVERIFY(contains(messageOf([&] { (void)backend->compile(bench.graph, options, store); }),
                         "another precision"));
        Bench other;
        addWeight(other.graph, "other", {1});
        options.precision = Precision::F64;
        QVERIFY(contains(messageOf([&] { (void)backend->compile(other.graph, options, store); }),
                         "another network"));
    }
};

QTEST_APPLESS_MAIN(ReferenceProgramTest)
#include "tst_reference_program.moc"
