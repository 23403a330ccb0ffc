// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/compute_threads.h"
#include "engine/support/error.h"
#include "tests/engine/backend/compare_programs.h"
#include "tests/engine/backend/net_rows.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace {

std::unique_ptr<Program> compiled(const OpGraph& graph, std::int64_t batch, int parts,
                                  std::uint64_t seed = 1) {
    auto program = makeOneDnnBackend({.parts = parts})->compile(graph, training(batch));
    initializeWeights(*program->weights(), seed);
    return program;
}

void train(Program& program, int steps, std::uint64_t seed = 1) {
    const auto batch = program.options().batch;
    for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(steps); ++i) {
        const auto data = randomBatch(program.graph(), batch, 10 * seed + i);
        QVERIFY(program.forward(data.bindings(program.graph()), {5, i}));
        QVERIFY(program.backward());
        program.update(0.01, i + 1);
    }
}

/// Two steps in parts against two of the whole batch, from the same weights.
Difference partsAgainstWhole(const OpGraph& graph, int parts, std::uint64_t seed) {
    const auto program = compiled(graph, 10, parts, seed);
    const auto whole = compiled(graph, 10, 1, seed);
    train(*program, 2, seed);
    train(*whole, 2, seed);
    Difference difference;
    addWeights(difference, *program->weights(), *whole->weights(), true);
    addWeights(difference, *program->weights(), *whole->weights(), false);
    const auto logits = graph.output("logits");
    difference.add("logits", program->read(logits), whole->read(logits));
    return difference;
}

/// The net with tanh in place of each ReLU, so that rounding cannot move a value across a kink.
OpGraph withoutKinks(OpGraph graph) {
    for (std::size_t i = 0; i < graph.ops().size(); ++i) {
        const auto op = graph.ops()[i];
        const auto* relu = std::get_if<ActivationOp>(&op.attributes);
        if (relu && relu->activation.kind == ActivationKind::Relu)
            graph.replace(i, ActivationOp{{ActivationKind::Tanh}}, op.inputs);
    }
    return graph;
}

} // namespace

/// Batches computed in parts side by side, in training and inference.
class OneDnnPartsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Ten samples make parts of 8 and 2, or of 4, 4 and 2. The whole one is compared with the
    /// reference elsewhere. Parts have a batch normalization of ours, the whole may have oneDNN's;
    /// they round otherwise, which for some seeds moves a value of the small residual net across
    /// the kink of a ReLU. So that net has to agree roughly for each seed and closely for one of a
    /// few; without kinks it has to agree closely at once, like all others.
    void trainLikeTheWhole_data() {
        QTest::addColumn<std::size_t>("index");
        QTest::addColumn<int>("parts");
        const auto nets = sampleNets();
        for (std::size_t i = 0; i < nets.size(); ++i)
            for (const int parts : {2, 3})
                QTest::addRow("%s, %d parts", nets[i].name.c_str(), parts) << i << parts;
    }
    void trainLikeTheWhole() {
        QFETCH(std::size_t, index);
        QFETCH(int, parts);
        const auto net = sampleNets()[index];
        const bool hasKinks = net.name == smallResidual().name;
        if (hasKinks) {
            const auto smooth = partsAgainstWhole(withoutKinks(net.graph), parts, 1);
            QVERIFY2(smooth.relative <= 1e-4, smooth.text());
        }
        std::uint64_t seed = 1;
        for (;; ++seed) {
            const auto difference = partsAgainstWhole(net.graph, parts, seed);
            if (difference.relative <= 1e-4)
                break;
            QVERIFY2(hasKinks && difference.relative <= 0.05 && seed < 6, difference.text());
        }
        const auto program = compiled(net.graph, 10, parts, seed);
        const auto whole = compiled(net.graph, 10, 1, seed);
        QCOMPARE(program->report().parts, parts);
        train(*program, 2, seed);
        train(*whole, 2, seed);
        QVERIFY(std::abs(program->lossSum() - whole->lossSum()) <= 1e-4 * whole->lossSum());
        for (std::size_t i = 0; i < net.graph.weights().size(); ++i) {
            const double want = whole->gradientSquares()[i];
            QVERIFY(std::abs(program->gradientSquares()[i] - want) <= 1e-3 * want + 1e-12);
        }
    }

    void twoRunsAreBitEqual() {
        const auto net = smallCnn();
        const auto first = compiled(net.graph, 16, 2);
        const auto second = compiled(net.graph, 16, 2);
        train(*first, 3);
        train(*second, 3);
        for (std::uint32_t i = 0; i < net.graph.weights().size(); ++i)
            QVERIFY(first->weights()->read(WeightId{i}) == second->weights()->read(WeightId{i}));
    }

    /// Forty samples make enough rows for the parts to share the product of a dense layer.
    void theNumberOfThreadsDoesNotMatter_data() { addNetRows(); }
    void theNumberOfThreadsDoesNotMatter() {
        QFETCH(std::size_t, index);
        const auto net = sampleNets()[index];
        std::shared_ptr<WeightStore> expected;
        for (const int threads : {1, 2, 3}) {
            setComputeThreads(threads);
            const auto program = compiled(net.graph, 40, 4);
            QCOMPARE(program->report().parts, 4);
            train(*program, 3);
            auto options = program->options();
            options.batch = 3; // the rest at the end of an epoch
            const auto backend = makeOneDnnBackend({.parts = 4});
            const auto rest = backend->compile(net.graph, options, program->weights());
            train(*rest, 1);
            options.mode = Mode::Inference;
            const auto evaluation = backend->compile(net.graph, options, program->weights());
            const auto data = randomBatch(net.graph, options.batch, 9);
            QVERIFY(evaluation->forward(data.bindings(net.graph)));
            const auto answers = evaluation->read(net.graph.output("logits"));
            if (!expected) {
                expected = program->weights();
                expectedAnswers_ = answers;
                continue;
            }
            for (std::uint32_t i = 0; i < net.graph.weights().size(); ++i)
                QVERIFY2(expected->read(WeightId{i}) == program->weights()->read(WeightId{i}),
                         net.graph.weight(WeightId{i}).key.c_str());
            QVERIFY(answers == expectedAnswers_);
        }
        setComputeThreads(0);
    }

    /// Where a part alone would have other statistics than the batch.
    void runningStatisticsAreThoseOfTheBatch() {
        const auto net = smallResidual();
        const auto program = compiled(net.graph, 12, 3);
        QCOMPARE(program->report().parts, 3);
        const auto whole = compiled(net.graph, 12, 1);
        train(*program, 1);
        train(*whole, 1);
        int statistics = 0;
        for (std::uint32_t i = 0; i < net.graph.weights().size(); ++i) {
            if (net.graph.weight(WeightId{i}).learns())
                continue;
            const double difference = relativeDifference(program->weights()->read(WeightId{i}),
                                                         whole->weights()->read(WeightId{i}));
            QVERIFY2(difference <= 1e-5, net.graph.weight(WeightId{i}).key.c_str());
            ++statistics;
        }
        QVERIFY(statistics > 4);
    }

    void fewSamplesAreOnePart() {
        QCOMPARE(compiled(leNet5().graph, 4, 2)->report().parts, 1);
        auto options = training(16);
        options.mode = Mode::Inference;
        QCOMPARE(makeOneDnnBackend({.parts = 2})->compile(leNet5().graph, options)->report().parts,
                 1);
    }

    /// 37 samples leave a rest.
    void chunksPredictLikeSingleSamples_data() { addNetRows(); }
    void chunksPredictLikeSingleSamples() {
        QFETCH(std::size_t, index);
        const auto net = sampleNets()[index];
        const auto logits = net.graph.output("logits");
        const auto trained = compiled(net.graph, 8, 1);
        train(*trained, 1);
        constexpr std::int64_t batch = 37;
        const auto backend = makeOneDnnBackend();
        const auto program = backend->compile(net.graph, {.batch = batch, .mode = Mode::Inference},
                                              trained->weights());
        const auto single =
            backend->compile(net.graph, {.batch = 1, .mode = Mode::Inference}, trained->weights());
        const auto data = randomBatch(net.graph, batch, 9);
        QVERIFY(program->forward(data.bindings(net.graph)));
        const auto all = program->read(logits);
        const auto classes = static_cast<std::size_t>(all.shape()[1]);
        double loss = 0;
        for (std::int64_t i = 0; i < batch; ++i) {
            auto bound = data.bindings(net.graph);
            for (auto& input : bound)
                input.data = static_cast<const std::byte*>(input.data) +
                             4 * i * net.graph.type(input.value).sample().elements();
            QVERIFY(single->forward(bound));
            loss += single->lossSum();
            const auto row = Tensor::of<float>(
                single->read(logits).shape(),
                all.span<float>().subspan(static_cast<std::size_t>(i) * classes, classes));
            const double error = relativeDifference(row, single->read(logits));
            QVERIFY2(error <= 1e-5, QByteArray::number(error));
        }
        QVERIFY(std::abs(program->lossSum() - loss) <= 1e-4 * loss);
        QVERIFY(!program->firstNonFinite());
        std::int64_t macs = 0;
        for (const auto& op : program->report().ops)
            macs += op.macs;
        QCOMPARE(macs, batch * net.graph.macs());
    }

    void chunksAreTakenAndTellFaults() {
        const auto net = leNet5();
        const CompileOptions options{.batch = 64, .mode = Mode::Inference};
        const auto program = makeOneDnnBackend()->compile(net.graph, options);
        initializeWeights(*program->weights(), 1);
        QVERIFY(program->report().chunk > 0 && program->report().chunk < 64);
        auto data = randomBatch(net.graph, 64, 1);
        // No ReLU after the last layer, which would hide it.
        const auto& scores = *net.graph.producerOf(net.graph.output("logits"));
        auto kernel = program->weights()->read(scores.weights[0]);
        kernel.span<float>()[7] = std::numeric_limits<float>::quiet_NaN();
        program->weights()->write(scores.weights[0], kernel);
        QVERIFY(program->forward(data.bindings(net.graph)));
        QCOMPARE(program->firstNonFinite().value_or("none"), scores.path);
        std::stop_source stop;
        stop.request_stop();
        QVERIFY(!program->forward(data.bindings(net.graph), {}, stop.get_token()));
        QVERIFY_EXCEPTION_THROWN(program->read(net.graph.output("logits")), Error);
        reinterpret_cast<std::int32_t*>(data.labels.bytes().data())[60] = -1;
        QVERIFY_EXCEPTION_THROWN(program->forward(data.bindings(net.graph)), Error);
        QVERIFY_EXCEPTION_THROWN(program->backward(), Error);
        QVERIFY_EXCEPTION_THROWN(program->update(0.1, 1), Error);
    }

    void faultsOfAPartAreTold() {
        const auto net = leNet5();
        const auto program = compiled(net.graph, 8, 2);
        auto data = randomBatch(net.graph, 8, 1);
        QVERIFY_EXCEPTION_THROWN(program->update(0.1, 1), Error);
        std::stop_source stop;
        stop.request_stop();
        QVERIFY(!program->forward(data.bindings(net.graph), {}, stop.get_token()));
        reinterpret_cast<std::int32_t*>(data.labels.bytes().data())[7] = 10;
        QVERIFY_EXCEPTION_THROWN(program->forward(data.bindings(net.graph)), Error);
    }

    /// The NaN is in the second part alone.
    void theFirstNonFiniteValueIsFound() {
        const auto net = leNet5();
        const auto program = compiled(net.graph, 8, 2);
        auto data = randomBatch(net.graph, 8, 1);
        data.images.span<float>().back() = std::numeric_limits<float>::quiet_NaN();
        QVERIFY(program->forward(data.bindings(net.graph)));
        QCOMPARE(program->firstNonFinite().value_or(""), std::string("image"));
    }

private:
    Tensor expectedAnswers_;
};

QTEST_APPLESS_MAIN(OneDnnPartsTest)
#include "tst_onednn_parts.moc"
