// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/error.h"
#include "tests/engine/backend/compare_programs.h"
#include "tests/engine/backend/device_backend.h"
#include "tests/engine/backend/net_rows.h"

#include <QTest>

#include <functional>
#include <limits>

using namespace gradwright;
using namespace gradwright::test;

namespace {

using Make = std::function<std::unique_ptr<Backend>()>;

std::vector<std::pair<const char*, Make>> allBackends() {
    return {{"reference", [] { return makeReferenceBackend(); }},
            {"onednn", [] { return makeOneDnnBackend(); }},
            {"onednn in parts", [] { return makeOneDnnBackend({.parts = 2}); }},
            {"a device", [] { return makeDeviceBackend(); }}};
}

void addBackendRows() {
    QTest::addColumn<std::size_t>("index");
    for (std::size_t i = 0; i < allBackends().size(); ++i)
        QTest::newRow(allBackends()[i].first) << i;
}

/// loss = (√(w x) - 1)², whose slope is infinite at w = 0.
struct RootNet {
    OpGraph graph;
    ValueId x, t;
    WeightId weight;

    RootNet() {
        x = graph.addInput("x", {Shape{1}});
        t = graph.addInput("t", {Shape{1}});
        weight = graph.addWeight({"dense/weight", {1, 1}, {}, {}});
        const auto product = graph.add(DenseOp{.units = 1, .bias = false}, {x}, "dense", {weight});
        const auto root = graph.add(UnaryOp{.kind = UnaryKind::SquareRoot}, {product}, "root");
        graph.addOutput("root", root);
        graph.addLoss(graph.add(MeanSquaredErrorOp{}, {root, t}, "loss"), 1.0);
    }

    [[nodiscard]] std::unique_ptr<Program> compile(const Backend& backend, float value) const {
        auto program = backend.compile(graph, training(8));
        program->weights()->write(weight, Tensor::of<float>({1, 1}, std::vector{value}));
        return program;
    }
    [[nodiscard]] std::vector<BatchInput> inputs() const {
        return {{x, xs.data()}, {t, ts.data()}};
    }
    [[nodiscard]] float weightOf(const Program& program) const {
        return program.weights()->read(weight).to(DType::F32).span<float>()[0];
    }

    std::vector<float> xs = std::vector<float>(8, 1.0F), ts = xs;
};

} // namespace

/// A step as training asks for it, on every backend.
class ProgramStepsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aStepIsItsThreePasses_data() { addBackendRows(); }
    void aStepIsItsThreePasses() {
        QFETCH(std::size_t, index);
        const auto backend = allBackends()[index].second();
        const auto net = leNet5();
        const auto whole = backend->compile(net.graph, training(8));
        const auto passes = backend->compile(net.graph, training(8));
        for (auto* program : {whole.get(), passes.get()})
            initializeWeights(*program->weights(), 1);
        for (std::uint64_t step = 1; step <= 3; ++step) {
            const auto data = randomBatch(net.graph, 8, step);
            const auto inputs = data.bindings(net.graph);
            whole->submit({inputs, {5, step}, 0.01});
            const auto result = whole->finish();
            QVERIFY(result && !result->fault);
            QVERIFY(passes->forward(inputs, {5, step}) && passes->backward());
            QCOMPARE(result->lossSum, passes->lossSum());
            QVERIFY(std::ranges::equal(result->gradientSquares, passes->gradientSquares()));
            passes->update(0.01, step);
        }
        for (std::uint32_t i = 0; i < net.graph.weights().size(); ++i)
            QVERIFY(whole->weights()->read(WeightId{i}) == passes->weights()->read(WeightId{i}));
    }

    void aStepIsScored_data() { addBackendRows(); }
    void aStepIsScored() {
        QFETCH(std::size_t, index);
        auto graph = leNet5().graph;
        const auto logits = graph.output("logits");
        const auto labels = std::ranges::find_if(graph.inputs(), [&](const NamedValue& input) {
            return graph.type(input.value).element == DType::I32;
        });
        QVERIFY(labels != graph.inputs().end());
        graph.setScore(ScoreSpec{logits, labels->value});
        for (const auto mode : {Mode::Training, Mode::Inference}) {
            auto options = training(8);
            options.mode = mode;
            const auto program = allBackends()[index].second()->compile(graph, options);
            initializeWeights(*program->weights(), 1);
            const auto data = randomBatch(graph, 8, 1);
            const auto inputs = data.bindings(graph);
            program->submit({inputs, {1, 1}, 0.01});
            const auto result = program->finish();
            QVERIFY(result && result->score);
            std::vector<float> outputs(8 * 10);
            program->copyOutput(logits, outputs);
            const auto* right = static_cast<const std::int32_t*>(
                std::ranges::find(inputs, labels->value, &BatchInput::value)->data);
            QCOMPARE(result->score->correct, countCorrect(outputs, std::span(right, 8)));
            QCOMPARE(result->score->labels, 8);
            QCOMPARE(result->score->samples, 8);
            QCOMPARE(result->score->loss, result->lossSum);
        }
    }

    /// √(w x) against t: 2 and 4 against 1 and 5.
    void valuesAreScored_data() { addBackendRows(); }
    void valuesAreScored() {
        QFETCH(std::size_t, index);
        RootNet net;
        net.graph.setScore(ScoreSpec{net.graph.output("root"), net.t});
        net.xs = {1, 4, 1, 4, 1, 4, 1, 4};
        net.ts = {1, 5, 1, 5, 1, 5, 1, 5};
        const auto program = net.compile(*allBackends()[index].second(), 4);
        const auto inputs = net.inputs();
        program->submit({inputs, {1, 1}, 0.125});
        const auto result = program->finish();
        QVERIFY(result && result->score);
        QCOMPARE(result->score->labels, 0);
        QCOMPARE(result->score->squaredErrors, 8.0);
        QCOMPARE(result->score->targetSquares, 104.0);
        QCOMPARE(result->score->targets, std::vector<double>{24});
        net.graph.setScore(ScoreSpec{net.graph.output("root"), net.t, true});
        const auto other = net.compile(*allBackends()[index].second(), 0);
        other->submit({inputs, {1, 1}, 0.125}); // sigmoid of 0
        const auto half = other->finish();
        QVERIFY(half && half->score);
        QCOMPARE(half->score->squaredErrors, 4 * 0.25 + 4 * 20.25);
    }

    void inferenceGoesForwardOnly_data() { addBackendRows(); }
    void inferenceGoesForwardOnly() {
        QFETCH(std::size_t, index);
        const auto backend = allBackends()[index].second();
        const auto net = leNet5();
        const auto program =
            backend->compile(net.graph, {.batch = 8, .mode = Mode::Inference, .update = {}});
        initializeWeights(*program->weights(), 1);
        const auto data = randomBatch(net.graph, 8, 1);
        const auto inputs = data.bindings(net.graph);
        program->submit({.inputs = inputs, .seed = {}});
        const auto result = program->finish();
        QVERIFY(result && !result->fault);
        QVERIFY(program->forward(inputs));
        QCOMPARE(result->lossSum, program->lossSum());
    }

    void aFaultLeavesTheWeights_data() { addBackendRows(); }
    void aFaultLeavesTheWeights() {
        QFETCH(std::size_t, index);
        const auto backend = allBackends()[index].second();
        RootNet net;
        {
            const auto program = net.compile(*backend, 4);
            const auto inputs = net.inputs();
            program->submit({inputs, {1, 1}, 0.125});
            const auto result = program->finish();
            QVERIFY(result && !result->fault);
            QCOMPARE(result->lossSum, 8.0);
            QCOMPARE(net.weightOf(*program), 3.9375F); // 4 - 0.125 · 2 (√4 - 1) / (2 √4)
        }
        {
            const auto program = net.compile(*backend, 0);
            const auto inputs = net.inputs();
            program->submit({inputs, {1, 1}, 0.125});
            const auto result = program->finish();
            QVERIFY(result && result->fault);
            QVERIFY((*result->fault == NonFinite{NonFinite::Where::Gradient, "dense/weight"}));
            QCOMPARE(net.weightOf(*program), 0.0F);
        }
        net.xs[3] = std::numeric_limits<float>::infinity();
        const auto program = net.compile(*backend, 4);
        const auto inputs = net.inputs();
        program->submit({inputs, {1, 1}, 0.125});
        const auto result = program->finish();
        QVERIFY(result && result->fault);
        QVERIFY(result->fault->where == NonFinite::Where::Loss);
        QCOMPARE(net.weightOf(*program), 4.0F);
    }

    /// Half the gradient is half the learning rate, to the bit.
    void passesScaleGradients_data() {
        QTest::addColumn<std::size_t>("index");
        QTest::addColumn<std::size_t>("net");
        const auto nets = sampleNets();
        for (std::size_t i = 0; i < allBackends().size(); ++i)
            // The engine has a layout for each kind of layer, the others have one for all.
            for (std::size_t net = 0; net < nets.size(); net += i == 1 ? 1 : 8)
                QTest::addRow("%s, %s", allBackends()[i].first, nets[net].name.c_str()) << i << net;
    }
    void passesScaleGradients() {
        QFETCH(std::size_t, index);
        QFETCH(std::size_t, net);
        const auto graph = sampleNets()[net].graph;
        const Pass halve{"halve the gradients", [](OpGraph& program, Mode) {
                             const auto gradients = program.gradients();
                             for (const auto& [weight, value] : gradients)
                                 program.setGradient(
                                     weight, program.add(UnaryOp{.scale = 0.5}, {value}, "halve"));
                         }};
        // In parts the sums are others; what a pass reads is the whole batch's.
        const auto backend = allBackends()[index].first == std::string("onednn in parts")
                                 ? makeOneDnnBackend()
                                 : allBackends()[index].second();
        auto options = training(8);
        const auto plain = backend->compile(graph, options);
        options.passes = {halve};
        const auto scaled = allBackends()[index].second()->compile(graph, options);
        for (auto* program : {plain.get(), scaled.get()})
            initializeWeights(*program->weights(), 1);
        for (std::uint64_t step = 1; step <= 2; ++step) {
            const auto data = randomBatch(graph, 8, step);
            const auto inputs = data.bindings(graph);
            plain->submit({inputs, {5, step}, 0.0625});
            scaled->submit({inputs, {5, step}, 0.125});
            const auto expected = plain->finish();
            const auto result = scaled->finish();
            QVERIFY(expected && result && !result->fault);
            QCOMPARE(result->lossSum, expected->lossSum);
            for (std::size_t i = 0; i < result->gradientSquares.size(); ++i)
                QCOMPARE(result->gradientSquares[i], expected->gradientSquares[i] / 4);
        }
        for (std::uint32_t i = 0; i < graph.weights().size(); ++i)
            QVERIFY2(scaled->weights()->read(WeightId{i}) == plain->weights()->read(WeightId{i}),
                     graph.weight(WeightId{i}).key.c_str());
    }

    void aStoppedStepChangesNothing() {
        const RootNet net;
        std::stop_source stop;
        stop.request_stop();
        for (const auto& backend : {makeReferenceBackend(), makeOneDnnBackend()}) {
            const auto program = net.compile(*backend, 4);
            const auto inputs = net.inputs();
            program->submit({inputs, {1, 1}, 0.125});
            QVERIFY(!program->finish(stop.get_token()));
            QCOMPARE(net.weightOf(*program), 4.0F);
        }
    }

    void finishNeedsASubmittedStep() {
        const RootNet net;
        const auto program = net.compile(*makeOneDnnBackend(), 4);
        QVERIFY_EXCEPTION_THROWN((void)program->finish(), Error);
        const auto inputs = net.inputs();
        program->submit({inputs, {1, 1}, 0.125});
        QVERIFY(program->finish());
        QVERIFY_EXCEPTION_THROWN((void)program->finish(), Error); // it was finished
    }
};

QTEST_APPLESS_MAIN(ProgramStepsTest)
#include "tst_program_steps.moc"
